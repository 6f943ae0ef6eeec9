import Testing

@testable import PromisedEngine

/// The parts of the delivery learner, each with answers worked out by hand.
@Suite("Learner parts") struct LearnerPartTests {
  @Test("working time counts the dates after the first, by their weight")
  func workingDays() {
    let days = WorkingDays(from: 100, weights: [1000, 280, 80, 1000, 40])
    #expect(days.between(after: 100, through: 103) == 1360)
    #expect(days.between(after: 100, through: 100) == 0)
    #expect(days.between(after: 99, through: 100) == 1000)
    #expect(days.between(after: 103, through: 101) == 0)
    #expect(days.weight(104) == 40)
    // Outside the span nothing is delivered.
    #expect(days.weight(105) == 0)
    #expect(days.between(after: 90, through: 200) == 2400)
  }

  @Test("a parcel that waits lowers its region's tempo before it arrives")
  func tempo() {
    var tempo = TransitTempo(regions: 2, tiers: 1)
    // Half of what is on its way arrives each day, in both regions.
    func day(_ tempo: inout TransitTempo, arriving: Int) {
      for number in 0..<20 {
        tempo.observe(region: 0, tier: 0, age: 1000, delivered: number % 20 < arriving)
        tempo.observe(region: 1, tier: 0, age: 1000, delivered: number % 2 == 0)
      }
      tempo.closeDay(weight: 1000)
    }
    for _ in 0..<60 { day(&tempo, arriving: 10) }
    #expect(tempo.tempo.allSatisfy { abs($0 - TransitTempo.one) < TransitTempo.one / 20 })
    for _ in 0..<5 { day(&tempo, arriving: 4) }
    #expect(tempo.tempo[0] < TransitTempo.one * 85 / 100)
    #expect(tempo.tempo[1] > tempo.tempo[0])
    // Old parcels tell nothing about how fast the first days are.
    var old = tempo
    for _ in 0..<50 { old.observe(region: 0, tier: 0, age: 9000, delivered: false) }
    old.closeDay(weight: 1000)
    tempo.closeDay(weight: 1000)
    #expect(old.tempo == tempo.tempo)
  }

  @Test("the life table counts open orders as late by what they have waited")
  func lifeTable() {
    var table = PeriodLifeTable(halfLifeDays: 60)
    for _ in 0..<10 { table.enter(40) }
    // Five arrive at once, five go on; of these three arrive and two stay where they are.
    for _ in 0..<5 { table.age(from: 40, to: 40, delivered: true) }
    for _ in 0..<3 { table.age(from: 40, to: 41, delivered: true) }
    for _ in 0..<2 { table.age(from: 40, to: 41, delivered: false) }
    table.closeDay()
    // Hazards 5/10 and 3/5: 0.5 and 0.8 of all, 0.625 and 1 of those that arrive.
    #expect(table.cumulative[39] == 0)
    #expect(abs(table.cumulative[40] - BinaryPower.one * 5 / 8) <= 4)
    #expect(table.cumulative[41] == BinaryPower.one)
    #expect((7_990...8_000).contains(table.sizeMilli * 1_000_000 / 988_514))
    // The two arrive five bins on, days later: the early shares become less.
    table.age(from: 41, to: 46, delivered: true)
    table.age(from: 41, to: 46, delivered: true)
    table.closeDay()
    #expect(table.cumulative[40] < BinaryPower.one * 52 / 100)
    #expect(table.cumulative[46] == BinaryPower.one)
  }

  @Test("chances are straight within a bin")
  func lifeTableChance() {
    var table = PeriodLifeTable(halfLifeDays: 60)
    for _ in 0..<4 { table.enter(56) }
    for _ in 0..<2 { table.age(from: 56, to: 56, delivered: true) }
    for _ in 0..<2 { table.age(from: 56, to: 57, delivered: true) }
    table.closeDay()
    // Bin 56 covers scores 0…4095 of 2^16 an octave.
    #expect(PeriodLifeTable.bin(0) == 56)
    #expect(PeriodLifeTable.bin(4095) == 56)
    #expect(table.chance(0) == 0)
    #expect(table.chance(2048) == BinaryPower.one / 4)
    #expect(table.chance(4096) == BinaryPower.one / 2)
    #expect(table.chance(6144) == BinaryPower.one / 4 * 3)
    #expect(table.chance(1 << 40) == BinaryPower.one)
    #expect(table.chance(-(1 << 40)) == 0)
  }

