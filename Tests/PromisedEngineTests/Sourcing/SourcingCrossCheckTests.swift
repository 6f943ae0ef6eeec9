import PromisedModel
import Testing

@testable import PromisedEngine

/// Plans against brute force, on small random carts with kits that share components, weight breaks
/// up and down, dimensional weight, opportunity values of both signs, dates, limits and splits.
@Suite struct SourcingCrossCheckTests {
  /// How often each kind of cart was met, so that a generator that misses one is noticed.
  struct Tally {
    var planned = 0
    var split = 0
    var refused = 0
    var limited = 0
    var short = 0
  }

  /// - Returns: what the cart was; nil when it was too large.
  func check(
    _ cart: Cart, _ request: SourcingRequest, _ problem: inout SourcingProblem, label: String,
    sizeLimit: Int, tally: inout Tally
  ) {
    cart.fill(&problem)
    guard var force = BruteForce(cart, request) else {
      let outcome = problem.solve(request)
      #expect(outcome == .short || outcome == .late, "\(label)")
      tally.refused += 1
      return
    }
    if force.size > sizeLimit { return }
    let outcome = problem.solve(request)
    let expected = force.plan()
    let plan = Plan(problem)
    var short: [Int64] = []
    for line in cart.lines.indices { short.append(problem.shortUnits(line: line)) }
    let (isExact, bound, total) = (problem.isExact, problem.lowerBound, problem.totalCost)
    if let expected, !force.parts.isEmpty {
      #expect(outcome == .planned && plan == expected, "\(label): \(plan) for \(expected)")
      #expect(isExact && bound == total, "\(label)")
      #expect(short == force.short, "\(label)")
      tally.planned += 1
      if force.parts.count > cart.lines.count { tally.split += 1 }
      if request.shipmentLimit < force.parts.count { tally.limited += 1 }
      if short.contains(where: { $0 > 0 }) { tally.short += 1 }
    } else if outcome == .planned && short == force.short {
      // No plan of whole lines: what was found otherwise must still be possible.
      #expect(!isExact, "\(label)")
    }
    if outcome == .planned {
      let fault = plan.fault(in: cart, request, short: short)
      #expect(fault == nil, "\(label): \(fault ?? "") \(plan)")
      #expect(bound <= total, "\(label)")
    }
  }

  @Test("Over 20,000 small carts: the plan is what brute force finds")
  func smallCarts() {
    var problem = SourcingProblem()
    var generator = CartGenerator(seed: 7)
    var tally = Tally()
    for number in 0..<30_000 {
      let cart = generator.cart(lines: 1 + generator.next(5), centres: 1 + generator.next(5))
      let request = generator.request()
      check(
        cart, request, &problem, label: "cart \(number)", sizeLimit: 4000, tally: &tally)
    }
    #expect(tally.planned > 5000 && tally.refused > 1000, "\(tally)")
    #expect(tally.split > 300 && tally.limited > 100 && tally.short > 500, "\(tally)")
  }

  @Test("Up to eight lines: the plan is what brute force finds")
  func largerCarts() {
    var problem = SourcingProblem()
    var generator = CartGenerator(seed: 8)
    var tally = Tally()
    for number in 0..<400 {
      let cart = generator.cart(lines: 5 + generator.next(4), centres: 2 + generator.next(4))
      var request = generator.request()
      request.latestWindow = SourcingProblem.noWindow - 1
      check(
        cart, request, &problem, label: "cart \(number)", sizeLimit: 3000, tally: &tally)
    }
    #expect(tally.planned > 100)
  }

  @Test("The search's bound never exceeds the best plan, and its plan is possible")
  func boundsAreValid() {
    var problem = SourcingProblem()
    var generator = CartGenerator(seed: 9)
    var checked = 0
    var found = 0
    for number in 0..<3000 {
      let cart = generator.cart(lines: 1 + generator.next(6), centres: 1 + generator.next(5))
      var request = generator.request()
      request.shipmentLimit = .max
      cart.fill(&problem)
      if problem.solve(request) != .planned || !problem.isExact { continue }
      let best = Plan(problem)
      let bound = problem.costBound()
      #expect(bound <= best.cost, "cart \(number): bound \(bound) of \(best.cost)")
      let searched = problem.solveBySearch(
        request, SourcingProblem.bits(cart.centres.count))
      if searched == .planned {
        let (cost, window, bound) = (problem.totalCost, problem.window, problem.lowerBound)
        #expect(bound <= cost, "cart \(number)")
        // What was split in turn may be cheaper than whole lines.
        let isRepaired = bound == problem.valueBound()
        if isRepaired { continue }
        if window == best.window && request.objective != .fewestShipments {
          #expect(cost >= best.cost, "cart \(number): better than the best")
        }
        if cost == best.cost { found += 1 }
      }
      checked += 1
    }
    #expect(checked > 1000)
    // It is a search: it need not, but nearly always does find a best plan.
    #expect(found * 10 > checked * 8, "\(found) of \(checked)")
  }

  @Test("A hundred lines over forty centres: possible, bounded and the same every time")
  func largeCarts() {
    var problem = SourcingProblem()
    var generator = CartGenerator(seed: 10)
    for number in 0..<4 {
      var cart = generator.cart(lines: 60, centres: 24)
      for line in cart.lines.indices {
        cart.lines[line].windows[3] = 4
        cart.lines[line].values = cart.lines[line].values.map { abs($0) }
      }
      for component in cart.stock.indices {
        cart.stock[component][component % 24] = 400
        cart.stock[component][3] = 400
      }
      for card in cart.cards.indices {
        cart.cards[card].terms.stepGrams = 1000
        cart.cards[card].terms.stepCost = 3
      }
      for objective in PlanObjective.allCases {
        let request = SourcingRequest(objective: objective)
        cart.fill(&problem)
        let outcome = problem.solve(request)
        #expect(outcome == .planned, "cart \(number)")
        let plan = Plan(problem)
        let short = cart.lines.map { _ in Int64(0) }
        #expect(plan.fault(in: cart, request, short: short) == nil, "cart \(number)")
        let (isExact, bound) = (problem.isExact, problem.lowerBound)
        #expect(!isExact && bound <= plan.cost && bound > 0, "\(bound) of \(plan.cost)")
        cart.fill(&problem)
        let again = problem.solve(request)
        let second = Plan(problem)
        #expect(again == .planned && second == plan, "cart \(number)")
      }
    }
  }
}
