/// A lower bound of what any plan of the parts costs with windows no later than the plan's.
///
/// A box at centre f costs at least α + β · grams, a line below its rates, plus the opportunity
/// value of its parts. With that the plan is a facility location problem, and any prices y with
///
///     Σ over parts p of max(0, y(p) − c(p, f)) ≤ α(f)    for every centre f
///
/// prove that no plan costs less than Σ y (weak duality). The prices are raised part by part as far
/// as the centres' slack goes (dual ascent: Erlenkotter 1978). Shares are rounded down, which keeps
/// the bound valid.
extension SourcingProblem {
  func lineBelow(_ card: SourcingCard, flat: Bool) -> (fixed: Int64, cost: Int64, grams: Int64) {
    let steps = breaks.base + Int(card.firstBreak)
    let count = Int(card.breakCount)
    var least = Int64.max
    for step in 0..<count { least = min(least, steps[step].cost) }
    let base = flat && count > 0 ? least : 0
    // The least slope as a fraction; a card without breaks has steps.
    var (cost, grams) = (card.terms.stepCost, max(card.terms.stepGrams, 1))
    if count > 0 { (cost, grams) = (steps[0].cost - base, steps[0].upToGrams) }
    func steepens(_ other: Int64, _ otherGrams: Int64) -> Bool {
      let left = other.multipliedFullWidth(by: grams)
      let right = cost.multipliedFullWidth(by: otherGrams)
      return left.high == right.high ? left.low < right.low : left.high < right.high
    }
    for step in 0..<count where steepens(steps[step].cost - base, steps[step].upToGrams) {
      (cost, grams) = (steps[step].cost - base, steps[step].upToGrams)
    }
    if card.terms.stepGrams > 0 && steepens(card.terms.stepCost, card.terms.stepGrams) {
      (cost, grams) = (card.terms.stepCost, card.terms.stepGrams)
    }
    return (card.terms.fixedCost + base, cost, grams)
  }

  /// The better of two lines below the rates: through nothing, and level.
  mutating func costBound() -> Int64 { max(costBound(flat: false), costBound(flat: true)) }

  /// What no plan of the lines costs less than, however they are split: the opportunity values that
  /// are negative.
  func valueBound() -> Int64 {
    var sum: Int64 = 0
    for line in 0..<lines.count {
      var least: Int64 = 0
      for centre in 0..<centres.count {
        let cell = cells.base[line * centres.count + centre]
        if cell.window < Self.noWindow { least = min(least, cell.opportunityValue) }
      }
      let planned = lines.base[line].quantity - boxes.shortUnits.base[line]
      let value = least.multipliedReportingOverflow(by: planned)
      sum -= value.overflow ? RateCard.bound : min(-value.partialValue, RateCard.bound)
    }
    return sum
  }

  private mutating func costBound(flat: Bool) -> Int64 {
    let stride = centres.count
    search.slack.resize(to: stride)
    search.shares.resize(to: parts.count * stride)
    search.prices.resize(to: parts.count)
    for centre in 0..<stride {
      let below = lineBelow(cards.base[Int(centres.base[centre].card)], flat: flat)
      search.slack.base[centre] = below.fixed
      for part in 0..<parts.count {
        let place = part * stride + centre
        search.shares.base[place] = .max
        if parts.base[part].allowed >> UInt64(centre) & 1 == 0
          || self.window(part, centre) > window
        {
          continue
        }
        let product = parts.base[part].grams.multipliedFullWidth(by: below.cost)
        let share =
          product.high * 4 >= below.grams
          ? RateCard.bound : below.grams.dividingFullWidth(product).quotient
        search.shares.base[place] = min(share, RateCard.bound) + opportunity.base[place]
      }
    }
    var sum: Int64 = 0
    for part in 0..<parts.count { sum += parts.base[part].opportunityBase }
    for part in 0..<parts.count {
      var least = Int64.max
      for centre in 0..<stride { least = min(least, search.shares.base[part * stride + centre]) }
      search.prices.base[part] = least
      sum += least
    }
    var rises = true
    var rounds = 0
    while rises && rounds <= stride {
      rises = false
      rounds += 1
      for part in 0..<parts.count {
        let rise = raisePrice(part)
        if rise > 0 {
          sum += rise
          rises = true
        }
      }
    }
    return sum
  }

  /// Raises a part's price to its next higher share, or as far as slack goes.
  private func raisePrice(_ part: Int) -> Int64 {
    let stride = centres.count
    let shares = search.shares.base + part * stride
    let price = search.prices.base[part]
    var rise = Int64.max
    for centre in 0..<stride where shares[centre] < .max {
      rise = min(
        rise, shares[centre] > price ? shares[centre] - price : search.slack.base[centre])
    }
    if rise <= 0 || rise == .max { return 0 }
    for centre in 0..<stride where shares[centre] <= price { search.slack.base[centre] -= rise }
    search.prices.base[part] = price + rise
    return rise
  }
}
