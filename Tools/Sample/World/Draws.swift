/// Random numbers by place, not by turn: the value at (stream, index) never depends on which
/// others were asked for before it.
///
/// Source: splitmix64 (Steele, Lea, Flood 2014) as a counter-based generator: its finaliser over a
/// Weyl sequence.
struct Draws: Sendable {
  let seed: UInt64

  /// What a number is drawn for. Numbers of different streams have nothing to do with each other.
  enum Stream: UInt64 {
    case itemKey = 1
    case itemForm, itemVolume, itemSeller, itemDemand, itemRatio, itemStock
    case positionCount, positionFirst, positionQuantity, positionBuckets
    case inboundPresence, inboundQuantity, inboundDay
    case sellerName, limitKind, limitFactor
    case legDelay, handlingDelay, metroStock, itemRelease, kitUnits, opportunity, channelStock,
      backorder
  }

  /// 64 bits for (stream, index, part).
  func bits(_ stream: Stream, _ index: Int, part: Int = 0) -> UInt64 {
    var value = seed &+ stream.rawValue &* 0xd1b5_4a32_d192_ed03
    value = Draws.finalise(value &+ UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15)
    return Draws.finalise(value &+ UInt64(truncatingIfNeeded: part) &* 0x9e37_79b9_7f4a_7c15)
  }

  /// A number of 0 ..< `count`. The bias of the multiplication is below count / 2^64.
  func below(_ count: Int, _ stream: Stream, _ index: Int, part: Int = 0) -> Int {
    Int(bits(stream, index, part: part).multipliedFullWidth(by: UInt64(count)).high)
  }

  private static func finalise(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
