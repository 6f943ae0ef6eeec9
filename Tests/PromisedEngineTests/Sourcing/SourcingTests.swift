import PromisedModel
import Testing

@testable import PromisedEngine

extension Cart {
  /// The plan of a request, or the outcome that there is none.
  func plan(_ request: SourcingRequest) -> (outcome: SourcingOutcome, plan: Plan) {
    var problem = SourcingProblem()
    fill(&problem)
    let outcome = problem.solve(request)
    return (outcome, Plan(problem))
  }

  func short(_ request: SourcingRequest) -> [Int64] {
    var problem = SourcingProblem()
    fill(&problem)
    _ = problem.solve(request)
    var short: [Int64] = []
    for line in lines.indices { short.append(problem.shortUnits(line: line)) }
    return short
  }
}

/// Known answers of the sourcing decision.
@Suite struct SourcingTests {
  let cheapest = SourcingRequest(objective: .cost)
  let fewest = SourcingRequest(objective: .fewestShipments)
  let earliest = SourcingRequest(objective: .earliest)

  /// Six lines; A holds 1 2 3, B holds 4 5 6, G holds 2 3 4 5; a box costs 1.
  func s12a() -> Cart {
    var cart = Cart(fixedCosts: [1, 1, 1])
    for line in 1...6 {
      cart.addItem(1, at: [line <= 3 ? 1 : 0, line >= 4 ? 1 : 0, (2...5).contains(line) ? 1 : 0])
    }
    return cart
  }

  @Test("S12a: two boxes, A and B, where taking the widest centre first needs three")
  func s12aOptimum() {
    for request in [cheapest, fewest, earliest] {
      let (outcome, plan) = s12a().plan(request)
      #expect(outcome == .planned && plan.cost == 2)
      #expect(plan.boxes.map(\.centre) == [0, 1])
      #expect(plan.boxes.map { $0.units.map { $0[0] } } == [[0, 1, 2], [3, 4, 5]])
    }
    // The greedy rule itself, so that the case is one.
    var problem = SourcingProblem()
    s12a().fill(&problem)
    #expect(problem.solve(cheapest) == .planned)
    var open: Set<Int> = [0, 1, 2, 3, 4, 5]
    var boxes = 0
    let holds: [Set<Int>] = [[0, 1, 2], [3, 4, 5], [1, 2, 3, 4]]
    while !open.isEmpty {
      let widest = holds.max { $0.intersection(open).count < $1.intersection(open).count }
      open.subtract(widest ?? [])
      boxes += 1
    }
    #expect(boxes == 3)
  }

  @Test("S13: an order placed early moves when both orders then need two shipments, not three")
  func s13() {
    // P holds x, Q holds x and y, one each; O1 = {x} took Q, O2 = {x, y} then P and Q.
    let any: [UInt32] = [1, 1]
    let early = SoftOrder(
      lines: [SoftOrder.Line(item: 0, quantity: 1, windows: any)],
      sources: [SoftOrder.Source(line: 0, centre: 1, quantity: 1)])
    let late = SoftOrder(
      lines: [
        SoftOrder.Line(item: 0, quantity: 1, windows: any),
        SoftOrder.Line(item: 1, quantity: 1, windows: any),
      ],
      sources: [
        SoftOrder.Source(line: 0, centre: 0, quantity: 1),
        SoftOrder.Source(line: 1, centre: 1, quantity: 1),
      ])
    var orders = SoftOrders(
      centreCount: 2, available: [0, 0, 0, 0], orders: [early, late])
    var problem = SourcingProblem()
    #expect(orders.shipments == 3)
    #expect(orders.reevaluate(&problem) == [0, 1])
    #expect(orders.shipments == 2)
    #expect(orders.orders[0].sources == [SoftOrder.Source(line: 0, centre: 0, quantity: 1)])
    #expect(orders.available == [0, 0, 0, 0])
    #expect(orders.reevaluate(&problem) == [])
  }

