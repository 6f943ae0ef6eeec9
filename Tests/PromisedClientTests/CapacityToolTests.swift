import PromisedClient
import PromisedModel
import Testing

@testable import PromisedWire
@testable import promise

/// A service that answers questions of seller storage, always the same.
private func answerCapacity(_ request: Request, _ exchange: inout Exchange) {
  let (id, asOf) = (exchange.streamID, Exchange.asOf)
  switch request {
  case .admit, .whatIf:
    var reply = AdmissionReply()
    if case .admit = request { reply.planID = 7 }
    reply.expiresUnixSeconds = 1_797_789_600
    var short = LineVerdict()
    short.code = .buildingFull
    (short.admitted, short.fitting, short.binding) = (3, 3, .building)
    (short.month, short.fittingMonth) = (202_612, 202_701)
    short.fittingNode = Name("PDX1")
    var good = LineVerdict()
    (good.admitted, good.fitting, good.month) = (4, 9, 202_612)
    good.isBeyondEstimate = true
    reply.lines = [short, good]
    reply.rooms = [RoomRow(storageType: 1, month: 202_612, room: 5_500_000)]
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .receive, .closePlan:
    var reply = PlanStatusReply()
    reply.plan.id = 7
    reply.plan.seller = Name("S1")
    reply.plan.state = .received
    reply.plan.lines = [
      PlanLineRow(item: Name("B1"), node: 0, admitted: 5, received: 6, etaUnixSeconds: 0)
    ]
    (reply.nodeNames, reply.open) = ([Name("SEA1")], [0])
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  case .bid:
    _ = exchange.encoder.encode(
      bid: 11, repeated: true, streamID: id, asOf: asOf, into: &exchange.output)
  case .clear, .clearing:
    _ = exchange.encoder.encode(
      clearing(), streamID: id, asOf: asOf, into: &exchange.output)
  case .utilization:
    let row = UtilizationRow(
      node: Name("SEA1"), storageType: 2, usable: 100_000_000, stored: 90_000_000,
      inbound: 6_000_000, permille: 960, band: 2)
    _ = exchange.encoder.encode(
      utilization: [row], streamID: id, asOf: asOf, into: &exchange.output)
  case .remove:
    _ = exchange.encoder.encode(
      removalPending: 8, repeated: false, streamID: id, asOf: asOf, into: &exchange.output)
  case .capacityReport(let query, _):
    var reply = ListReply()
    reply.columns = ["seller", "threshold"]
    reply.appendCell("S1".utf8)
    reply.appendCell("\(query.thresholdPermille)".utf8)
    _ = exchange.encoder.encode(reply, streamID: id, asOf: asOf, into: &exchange.output)
  default: answerWorld(request, &exchange)
  }
}

private func clearing(price: Int64 = 9000, granted: Int64 = 20_000_000) -> ClearingReply {
  var reply = ClearingReply()
  reply.clearing.id = 12
  reply.clearing.marketplace = Name("US")
  (reply.clearing.month, reply.clearing.volume, reply.clearing.price) = (202_612, 50_000_000, price)
  var first = BidRow()
  (first.id, first.seller, first.volume) = (3, Name("S2"), 30_000_000)
  (first.maximumFee, first.granted) = (12_000, 30_000_000)
  var second = BidRow()
  (second.id, second.seller, second.volume, second.minimum) = (2, Name("S1"), 90_000_000, 5_000_000)
  (second.maximumFee, second.granted) = (9000, granted)
  reply.clearing.bids = [first, second]
  reply.fees = [270_000, 180_000]
  reply.credits = [0, 100_000]
  reply.nets = [270_000, 80_000]
  return reply
}

@Suite struct CapacityToolTests {
  private func run(_ words: String...) throws -> Run {
    let server = FakeServer(answerCapacity)
    defer { server.stop() }
    return Run(["capacity"] + words, server: server.address.description)
  }

