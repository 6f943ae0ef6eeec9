import PromisedModel

@testable import PromisedEngine

/// A cart and its network as plain values, to fill a problem from and to search by brute force.
struct Cart {
  struct Card {
    var terms: RateTerms
    var breaks: [RateBreak]

    /// An evaluation of its own: grams, mm³ → cost.
    func cost(_ grams: Int64, _ volume: Int64) -> Int64? {
      var billed = grams
      if terms.cubicMillimetresPerGram > 0 {
        var dimensional = volume / terms.cubicMillimetresPerGram
        if dimensional * terms.cubicMillimetresPerGram < volume { dimensional += 1 }
        billed = max(billed, dimensional)
      }
      if let step = breaks.first(where: { billed <= $0.upToGrams }) {
        return terms.fixedCost + step.cost
      }
      if terms.stepGrams == 0 { return nil }
      var cost = terms.fixedCost + (breaks.last?.cost ?? 0)
      var reached = breaks.last?.upToGrams ?? 0
      while reached < billed {
        reached += terms.stepGrams
        cost += terms.stepCost
      }
      return cost
    }
  }

  struct Line {
    var quantity: Int64 = 1
    var grams: Int64 = 0
    var volume: Int64 = 0
    /// (component, units of it in one)
    var uses: [(component: Int, units: Int64)]
    /// Per centre; nil = cannot.
    var windows: [UInt32?]
    var values: [Int64]
  }

  var cards: [Card] = []
  /// Card of each centre; the node of centre i is 10 · i.
  var centres: [Int] = []
  /// By component, then centre.
  var stock: [[Int64]] = []
  var lines: [Line] = []

  /// `centres` that each charge a fixed cost a box, and no components or lines yet.
  init(fixedCosts: [Int64]) {
    for cost in fixedCosts {
      centres.append(cards.count)
      cards.append(
        Card(
          terms: RateTerms(fixedCost: cost),
          breaks: [RateBreak(upToGrams: 1 << 40, cost: 0)]))
    }
  }

  init() {}

  /// A line of a plain item of its own with units at each centre.
  mutating func addItem(
    _ quantity: Int64, at units: [Int64], windows: [UInt32?]? = nil, grams: Int64 = 0,
    values: [Int64]? = nil
  ) {
    stock.append(units)
    addLine(quantity, [(stock.count - 1, 1)], windows: windows, grams: grams, values: values)
  }

  mutating func addLine(
    _ quantity: Int64, _ uses: [(component: Int, units: Int64)], windows: [UInt32?]? = nil,
    grams: Int64 = 0, values: [Int64]? = nil
  ) {
    lines.append(
      Line(
        quantity: quantity, grams: grams, uses: uses,
        windows: windows ?? centres.map { _ in 1 }, values: values ?? centres.map { _ in 0 }))
  }

  func fill(_ problem: inout SourcingProblem) {
    problem.begin()
    for card in cards {
      card.breaks.withUnsafeBufferPointer { breaks in
        _ = problem.addCard(RateCard(terms: card.terms, breaks: Column(breaks)))
      }
    }
    for (index, card) in centres.enumerated() {
      problem.addCentre(node: UInt16(index * 10), card: card)
    }
    for row in stock {
      let component = problem.addComponent()
      for (centre, units) in row.enumerated() {
        problem.setAvailable(component: component, centre: centre, units: units)
      }
    }
    for line in lines {
      let index = problem.addLine(
        quantity: line.quantity, unitGrams: line.grams, unitCubicMillimetres: line.volume)
      for use in line.uses { problem.addUse(component: use.component, units: use.units) }
      for centre in centres.indices {
        guard let window = line.windows[centre] else { continue }
        problem.setCell(
          line: index, centre: centre, window: window, opportunityValue: line.values[centre])
      }
    }
  }
}

/// A plan as plain values.
struct Plan: Equatable, CustomStringConvertible {
  struct Box: Equatable {
    var centre: Int
    /// (line, units), by line.
    var units: [[Int64]]
    var window: UInt32
    var cost: Int64
  }

  var boxes: [Box] = []
  var cost: Int64 = 0
  var window: UInt32 = 0

  init() {}

  init(_ problem: borrowing SourcingProblem) {
    for index in 0..<problem.boxCount {
      let box = problem.box(index)
      let lines = (Int(box.first)..<Int(box.first + box.count)).map { place -> [Int64] in
        let allotment = problem.allotment(place)
        return [Int64(allotment.line), allotment.quantity]
      }
      boxes.append(
        Box(
          centre: Int(box.centre), units: lines, window: box.window,
          cost: box.shippingCost + box.opportunityCost))
    }
    cost = problem.totalCost
    window = problem.window
  }

  var description: String {
    boxes.map { "\($0.centre): \($0.units) w\($0.window) c\($0.cost)" }.joined(separator: "; ")
      + " = \(cost) w\(window)"
  }

  /// What is wrong with the plan for a cart, other than being second best.
  func fault(in cart: Cart, _ request: SourcingRequest, short: [Int64]) -> String? {
    var left = cart.stock
    var planned = cart.lines.map { _ in Int64(0) }
    var seen: Set<Int> = []
    var total: Int64 = 0
    for box in boxes {
      if !seen.insert(box.centre).inserted { return "a centre has two boxes" }
      if request.permittedCentres >> UInt64(box.centre) & 1 == 0 { return "a centre is forbidden" }
      var (grams, volume, value) = (Int64(0), Int64(0), Int64(0))
      for unit in box.units {
        let line = cart.lines[Int(unit[0])]
        guard let window = line.windows[box.centre], window <= request.latestWindow else {
          return "a line is late"
        }
        if window > box.window { return "a box is promised before its line" }
        planned[Int(unit[0])] += unit[1]
        grams += unit[1] * line.grams
        volume += unit[1] * line.volume
        value += unit[1] * line.values[box.centre]
        for use in line.uses { left[use.component][box.centre] -= use.units * unit[1] }
      }
      let card = cart.cards[cart.centres[box.centre]]
      guard let cost = card.cost(grams, volume) else { return "a card refuses a box" }
      if cost + value != box.cost { return "a box costs \(cost + value)" }
      total += box.cost
    }
    if left.joined().contains(where: { $0 < 0 }) { return "a unit serves twice" }
    if total != cost { return "the total is \(total)" }
    if boxes.count > request.shipmentLimit { return "too many shipments" }
    for (index, line) in cart.lines.enumerated()
    where planned[index] != line.quantity - short[index] {
      return "line \(index) has \(planned[index]) units and lacks \(short[index])"
    }
    return nil
  }
}
