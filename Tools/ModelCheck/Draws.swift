/// Random numbers of one command: a function of the run's seed and the command's number alone, so that
/// any command can be left out and the others stay what they are (splitmix64, Steele et al. 2014).
struct Draws {
  private var state: UInt64

  init(seed: UInt64, index: Int) {
    state = Draws.mixed(seed &* 0x9e37_79b9_7f4a_7c15 ^ Draws.mixed(UInt64(index) &+ 1))
  }

  mutating func next() -> UInt64 {
    state = state &+ 0x9e37_79b9_7f4a_7c15
    return Draws.mixed(state)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func within(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  /// True once in `count` times.
  mutating func onceIn(_ count: Int) -> Bool { below(count) == 0 }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