  @Test func aPlanInWords() throws {
    let run = try run(
      "admit", "S1", "FBA1", "B1@SEA1=5", "B2@SEA1=4/2026-12-24", "--eta", "2026-12-23")
    #expect(run.code == 0)
    #expect(
      run.output == """
        Plan 7: open, ends 2026-12-20 18:00 UTC if nothing is sent
          Item  Node  Month    Asked  Fits  What would make it fit
          B1    SEA1  2026-12      5     3  BUILDING_FULL: bound by the building; 3 units fit; all from 2027-01 on; all in PDX1
          B2    SEA1  2026-12      4     4  beyond a later month's estimate
          Left then  Month    ft³
          standard   2026-12  5.5

        """)
    #expect(try self.run("what-if", "S1", "B1=5/2026-12-23", "B2=4/2026-12-23").code == 1)
    #expect(try self.run("admit", "S1", "FBA1", "B1@SEA1=5").code == 2, "no date")
    #expect(try self.run("admit", "S1", "FBA1", "B1=5/2026-12-23").code == 2, "no building")
    #expect(try self.run("admit", "S1", "FBA1").code == 2)
  }

  @Test func receiptsBidsRemovalsAndBuildings() throws {
    #expect(
      try run("receive", "FBA1", "B1@SEA1=6", "--receipt", "r").output.contains(
        "Plan 7 of S1: received"))
    #expect(
      try run("close", "FBA1", "--reason", "short", "--json").output.contains(#""received":6"#))
    #expect(
      try run(
        "bid", "S1", "--type", "standard", "--month", "2026-12", "--volume", "3", "--fee", "1"
      ).output == "Bid 11, placed before\n")
    #expect(try run("bid", "S1", "--type", "round", "--month", "2026-12").code == 2)
    #expect(try run("remove", "order", "R", "B1@SEA1=8").output == "Removal R: 8 units pending\n")
    #expect(try run("utilization").output.contains("96.0 %  alarm"))
    #expect(
      try run("near-limits", "--threshold", "70", "--json").output.contains(#""threshold":"700""#))
    #expect(
      try run("signal", "S1", "B1", "--month", "2026-12", "--low", "-5", "--high", "9").code == 0)
    #expect(try run("signal", "S1", "B1", "--month", "2026-12", "--low", "5").code == 2)
  }

  @Test func aRoundIsComputedAgainByHand() throws {
    let run = try run("clear", "--clearing", "12", "--explain")
    #expect(
      run.code == 0 && run.output.contains("gets the last 20.0 ft³ of 90.0 ft³; 0.0 ft³ are left"))
    #expect(run.output.contains("That is what the record says."))
    // A record that does not follow from itself is found out.
    for wrong in [clearing(price: 12_000), clearing(granted: 19_000_000)] {
      #expect(ClearingSteps(try answer(wrong)).difference != nil)
    }
    var swapped = clearing()
    swapped.clearing.bids.swapAt(0, 1)
    #expect(ClearingSteps(try answer(swapped)).difference?.contains("goes before") == true)
    #expect(ClearingSteps(try answer(clearing())).difference == nil)
  }

  private func answer(_ reply: ClearingReply) throws -> ClearingAnswer {
    let server = FakeServer { request, exchange in
      _ = exchange.encoder.encode(
        reply, streamID: exchange.streamID, asOf: Exchange.asOf, into: &exchange.output)
    }
    defer { server.stop() }
    return try Connection(server.address).perform(.clearing(id: 12))
  }

  @Test func aPageHasItsBars() throws {
    let server = FakeServer(answerWorld)
    defer { server.stop() }
    let answer = try Connection(server.address).perform(.headroom(sellers: ["S<1>"]))
    let page = capacityPage(answer)
    #expect(page.contains("<svg") && page.contains("S&lt;1&gt;") && !page.contains("<script"))
    #expect(page.contains("default-src 'none'"))
  }

  @Test func barsShowWhatIsBeyondTheLimit() {
    var row = HeadroomRow(
      storageType: 1, month: 202_612, limitKind: 1, limit: 50, available: 60, unfulfillable: 0,
      reserved: 0, openInbound: 40, drafts: 0, headroom: 0, headroomUnits: -1)
    #expect(capacityBar(row, width: 10) == "█████│█▒▒▒▒")
    row.available = 20
    row.openInbound = 10
    #expect(capacityBar(row, width: 10) == "████▒▒░░░░")
    row.limitKind = 3
    #expect(capacityBar(row, width: 10) == "██████▒▒▒▒")
    row.available = .max
    row.reserved = .max
    row.openInbound = .max
    #expect(capacityBar(row, width: 10).count == 10, "sums beyond 64 bits")
  }
}
