import PromisedInvariants

extension DeliveryLearner {
  /// Observations fade with a half-life of 400 days.
  private static var halfLifeDays: Int64 { 400 }
  /// What an order still on its way is taken to need of what it has had: log2 1.35 in 1/2^16.
  private static var openFactor: Int64 { 28_377 }
  private static var fewestRows: Int { 200 }

  /// Fits the effects to every settled order, those still on their way as late as they are.
  mutating func fit() {
    var rows = AdditiveEffects.Rows()
    for number in orders.indices {
      let order = orders[number]
      let age = today - order.placed
      if age <= Self.settledAge { break }
      guard let target = target(of: order, age: age) else { continue }
      let weight = BinaryPower.half(Int64(age), of: Self.halfLifeDays) >> 20
      if weight == 0 { continue }
      rows.levels += levels[number * stride..<(number + 1) * stride]
      rows.targets.append(target)
      rows.weights.append(weight)
    }
    if rows.targets.count < Self.fewestRows { return }
    effects.fit(rows)
    isFitted = true
  }

  /// The progress at which the order was delivered, or may be; nil = it says nothing.
  private func target(of order: Order, age: Int32) -> Int64? {
    if order.delivered < today {
      return DeliveryForecast.progress(
        ofEffort: effort(order.region, after: order.placed, through: order.delivered))
    }
    guard order.handedOver < today, age < Self.lostAge else { return nil }
    let done = max(500, effort(order.region, after: order.placed, through: today - 1))
    return DeliveryForecast.progress(ofEffort: done) + Self.openFactor
  }

  /// Effort in thousandths of a day on the days after `start` up to and with `last`, both closed.
  private func effort(_ region: Int32, after start: Int32, through last: Int32) -> Int64 {
    let before = effortBefore[Int(region)]
    let end = Int(last - today) + before.count
    let begin = Int(start - today) + before.count
    return (before[end] - before[begin]) >> 10
  }
}
