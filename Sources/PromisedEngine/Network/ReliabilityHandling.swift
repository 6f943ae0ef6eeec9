/// Order-by times of a node whose handling takes an uncertain time on top of its processing.
///
/// An order at minute t is at the dock at ready(t, processing + h) with probability P(h), so its
/// chance is g(t) = Σ P(h) · u(ready(t, processing + h)), which does not ascend with t. It changes
/// where an outcome h just makes a step of u: at t <= latestOrder(for: departure, processing + h).
/// In open minutes worked that bound is a difference; the walk visits the bounds from late to early.
///
/// A bound's key orders bounds as their minutes of order are ordered. Twice the open minutes before
/// it; plus one, except for who needs no work and departs while the node is closed: that order must
/// be in by closing time, while others may come in until the next opening.
struct HandlingWalk: ~Copyable {
  /// Per step: twice the open minutes before its departure, plus one unless the node is then closed.
  private var worked = OwnedBuffer<Int32>()
  /// Per outcome: how many steps, counted from the latest departure, it makes.
  private var made = OwnedBuffer<Int32>()
  /// Per outcome: the bound of the next step it makes; −1 = none within the horizon.
  private var bounds = OwnedBuffer<Int32>()
  /// Σ P(h) · u so far.
  private var sum: UInt64 = 0

  /// A place of the walk: orders up to `key` have at least `chance`.
  struct Place {
    var key: Int32
    /// Rounded down.
    var chance: UInt32
  }

  /// Steps that outcome `index` makes at the place of the walk: it takes the last of them.
  func stepsMade(_ index: Int) -> Int { Int(made.base[index]) }

  /// Begins at the end of time, where no outcome makes anything.
  mutating func begin(
    departures: UnsafePointer<UInt32>, count: Int, ready: borrowing ReadyFunction,
    processing: Int32, outcomes: UnsafeBufferPointer<DelayAtom>
  ) {
    worked.removeAll()
    var interval = ready.count - 1
    for step in 0..<count {
      let departure = Int32(clamping: departures[step])
      while interval >= 0, ready.opens[interval] > departure { interval -= 1 }
      // Before the first opening nobody works.
      if interval < 0 { break }
      let close = ready.closes[interval]
      let minutes = ready.totals[interval] - (close - min(departure, close))
      worked.append(2 * minutes + (departure >= close ? 0 : 1))
    }
    made.removeAll()
    bounds.removeAll()
    for index in outcomes.indices {
      made.append(0)
      bounds.append(bound(index, processing, outcomes))
    }
    sum = 0
  }

  /// Goes on to the next bound; nil when no earlier order has a better chance. O(outcomes).
  mutating func next(
    chances: UnsafePointer<UInt32>, processing: Int32, outcomes: UnsafeBufferPointer<DelayAtom>
  ) -> Place? {
    var latest: Int32 = -1
    for index in outcomes.indices { latest = max(latest, bounds.base[index]) }
    if latest < 0 { return nil }
    for index in outcomes.indices where bounds.base[index] == latest {
      let before = made.base[index] == 0 ? 0 : chances[Int(made.base[index]) - 1]
      while bounds.base[index] == latest {
        made.base[index] += 1
        bounds.base[index] = bound(index, processing, outcomes)
      }
      let gain = chances[Int(made.base[index]) - 1] - before
      sum += UInt64(outcomes[index].probability) * UInt64(gain)
    }
    return Place(key: latest, chance: UInt32(sum / 65_535))
  }

  /// The bound of the next step that an outcome makes; −1 = none within the horizon.
  @inline(__always)
  private func bound(
    _ index: Int, _ processing: Int32, _ outcomes: UnsafeBufferPointer<DelayAtom>
  ) -> Int32 {
    let step = Int(made.base[index])
    if step == worked.count { return -1 }
    let need = processing + Int32(clamping: outcomes[index].minutes)
    let key = worked.base[step]
    return need == 0 ? key : (key | 1) - 2 * need
  }
}

extension ReadyFunction {
  /// The latest minute of order of a bound of `HandlingWalk`. O(log intervals).
  func latestOrder(key: Int32) -> Int32 {
    let worked = key >> 1
    var index = 0
    if key & 1 == 0 {
      // Needs no work, departs while the node is closed.
      while totals[index] < worked { index += 1 }
    } else {
      while totals[index] <= worked { index += 1 }
    }
    return closes[index] - (totals[index] - worked)
  }
}
