/// Memory of the exact solution: columns by set of parts, a bit each.
struct ExactTables: ~Copyable {
  static var sets: Int { 1 << SourcingProblem.exactParts }
  /// No box or plan; twice of it does not overflow.
  static var none: UInt64 { 1 << 62 }

  /// Weight and volume of a set.
  let grams = Store<Int64>(zeroed: sets)
  let volume = Store<Int64>(zeroed: sets)
  /// Four bits at each part's place, the first part highest: times a centre's number it is the
  /// assignment of the set to the centre, and comparing assignments compares centres part by part.
  let spread = Store<UInt64>(zeroed: sets)
  /// Bit per candidate: the set finds its shared components there.
  let found = Store<UInt16>(zeroed: sets)
  let need = Store<Int64>(zeroed: sets)
  /// Index of the weight break of a set, for the cards of one shape.
  let breakIndex = Store<UInt16>(zeroed: sets)
  /// Beyond the last break: the steps.
  let steps = Store<Int64>(zeroed: sets)

  /// Of the candidate at hand: opportunity and window of a set.
  let opportunity = Store<Int64>(zeroed: sets)
  let window = Store<UInt32>(zeroed: sets)

  /// The best box of a set over all candidates, and the best plan.
  let boxKey = Store<UInt64>(zeroed: sets)
  let boxSecond = Store<UInt64>(zeroed: sets)
  let boxTied = Store<Bool>(zeroed: sets)
  let planKey = Store<UInt64>(zeroed: sets)
  let planSecond = Store<UInt64>(zeroed: sets)
  let planTied = Store<Bool>(zeroed: sets)

  /// The best plan by number of boxes and set, before and after the candidate at hand; sized when
  /// first needed.
  var layerKey = Store<UInt64>()
  var layerSecond = Store<UInt64>()
  var nextKey = Store<UInt64>()
  var nextSecond = Store<UInt64>()

  /// The candidates' centres, ascending.
  let candidates = Store<Int32>(zeroed: SourcingProblem.exactCentres)
  var candidateCount = 0
}