  @Test("effects add up, and a level seen little keeps near nothing")
  func effects() {
    var model = AdditiveEffects(levels: [2, 3])
    var rows = AdditiveEffects.Rows()
    for number in 0..<6000 {
      let (first, second) = (number % 2, number / 2 % 3)
      rows.levels += [UInt16(first), UInt16(second)]
      rows.targets.append(Int64(100_000 + first * 20_000 - second * 5_000))
      rows.weights.append(AdditiveEffects.unit)
    }
    model.fit(rows)
    for first in 0..<2 {
      for second in 0..<3 {
        let expected = Int64(100_000 + first * 20_000 - second * 5_000)
        #expect(abs(model.predict([UInt16(first), UInt16(second)]) - expected) < 200)
      }
    }
    // Five observations 100,000 off: 5 / (5 + 20) of it, less the little the base takes.
    var rare = AdditiveEffects(levels: [2])
    var few = AdditiveEffects.Rows()
    for number in 0..<5005 {
      few.levels.append(number < 5 ? 1 : 0)
      few.targets.append(number < 5 ? 100_000 : 0)
      few.weights.append(AdditiveEffects.unit)
    }
    rare.fit(few)
    #expect((19_500...20_100).contains(rare.effect(factor: 0, level: 1)))
    // Nothing to fit changes nothing.
    let before = rare
    rare.fit(AdditiveEffects.Rows())
    #expect(rare == before)
  }

  @Test("twice the usual load leaves work 0.758 of its tempo")
  func waitingLoad() {
    var load = WaitingLoad()
    for _ in 0..<9 { load.closeDay(waiting: 900) }
    #expect(load.kept == BinaryPower.one)
    for _ in 0..<33 { load.closeDay(waiting: 100) }
    load.closeDay(waiting: 100)
    for _ in 0..<41 { load.closeDay(waiting: 100) }
    #expect(load.kept == BinaryPower.one)
    // 210 against a mean of (41 · 100 + 210) / 42.
    load.closeDay(waiting: 210)
    let ratio = 210.0 * 42 / 4310
    let expected = Int64(Double(BinaryPower.one) * power(1 / ratio, 0.4))
    #expect(abs(load.kept - expected) < BinaryPower.one / 500)
    // Less than the usual speeds nothing up, and no load slows beyond that of three times.
    load.closeDay(waiting: 1)
    #expect(load.kept == BinaryPower.one)
    load.closeDay(waiting: 1_000_000)
    #expect(abs(load.kept - Int64(Double(BinaryPower.one) * 0.6444)) < BinaryPower.one / 1000)
  }

  @Test("a tempo returns to the usual, so that slow days cost less the later they are")
  func forecast() {
    var usual = DeliveryForecast(tempo: TransitTempo.one)
    var slow = DeliveryForecast(tempo: TransitTempo.one / 2)
    for _ in 0..<20 {
      usual.pass(weight: 1000)
      slow.pass(weight: 1000)
    }
    #expect(usual.progress == BinaryPower.logarithm(23_000))
    // 20 − 0.5 · 20 · (1 − 1/e) days of effort.
    #expect(abs(slow.progress - BinaryPower.logarithm(16_679)) < 200)
    let before = slow.progress
    slow.pass(weight: 0)
    #expect(slow.progress == before)
  }

  @Test("a seller's pace is its own once it has handed over enough")
  func pace() {
    var pace = SellerPace(sellers: 3)
    #expect(pace.pace(seller: 0, on: 10) == BinaryPower.octave * 3 / 2)
    for _ in 0..<30 {
      pace.observe(seller: 0, day: 10, working: 1000)
      pace.observe(seller: 1, day: 10, working: 7000)
    }
    // log2 2 = 1 and log2 8 = 3; all together 2, with the weight of three.
    #expect(abs(pace.pace(seller: 0, on: 10) - BinaryPower.octave * 36 / 33) < 10)
    #expect(abs(pace.pace(seller: 1, on: 10) - BinaryPower.octave * 96 / 33) < 10)
    #expect(abs(pace.pace(seller: 2, on: 10) - BinaryPower.octave * 2) < 10)
    // Two half-lives later there is a quarter of it.
    #expect(abs(pace.pace(seller: 0, on: 130) - BinaryPower.octave * 135 / 105) < 100)
    #expect(SellerPace.paceLevel(BinaryPower.octave) == 0)
    #expect(SellerPace.paceLevel(3 * BinaryPower.octave) == 8)
    #expect(SellerPace.backlogLevel(0) == 0)
    #expect(SellerPace.backlogLevel(11_000) == 5)
  }

  @Test("a curve gives the first day that reaches a level")
  func curve() {
    let curve = ChanceCurve(chances: [0, 1 << 28, 1 << 29, 1 << 29, 1 << 30])
    #expect(curve.days(level: 1 << 28) == 1)
    #expect(curve.days(level: 1 << 28 + 1) == 2)
    #expect(curve.days(level: BinaryPower.one) == 4)
    #expect(curve.chance(days: -1) == 0)
    #expect(curve.chance(days: 3) == 1 << 29)
    #expect(curve.chance(days: 9) == BinaryPower.one)
  }

  /// base^exponent for tests, by repeated squaring of roots.
  private func power(_ base: Double, _ exponent: Double) -> Double {
    var (result, root, left) = (1.0, base, exponent)
    for _ in 0..<50 {
      root = root.squareRoot()
      left *= 2
      if left >= 1 {
        result *= root
        left -= 1
      }
    }
    return result
  }
}
