import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct InStockTests {
  /// Weekly demand with mean 2 and variance 5, weeks independent.
  private func weeks(_ count: Int) -> DemandDistribution {
    DemandDistribution(mean: 2 * Double(count), varianceRatio: 2.5)
  }

  @Test func knownAnswerS17() {
    let expected = [
      (1, 0.9929458368), (2, 0.9578439930), (4, 0.7470788956), (8, 0.1958760738),
    ]
    for (count, probability) in expected {
      #expect(abs(weeks(count).cumulative(10) - probability) < 1e-9 * probability + 1e-10)
    }
    func quantile(_ level: Double) -> Int64 {
      (0...100).first { weeks(4).cumulative(Int64($0)) >= level }.map { Int64($0) } ?? -1
    }
    #expect([quantile(0.5), quantile(0.9), quantile(0.95)] == [7, 14, 16])
    let oneWeek = (0...100).first { weeks(1).cumulative(Int64($0)) >= 0.9 }
    #expect(oneWeek.map { $0 * 4 } == 20)
  }

  @Test func knownAnswerS17c() {
    // The first week by whose end all ten units are asked for with probability q.
    func week(_ level: Double) -> Int? {
      (1...40).first { 1 - weeks($0).cumulative(9) >= level }
    }
    #expect(week(0.1) == 3 && week(0.5) == 6 && week(0.9) == 9)
  }

  @Test func knownAnswerS20() {
    let demand = DemandDistribution(mean: 15, varianceRatio: 1)
    #expect(abs(demand.cumulative(18) - 0.8194717116) < 1e-9)
    // Units left and units short on average: n̄(18) = Σ P(D ≤ k) below 18, n(18) = n̄ − (18 − 15).
    let left = (Int64(0)..<18).reduce(0.0) { $0 + demand.cumulative($1) }
    #expect(abs(left - 3.5176095283) < 1e-9 && abs(left - 3 - 0.5176095283) < 1e-9)
  }

  /// The plain sum of the probabilities, term by term in logarithms: the independent truth.
  private func sum(mean: Double, ratio: Double, to k: Int64) -> Double {
    var total = 0.0
    var logTerm = ratio > 1 ? mean / (ratio - 1) * log(1 / ratio) : -mean
    let size = ratio > 1 ? mean / (ratio - 1) : 0
    for n in 0...k {
      total += exp(logTerm)
      let next = Double(n) + 1
      logTerm +=
        ratio > 1
        ? log((Double(n) + size) / next) + log(1 - 1 / ratio) : log(mean) - log(next)
    }
    return total
  }

  @Test func agreesWithTheSumOfProbabilities() {
    for ratio in [1.0, 1.001, 1.5, 2.5, 40, 1000] {
      for mean in [0.001, 0.3, 2, 17, 400, 9000] {
        let spread = (mean * ratio).squareRoot()
        for step in [-4.0, -2, -0.5, 0, 0.5, 2, 6] {
          let k = Int64(mean + step * spread)
          if k < 0 { continue }
          let demand = DemandDistribution(mean: mean, varianceRatio: ratio)
          let expected = sum(mean: mean, ratio: ratio, to: k)
          #expect(
            abs(demand.cumulative(k) - expected) < 1e-8, "mean \(mean) ratio \(ratio) k \(k)")
          let below = k == 0 ? 0 : sum(mean: mean, ratio: ratio, to: k - 1)
          #expect(abs(demand.probability(k) - (expected - below)) < 1e-8)
        }
      }
    }
  }

  @Test func holdsForMillions() {
    // The sum in logarithms is still exact enough for the sixteen bits of an answer.
    for ratio in [1.0, 2.5] {
      let demand = DemandDistribution(mean: 1_000_000, varianceRatio: ratio)
      for k: Int64 in [998_000, 1_000_000, 1_001_500] {
        #expect(abs(demand.cumulative(k) - sum(mean: 1_000_000, ratio: ratio, to: k)) < 2e-6)
      }
    }
    let most = DemandDistribution(mean: 3.65e8, varianceRatio: 1.001)
    #expect(abs(most.cumulative(365_000_000) - 0.5) < 1e-4)
    #expect(most.cumulative(1_000_000_000_000) == 1)
    #expect(most.cumulative(0) == 0)
    #expect(most.cumulative(-1) == 0 && most.probability(-1) == 0)
  }

  @Test func answersNameMetAndStillBuyableApart() throws {
    let desk = Desk()
    try desk.put(Rows.nodes(["F1", "F2"]))
    try desk.put(Rows.sellers(["S1"]))
    // Mean 4 over two days, variance ratio 2.5: two of the weeks above.
    try desk.put(
      Rows.items([
        Rows.Item(key: "A", demandMilli: 2000, ratioMilli: 2500), Rows.Item(key: "N"),
      ]))
    try desk.put(
      Rows.positions([("A", "F1", 5, 1, 0), ("A", "F2", 3, 0, 0), ("N", "F1", 3, 0, 0)]))
    let now = desk.now.seconds
    try desk.put(
      Rows.inbound([
        ("I1", "A", "F1", 3, now + 86_400, .shipped),
        ("I2", "A", "F2", 50, now + 3 * 86_400, .working),
        ("I3", "A", "F2", 70, now + 86_400, .draft),
        ("I4", "A", "F2", 90, now - 10, .shipped),
        ("I5", "A", "F2", 2, now - 10, .receiving),
      ]))
    var reply = InStockReply()
    let query = InStockQuery(items: desk.lender.keys(["A", "N", "Q"]), horizonDays: 2)
    try desk.state.answer(query, at: desk.now, into: &reply)
    #expect(reply.availableNow[0] == 7 && reply.inboundInHorizon[0] == 5)
    #expect(reply.nextSupplyUnixSeconds[0] == now + 86_400 && reply.nextSupplyQuantities[0] == 3)
    let demand = weeks(2)
    #expect(reply.demandMet[0] == DemandDistribution.fixed(demand.cumulative(12)))
    #expect(reply.stillBuyable[0] == DemandDistribution.fixed(demand.cumulative(11)))
    #expect(reply.demandMet[0] > reply.stillBuyable[0])
    #expect(reply.demandSources[1] == DemandSource.none.rawValue && reply.demandMet[1] == 0)
    #expect(reply.codes[2] == UInt32(OutcomeCode.itemUnknown.rawValue))
    let refusal = desk.refusal { () throws(Refusal) in
      try desk.state.answer(
        InStockQuery(items: desk.lender.keys(["Q"]), horizonDays: 2), at: desk.now, into: &reply)
    }
    #expect(refusal?.code == .itemUnknown && refusal?.key == Name("Q"))
    let range = desk.refusal { () throws(Refusal) in
      try desk.state.answer(
        InStockQuery(items: desk.lender.keys(["A"]), horizonDays: 366), at: desk.now, into: &reply)
    }
    #expect(range?.code == .fieldOutOfRange)
  }
  /// Expected supply is told in the zone of the node it comes to, by the rules of that day.
  @Test func expectedTimesCarryTheNodesOffset() throws {
    let desk = Desk()
    var rows = NetworkRows()
    rows.timeZones = [hostZone("America/New_York"), hostZone("America/Los_Angeles")]
    rows.nodes = [
      node("W", .station, zone: "America/Los_Angeles"), node("E", .station),
    ]
    try desk.put(.network(rows))
    let summer: Int64 = 1_797_800_000 - 183 * 86_400 + 365 * 86_400
    let winter: Int64 = 1_797_800_000
    try desk.put(
      Rows.inbound([
        ("I1", "A", "E", 1, winter, .shipped), ("I2", "A", "W", 2, winter, .shipped),
        ("I3", "A", "E", 4, summer, .shipped), ("I4", "D", "E", 1, winter, .draft),
        ("I5", "S", "E", 1, summer, .shipped),
      ]))
    var availability = AvailabilityReply()
    try desk.state.answer(
      AvailabilityQuery(items: desk.lender.keys(["A"]), nodeNames: .empty), at: desk.now,
      into: &availability)
    let offsets = (0..<3).map { availability.inboundETAUTCOffsetSeconds[$0] / 3600 }
    #expect(offsets == [-5, -8, -4])
    var reply = InStockReply()
    try desk.state.answer(
      InStockQuery(items: desk.lender.keys(["A", "D", "S", "Q"]), horizonDays: 14), at: desk.now,
      into: &reply)
    // Of two nodes at one instant, the first that was put.
    #expect(reply.nextSupplyQuantities[0] == 3)
    #expect((0..<4).map { reply.nextSupplyUTCOffsetSeconds[$0] / 3600 } == [-8, 0, -4, 0])
    // A replacing load may drop a node that supply is still expected at.
    rows = NetworkRows()
    rows.nodes = [node("W", .removed, zone: "America/Los_Angeles")]
    desk.apply(.put(desk.command(""), .network(rows)))
    #expect(desk.state.network.utcOffset(of: 0, at: winter) == 0)
  }
}
