import PromisedEngine
import PromisedModel

/// Carts over ten centres, every centre holding every line: the most that an exact decision has to
/// look at. Drawing a cart is not counted, filling the problem from it is.
struct EnginePlan: ~Copyable {
  static let centres = 10
  private static let breaksPerCard = 4

  private var problem = SourcingProblem()
  private var objective = PlanObjective.cost
  private var fixedCosts: [Int64] = []
  private var breaks: [RateBreak] = []
  private var weights: [Int64] = []
  private var volumes: [Int64] = []
  private var quantities: [Int64] = []
  /// By line × centre.
  private var units: [Int64] = []
  private var windows: [UInt32] = []
  private var values: [Int64] = []

  mutating func draw(lines: Int, _ next: () -> Int) {
    func below(_ bound: Int) -> Int64 { Int64(next() % bound) }
    objective = next() % 2 == 0 ? .cost : .earliest
    fixedCosts = (0..<Self.centres).map { _ in 20_000 + below(40_000) }
    breaks = (0..<Self.centres * Self.breaksPerCard).map { index in
      let step = Int64(index % Self.breaksPerCard)
      return RateBreak(upToGrams: (step + 1) * 2000, cost: step * (4000 + below(3000)))
    }
    weights = (0..<lines).map { _ in 100 + below(1500) }
    volumes = (0..<lines).map { _ in 100_000 + below(4_000_000) }
    quantities = (0..<lines).map { _ in 1 + below(3) }
    units = (0..<lines * Self.centres).map { _ in 3 + below(9) }
    windows = (0..<lines * Self.centres).map { _ in UInt32(below(20)) }
    values = (0..<lines * Self.centres).map { _ in below(8000) }
  }

  /// Decides the cart drawn last and answers a digest of the plan.
  mutating func decide() -> UInt64 {
    problem.begin()
    breaks.withUnsafeBufferPointer { breaks in
      for centre in 0..<Self.centres {
        let first = centre * Self.breaksPerCard
        problem.addCard(
          RateCard(
            terms: RateTerms(
              fixedCost: fixedCosts[centre], cubicMillimetresPerGram: 5000, stepGrams: 1000,
              stepCost: 2500),
            breaks: Column(
              base: breaks.baseAddress.map { $0 + first }, count: Self.breaksPerCard)))
        problem.addCentre(node: UInt16(centre), card: centre)
      }
    }
    for line in 0..<weights.count {
      problem.addComponent()
      problem.addLine(
        quantity: quantities[line], unitGrams: weights[line],
        unitCubicMillimetres: volumes[line])
      problem.addUse(component: line, units: 1)
      for centre in 0..<Self.centres {
        let place = line * Self.centres + centre
        problem.setAvailable(component: line, centre: centre, units: units[place])
        problem.setCell(
          line: line, centre: centre, window: windows[place], opportunityValue: values[place])
      }
    }
    let outcome = problem.solve(SourcingRequest(objective: objective))
    return UInt64(bitPattern: problem.totalCost) &+ UInt64(problem.window)
      &+ (outcome == .planned ? 1 : 0)
  }
}
