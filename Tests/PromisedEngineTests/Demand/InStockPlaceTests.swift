import PromisedModel
import Testing

@testable import PromisedEngine

/// In stock of a group of nodes and for a channel; and supply whose day is not certain.
@Suite struct InStockPlaceTests {
  /// Two units a day of A; 12 in F1 and 9 in F2; 40 come to F2 in three days, give or take two.
  private func opened() throws -> Desk {
    let desk = try Desk.unaudited()
    try desk.put(Rows.items([Rows.Item(key: "A", demandMilli: 2000)]))
    try desk.put(Rows.positions([("A", "F1", 12, 0, 0), ("A", "F2", 9, 0, 0)]))
    try desk.put(Rows.groups([("west", ["F1"]), ("east", ["F2", "F3"])]))
    try desk.put(Rows.channels([("app", "A", "F1", 4, 0), ("web", "A", "F1", 0, 3)]))
    guard case .inbound(var rows) = Rows.inbound([("I1", "A", "F2", 40, desk.day(3), .shipped)])
    else { return desk }
    rows.earlyUnixSeconds = [desk.day(1)]
    rows.lateUnixSeconds = [desk.day(5)]
    try desk.put(.inbound(rows))
    return desk
  }

  private func answer(
    _ desk: Desk, group: String = "", channel: String = "", share: Int32 = 1000, days: Int32 = 4
  ) throws(Refusal) -> InStockReply {
    var reply = InStockReply()
    try desk.state.answer(
      InStockQuery(
        items: desk.lender.keys(["A"]), horizonDays: days,
        group: group.isEmpty ? .empty : desk.lender.bytes(group),
        channel: channel.isEmpty ? .empty : desk.lender.bytes(channel), demandShareMilli: share),
      at: desk.now, into: &reply)
    return reply
  }

  private func poisson(_ mean: Double, _ units: Int64) -> Double {
    DemandDistribution(mean: mean, varianceRatio: 1).cumulative(units)
  }

  @Test func aGroupHasItsOwnSupplyAndItsShareOfTheDemand() throws {
    let desk = try opened()
    // F1 keeps three units for another channel.
    let west = try answer(desk, group: "west", share: 500)
    #expect(west.availableNow[0] == 9 && west.inboundInHorizon[0] == 0)
    #expect(west.nextSupplyUnixSeconds[0] == 0 && west.demandPerDayMilli[0] == 1000)
    #expect(west.demandMet[0] == DemandDistribution.fixed(poisson(4, 9)))
    #expect(west.stillBuyable[0] == DemandDistribution.fixed(poisson(4, 8)))
    #expect(west.reasons[0] == 0)
    // Without a share all demand is asked there, and the answer says so.
    let all = try answer(desk, group: "west")
    #expect(all.demandMet[0] == DemandDistribution.fixed(poisson(8, 9)))
    #expect(all.reasons[0] == InStockReason.wholeNetwork.rawValue)
    let east = try answer(desk, group: "east", share: 500)
    #expect(east.availableNow[0] == 9 && east.nextSupplyQuantities[0] == 40)
    #expect(try desk.atp("A", groups: ["east"]).availableNow == 9)
  }

  @Test func aChannelHasWhatItMayTake() throws {
    let desk = try opened()
    for (channel, expected) in [("", Int64(9)), ("app", 5), ("web", 12)] {
      let found = try answer(desk, group: "west", channel: channel)
      #expect(found.availableNow[0] == expected, "\(channel)")
      #expect(try desk.atp("A", groups: ["west"], channel: channel).availableNow == expected)
    }
    #expect(try answer(desk, channel: "app").availableNow[0] == 14)
    for (group, channel, code) in [
      ("north", "", OutcomeCode.groupUnknown), ("", "fax", .channelUnknown),
    ] {
      let found = desk.refusal { () throws(Refusal) in
        _ = try answer(desk, group: group, channel: channel)
      }
      #expect(found?.code == code)
    }
    for share: Int32 in [0, 1001] {
      let found = desk.refusal { () throws(Refusal) in _ = try answer(desk, share: share) }
      #expect(found?.message.contains("demand_share_milli is \(share)") == true)
    }
  }

  /// What comes with a chance counts with it: 70 % have come by the fourth day, half by the third.
  @Test func inboundCountsByItsDistribution() throws {
    let desk = try opened()
    let found = try answer(desk, group: "east")
    let expected = 0.7 * poisson(8, 49) + 0.3 * poisson(8, 9)
    #expect(abs(Double(found.demandMet[0]) / 65_535 - expected) < 1e-3)
    #expect(found.inboundInHorizon[0] == 40)
    #expect(try answer(desk, group: "east", days: 2).inboundInHorizon[0] == 0)
    let third = try answer(desk, group: "east", days: 3)
    #expect(third.inboundInHorizon[0] == 40)
    let half = 0.5 * poisson(6, 49) + 0.5 * poisson(6, 9)
    #expect(abs(Double(third.demandMet[0]) / 65_535 - half) < 1e-3)
    #expect(third.neverOut[0] <= third.stillBuyable[0])
    // A day after it should have come, it still may; after the last day it counts for nothing.
    desk.now.milliseconds += 4 * 86_400_000
    let late = try answer(desk, group: "east", days: 2)
    #expect(late.reasons[0] != InStockReason.inboundOverdue.rawValue)
    #expect(late.demandMet[0] > DemandDistribution.fixed(poisson(4, 9)))
    desk.now.milliseconds += 3 * 86_400_000
    let gone = try answer(desk, group: "east", share: 500, days: 2)
    #expect(gone.reasons[0] == InStockReason.inboundOverdue.rawValue)
    #expect(gone.demandMet[0] == DemandDistribution.fixed(poisson(2, 9)))
  }

