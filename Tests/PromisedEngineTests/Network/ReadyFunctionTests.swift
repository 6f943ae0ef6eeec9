import Testing

@testable import PromisedEngine

/// A small random generator that is the same on every machine.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

@Suite struct ReadyFunctionTests {
  @Test("Both directions agree with work done minute by minute, on random shifts")
  func bruteForce() {
    var random = SplitMix(4)
    for round in 0..<60 {
      let horizon = 160
      var intervals: [(open: Int32, close: Int32)] = []
      var cursor = random.below(20)
      while cursor < horizon - 30, intervals.count < 5 {
        let open = cursor
        let close = open + 1 + random.below(30)
        intervals.append((Int32(open), Int32(close)))
        cursor = close + 1 + random.below(25)
      }
      if round == 0 { intervals = [] }
      check(intervals, horizon: horizon, round: round)
    }
  }

  private func check(_ intervals: [(open: Int32, close: Int32)], horizon: Int, round: Int) {
    var opens = intervals.map(\.open)
    var closes = intervals.map(\.close)
    var total: Int32 = 0
    var totals = intervals.map { interval in
      total += interval.close - interval.open
      return total
    }
    if intervals.isEmpty { (opens, closes, totals) = ([0], [0], [0]) }
    opens.withUnsafeBufferPointer { opens in
      closes.withUnsafeBufferPointer { closes in
        totals.withUnsafeBufferPointer { totals in
          guard let a = opens.baseAddress, let b = closes.baseAddress, let c = totals.baseAddress
          else { return }
          let function = ReadyFunction(opens: a, closes: b, totals: c, count: intervals.count)
          for processing in [0, 1, 2, 7, 23, 60] {
            let naive = naiveReady(intervals, horizon, processing)
            for minute in 0...horizon {
              let ready = function.ready(at: Int32(minute), processing: Int32(processing))
              #expect(
                ready.map { Int($0) } == naive[minute],
                "round \(round), \(intervals), processing \(processing), minute \(minute)")
              // The latest order that is ready by `minute`, from the naive answers alone.
              let latest = (0...horizon).last { naive[$0].map { $0 <= minute } ?? false }
              let answer = function.latestOrder(for: Int32(minute), processing: Int32(processing))
              #expect(
                answer.map { Int($0) } == latest,
                "round \(round), \(intervals), processing \(processing), cutoff \(minute)")
            }
          }
        }
      }
    }
  }

  /// For each order minute: step through the minutes and count the open ones.
  private func naiveReady(
    _ intervals: [(open: Int32, close: Int32)], _ horizon: Int, _ processing: Int
  ) -> [Int?] {
    func isOpen(_ minute: Int) -> Bool {
      intervals.contains { Int($0.open) <= minute && minute < Int($0.close) }
    }
    return (0...horizon).map { start in
      var worked = 0
      var minute = start
      while minute <= horizon + 1 {
        // The dock takes orders up to the last instant of a shift.
        if worked == processing, isOpen(minute) || (minute > 0 && isOpen(minute - 1)) {
          return minute
        }
        if isOpen(minute) { worked = min(processing, worked + 1) }
        minute += 1
      }
      return nil
    }
  }
}
