import PromisedModel

/// A step of a rate card: what a box up to this weight costs.
package struct RateBreak: BitwiseCopyable, Equatable {
  /// Largest billed weight of the step, 1…2^48.
  package var upToGrams: Int64
  /// In 1/10,000 of the currency, on top of the card's fixed cost.
  package var cost: Int64

  package init(upToGrams: Int64, cost: Int64) {
    self.upToGrams = upToGrams
    self.cost = cost
  }
}

/// What a rate card says besides its weight breaks. Money is in 1/10,000 of the currency.
package struct RateTerms: BitwiseCopyable, Equatable {
  /// For any box.
  package var fixedCost: Int64
  /// Dimensional divisor: so many mm³ are billed as a gram (5,000 cm³ a kg = 5,000); 0 = actual
  /// weight only.
  package var cubicMillimetresPerGram: Int64
  /// Beyond the last break every begun step of so many grams adds `stepCost`; 0 = such a box is
  /// refused. A card without breaks charges steps from the first gram.
  package var stepGrams: Int64
  package var stepCost: Int64

  package init(
    fixedCost: Int64, cubicMillimetresPerGram: Int64 = 0, stepGrams: Int64 = 0, stepCost: Int64 = 0
  ) {
    self.fixedCost = fixedCost
    self.cubicMillimetresPerGram = cubicMillimetresPerGram
    self.stepGrams = stepGrams
    self.stepCost = stepCost
  }
}

/// The price of a box by its weight and volume.
///
/// The billed weight is the larger of the actual and the dimensional weight of the whole box, the
/// latter rounded up to a gram. The breaks are borrowed.
package struct RateCard {
  package let terms: RateTerms
  package let breaks: Column<RateBreak>

  package static var breakLimit: Int { Limits.breaksPerRate }
  /// Weights in grams, volumes in mm³ and costs of a box lie below.
  package static var bound: Int64 { 1 << 48 }

  package init(terms: RateTerms, breaks: Column<RateBreak>) {
    self.terms = terms
    self.breaks = breaks
  }

  /// - Throws: FIELD_OUT_OF_RANGE naming the number that no card may have.
  package func validate() throws(Refusal) {
    func check(_ name: String, _ value: Int64, from least: Int64) throws(Refusal) {
      if value < least || value >= Self.bound {
        throw Refusal(.fieldOutOfRange, "\(name) is \(value): \(least) to \(Self.bound - 1)")
      }
    }
    try check("fixed_cost", terms.fixedCost, from: 0)
    try check("cubic_millimetres_per_gram", terms.cubicMillimetresPerGram, from: 0)
    try check("step_grams", terms.stepGrams, from: 0)
    try check("step_cost", terms.stepCost, from: 0)
    if breaks.count > Self.breakLimit || (breaks.isEmpty && terms.stepGrams == 0) {
      let least = terms.stepGrams == 0 ? 1 : 0
      throw Refusal(
        .fieldOutOfRange,
        "a rate card has \(breaks.count) breaks: \(least) to \(Self.breakLimit)")
    }
    var last: Int64 = 0
    for index in 0..<breaks.count {
      let step = breaks[index]
      try check("breaks[\(index)].up_to_grams", step.upToGrams, from: last + 1)
      try check("breaks[\(index)].cost", step.cost, from: 0)
      last = step.upToGrams
    }
  }

  /// The weight that is billed; nil when weight or volume lie beyond what is representable.
  package func billedGrams(grams: Int64, cubicMillimetres: Int64) -> Int64? {
    if grams < 0 || grams >= Self.bound || cubicMillimetres < 0 || cubicMillimetres >= Self.bound {
      return nil
    }
    let divisor = terms.cubicMillimetresPerGram
    if divisor == 0 { return grams }
    return max(grams, (cubicMillimetres + divisor - 1) / divisor)
  }

  /// The cost of a box, or nil when the card refuses it.
  /// - Complexity: O(log breaks).
  package func cost(grams: Int64, cubicMillimetres: Int64) -> Int64? {
    guard let billed = billedGrams(grams: grams, cubicMillimetres: cubicMillimetres) else {
      return nil
    }
    var (low, high) = (0, breaks.count)
    while low < high {
      let middle = (low + high) / 2
      if breaks[middle].upToGrams < billed { low = middle + 1 } else { high = middle }
    }
    if low < breaks.count { return bounded(breaks[low].cost) }
    return costBeyond(
      steps: stepsBeyond(grams: grams, cubicMillimetres: cubicMillimetres))
  }

  /// The last break; of a card without any, that for no weight.
  var last: RateBreak {
    breaks.isEmpty ? RateBreak(upToGrams: 0, cost: 0) : breaks[breaks.count - 1]
  }

  /// Begun steps beyond the last break; −1 = the card refuses such a box.
  func stepsBeyond(grams: Int64, cubicMillimetres: Int64) -> Int64 {
    guard let billed = billedGrams(grams: grams, cubicMillimetres: cubicMillimetres),
      terms.stepGrams > 0
    else { return -1 }
    return (billed - last.upToGrams + terms.stepGrams - 1) / terms.stepGrams
  }

  /// The cost of a box so many steps beyond the last break.
  @inline(__always)
  func costBeyond(steps: Int64) -> Int64? {
    if steps < 0 { return nil }
    let product = steps.multipliedReportingOverflow(by: terms.stepCost)
    let sum = product.partialValue.addingReportingOverflow(last.cost)
    return product.overflow || sum.overflow ? nil : bounded(sum.partialValue)
  }

  private func bounded(_ cost: Int64) -> Int64? {
    let sum = cost.addingReportingOverflow(terms.fixedCost)
    return sum.overflow || sum.partialValue >= Self.bound ? nil : sum.partialValue
  }
}