  /// Atp counts a shipment from when it is there with the chance asked for; claims from its median.
  @Test func atpAnswersByTheConfidenceAsked() throws {
    let desk = try opened()
    func steps(_ confidence: UInt16, _ more: Int32 = 1) throws -> [Int64: Int64] {
      try desk.atp("A", nodes: ["F2"], quantity: more, confidence: confidence).steps
    }
    #expect(try steps(0) == [0: 9, 3: 49])
    #expect(try steps(6554) == [0: 9, 1: 49])
    #expect(try steps(58_982) == [0: 9, 5: 49])
    #expect(try steps(65_535) == [0: 9, 5: 49])
    #expect(try desk.atp("A", nodes: ["F2"], quantity: 40, confidence: 58_982).firstDay == 5)
    #expect(desk.claimable("A", "F2", due: desk.day(3)) == 49)
    // Overdue by a day: no claim counts on it, a confidence does as far as it may still come.
    desk.now.milliseconds += 4 * 86_400_000
    #expect(try steps(0) == [0: 9])
    func source(_ confidence: UInt16) throws -> SupplySource? {
      try desk.atp("A", nodes: ["F2"], quantity: 40, confidence: confidence).source
    }
    #expect(try source(0) == nil && source(32_768) == .inbound)
    desk.now.milliseconds += 3 * 86_400_000
    #expect(try steps(32_768) == [0: 9] && source(32_768) == nil)
  }

  /// A forecast of the region that a group is named after is the group's; others are not.
  @Test func aGroupIsForecastByTheRegionOfItsName() throws {
    let desk = try opened()
    var rows = ForecastRows()
    for (index, region) in ["west", "east", "north"].enumerated() {
      rows.keys.append(Array("A".utf8))
      rows.regionNames.append(Name(region))
      rows.regions.append(UInt32(index))
      rows.issuedUnixSeconds.append(desk.now.seconds)
      rows.startDays.append(Int32(desk.now.seconds / 86_400))
      rows.periodDays.append(7)
      rows.periods.append(2)
      rows.cumulative.append(0)
      let mean = Int64([7000, 21_000, 70_000][index])
      rows.valuesMilli += [mean, mean]
    }
    rows.levels = [5000]
    try desk.put(.forecasts(rows))
    let west = try answer(desk, group: "west")
    #expect(west.demandPerDayMilli[0] == 1000 && west.reasons[0] == 0)
    #expect(west.demandSources[0] == DemandSource.forecast.rawValue)
    #expect(try answer(desk, group: "east").demandPerDayMilli[0] == 3000)
    #expect(try answer(desk, group: "east", share: 500).demandPerDayMilli[0] == 1500)
    // Of the whole network the regions add up.
    let whole = try answer(desk)
    #expect(whole.demandPerDayMilli[0] == 14_000 && whole.reasons[0] == 0)
    rows.keys = ForecastRows().keys
    rows.keys.append(Array("A".utf8))
    (rows.regionNames, rows.regions) = ([Name("west")], [0])
    (rows.issuedUnixSeconds, rows.startDays) = ([desk.now.seconds + 1], [rows.startDays[0]])
    (rows.periodDays, rows.periods, rows.cumulative, rows.valuesMilli) = ([7], [0], [0], [])
    try desk.put(.forecasts(rows))
    let taken = try answer(desk, group: "west")
    #expect(taken.demandPerDayMilli[0] == 13_000)
    #expect(taken.reasons[0] == InStockReason.wholeNetwork.rawValue)
  }

  /// A question that would cost too much is refused, and says where.
  @Test func aVeryLargeQuestionIsRefused() throws {
    let desk = try Desk.unaudited()
    let keys = (0..<4096).map { "X\($0)" }
    try desk.put(
      Rows.items(keys.map { Rows.Item(key: $0, demandMilli: 12_000, ratioMilli: 1500) }))
    try desk.put(Rows.positions(keys.map { ($0, "F1", 60, 0, 0) }))
    for round in 0..<3 {
      guard
        case .inbound(var rows) = Rows.inbound(
          keys.map { ("I\(round)", $0, "F1", 60, desk.day(4 + 6 * Int64(round)), .shipped) })
      else { return }
      rows.earlyUnixSeconds = rows.etaUnixSeconds.map { $0 - 4 * 86_400 }
      rows.lateUnixSeconds = rows.etaUnixSeconds.map { $0 + 9 * 86_400 }
      try desk.put(.inbound(rows))
    }
    let found = desk.refusal { () throws(Refusal) in
      var reply = InStockReply()
      try desk.state.answer(
        InStockQuery(items: desk.lender.keys(keys), horizonDays: 30), at: desk.now, into: &reply)
    }
    #expect(found?.code == .tooManyRows && found?.message.contains("at item") == true)
  }
}
