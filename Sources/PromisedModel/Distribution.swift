// What of the stock is for whom: groups of nodes, stock of channels, units beyond the stock.

/// Distribution groups: nodes that together serve a pool of demand. Key: the name. A group's nodes
/// are replaced as a whole; one without nodes has none any more and keeps its name.
package struct GroupRows: Sendable, Equatable {
  package var names: [Name] = []
  /// Nodes of each group; they stand one after another in `nodes`.
  package var counts: [UInt32] = []
  package var nodeNames: [Name] = []
  package var nodes: [UInt32] = []

  package init() {}
}

/// Columns of what a channel may take of an item in a node. Key: (channel, item, node). A row of two
/// zeros is removed. Every channel named is known from then on, also without a row.
package struct ChannelStockRows: Sendable, Equatable {
  package var channelNames: [Name] = []
  package var channels: [UInt32] = []
  package var keys = PackedKeys()
  package var nodeNames: [Name] = []
  package var nodes: [UInt32] = []
  /// Units withheld from the channel, 0…2·10^9.
  package var buffers: [Int32] = []
  /// Units kept for the channel from all others, less what it has claimed; 0…2·10^9.
  package var setAsides: [Int32] = []

  package init() {}
}

package enum BackorderKind: UInt8, Sendable, CaseIterable {
  /// Units may be claimed now that nobody has seen yet.
  case backorder = 1
  /// Units may be claimed for a first date or later.
  case preorder = 2

  /// The name in import files.
  package var label: String {
    switch self {
    case .backorder: "backorder"
    case .preorder: "preorder"
    }
  }
}

/// Columns of how far claims may go beyond the supply. Key: (item, node). A cap of 0 removes the row.
package struct BackorderRows: Sendable, Equatable {
  package var keys = PackedKeys()
  package var nodeNames: [Name] = []
  package var nodes: [UInt32] = []
  /// `BackorderKind`.
  package var kinds: [UInt8] = []
  /// Units, 0…2·10^9.
  package var caps: [Int32] = []
  /// A pre-order's first date; 0 for a backorder.
  package var fromUnixSeconds: [Int64] = []
  /// New claims until then; 0 = without end.
  package var untilUnixSeconds: [Int64] = []
  /// Days after which a backorder's units are there, so that they can be promised, 0…3650; 0 =
  /// nobody says, and for a pre-order. Empty = 0 for every row.
  package var leadDays: [Int32] = []

  package init() {}
}

/// Why an instant is the first at which units can be had.
package enum SupplySource: UInt8, Sendable, CaseIterable {
  case onHand = 1
  case inbound = 2
  case backorder = 3
  case preorder = 4

  /// The name in answers of programs.
  package var label: String {
    switch self {
    case .onHand: "on_hand"
    case .inbound: "inbound"
    case .backorder: "backorder"
    case .preorder: "preorder"
    }
  }
}

/// Available to promise by date: a row per pair of an item and a place.
package struct AtpQuery {
  package var items: KeyColumn
  /// The places: these groups, then these nodes; neither = the whole network.
  package var groupNames: Column<BorrowedBytes>
  package var nodeNames: Column<BorrowedBytes>
  /// Indexes of items and of places, a value for each pair; both empty = every item with every
  /// place, item by item.
  package var pairItems: Column<UInt32>
  package var pairPlaces: Column<UInt32>
  /// Per pair, 1…2·10^9; empty = 1.
  package var quantities: Column<Int32>
  /// Empty = no channel.
  package var channel: BorrowedBytes
  /// 1…365.
  package var horizonDays: Int32
  /// The chance with which each shipment counts as come, in 1/65535; 0 = by its median.
  package var confidence: UInt16

  package init(
    items: KeyColumn, groupNames: Column<BorrowedBytes> = .empty,
    nodeNames: Column<BorrowedBytes> = .empty, pairItems: Column<UInt32> = .empty,
    pairPlaces: Column<UInt32> = .empty, quantities: Column<Int32> = .empty,
    channel: BorrowedBytes = .empty, horizonDays: Int32 = 90, confidence: UInt16 = 0
  ) {
    self.confidence = confidence
    self.items = items
    self.groupNames = groupNames
    self.nodeNames = nodeNames
    self.pairItems = pairItems
    self.pairPlaces = pairPlaces
    self.quantities = quantities
    self.channel = channel
    self.horizonDays = horizonDays
  }
}

/// A row per pair, and the steps of all pairs one after another.
package struct AtpReply: ~Copyable {
  package var codes = GrowableColumn<UInt32>()
  /// What a claim of now may take, backorders apart; negative where more is claimed than there is.
  package var availableNow = GrowableColumn<Int64>()
  package var stepCounts = GrowableColumn<UInt32>()
  /// From this instant on so many units may be claimed for it, all earlier claims kept.
  package var stepUnixSeconds = GrowableColumn<Int64>()
  package var stepUnits = GrowableColumn<Int64>()
  /// The first instant at which the quantity can be had; 0 = not within the horizon.
  package var firstUnixSeconds = GrowableColumn<Int64>()
  /// `SupplySource` of it; 0 = none.
  package var firstSources = GrowableColumn<UInt32>()
  /// Units claimed of groups that share a node with the place, and not yet of a node.
  package var unsourced = GrowableColumn<Int64>()
  /// Units that may still be claimed beyond the supply.
  package var backorderLeft = GrowableColumn<Int64>()

  package init() {}

  package mutating func removeAll() {
    codes.removeAll()
    availableNow.removeAll()
    stepCounts.removeAll()
    stepUnixSeconds.removeAll()
    stepUnits.removeAll()
    firstUnixSeconds.removeAll()
    firstSources.removeAll()
    unsourced.removeAll()
    backorderLeft.removeAll()
  }
}
