import PromisedEngine
import Testing

/// A made-up marketplace: one region, sellers that hand over within days, a carrier that delivers a
/// share of what it has each day.
private struct World {
  var learner: DeliveryLearner
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15
  private var open: [Int] = []
  private var isFar: [Bool] = []
  private(set) var placedOn: [Int32] = []
  private(set) var deliveredOn: [Int: Int32] = [:]
  private(set) var curves: [Int: ChanceCurve] = [:]

  init() {
    learner = DeliveryLearner(
      shape: DeliveryLearner.Shape(regions: 2, tiers: 2, sellers: 5, levels: [2]),
      days: WorkingDays(from: 0, weights: Array(repeating: 1000, count: 1000)), today: 0)
  }

  /// Uniform in 0..<1000.
  private mutating func draw() -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % 1000)
  }

  /// One day: `orders` purchases, then each open parcel arrives with `chance` in 1000, the far ones
  /// with half of it.
  mutating func live(orders: Int = 12, chance: Int = 250) {
    for _ in 0..<orders {
      let far = draw() % 2
      let facts = OrderFacts(region: far, tier: far, seller: draw() % 5, levels: [UInt16(far)])
      let number = learner.place(facts)
      placedOn.append(learner.today)
      isFar.append(far == 1)
      curves[number] = learner.curve(number)
      open.append(number)
    }
    var left: [Int] = []
    for number in open {
      let share = isFar[number] ? chance / 2 : chance
      if placedOn[number] + 1 == learner.today { learner.handOver(number) }
      if placedOn[number] + 1 < learner.today, draw() < share {
        learner.deliver(number)
        deliveredOn[number] = learner.today
      } else {
        left.append(number)
      }
    }
    open = left
    learner.closeDay()
  }

  /// Days promised at a level in hundredths to an order of today.
  func promised(_ hundredths: Int64) -> Int? {
    var copy = learner
    let number = copy.place(OrderFacts(region: 0, tier: 0, seller: 0, levels: [0]))
    return copy.curve(number)?.days(level: BinaryPower.one / 100 * hundredths)
  }
}

@Suite("Delivery learner") struct DeliveryLearnerTests {
  @Test("nothing is promised before anything is learned")
  func coldStart() {
    var world = World()
    #expect(world.promised(95) == nil)
    for _ in 0..<14 { world.live() }
    #expect(world.promised(95) == nil)
    for _ in 0..<60 { world.live() }
    #expect(world.promised(95) != nil)
  }

  @Test("in steady times promises are kept as often as they say")
  func calibrated() {
    var world = World()
    for _ in 0..<300 { world.live() }
    for (hundredths, range) in [(50, 45...66), (80, 76...88), (95, 93...98)] {
      var kept = 0
      var count = 0
      for (number, curve) in world.curves {
        guard let delivered = world.deliveredOn[number], world.placedOn[number] < 240 else {
          continue
        }
        count += 1
        let days = curve.days(level: BinaryPower.one / 100 * Int64(hundredths))
        if Int(delivered - world.placedOn[number]) <= days { kept += 1 }
      }
      #expect(count > 1500)
      #expect(range.contains(kept * 100 / count), "\(hundredths): \(kept) of \(count)")
    }
  }

  @Test("parcels that do not arrive lengthen promises while none has arrived late")
  func openOrdersCount() throws {
    var world = World()
    for _ in 0..<200 { world.live() }
    let before = try #require(world.promised(95))
    for _ in 0..<6 { world.live(chance: 0) }
    let during = try #require(world.promised(95))
    #expect(during >= before + 3, "\(before), then \(during)")
    // And it is over when they arrive again.
    for _ in 0..<120 { world.live() }
    let after = try #require(world.promised(95))
    #expect(abs(after - before) <= 2, "\(before), then \(after)")
  }

  @Test("a rush of purchases lengthens promises from the next morning")
  func rush() throws {
    var world = World()
    for _ in 0..<200 { world.live() }
    let before = try #require(world.promised(95))
    world.live(orders: 120)
    let after = try #require(world.promised(95))
    #expect(after > before, "\(before), then \(after)")
  }

  @Test("the same outcomes give the same promises")
  func deterministic() {
    var first = World()
    var second = World()
    for _ in 0..<120 {
      first.live()
      second.live()
    }
    #expect(first.curves == second.curves)
    #expect(!first.curves.isEmpty)
  }

  @Test("what is told twice, or out of order, is taken in once")
  func repeatedOutcomes() {
    var world = World()
    for _ in 0..<60 { world.live() }
    var once = world.learner
    let number = once.place(OrderFacts(region: 0, tier: 0, seller: 0, levels: [0]))
    var twice = once
    for _ in 0..<2 { twice.handOver(number) }
    once.handOver(number)
    once.closeDay()
    twice.closeDay()
    once.deliver(number)
    for _ in 0..<2 { twice.deliver(number) }
    twice.handOver(number)
    for _ in 0..<8 {
      once.closeDay()
      twice.closeDay()
    }
    let facts = OrderFacts(region: 0, tier: 0, seller: 0, levels: [0])
    let (left, right) = (once.place(facts), twice.place(facts))
    #expect(once.curve(left) == twice.curve(right))
  }
}
