import PromisedModel

/// Memory of plans, kept from question to question.
struct PlanScratch: ~Copyable {
  var problem = SourcingProblem()
  var lines = Store<PlanLine>(capacity: Limits.linesPerHold)
  /// The components of all lines, each once, and what a unit of a line takes of them.
  var components = Store<PlanComponent>(capacity: Limits.linesPerHold)
  var uses = Store<ComponentUse>(capacity: Limits.linesPerHold)
  /// Nodes that hold something of the cart, ascending.
  var nodes = Store<PlanNode>(capacity: SourcingProblem.centreLimit)
  /// Their indexes alone, and a unit, as candidates of one node are lent.
  var nodeColumn = Store<UInt16>(capacity: SourcingProblem.centreLimit)
  let unit = Store<Int64>(zeroed: 1)
  /// By kind of handling × node: what a single unit would be promised.
  var offers = Store<PlanOffer>()
  /// Handling times that lines have, by the row of `offers`.
  var handlings = Store<Int32>()
}

/// A line of the cart as the state knows it.
struct PlanLine: BitwiseCopyable {
  var token: UInt64
  var quantity: Int64
  var slot: Int32
  /// Index into the attributes; 0 = none.
  var attribute: Int32
  /// Row of the offers.
  var handling: Int32
  var firstUse: Int32
  var useCount: Int32
}

/// Something that lines are made of: a plain item is its own component.
struct PlanComponent: BitwiseCopyable {
  var token: UInt64
  /// Its place in the position table; −1 = it has none.
  var slot: Int
}

/// A node, and how many components it holds.
struct PlanNode: BitwiseCopyable {
  var node: UInt16
  var count: Int32
}

/// What a node promises for an item of some handling time.
struct PlanOffer: BitwiseCopyable {
  /// Meaningless unless `code` is `ok`.
  var offer: Offer
  /// `ok`, or why there is no offer.
  var code: OutcomeCode.RawValue
  /// The place of its window among all: later windows rank higher.
  var rank: UInt32
}
