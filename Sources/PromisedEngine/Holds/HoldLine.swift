import PromisedModel

/// One claimed quantity of a hold.
struct HoldLine: BitwiseCopyable {
  var item: UInt64
  /// Units still claimed: held, or allocated and not shipped.
  var quantity: Int32
  /// Of these, units that were picked: they are secured for the order and cannot be amended away.
  var picked: Int32 = 0
  /// Units that left.
  var shipped: Int32 = 0
  /// From when the units are claimed; 0 = from now on, what is there.
  var dueUnixSeconds: UInt32 = 0
  /// The node, or the group of nodes when the line claims in a pool.
  var node: UInt16
  /// The sales channel whose units it claims, 0 = none.
  var channel: UInt16 = 0
  /// Bits of `HoldLineFlag`.
  var flags: UInt8 = 0

  /// Words of a line in a pool of 8-byte words.
  static var words: Int { MemoryLayout<HoldLine>.stride / 8 }

  /// Claims units of a group of nodes: `node` is the group's index.
  var isPool: Bool { flags & HoldLineFlag.pool != 0 }

  var isBackordered: Bool { flags & HoldLineFlag.backordered != 0 }

  /// A kit that the lines after it make: it claims nothing itself.
  var isHeading: Bool { flags & HoldLineFlag.kit != 0 }

  /// Claims what a kit is made of.
  var isComponent: Bool { flags & HoldLineFlag.component != 0 }

  /// Claims units of a stock row, so that they are reserved there.
  var isAtPosition: Bool {
    flags & (HoldLineFlag.pool | HoldLineFlag.kit) == 0 && dueUnixSeconds == 0
  }

  /// Claims units of a stock row, which can be missing.
  var canBeShort: Bool { isAtPosition && quantity > 0 }
}

/// What a line is besides its numbers.
enum HoldLineFlag {
  static var pool: UInt8 { 1 }
  /// No supply is known for its units: they are within what may be backordered.
  static var backordered: UInt8 { 2 }
  static var kit: UInt8 { 4 }
  static var component: UInt8 { 8 }
}

extension HoldState {
  /// Nothing is claimed any more.
  var isEnded: Bool { self == .released || self == .expired || self == .consumed }
}
