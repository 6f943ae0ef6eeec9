import PromisedInvariants
import PromisedModel

/// An order that is promised but not released for picking: where it ships from may still change.
package struct SoftOrder: Equatable {
  package struct Line: Equatable {
    package var item: Int
    package var quantity: Int64
    /// By centre: the rank of the window it makes; `SourcingProblem.noWindow` = cannot.
    package var windows: [UInt32]

    package init(item: Int, quantity: Int64, windows: [UInt32]) {
      self.item = item
      self.quantity = quantity
      self.windows = windows
    }
  }

  /// Units of a line that a centre is to ship.
  package struct Source: Equatable {
    package var line: Int
    package var centre: Int
    package var quantity: Int64

    package init(line: Int, centre: Int, quantity: Int64) {
      self.line = line
      self.centre = centre
      self.quantity = quantity
    }
  }

  package var lines: [Line]
  package var sources: [Source]

  package init(lines: [Line], sources: [Source]) {
    self.lines = lines
    self.sources = sources
  }

  package var shipments: Int {
    var centres: [Int] = []
    for source in sources where !centres.contains(source.centre) { centres.append(source.centre) }
    return centres.count
  }

  /// What was promised for a line: the latest window of its units.
  func promise(of line: Int) -> UInt32 {
    var latest: UInt32 = 0
    for source in sources where source.line == line {
      latest = max(latest, lines[line].windows[source.centre])
    }
    return latest
  }
}

/// Orders in the order they were committed, and the units beside them.
///
/// An order is sourced when it is placed, without those that follow: later ones may then need
/// several shipments where the two together would not (Xu, Allgor, Graves 2009). Until it is picked
/// it may move.
package struct SoftOrders {
  package let centreCount: Int
  /// By item × centre: units that belong to no order.
  package private(set) var available: [Int64]
  package private(set) var orders: [SoftOrder]

  private static var roundLimit: Int { 8 }

  package init(centreCount: Int, available: [Int64], orders: [SoftOrder]) {
    invariant(available.count % centreCount == 0, "units are by item and centre")
    self.centreCount = centreCount
    self.available = available
    self.orders = orders
  }

  package var shipments: Int { orders.reduce(0) { $0 + $1.shipments } }

  /// Moves orders while the shipments of all orders become fewer, none of their lines later.
  ///
  /// In commit order, each order alone, then with each later one that has an item in common: both
  /// are taken back and placed again, either first.
  ///
  /// - Returns: the orders that moved, ascending.
  /// - Complexity: O(orders² × a plan) a round, a few rounds.
  package mutating func reevaluate(_ problem: inout SourcingProblem) -> [Int] {
    let before = orders
    var gains = true
    var rounds = 0
    while gains && rounds < Self.roundLimit {
      gains = false
      rounds += 1
      for first in orders.indices {
        if replace([first], &problem) { gains = true }
        for second in orders.indices
        where second > first && orders[first].shipments + orders[second].shipments > 2
          && sharesItem(first, second)
        {
          if replace([second, first], &problem) || replace([first, second], &problem) {
            gains = true
          }
        }
      }
    }
    return orders.indices.filter { orders[$0] != before[$0] }
  }

  private func sharesItem(_ first: Int, _ second: Int) -> Bool {
    orders[first].lines.contains { line in
      orders[second].lines.contains { $0.item == line.item }
    }
  }

  /// Places orders again one after another; false, and as before, when that saves no shipment.
  private mutating func replace(_ places: [Int], _ problem: inout SourcingProblem) -> Bool {
    let (oldAvailable, oldOrders) = (available, orders)
    let before = places.reduce(0) { $0 + orders[$1].shipments }
    for place in places { give(orders[place], sign: 1) }
    var after = 0
    for place in places {
      guard let sources = plan(orders[place], &problem) else {
        (available, orders) = (oldAvailable, oldOrders)
        return false
      }
      orders[place].sources = sources
      give(orders[place], sign: -1)
      after += orders[place].shipments
    }
    if after < before { return true }
    (available, orders) = (oldAvailable, oldOrders)
    return false
  }

  private mutating func give(_ order: SoftOrder, sign: Int64) {
    for source in order.sources {
      let item = order.lines[source.line].item
      available[item * centreCount + source.centre] += sign * source.quantity
    }
  }

  /// The fewest shipments that keep every line's promise.
  private func plan(
    _ order: SoftOrder, _ problem: inout SourcingProblem
  ) -> [SoftOrder.Source]? {
    problem.begin()
    problem.addFreeCard()
    for centre in 0..<centreCount { problem.addCentre(node: UInt16(centre), card: 0) }
    var items: [Int] = []
    for line in order.lines where !items.contains(line.item) {
      items.append(line.item)
      let component = problem.addComponent()
      for centre in 0..<centreCount {
        problem.setAvailable(
          component: component, centre: centre,
          units: available[line.item * centreCount + centre])
      }
    }
    for (index, line) in order.lines.enumerated() {
      let place = problem.addLine(
        quantity: line.quantity, unitGrams: 0, unitCubicMillimetres: 0)
      problem.addUse(component: items.firstIndex(of: line.item) ?? 0, units: 1)
      let promise = order.promise(of: index)
      for centre in 0..<centreCount where line.windows[centre] <= promise {
        problem.setCell(line: place, centre: centre, window: line.windows[centre])
      }
    }
    let request = SourcingRequest(objective: .fewestShipments)
    guard problem.solve(request) == .planned else { return nil }
    var sources: [SoftOrder.Source] = []
    for index in 0..<problem.boxCount {
      let box = problem.box(index)
      for place in Int(box.first)..<Int(box.first + box.count) {
        let allotment = problem.allotment(place)
        sources.append(
          SoftOrder.Source(
            line: Int(allotment.line), centre: Int(box.centre), quantity: allotment.quantity))
      }
    }
    sources.sort { ($0.line, $0.centre) < ($1.line, $1.centre) }
    return sources
  }
}

extension SourcingProblem {
  /// A card that charges nothing for any box.
  package mutating func addFreeCard() {
    addCard(RateCard(terms: RateTerms(fixedCost: 0, stepGrams: 1), breaks: .empty))
  }
}