  @Test("S13 with a later window at P: no promise gets later, and nothing moves")
  func s13KeepsPromises() {
    let early = SoftOrder(
      lines: [SoftOrder.Line(item: 0, quantity: 1, windows: [2, 1])],
      sources: [SoftOrder.Source(line: 0, centre: 1, quantity: 1)])
    let late = SoftOrder(
      lines: [
        SoftOrder.Line(item: 0, quantity: 1, windows: [1, 1]),
        SoftOrder.Line(item: 1, quantity: 1, windows: [1, 1]),
      ],
      sources: [
        SoftOrder.Source(line: 0, centre: 0, quantity: 1),
        SoftOrder.Source(line: 1, centre: 1, quantity: 1),
      ])
    var orders = SoftOrders(
      centreCount: 2, available: [0, 0, 0, 0], orders: [early, late])
    var problem = SourcingProblem()
    #expect(orders.reevaluate(&problem) == [])
    #expect(orders.shipments == 3)
  }

  @Test("S13 alone: a second shipment goes when units come free")
  func s13Alone() {
    let order = SoftOrder(
      lines: [
        SoftOrder.Line(item: 0, quantity: 1, windows: [1, 1]),
        SoftOrder.Line(item: 1, quantity: 1, windows: [1, 1]),
      ],
      sources: [
        SoftOrder.Source(line: 0, centre: 0, quantity: 1),
        SoftOrder.Source(line: 1, centre: 1, quantity: 1),
      ])
    var orders = SoftOrders(centreCount: 2, available: [0, 1, 0, 0], orders: [order])
    var problem = SourcingProblem()
    #expect(orders.reevaluate(&problem) == [0])
    #expect(orders.shipments == 1)
    #expect(orders.available == [1, 0, 0, 0])
  }

  @Test("S14: with duals E 4 and W 0 the Central order goes to W, 7 against 10")
  func s14() {
    var cart = Cart(fixedCosts: [6, 7])
    cart.addItem(1, at: [10, 30], values: [4, 0])
    let plan = cart.plan(cheapest).plan
    #expect(plan.boxes.map(\.centre) == [1] && plan.cost == 7)
    cart.lines[0].values = [0, 0]
    #expect(cart.plan(cheapest).plan.boxes.map(\.centre) == [0])
    // What it costs from E, by naming it.
    cart.lines[0].values = [4, 0]
    var onlyEast = cheapest
    onlyEast.permittedCentres = 1
    #expect(cart.plan(onlyEast).plan.cost == 10)
  }

  @Test("Fewest boxes are not least cost: two cheap boxes beat a dear one")
  func fewestIsNotCheapest() {
    var cart = Cart(fixedCosts: [100, 30, 30])
    cart.addItem(1, at: [1, 1, 0])
    cart.addItem(1, at: [1, 0, 1])
    #expect(cart.plan(cheapest).plan.boxes.map(\.centre) == [1, 2])
    #expect(cart.plan(cheapest).plan.cost == 60)
    #expect(cart.plan(fewest).plan.boxes.map(\.centre) == [0])
    #expect(cart.plan(fewest).plan.cost == 100)
  }

  @Test("The promise of a cart is its latest box")
  func promiseIsTheLatestBox() {
    var cart = Cart(fixedCosts: [1, 1])
    cart.addItem(1, at: [1, 0], windows: [3, nil])
    cart.addItem(1, at: [0, 1], windows: [nil, 8])
    let plan = cart.plan(earliest).plan
    #expect(plan.window == 8 && plan.boxes.map(\.window) == [3, 8])
  }

  @Test("Earliest is minimised first, and kept while cost is")
  func earliestThenCost() {
    // The second line cannot be sooner than 5, so the first need not be either.
    var cart = Cart(fixedCosts: [50, 1])
    cart.addItem(1, at: [1, 1], windows: [2, 5])
    cart.addItem(1, at: [0, 1], windows: [nil, 5])
    let plan = cart.plan(earliest).plan
    #expect(plan.window == 5 && plan.boxes.map(\.centre) == [1])
    cart.lines[0].windows[1] = 6
    #expect(cart.plan(earliest).plan.boxes.map(\.centre) == [0, 1])
  }

