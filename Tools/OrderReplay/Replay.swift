import PromisedEngine
import PromisedModel

/// An order that was promised and delivered, in days after its purchase.
struct JudgedOrder: Sendable {
  var purchasedOn: Int32
  var delivered: Int
  var estimated: Int
  var service: ChanceCurve
  var lane: ChanceCurve
}

/// The orders in the order of time, through the service's learner.
enum Replay {
  struct Result {
    var judged: [JudgedOrder] = []
    /// Delivered orders of the window for which there was no promise yet.
    var tooEarly = 0
  }

  /// Replays all orders and keeps the promises made in the window, both dates included.
  ///
  /// A promise of a day is made from what was known when the day began: an outcome counts from the
  /// midnight after it.
  static func run(
    _ orders: [MarketplaceOrder], from: Int32, to: Int32,
    progress: (Int32, Int) -> Void = { _, _ in }
  ) -> Result {
    var result = Result()
    guard let first = orders.first?.purchasedOn, let last = orders.last?.purchasedOn else {
      return result
    }
    let factors = OrderFactors(orders)
    let days = BrazilianCalendar.workingDays(from: first, through: last + 400)
    var learner = DeliveryLearner(shape: factors.shape, days: days, today: first)
    var lanes = LaneQuantile(lanes: factors.laneCount)
    let span = Int(last - first) + 1
    var handedOver = [[Int32]](repeating: [], count: span)
    var delivered = handedOver
    for (number, order) in orders.enumerated() {
      if let day = order.handedOverOn, day <= last {
        handedOver[Int(day - first)].append(Int32(number))
      }
      if let day = order.deliveredOn, day <= last {
        delivered[Int(day - first)].append(Int32(number))
      }
    }
    var next = 0
    for day in first...last {
      while next < orders.count, orders[next].purchasedOn == day {
        let number = learner.place(factors.facts[next])
        if day >= from, day <= to, orders[next].canBeJudged {
          let lane = lanes.curve(lane: factors.lanes[next])
          if let curve = learner.curve(number), let lane {
            result.judged.append(judged(orders[next], curve, lane))
          } else {
            result.tooEarly += 1
          }
        }
        next += 1
      }
      for number in handedOver[Int(day - first)] { learner.handOver(Int(number)) }
      for number in delivered[Int(day - first)] {
        learner.deliver(Int(number))
        lanes.observe(
          lane: factors.lanes[Int(number)], days: Int(day - orders[Int(number)].purchasedOn))
      }
      learner.closeDay()
      progress(day, next)
    }
    return result
  }

  private static func judged(
    _ order: MarketplaceOrder, _ service: ChanceCurve, _ lane: ChanceCurve
  ) -> JudgedOrder {
    JudgedOrder(
      purchasedOn: order.purchasedOn,
      delivered: Int((order.deliveredOn ?? order.purchasedOn) - order.purchasedOn),
      estimated: Int((order.estimatedOn ?? order.purchasedOn) - order.purchasedOn),
      service: service, lane: lane)
  }
}
