import PromisedModel

/// Memory of plans, kept from question to question.
struct PlanScratch: ~Copyable {
  var problem = SourcingProblem()
  /// When the question is asked: what is withheld depends on it.
  var now = UnixMilliseconds(0)
  var lines = Store<PlanLine>(capacity: Limits.linesPerHold)
  /// The components of all lines, each once, and what a unit of a line takes of them.
  var components = Store<PlanComponent>(capacity: Limits.linesPerHold)
  var componentIndex = SlotIndex()
  var stock = Store<PlanStock>(capacity: 64)
  var uses = Store<ComponentUse>(capacity: Limits.linesPerHold)
  /// Nodes that hold something of the cart, ascending.
  var nodes = Store<PlanNode>(capacity: SourcingProblem.centreLimit)
  /// Their indexes alone, and a unit, as candidates of one node are lent.
  var nodeColumn = Store<UInt16>(capacity: SourcingProblem.centreLimit)
  /// From when orders count at each node; empty = now, everywhere.
  var admitted = Store<Int64>(capacity: SourcingProblem.centreLimit)
  let unit = Store<Int64>(zeroed: 1)
  /// By kind × node: what a single unit would be promised.
  var offers = Store<PlanOffer>()
  /// What lines need, each once, by the row of `offers`.
  var kinds = Store<PlanKind>()
  /// The rates of the problem's cards; −1 = none.
  var rates = Store<Int>()
  /// What some line may not travel on.
  var restrictions: ItemRestrictions = []
  var breaks = Store<RateBreak>(capacity: RateCard.breakLimit)
}

/// A line of the cart as the state knows it.
struct PlanLine: BitwiseCopyable {
  var token: UInt64
  var quantity: Int64
  /// Index into the attributes; 0 = none.
  var attribute: Int32
  /// Row of the offers.
  var kind: Int32
  /// Of a unit, packed.
  var grams: Int64
  var cubicMillimetres: Int64
  var firstUse: Int32
  var useCount: Int32
}

/// Something that lines are made of: a plain item is its own component.
struct PlanComponent: BitwiseCopyable {
  var token: UInt64
  /// Its place in the position table; −1 = it has none.
  var slot: Int
  /// What nodes have of one that is not plain: its stretch of the scratch's stock.
  var firstStock: Int32 = 0
  var stockCount: Int32 = 0
  /// Groups have open demand of it: what may be taken of two nodes is not the sum of both.
  var hasDemand = false
}

/// What a claim may take of a component at a node.
struct PlanStock: BitwiseCopyable {
  var units: Int64
  var node: UInt16
}

/// A node, and how many components it holds.
struct PlanNode: BitwiseCopyable {
  var node: UInt16
  var count: Int32
  /// The problem's card for boxes from there.
  var card: Int32 = 0
}

/// What of an item decides which windows a node makes for it.
struct PlanKind: BitwiseCopyable, Equatable {
  var handlingMinutes: Int32 = 0
  /// Not worked on before; 0 = released.
  var releaseUnixSeconds: Int64 = 0
}

/// What a node promises for an item of some kind.
struct PlanOffer: BitwiseCopyable {
  /// Meaningless where there is none.
  var offer: Offer
  /// The place of its window among all, later windows higher; `SourcingProblem.noWindow` = there is
  /// no offer.
  var rank: UInt32
}
