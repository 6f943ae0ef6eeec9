import PromisedModel
import Testing

@testable import PromisedEngine

/// What each kind of row does, and what it needs.
@Suite struct FeedKindTests {
  /// Complaint 23: a promise was accepted on stock in transfer, and the order got stuck.
  @Test func complaint23AUnitInTransferIsInOnePlaceAndNeverForSale() throws {
    let desk = try Desk.small()
    let eta = desk.now.seconds + 86_400
    #expect(
      try desk.tell(
        Told("A", "F1", .transferOut, 4).with {
          ($0.reference, $0.to, $0.eta, $0.early, $0.late) = ("T1", "F2", eta, eta - 60, eta + 90)
        }) == [.ok])
    #expect(desk.onHand("A", "F1") == 6 && desk.onHand("A", "F2") == nil)
    let row = try #require(desk.inbound("T1", "A", "F2"))
    #expect(row.quantity == 4 && row.stage == InboundStage.transfer.rawValue)
    #expect(row.arrival == ArrivalDistribution(median: eta, early: eta - 60, late: eta + 90))
    let refusal = desk.refusal { () throws(Refusal) in try desk.hold([Line("A", "F2", 1)]) }
    #expect(refusal?.code == .insufficientStock && refusal?.nextSupplyUnixSeconds == eta)
    // A part arrives, then more than was announced.
    let arrival = Told("A", "F2", .transferIn, 3).with { $0.reference = "T1" }
    #expect(try desk.tell(arrival) == [.ok])
    #expect(desk.onHand("A", "F2") == 3 && desk.inbound("T1", "A", "F2")?.quantity == 1)
    #expect(try desk.tell(arrival) == [.ok])
    #expect(desk.onHand("A", "F2") == 6 && desk.inbound("T1", "A", "F2") == nil)
    // What nobody announced is on hand all the same.
    #expect(try desk.tell(Told("A", "F3", .transferIn, 2).with { $0.reference = "T9" }) == [.ok])
    #expect(desk.onHand("A", "F3") == 2)
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func partsOfATransferAddUpUnderTheirReference() throws {
    let desk = try Desk.small()
    let eta = desk.now.seconds + 500
    let part = Told("A", "F1", .transferOut, 2).with { ($0.reference, $0.to) = ("T", "F2") }
    #expect(try desk.tell(part.with { $0.eta = eta }, part) == [.ok, .ok])
    #expect(desk.inbound("T", "A", "F2")?.quantity == 4)
    #expect(desk.inbound("T", "A", "F2")?.etaUnixSeconds == eta)
    // Without a time nobody counts on it.
    #expect(try desk.tell(part.with { ($0.reference, $0.quantity) = ("U", 1) }) == [.ok])
    #expect(desk.inbound("U", "A", "F2")?.etaUnixSeconds == 0)
    let token = desk.state.itemKeys.token(desk.lender.bytes("A"))
    let supply = desk.state.planSupply(
      of: token, available: 0, at: .network, now: desk.now.seconds, horizon: eta + 1)
    #expect(supply.expected == 4)
    // More than is on hand cannot leave, and nothing of it is under way.
    #expect(
      try desk.tell(part.with { ($0.quantity, $0.reference) = (6, "V") }) == [.onHandNegative])
    #expect(desk.inbound("V", "A", "F2") == nil && desk.onHand("A", "F1") == 5)
  }

  @Test func returnsAndInspectionsMoveBetweenDispositions() throws {
    let desk = try Desk.small()
    #expect(
      try desk.tell(
        Told("A", "F1", .returned, 5).with { $0.disposition = .inProcessing },
        Told("A", "F1", .returned, 2)) == [.ok, .ok])
    #expect(desk.onHand("A", "F1") == 17 && desk.available("A", "F1") == 12)
    let inspect = Told("A", "F1", .inspected, 2).with {
      ($0.from, $0.disposition) = (.inProcessing, .unfulfillable)
    }
    #expect(
      try desk.tell(
        inspect, inspect.with { ($0.disposition, $0.quantity) = (.sellable, 3) }, inspect,
        Told("A", "F1", .inspected, 1).with { $0.disposition = .researching },
        Told("A", "F1", .inspected, 15).with { $0.disposition = .researching })
        == [.ok, .ok, .insufficientStock, .ok, .insufficientStock])
    let parts = try #require(desk.parts("A", "F1"))
    #expect(parts.unfulfillable == 2 && parts.inProcessing == 0 && parts.researching == 1)
    #expect(desk.onHand("A", "F1") == 17 && desk.available("A", "F1") == 14)
  }

  @Test func inboundIsToldChangedReceivedOnceAndRemoved() throws {
    let desk = try Desk.small()
    let eta = desk.now.seconds + 900
    let told = Told("A", "F2", .inbound, 20).with {
      ($0.reference, $0.eta, $0.late) = ("IN", eta, eta + 300)
    }
    #expect(try desk.tell(told) == [.ok])
    #expect(desk.inbound("IN", "A", "F2")?.stage == InboundStage.working.rawValue)
    #expect(desk.inbound("IN", "A", "F2")?.arrival.lateUnixSeconds == eta + 300)
    #expect(try desk.tell(told.with { ($0.stage, $0.quantity) = (3, 18) }) == [.ok])
    #expect(desk.inbound("IN", "A", "F2")?.quantity == 18)
    let receipt = Told("A", "F2", .inboundReceipt, 10).with { $0.reference = "IN" }
    #expect(try desk.tell(receipt) == [.ok])
    // The same row again is not a second receipt.
    #expect(try desk.tell(receipt, from: 3) == [.alreadyApplied])
    #expect(desk.onHand("A", "F2") == 10 && desk.inbound("IN", "A", "F2")?.quantity == 8)
    #expect(
      try desk.tell(Told("A", "F2", .inbound, 0).with { $0.reference = "IN" }) == [.ok])
    #expect(desk.inbound("IN", "A", "F2") == nil && desk.state.counters.inboundRows == 0)
  }

  @Test func aNamedShipmentConsumesItsAllocationOnce() throws {
    let desk = try Desk.small()
    let hold = try desk.hold([Line("A", "F1", 4)])
    try desk.change(hold, .commit)
    let shipment = Told("A", "F1", .shipment, 3).with { $0.hold = hold }
    #expect(try desk.tell(shipment) == [.ok])
    #expect(desk.onHand("A", "F1") == 7 && desk.row("A", "F1")?.reserved == 1)
    #expect(desk.available("A", "F1") == 6)
    // An unnamed one lowers on hand only.
    #expect(try desk.tell(Told("A", "F1", .shipment, 1)) == [.ok])
    #expect(desk.row("A", "F1")?.reserved == 1 && desk.onHand("A", "F1") == 6)
    // One of nothing names a hold that claims there, and takes nothing of it.
    #expect(try desk.tell(shipment.with { $0.quantity = 0 }) == [.ok])
    // Beyond what is claimed, and of a hold that claims nothing there, the units have left.
    #expect(
      try desk.tell(shipment, shipment.with { $0.quantity = 1 }) == [.ok, .holdNotClaiming])
    #expect(desk.row("A", "F1")?.reserved == 0 && desk.onHand("A", "F1") == 2)
    #expect(
      try desk.tell(shipment.with { ($0.hold, $0.quantity) = (999, 1) }) == [.holdNotClaiming])
    #expect(desk.onHand("A", "F1") == 1)
    #expect(desk.copied().digest() == desk.state.digest())
  }

  @Test func aShortPickIsAShortfallOfWhatIsAllocated() throws {
    let desk = try Desk.small()
    let hold = try desk.hold([Line("A", "F1", 8)])
    try desk.change(hold, .commit)
    #expect(
      try desk.tell(Told("A", "F1", .shortPick, 5).with { $0.hold = hold }) == [.ok])
    #expect(desk.onHand("A", "F1") == 5)
    let broken = desk.state.brokenLines()
    #expect(broken.map(\.holdID) == [hold] && broken.map(\.units) == [3])
    #expect(try desk.tell(Told("A", "F1", .receipt, 3)) == [.ok])
    #expect(desk.state.brokenLines().isEmpty)
  }

  /// Complaint 15: setting on hand while reservations are open broke shipping or was refused.
  @Test func complaint15ACountWhileReservationsAreOpenIsTakenAndNamesWhomItBreaks() throws {
    let desk = try Desk.small()
    let hold = try desk.hold([Line("A", "F1", 6)])
    try desk.change(hold, .commit)
    #expect(try desk.tell(Told("A", "F1", .count, 4)) == [.ok])
    #expect(desk.available("A", "F1") == -2)
    #expect(desk.state.brokenLines().map(\.units) == [2])
    #expect(
      try desk.tell(Told("A", "F1", .shipment, 4).with { $0.hold = hold }) == [.ok])
    #expect(desk.onHand("A", "F1") == 0 && desk.row("A", "F1")?.reserved == 2)
    #expect(try desk.tell(Told("A", "F1", .count, 2)) == [.ok])
    #expect(desk.state.brokenLines().isEmpty && desk.available("A", "F1") == 0)
  }

  @Test func countsThatLeaveOutAllocatedOrPickedUnitsGetThemBack() throws {
    let desk = try Desk.small()
    let hold = try desk.hold([Line("A", "F1", 6)])
    try desk.change(hold, .commit)
    var net = Rows.told([Told("A", "F1", .count, 5)], source: "erp", from: 1)
    net.isNetOfAllocations = true
    #expect(try desk.tell(net) == [.ok])
    #expect(desk.onHand("A", "F1") == 11)
    // Picked behind the back of whoever keeps account of picking.
    desk.isAudited = false
    let slot = desk.state.holds.find(hold) ?? -1
    #expect(slot >= 0)
    desk.state.holds.lines(slot)[0].picked = 4
    desk.state.reserve(
      0, allocated: 0, picked: 4, token: desk.state.itemKeys.token(desk.lender.bytes("A")),
      node: desk.state.nodeIndex(Name("F1")) ?? 0)
    #expect(try desk.tell(Told("A", "F1", .countWithoutPicked, 7)) == [.ok])
    #expect(desk.onHand("A", "F1") == 11)
  }

  @Test func rowsThatLackOrOverdoSomethingAreRefusedAlone() throws {
    let desk = try Desk.small()
    let out = Told("A", "F1", .transferOut, 1).with { ($0.reference, $0.to) = ("T", "F2") }
    let now = desk.now.seconds
    let inbound = Told("A", "F1", .inbound, 1).with { ($0.reference, $0.eta) = ("T", now) }
    let cases: [(Told, OutcomeCode)] = [
      (out.with { $0.reference = "" }, .fieldMissing),
      (out.with { $0.to = "F1" }, .fieldOutOfRange),
      (out.with { $0.reference = "a\tb" }, .keyInvalid),
      (out.with { $0.quantity = -1 }, .fieldOutOfRange),
      (out.with { $0.quantity = 2_000_000_001 }, .quantityOverflow),
      (Told("A", "F1", .transferIn, 1), .fieldMissing),
      (Told("A", "F1", .inboundReceipt, 1), .fieldMissing),
      (inbound.with { $0.eta = 0 }, .fieldMissing),
      (inbound.with { $0.reference = "" }, .fieldMissing),
      (inbound.with { $0.stage = 5 }, .fieldOutOfRange),
      (inbound.with { $0.early = now + 1 }, .fieldOutOfRange),
      (inbound.with { $0.late = now - 1 }, .fieldOutOfRange),
      (inbound.with { $0.late = now + Limits.arrivalSpreadSeconds + 1 }, .fieldOutOfRange),
      (Told("A", "F1", .inspected, 1), .fieldOutOfRange),
      (Told("A", "F1", .shortPick, 1), .fieldMissing),
      (Told("A", "F1", .shortPick, 11).with { $0.hold = 1 }, .onHandNegative),
      (Told("A", "F1", .returned, 2_000_000_000), .quantityOverflow),
      (Told("A", "F1", .adjustment, -3).with { $0.cause = .damaged }, .ok),
    ]
    for (row, code) in cases { #expect(try desk.tell(row) == [code], "\(row)") }
    #expect(desk.onHand("A", "F1") == 7 && desk.state.counters.inboundRows == 0)
    #expect(desk.source().refusedRows == UInt64(cases.count - 1))
  }

  @Test func moreThanAPositionHoldsCannotBePutUnderWay() throws {
    let desk = try Desk.small()
    let most = Int64(Limits.unitsPerPosition)
    let out = Told("A", "F1", .transferOut, most - 10).with { ($0.reference, $0.to) = ("T", "F2") }
    #expect(
      try desk.tell(
        Told("A", "F1", .count, most), out, Told("A", "F1", .count, most), out,
        out.with { $0.quantity = 10 }) == [.ok, .ok, .ok, .quantityOverflow, .ok])
    #expect(desk.inbound("T", "A", "F2")?.quantity == Limits.unitsPerPosition)
  }

  @Test func unitsUnderWayCountAsTheRowsOfOneBatchLeaveThem() throws {
    let desk = try Desk.small()
    let most = Int64(Limits.unitsPerPosition)
    let coming = Told("A", "F2", .inbound, most).with {
      ($0.reference, $0.eta) = ("T", desk.now.seconds + 86_400)
    }
    let out = Told("A", "F1", .transferOut, 2).with { ($0.reference, $0.to) = ("T", "F2") }
    let received = Told("A", "F2", .inboundReceipt, 3).with { $0.reference = "T" }
    // Set by one row, full for the next, received from by a third.
    #expect(
      try desk.tell(coming, out, received, out, out)
        == [.ok, .quantityOverflow, .ok, .ok, .quantityOverflow])
    #expect(desk.inbound("T", "A", "F2")?.quantity == Limits.unitsPerPosition - 1)
    #expect(desk.onHand("A", "F1") == 8)
    // What is under way of another item, shipment or node is not in its way.
    let other = Told("B", "F2", .inbound, most).with {
      ($0.reference, $0.eta) = ("T", desk.now.seconds + 86_400)
    }
    let second = out.with { $0.reference = "U" }
    #expect(try desk.tell(other, out.with { $0.quantity = 1 }, second) == [.ok, .ok, .ok])
    // A receipt beyond what was announced leaves nothing, not less.
    let all = Told("A", "F2", .inboundReceipt, 5).with { $0.reference = "U" }
    #expect(try desk.tell(all, second) == [.ok, .ok])
    #expect(desk.inbound("U", "A", "F2")?.quantity == 2)
    let count = Told("A", "F1", .count, most)
    let full = second.with { $0.quantity = most }
    #expect(
      try desk.tell(all, count, full, count, second)
        == [.ok, .ok, .ok, .ok, .quantityOverflow])
  }
}
