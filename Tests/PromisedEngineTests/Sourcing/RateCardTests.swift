import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct RateCardTests {
  func with<Answer>(
    _ terms: RateTerms, _ breaks: [RateBreak], _ body: (RateCard) throws -> Answer
  ) rethrows -> Answer {
    try breaks.withUnsafeBufferPointer {
      try body(RateCard(terms: terms, breaks: Column($0)))
    }
  }

  let breaks = [RateBreak(upToGrams: 500, cost: 30), RateBreak(upToGrams: 2000, cost: 70)]

  @Test func weightBreaksIncludeTheirLimit() {
    with(RateTerms(fixedCost: 100), breaks) { card in
      let weights: [Int64] = [0, 500, 501, 2000, 2001]
      let costs = weights.map { card.cost(grams: $0, cubicMillimetres: 0) }
      #expect(costs == [130, 130, 170, 170, nil])
    }
  }

  @Test func everyBegunStepBeyondTheLastBreakCosts() {
    with(RateTerms(fixedCost: 100, stepGrams: 1000, stepCost: 9), breaks) { card in
      let weights: [Int64] = [2000, 2001, 3000, 3001]
      let costs = weights.map { card.cost(grams: $0, cubicMillimetres: 0) }
      #expect(costs == [170, 179, 179, 188])
    }
  }

  @Test func aCardWithoutBreaksChargesStepsFromTheFirstGram() {
    with(RateTerms(fixedCost: 5, stepGrams: 1000, stepCost: 9), []) { card in
      let weights: [Int64] = [0, 1, 1000, 1001]
      let costs = weights.map { card.cost(grams: $0, cubicMillimetres: 0) }
      #expect(costs == [5, 14, 14, 23])
    }
  }

  @Test func theLargerOfActualAndDimensionalWeightIsBilledRoundedUp() {
    with(RateTerms(fixedCost: 0, cubicMillimetresPerGram: 5000), breaks) { card in
      // 2.5 dm³ are 500 g, a mm³ more is 501 g.
      #expect(card.billedGrams(grams: 10, cubicMillimetres: 2_500_000) == 500)
      #expect(card.cost(grams: 10, cubicMillimetres: 2_500_000) == 30)
      #expect(card.cost(grams: 10, cubicMillimetres: 2_500_001) == 70)
      #expect(card.cost(grams: 501, cubicMillimetres: 0) == 70)
    }
  }

  @Test func aCardOfAsManyBreaksAsThereMayBeIsReadToItsEnd() {
    let steps = (1...Int64(RateCard.breakLimit)).map { RateBreak(upToGrams: $0 * 10, cost: $0) }
    with(RateTerms(fixedCost: 0, stepGrams: 10, stepCost: 1), steps) { card in
      for weight in Int64(0)...2700 {
        let expected = max(1, (weight + 9) / 10)
        #expect(card.cost(grams: weight, cubicMillimetres: 0) == expected)
      }
      // And by the problem, with a last break for free weight besides.
      for stepCost in [Int64(0), 1] {
        var problem = SourcingProblem()
        for (grams, lines) in [(2560, 1), (2561, 1), (900, 3)] as [(Int64, Int)] {
          problem.begin()
          problem.addCard(
            RateCard(
              terms: RateTerms(fixedCost: 0, stepGrams: 10, stepCost: stepCost),
              breaks: card.breaks))
          problem.addCentre(node: 0, card: 0)
          for component in 0..<lines {
            problem.addComponent()
            problem.setAvailable(component: component, centre: 0, units: 1)
            problem.addLine(quantity: 1, unitGrams: grams, unitCubicMillimetres: 0)
            problem.addUse(component: component, units: 1)
            problem.setCell(line: component, centre: 0, window: 1)
          }
          let outcome = problem.solve(SourcingRequest(objective: .cost))
          let cost = problem.totalCost
          let beyond = (grams * Int64(lines) + 9) / 10 - 256
          #expect(outcome == .planned && cost == 256 + max(0, beyond) * stepCost)
        }
      }
    }
  }

  @Test func extremeNumbersAreRefusedAndDoNotTrap() {
    let terms = RateTerms(
      fixedCost: RateCard.bound - 1, cubicMillimetresPerGram: 1, stepGrams: 1,
      stepCost: RateCard.bound - 1)
    with(terms, [RateBreak(upToGrams: 1, cost: RateCard.bound - 1)]) { card in
      for weight in [0, 1, 2, RateCard.bound - 1, RateCard.bound, Int64.max, -1, Int64.min] {
        #expect(card.cost(grams: weight, cubicMillimetres: 0) == nil)
        #expect(card.cost(grams: 0, cubicMillimetres: weight) == nil)
      }
    }
  }

  @Test func aCardThatCannotBeIsRefusedByName() {
    func message(_ terms: RateTerms, _ breaks: [RateBreak]) -> String? {
      with(terms, breaks) { card in
        do throws(Refusal) {
          try card.validate()
          return nil
        } catch {
          return error.message
        }
      }
    }
    let plain = RateTerms(fixedCost: 0)
    #expect(message(plain, breaks) == nil)
    #expect(message(RateTerms(fixedCost: -1), breaks)?.contains("fixed_cost is -1") == true)
    #expect(message(plain, [])?.contains("0 breaks: 1 to 256") == true)
    #expect(message(RateTerms(fixedCost: 0, stepGrams: 1), []) == nil)
    #expect(message(plain, breaks.reversed())?.contains("breaks[1].up_to_grams is 500") == true)
  }

  @Test func theFastestEvaluationAgreesOverABox() {
    // Weights and volumes of all sets of lines at and around the breaks.
    var generator = CartGenerator(seed: 3)
    var problem = SourcingProblem()
    for _ in 0..<300 {
      var cart = generator.cart(lines: 1, centres: 1)
      cart.stock = [[9]]
      cart.lines[0].windows = [1]
      cart.lines[0].uses = [(0, 1)]
      for grams in [0, 1, 9999, 10_000, 10_001, 99_999] {
        cart.lines[0].quantity = 1
        cart.lines[0].grams = Int64(grams)
        cart.fill(&problem)
        let expected = cart.cards[0].cost(Int64(grams), cart.lines[0].volume)
        let outcome = problem.solve(SourcingRequest(objective: .cost))
        #expect((outcome == .planned) == (expected != nil))
        let total = problem.totalCost
        if let expected { #expect(total == expected + cart.lines[0].values[0]) }
      }
    }
  }
}
