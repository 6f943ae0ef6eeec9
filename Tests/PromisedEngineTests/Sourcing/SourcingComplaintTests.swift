import PromisedModel
import Testing

@testable import PromisedEngine

/// What users of comparable systems complain of, each as a test of the plan.
@Suite struct SourcingComplaintTests {
  let cheapest = SourcingRequest(objective: .cost)
  let fewest = SourcingRequest(objective: .fewestShipments)

  @Test("Two lines on the same component are checked together, not each against all of it")
  func complaint3() {
    // Two kits of one component each; two lines of two kits; a centre with three of them.
    var cart = Cart(fixedCosts: [1])
    cart.stock = [[3]]
    cart.addLine(2, [(0, 1)])
    cart.addLine(2, [(0, 1)])
    #expect(cart.plan(cheapest).outcome == .short)
    #expect(cart.short(cheapest) == [0, 1])
    cart.stock = [[4]]
    #expect(cart.plan(cheapest).outcome == .planned)
    // Two centres hold three each: neither holds both lines.
    cart = Cart(fixedCosts: [1, 1])
    cart.stock = [[3, 3]]
    cart.addLine(2, [(0, 1)])
    cart.addLine(2, [(0, 1)])
    #expect(cart.plan(cheapest).plan.boxes.map(\.units) == [[[0, 2]], [[1, 2]]])
    // Three and one: only when the second line is split over both.
    cart.stock = [[3, 1]]
    let plan = cart.plan(cheapest).plan
    #expect(plan.boxes.map(\.units) == [[[0, 2], [1, 1]], [[1, 1]]])
  }

  @Test("A kit and its component share their units")
  func complaint3Kit() {
    var cart = Cart(fixedCosts: [1, 1])
    cart.stock = [[5, 1], [2, 0]]
    // A kit takes two of the first and one of the second.
    cart.addLine(2, [(0, 2), (1, 1)])
    cart.addLine(1, [(0, 1)])
    #expect(cart.plan(fewest).plan.boxes.map(\.centre) == [0])
    cart.lines[1].quantity = 2
    // Of the second line one unit is left beside the kits, one elsewhere.
    #expect(
      cart.plan(fewest).plan.boxes.map(\.units) == [[[0, 2], [1, 1]], [[1, 1]]])
  }

  @Test("A line ships from a centre that holds it, not from the first that is listed")
  func complaint8() {
    var cart = Cart(fixedCosts: [1, 9])
    cart.addItem(3, at: [1, 3])
    #expect(cart.plan(cheapest).plan.boxes.map(\.units) == [[[0, 3]]])
    #expect(cart.plan(cheapest).plan.boxes.map(\.centre) == [1])
  }

  @Test("Two centres with one unit each fill an order of two")
  func complaint9() {
    var cart = Cart(fixedCosts: [1, 1])
    cart.addItem(2, at: [1, 1])
    let (outcome, plan) = cart.plan(cheapest)
    #expect(outcome == .planned)
    #expect(plan.boxes.map(\.units) == [[[0, 1]], [[0, 1]]])
  }

  @Test("A cart is split over centres, each shipment with its own cost and date")
  func complaint10() {
    var cart = Cart(fixedCosts: [4, 6])
    cart.addItem(1, at: [1, 0], windows: [2, nil])
    cart.addItem(1, at: [0, 1], windows: [nil, 3])
    let plan = cart.plan(cheapest).plan
    #expect(plan.boxes.map(\.cost) == [4, 6] && plan.boxes.map(\.window) == [2, 3])
  }

  @Test("The caller names the centre, and it ships from there or not at all")
  func complaint11() {
    var cart = Cart(fixedCosts: [1, 9])
    cart.addItem(1, at: [5, 5])
    var named = cheapest
    named.permittedCentres = 2
    #expect(cart.plan(named).plan.boxes.map(\.centre) == [1])
    cart.stock[0][1] = 0
    #expect(cart.plan(named).outcome == .short)
  }

  @Test("A centre that is down is replaced by another, not by a failure")
  func complaint12() {
    var cart = Cart(fixedCosts: [1, 9])
    cart.addItem(1, at: [5, 5])
    cart.addItem(1, at: [5, 5])
    #expect(cart.plan(cheapest).plan.boxes.map(\.centre) == [0])
    for line in 0..<2 { cart.lines[line].windows[0] = nil }
    let (outcome, plan) = cart.plan(cheapest)
    #expect(outcome == .planned && plan.boxes.map(\.centre) == [1] && plan.cost == 9)
    for line in 0..<2 { cart.lines[line].windows[1] = nil }
    #expect(cart.plan(cheapest).outcome == .late)
  }

  @Test("The same cart by another level has another date, and may ship from elsewhere")
  func complaint27() {
    var cart = Cart(fixedCosts: [2, 3])
    cart.addItem(1, at: [1, 1], windows: [7, 6])
    let earliest = SourcingRequest(objective: .earliest)
    #expect(cart.plan(earliest).plan.window == 6)
    cart.lines[0].windows = [2, 4]
    #expect(cart.plan(earliest).plan.window == 2)
    #expect(cart.plan(earliest).plan.boxes.map(\.centre) == [0])
  }
}