  @Test("Least cost under a date, and between equal costs the earlier promise")
  func costUnderADate() {
    var cart = Cart(fixedCosts: [5, 3, 3])
    cart.addItem(1, at: [1, 1, 1], windows: [1, 9, 8])
    #expect(cart.plan(cheapest).plan.boxes.map(\.centre) == [2])
    var dated = cheapest
    dated.latestWindow = 4
    #expect(cart.plan(dated).plan.boxes.map(\.centre) == [0])
    dated.latestWindow = 0
    #expect(cart.plan(dated).outcome == .late)
  }

  @Test("What ships together ships from one centre or not at all")
  func together() {
    var request = cheapest
    request.shipmentLimit = 1
    #expect(s12a().plan(request).outcome == .tooManyShipments)
    var cart = s12a()
    for item in 0..<6 { cart.stock[item][2] = 1 }
    let (outcome, plan) = cart.plan(request)
    #expect(outcome == .planned && plan.boxes.map(\.centre) == [2])
  }

  @Test("A weight break makes one box cheaper than two, and a limit of weight two of one")
  func weightBreaks() {
    var cart = Cart(fixedCosts: [10, 10])
    let breaks = [RateBreak(upToGrams: 1000, cost: 5), RateBreak(upToGrams: 3000, cost: 12)]
    for card in 0..<2 { cart.cards[card].breaks = breaks }
    cart.addItem(1, at: [1, 1], grams: 900)
    cart.addItem(1, at: [1, 1], grams: 900)
    #expect(cart.plan(cheapest).plan.cost == 22)
    for card in 0..<2 { cart.cards[card].breaks.removeLast() }
    let plan = cart.plan(cheapest).plan
    #expect(plan.boxes.map(\.centre) == [0, 1] && plan.cost == 30)
    cart.lines[0].grams = 1001
    #expect(cart.plan(cheapest).outcome == .unshippable)
  }

  @Test("A line is split only when no centre holds it whole, over as few centres as can be")
  func splits() {
    var cart = Cart(fixedCosts: [1, 1, 1, 50])
    cart.addItem(5, at: [3, 2, 4, 5])
    #expect(cart.plan(cheapest).plan.boxes.map(\.centre) == [3])
    cart.stock[0][3] = 0
    #expect(cart.plan(cheapest).plan.boxes.map(\.units) == [[[0, 1]], [[0, 4]]])
    // The whole is late: it is split, to be in time.
    cart.stock[0][3] = 5
    cart.lines[0].windows = [1, 1, 1, 9]
    var dated = cheapest
    dated.latestWindow = 3
    #expect(cart.plan(dated).plan.boxes.map(\.centre) == [0, 2])
  }

  @Test("What is available is planned and the rest reported short, or nothing is planned")
  func policies() {
    var cart = Cart(fixedCosts: [1, 1])
    cart.addItem(5, at: [2, 1])
    cart.addItem(1, at: [1, 0])
    cart.addItem(2, at: [0, 0])
    #expect(cart.plan(fewest).outcome == .short && cart.plan(fewest).plan.boxes.isEmpty)
    #expect(cart.short(fewest) == [2, 0, 2])
    let some = SourcingRequest(objective: .fewestShipments, policy: .fillAvailable)
    let (outcome, plan) = cart.plan(some)
    #expect(outcome == .planned && cart.short(some) == [2, 0, 2])
    #expect(plan.boxes.map(\.units) == [[[0, 2], [1, 1]], [[0, 1]]])
  }

  @Test("A negative opportunity value draws an order to the stock that should go")
  func negativeOpportunity() {
    var cart = Cart(fixedCosts: [5, 9])
    cart.addItem(2, at: [9, 9], values: [0, -3])
    let plan = cart.plan(cheapest).plan
    #expect(plan.boxes.map(\.centre) == [1] && plan.cost == 3)
  }
}
