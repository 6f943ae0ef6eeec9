import PromisedEngine
import PromisedModel

/// What the learner is told of an order: numbers for its names, and classes for its amounts. Only
/// what is known when it is purchased.
struct OrderFactors {
  private struct Names {
    var numbers: [String: Int] = [:]

    mutating func number(_ name: String) -> Int {
      if let number = numbers[name] { return number }
      numbers[name] = numbers.count
      return numbers.count - 1
    }
  }

  let shape: DeliveryLearner.Shape
  let facts: [OrderFacts]
  /// Seller's state to customer's state, by order.
  let lanes: [Int]
  let laneCount: Int

  private static let tiers: [Int64] = [300, 1000, 2500, 4500, 8000, 12_000, 18_000, 25_000]
  private static let distances: [Int64] = [
    100, 250, 500, 1000, 2000, 3500, 5000, 7000, 9000, 12_000, 16_000, 21_000, 27_000,
  ]
  private static let hours: [Int64] = [6, 10, 12, 14, 16, 18, 21]
  private static let weights: [Int64] = [250, 500, 1000, 2000, 5000, 10_000]
  private static let freights: [Int64] = [1000, 1300, 1600, 2000, 3000, 5000]
  private static let prices: [Int64] = [5000, 10_000, 20_000, 50_000]
  private static let volumes: [Int64] = [2000, 5000, 12_000, 30_000]
  private static let items: [Int64] = [2, 3]

  init(_ orders: [MarketplaceOrder]) {
    var regions = Names()
    var origins = Names()
    var sellers = Names()
    var categories = Names()
    var laneNames = Names()
    var facts: [OrderFacts] = []
    var lanes: [Int] = []
    for order in orders {
      let region = regions.number(order.customerState)
      let classes: [(Int64?, [Int64])] = [
        (order.distance, Self.distances), (Int64(order.hour), Self.hours),
        (order.weight, Self.weights), (order.freight, Self.freights),
        (order.price, Self.prices), (order.volume, Self.volumes), (order.items, Self.items),
      ]
      var levels = classes.map { Self.level($0.0, $0.1) }
      levels.append(UInt16(truncatingIfNeeded: region))
      levels.append(UInt16(truncatingIfNeeded: origins.number(order.sellerState)))
      levels.append(UInt16(LocalDate(days: order.purchasedOn).weekday))
      levels.append(order.customerState == order.sellerState ? 1 : 0)
      levels.append(UInt16(truncatingIfNeeded: categories.number(order.category)))
      facts.append(
        OrderFacts(
          region: region, tier: Int(Self.level(order.distance ?? 4500, Self.tiers)),
          seller: sellers.number(order.sellerID), levels: levels))
      lanes.append(laneNames.number(order.sellerState + ">" + order.customerState))
    }
    let ranges = [
      Self.distances, Self.hours, Self.weights, Self.freights, Self.prices, Self.volumes,
      Self.items,
    ]
    shape = DeliveryLearner.Shape(
      regions: max(1, regions.numbers.count), tiers: Self.tiers.count + 2,
      sellers: max(1, sellers.numbers.count),
      levels: ranges.map { $0.count + 2 } + [
        max(1, regions.numbers.count), max(1, origins.numbers.count), 7, 2,
        max(1, categories.numbers.count),
      ])
    self.facts = facts
    self.lanes = lanes
    laneCount = max(1, laneNames.numbers.count)
  }

  /// How many of the edges the amount reaches; one more than all of them when it is not told.
  private static func level(_ amount: Int64?, _ edges: [Int64]) -> UInt16 {
    guard let amount else { return UInt16(edges.count + 1) }
    return UInt16(edges.count { amount >= $0 })
  }
}
