/// Makes a list of commands that ends in a difference shorter while it still does.
struct Shrink {
  let seed: UInt64
  /// Runs in all; each is as long as the list.
  private var runsLeft = 4000

  init(seed: UInt64) { self.seed = seed }

  /// What the commands of these numbers end in, and how many of them it took; nil when all agree.
  static func difference(of numbers: [Int], seed: UInt64) -> (message: String, count: Int)? {
    do throws(Run.Difference) {
      let run = try Run(seed: seed)
      for (done, number) in numbers.enumerated() {
        do throws(Run.Difference) {
          try run.step(number, auditsAll: true)
        } catch {
          return (error.description, done + 1)
        }
      }
    } catch {
      return (error.description, 0)
    }
    return nil
  }

  /// Leaves out halves, quarters, eighths, … as long as a difference remains.
  mutating func shrunk(_ numbers: [Int]) -> [Int] {
    var kept = numbers
    // What matters is mostly recent: try short tails first.
    var tail = 32
    while tail < kept.count {
      if let shorter = failing(Array(kept.suffix(tail))) {
        kept = shorter
        break
      }
      tail *= 4
    }
    var size = max(1, kept.count / 2)
    while runsLeft > 0 {
      var start = 0
      var hasShrunk = false
      while start < kept.count && runsLeft > 0 {
        let without = Array(kept[..<start]) + Array(kept[min(kept.count, start + size)...])
        if let shorter = failing(without) {
          kept = shorter
          hasShrunk = true
        } else {
          start += size
        }
      }
      if size == 1 && !hasShrunk { break }
      size = max(1, size / 2)
    }
    return kept
  }

  private mutating func failing(_ numbers: [Int]) -> [Int]? {
    if runsLeft == 0 || numbers.isEmpty { return nil }
    runsLeft -= 1
    guard let found = Self.difference(of: numbers, seed: seed) else { return nil }
    return Array(numbers.prefix(found.count))
  }
}
