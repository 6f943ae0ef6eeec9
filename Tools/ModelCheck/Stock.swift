/// What is in a node of an item.
struct Stock {
  /// On hand before the changes below.
  private var opening: Int64 = 0
  private var changes: [Int64] = []
  /// Unfulfillable, researching, in transfer, in processing, withheld; the rest is unused.
  var conditions = SIMD8<Int64>.zero
  /// Numbers of the last movements here, in the order in which they were told.
  var moves: [Int] = []
  /// Changes of what is allocated and picked here, in the same order.
  var claimMoves: [ClaimMove] = []
  /// When an operator said last how many are here, in milliseconds.
  var statedAt = Int64.min

  /// The sum of all changes.
  var onHand: Int64 { changes.reduce(opening, +) }

  mutating func move(by units: Int64) {
    if units == 0 { return }
    changes.append(units)
    if changes.count < 64 { return }
    opening = onHand
    changes.removeAll(keepingCapacity: true)
  }

  mutating func setOnHand(_ units: Int64) { move(by: units - onHand) }

  var encumbered: Int64 { conditions.wrappedSum() }
  /// On hand and in no condition but withheld.
  var fulfillable: Int64 { onHand - encumbered + conditions[4] }
}

/// Something that changed stock in a node.
struct Movement {
  /// −1 = no row of a source.
  var source = -1
  var sequence: UInt64 = 0
  var kind: UInt32
  var place: Place
  /// Milliseconds.
  var occurred: Int64
  var told: Int64
  /// On hand, then the conditions.
  var deltas = SIMD8<Int64>.zero
  var inbound: (reference: Int, node: Int, units: Int64)?
  /// An allocation left with it.
  var isFinal = false
  var isReversed = false
  /// A row that was driven after it had waited: its sequence stands out of order.
  var wasParked = false
  /// A count that says when it was made.
  var isCountOfInstant = false
}

/// Units that became, or ceased to be, allocated and picked.
struct ClaimMove {
  /// Milliseconds.
  var occurred: Int64
  var told: Int64
  var allocated: Int64
  var picked: Int64
}

struct Inbound: Equatable {
  var reference: Int
  var node: Int
  var units: Int64
  /// Seconds.
  var eta: Int64
  /// 1 draft, 2 working, 3 shipped, 4 receiving, 5 transfer.
  var stage: UInt8

  /// When it counts as supply: drafts never, what is overdue only while it is being received.
  func time(at now: Int64) -> Int64? {
    if stage == 1 { return nil }
    if eta > now { return eta }
    return stage == 4 ? now + 86_400 : nil
  }
}

struct ChannelRule {
  var node: Int
  var channel: Int
  var buffer: Int64
  var setAside: Int64
}

struct Backorder {
  var node: Int
  var cap: Int64
  /// Seconds; 0 = a backorder, else a pre-order's first date.
  var from: Int64
  var until: Int64

  func isOpen(at now: Int64) -> Bool { until == 0 || now < until }
}

/// A feed row that waits for its item or node.
struct ParkedLine {
  var row: FedLine
  var source: Int
  var sequence: UInt64
  var isNet: Bool
}

/// Everything about an item but its claims.
struct ItemFacts {
  var isKnown = false
  var stocks = Names.nodes.map { _ in Stock() }
  var inbound: [Inbound] = []
  var channels: [ChannelRule] = []
  var backorders: [Backorder] = []
  var parts: [KitPart] = []

  /// States what is under way; no units: nothing is.
  mutating func put(_ row: Inbound) {
    inbound.removeAll { $0.reference == row.reference && $0.node == row.node }
    if row.units > 0 { inbound.append(row) }
  }

  func inbound(_ reference: Int, to node: Int) -> Inbound? {
    inbound.first { $0.reference == reference && $0.node == node }
  }
}

extension Model {
  private func index(_ item: Int) -> Int {
    item < Names.late ? item : Names.items.count + item - Names.late
  }

  func isKnown(_ item: Int) -> Bool {
    let index = index(item)
    return item != Names.unknownItem && index < facts.count && facts[index].isKnown
  }

  /// What is known of an item; nothing of one that is not.
  func read(_ item: Int) -> ItemFacts {
    let index = index(item)
    return index < facts.count ? facts[index] : ItemFacts()
  }

  mutating func edit(_ item: Int, _ body: (inout ItemFacts) -> Void) {
    let index = index(item)
    while facts.count <= index { facts.append(ItemFacts()) }
    body(&facts[index])
  }

  /// What is in a node of an item that is known.
  subscript(place: Place) -> Stock {
    get { facts[index(place.item)].stocks[place.node] }
    _modify { yield &facts[index(place.item)].stocks[place.node] }
  }
}
