import PromisedInvariants
import PromisedModel

/// Micro-cubic-feet that a seller uses of one storage type.
///
/// 128 bits, because 2·10^9 units of 10^12 each exceed 64; sums are exact and an answer is clamped.
/// Available, unfulfillable and reserved add up to the volume on hand.
struct Usage: BitwiseCopyable, Equatable {
  /// Of available_now; negative after a count fell short of what is reserved.
  var available: Int128 = 0
  var unfulfillable: Int128 = 0
  /// Holds, allocations, researching, in transfer, in processing and withheld.
  var reserved: Int128 = 0
  /// Working, shipped and receiving.
  var openInbound: Int128 = 0
  var drafts: Int128 = 0

  var total: Int128 { available + unfulfillable + reserved + openInbound + drafts }

  @inline(__always)
  static func += (left: inout Usage, right: Usage) {
    left.available += right.available
    left.unfulfillable += right.unfulfillable
    left.reserved += right.reserved
    left.openInbound += right.openInbound
    left.drafts += right.drafts
  }

  /// As a volume for an answer.
  static func clamped(_ volume: Int128) -> Int64 { Int64(clamping: volume) }
}

/// A change in units of an item, before it is multiplied with a volume.
struct UnitChange: BitwiseCopyable {
  var onHand: Int64 = 0
  var reserved: Int64 = 0
  var encumbered: Int64 = 0
  var unfulfillable: Int64 = 0
  var openInbound: Int64 = 0
  var drafts: Int64 = 0

  /// The usage of these units at `volume` micro-cubic-feet each.
  @inline(__always)
  func usage(volume: Int64) -> Usage {
    let volume = Int128(volume)
    return Usage(
      available: volume * Int128(onHand - encumbered - reserved),
      unfulfillable: volume * Int128(unfulfillable),
      reserved: volume * Int128(reserved + encumbered - unfulfillable),
      openInbound: volume * Int128(openInbound), drafts: volume * Int128(drafts))
  }

  /// The same units, leaving.
  var negated: UnitChange {
    UnitChange(
      onHand: -onHand, reserved: -reserved, encumbered: -encumbered,
      unfulfillable: -unfulfillable, openInbound: -openInbound, drafts: -drafts)
  }
}

/// Usage per seller and storage type; rows exist from the first use on.
struct UsageTable: ~Copyable {
  /// Per seller, the index + 1 of the row of each storage type 1…7; 0 = none.
  private var places = Store<UInt32>(zeroed: 8)
  private var rows = Store<Usage>()

  static var typesPerSeller: Int { 8 }

  /// Zero where a seller has used nothing of the type.
  func read(seller: Int, type: UInt8) -> Usage {
    let place = seller * Self.typesPerSeller + Int(type)
    if place >= places.count || places[place] == 0 { return Usage() }
    return rows[Int(places[place]) - 1]
  }

  /// Whether the seller ever used any of the type.
  func has(seller: Int, type: UInt8) -> Bool {
    let place = seller * Self.typesPerSeller + Int(type)
    return place < places.count && places[place] != 0
  }

  @inline(__always)
  mutating func add(_ change: Usage, seller: Int, type: UInt8) {
    let place = seller * Self.typesPerSeller + Int(type)
    if place >= places.count { places.resize(to: (seller + 1) * Self.typesPerSeller) }
    if places[place] == 0 { places[place] = UInt32(rows.append(Usage()) + 1) }
    rows.at(Int(places[place]) - 1).pointee += change
  }

  mutating func removeAll() {
    places.removeAll()
    rows.removeAll()
  }
}
