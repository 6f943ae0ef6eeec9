import PromisedInvariants

/// What is known of an order on the day of its purchase.
package struct OrderFacts: Sendable, Equatable {
  /// Where it goes: tempo is kept by region.
  package var region: Int
  /// How far it goes.
  package var tier: Int
  package var seller: Int
  /// Its level of each factor that the learner was made with.
  package var levels: [UInt16]

  package init(region: Int, tier: Int, seller: Int, levels: [UInt16]) {
    self.region = region
    self.tier = tier
    self.seller = seller
    self.levels = levels
  }
}

/// Learns from outcomes day by day when orders of many sellers are delivered, and promises.
///
///     let order = learner.place(facts)             // today's purchases
///     let date = learner.curve(order)?.days(level: level)
///     learner.handOver(order); learner.deliver(order)   // as they are told
///     learner.closeDay()                           // midnight: learn, go on to the next day
///
/// Three things are learned, each from what is known at the end of a day, the open orders with it:
/// the tempo of each region (`TransitTempo`, and `WaitingLoad` for what is coming), what kinds of orders need more effort than others
/// (`AdditiveEffects` on the logarithm of effort, fitted once a week), and how much later than so
/// predicted orders come (`PeriodLifeTable`, end to end over handling and transit, with the
/// forecast's own mistakes in it). Confidence is taken once, from the last. Whole numbers
/// throughout: the same outcomes give the same promises on every machine.
package struct DeliveryLearner: Sendable {
  /// The sizes of what it learns about.
  package struct Shape: Sendable {
    package var regions: Int
    package var tiers: Int
    package var sellers: Int
    /// Levels of each factor in `OrderFacts.levels`.
    package var levels: [Int]

    package init(regions: Int, tiers: Int, sellers: Int, levels: [Int]) {
      self.regions = regions
      self.tiers = tiers
      self.sellers = sellers
      self.levels = levels
    }
  }

  struct Order: Sendable {
    var placed: Int32
    var region: Int32
    var tier: Int32
    var seller: Int32
    /// Days since 1970; `Int32.max` = not yet.
    var handedOver: Int32 = .max
    var delivered: Int32 = .max
    /// The predicted progress at delivery; nil = placed before anything was learned.
    var predicted: Int64?
    var forecast: DeliveryForecast
    var bin = 0
  }

  /// Orders younger than this (days) say nothing to the weekly fit: the quick ones among them would
  /// speak for all.
  static var settledAge: Int32 { 12 }
  /// Orders on their way for longer (days) are taken for lost.
  static var lostAge: Int32 { 75 }
  static var lostInTransitAge: Int32 { 90 }
  /// Working time (thousandths) after which an order not handed over is no backlog any more.
  private static var staleBacklog: Int64 { 25_000 }
  /// The fewest deliveries that promises are made from; what 0.95 needs by rank is 19.
  private static var fewestDeliveries: Int64 { 19_000 }
  /// The days a curve covers.
  private static var curveDays: Int32 { 240 }

  package let days: WorkingDays
  /// The day that is open, days since 1970.
  package private(set) var today: Int32
  private let firstDay: Int32
  let stride: Int
  var orders: [Order] = []
  /// Levels of all orders, `stride` each.
  var levels: [UInt16] = []
  var effects: AdditiveEffects
  var isFitted = false
  private var tempo: TransitTempo
  private var lifeTable = PeriodLifeTable(halfLifeDays: 60)
  private var pace: SellerPace
  private var load = WaitingLoad()
  /// By region, from the first day on: effort of all days before, 1/2^10 of a thousandth of a day.
  var effortBefore: [[Int64]]
  /// Orders not handed over, on their way, and with a score in the life table.
  private var waiting: [Int32] = []
  private var moving: [Int32] = []
  private var scored: [Int32] = []
  private var handedOverToday: [Int32] = []
  /// By seller, as of the beginning of today: purchase day of its oldest open order.
  private var oldestWaiting: [Int32]

  package init(shape: Shape, days: WorkingDays, today: Int32) {
    invariant(today >= days.first, "the calendar covers the first day")
    self.days = days
    self.today = today
    firstDay = today
    let sizes = shape.levels + [SellerPace.paceLevels, SellerPace.backlogLevels]
    stride = sizes.count
    effects = AdditiveEffects(levels: sizes)
    tempo = TransitTempo(regions: shape.regions, tiers: shape.tiers)
    pace = SellerPace(sellers: shape.sellers)
    effortBefore = Array(repeating: [0], count: shape.regions)
    oldestWaiting = Array(repeating: .max, count: shape.sellers)
  }

  /// Takes in an order of today; returns its number, from 0.
  package mutating func place(_ facts: OrderFacts) -> Int {
    invariant(facts.levels.count + 2 == stride, "a level for each factor")
    let number = orders.count
    let oldest = oldestWaiting[facts.seller]
    let backlog = oldest == .max ? 0 : days.between(after: oldest, through: today - 1)
    levels += facts.levels
    levels.append(SellerPace.paceLevel(pace.pace(seller: facts.seller, on: today)))
    levels.append(SellerPace.backlogLevel(backlog))
    var order = Order(
      placed: today, region: Int32(facts.region), tier: Int32(facts.tier),
      seller: Int32(facts.seller),
      forecast: DeliveryForecast(tempo: BinaryPower.scale(tempo.tempo[facts.region], by: load.kept))
    )
    if isFitted {
      let predicted = effects.predict(levels[(number * stride)...])
      order.predicted = predicted
      order.bin = PeriodLifeTable.bin(order.forecast.progress - predicted)
      lifeTable.enter(order.bin)
      scored.append(Int32(number))
    }
    orders.append(order)
    waiting.append(Int32(number))
    return number
  }

  /// The chances of an order of today; nil while too little is learned.
  package func curve(_ number: Int) -> ChanceCurve? {
    let order = orders[number]
    guard let predicted = order.predicted, lifeTable.sizeMilli >= Self.fewestDeliveries else {
      return nil
    }
    var forecast = order.forecast
    var chances: [Int32] = []
    for day in order.placed...order.placed + Self.curveDays {
      if day > order.placed { forecast.pass(weight: days.weight(day)) }
      let chance = lifeTable.chance(forecast.progress - predicted)
      chances.append(Int32(chance))
      if chance == BinaryPower.one { break }
    }
    return ChanceCurve(chances: chances)
  }

  /// An order was handed to the carrier today.
  package mutating func handOver(_ number: Int) {
    if orders[number].handedOver != .max || orders[number].delivered != .max { return }
    orders[number].handedOver = today
    handedOverToday.append(Int32(number))
  }

  /// An order was delivered today.
  package mutating func deliver(_ number: Int) {
    if orders[number].delivered == .max { orders[number].delivered = today }
  }

  /// Learns from the day and goes on to the next.
  package mutating func closeDay() {
    let weight = days.weight(today)
    observeTransit(weight: weight)
    ageScores(weight: weight)
    for number in handedOverToday {
      let order = orders[Int(number)]
      pace.observe(
        seller: Int(order.seller), day: today,
        working: days.between(after: order.placed, through: today))
      if order.delivered == .max { moving.append(number) }
    }
    handedOverToday.removeAll(keepingCapacity: true)
    tempo.closeDay(weight: weight)
    lifeTable.closeDay()
    for region in effortBefore.indices {
      let done = effortBefore[region][effortBefore[region].count - 1]
      effortBefore[region].append(done + (weight * tempo.tempo[region]) >> 6)
    }
    today += 1
    findOldestWaiting()
    load.closeDay(waiting: waiting.count)
    if (today - firstDay) % 7 == 0 { fit() }
  }

  /// Holds what arrived today against what usually does.
  private mutating func observeTransit(weight: Int64) {
    let isWorking = 2 * weight > WorkingDays.full
    moving.removeAll { number in
      let order = orders[Int(number)]
      let isDelivered = order.delivered <= today
      if isWorking {
        tempo.observe(
          region: Int(order.region), tier: Int(order.tier),
          age: days.between(after: order.handedOver, through: today - 1),
          delivered: isDelivered)
      }
      return isDelivered || today - order.handedOver > Self.lostInTransitAge
    }
  }

  /// Moves every promised order through the life table by one day.
  private mutating func ageScores(weight: Int64) {
    scored.removeAll { number in
      let index = Int(number)
      if orders[index].placed < today { orders[index].forecast.pass(weight: weight) }
      let bin = PeriodLifeTable.bin(
        orders[index].forecast.progress - (orders[index].predicted ?? 0))
      let isDelivered = orders[index].delivered <= today
      lifeTable.age(from: orders[index].bin, to: bin, delivered: isDelivered)
      orders[index].bin = bin
      return isDelivered || today - orders[index].placed > Self.lostAge
    }
  }

  private mutating func findOldestWaiting() {
    for number in waiting { oldestWaiting[Int(orders[Int(number)].seller)] = .max }
    waiting.removeAll { number in
      let order = orders[Int(number)]
      return order.handedOver != .max || order.delivered != .max
        || days.between(after: order.placed, through: today - 1) > Self.staleBacklog
    }
    for number in waiting {
      let order = orders[Int(number)]
      oldestWaiting[Int(order.seller)] = min(oldestWaiting[Int(order.seller)], order.placed)
    }
  }
}
