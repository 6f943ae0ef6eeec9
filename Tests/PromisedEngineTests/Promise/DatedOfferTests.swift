import PromisedModel
import Testing

@testable import PromisedEngine

/// One row of an offer, as a test compares it.
struct OfferRow: Equatable {
  var code: OutcomeCode
  var node = ""
  var supply: SupplySource?
  /// From when its units are there, and the window's end, seconds after midnight of the first day.
  var from: Int64 = 0
  var to: Int64 = 0
  var units: Int64 = 0
  var chance: UInt32 = 0
  var silence: UInt32 = 0
}

extension PromiseWorld {
  /// An instant of a day, counted from the first.
  func at(_ day: Int64, hour: Int64) -> Int64 { Self.midnight + day * 86_400 + hour * 3600 }

  func ask(
    _ items: [String], quantity: Int32 = 1, channel: String = "",
    supply: SupplyChoice = .whenNeeded, confidence: ConfidenceLevel = .usual, byDays: Int32 = 0
  ) throws(Refusal) -> OfferReply {
    desk.expire()
    var reply = OfferReply()
    desk.state.beginObservation()
    try desk.state.answer(
      OfferQuery(
        items: desk.lender.keys(items),
        quantities: desk.lender.column(items.map { _ in quantity }),
        country: desk.lender.bytes("US"), postcodes: desk.lender.names(["98109"]),
        withPath: true, confidence: confidence, byDays: byDays,
        channel: channel.isEmpty ? .empty : desk.lender.bytes(channel), supply: supply),
      at: desk.now, into: &reply)
    return reply
  }

  static func rows(_ reply: borrowing OfferReply) -> [OfferRow] {
    var rows: [OfferRow] = []
    let isSupplied = reply.supplies.count > 0
    for index in 0..<reply.codes.count {
      var row = OfferRow(code: OutcomeCode(rawValue: UInt16(reply.codes[index])) ?? .ok)
      if row.code == .ok {
        row.node = reply.nodeNames[Int(reply.nodes[index])].name.description
        row.to = reply.windowToUnixSeconds[index] - midnight
        row.supply = .onHand
      }
      if isSupplied {
        row.supply = SupplySource(rawValue: UInt8(reply.supplies[index]))
        let from = reply.availableFromUnixSeconds[index]
        row.from = from > 0 ? from - midnight : 0
        row.units = reply.suppliedUnits[index]
      }
      row.chance = reply.confidences[index]
      if reply.silence.count > 0 { row.silence = reply.silence[index] }
      rows.append(row)
    }
    return rows
  }

  func row(
    _ item: String, quantity: Int32 = 1, channel: String = "",
    supply: SupplyChoice = .whenNeeded, confidence: ConfidenceLevel = .usual
  ) throws(Refusal) -> OfferRow {
    Self.rows(
      try ask(
        [item], quantity: quantity, channel: channel, supply: supply, confidence: confidence))[0]
  }

  func suppliedToken(
    _ item: String, quantity: Int32 = 1, channel: String = "", supply: SupplyChoice = .whenNeeded,
    confidence: ConfidenceLevel = .usual
  ) throws(Refusal) -> [UInt8] {
    let reply = try ask(
      [item], quantity: quantity, channel: channel, supply: supply, confidence: confidence)
    return (0..<Int(reply.tokenLengths[0])).map { reply.tokenBytes[$0] }
  }

  /// Item C, of which nothing is on hand: ten units come to FC1 on the third day at ten, twenty on
  /// the fifth at ten.
  static func withInbound(_ room: Room = Room()) throws -> PromiseWorld {
    let world = try PromiseWorld(room)
    try world.desk.put(Rows.items([Rows.Item(key: "C"), Rows.Item(key: "K")]))
    try world.desk.put(
      Rows.inbound([
        ("PO-1", "C", "FC1", 10, world.at(2, hour: 10), .shipped),
        ("PO-2", "C", "FC1", 20, world.at(4, hour: 10), .working),
      ]))
    return world
  }

  func spread(_ shipment: String, _ units: Int32, eta: Int64, early: Int64, late: Int64) throws {
    guard case .inbound(var rows) = Rows.inbound([(shipment, "C", "FC1", units, eta, .shipped)])
    else { return }
    rows.earlyUnixSeconds = [early]
    rows.lateUnixSeconds = [late]
    try desk.put(.inbound(rows))
  }

  func overrule(_ action: OverrideAction, node: String) throws {
    var row = Override()
    row.action = action
    row.node = Name(node)
    row.reason = Name("why")
    row.author = Name("ada")
    row.expiresUnixSeconds = desk.now.seconds + 86_400
    desk.apply(
      try desk.state.decide(
        OverrideCommand(key: desk.command(""), override: row), at: desk.now))
  }

  var lineOfC: (due: UInt32, units: Int32)? {
    let slot = desk.state.holds.find(desk.position)
    guard let slot else { return nil }
    let line = desk.state.holds.lines(slot)[0]
    return (line.dueUnixSeconds, line.quantity)
  }
}

/// Offers of units that are not there yet. Orders at FC1 until ten in the evening, and at FC2 until six,
/// are delivered from nine to eight on the next day.
@Suite struct DatedOfferTests {
  private let hour: Int64 = 3600
  private let day: Int64 = 86_400

  @Test func whatComesIsOfferedForWhenItIsThere() throws {
    let world = try PromiseWorld.withInbound()
    let found = try world.row("C")
    #expect(
      found
        == OfferRow(
          code: .ok, node: "FC1", supply: .inbound, from: 2 * day + 10 * hour,
          to: 3 * day + 20 * hour, units: 10))
    let reply = try world.ask(["C"])
    // It leaves on the evening of the day on which it comes.
    #expect(reply.shipByUnixSeconds[0] == world.at(2, hour: 23))
    #expect(reply.legDepartureUnixSeconds[0] == world.at(2, hour: 23))
    #expect(reply.orderByUnixSeconds[0] == world.at(2, hour: 22))
    // More than the first brings waits for the second; more than both is not there.
    #expect(
      try world.row("C", quantity: 11)
        == OfferRow(
          code: .ok, node: "FC1", supply: .inbound, from: 4 * day + 10 * hour,
          to: 5 * day + 20 * hour, units: 30))
    #expect(try world.row("C", quantity: 31) == OfferRow(code: .noStock))
    #expect(try world.row("C", supply: .onHand) == OfferRow(code: .noStock))
    // What is on hand says nothing of supply, and costs no column.
    #expect(try world.ask(["B"]).supplies.count == 0)
  }

  @Test func whatIsOnHandGoesBeforeWhatComesUnlessTheSoonestIsWanted() throws {
    let world = try PromiseWorld.withInbound()
    // FC2 takes orders until six, FC1 until ten: what is there at eight makes the day that is missed.
    world.desk.now = UnixMilliseconds(world.at(0, hour: 19) * 1000)
    try world.desk.put(Rows.positions([("C", "FC2", 3, 0, 0)]))
    try world.desk.put(
      Rows.inbound([("PO-0", "C", "FC1", 5, world.at(0, hour: 20), .receiving)]))
    #expect(try world.row("C").supply == .onHand)
    let soonest = try world.row("C", supply: .soonest)
    #expect(soonest.supply == .inbound && soonest.node == "FC1")
    #expect(soonest.to == day + 20 * hour && soonest.from == 20 * hour)
    // As soon, on hand wins.
    try world.desk.put(Rows.positions([("C", "FC1", 1, 0, 0)]))
    #expect(try world.row("C", supply: .soonest) == world.row("C"))
    #expect(try world.row("C", quantity: 4, supply: .soonest).supply == .inbound)
  }

  /// A promise that was made keeps its supply, whoever asks for it earlier.
  @Test func aLaterPromiseKeepsItsSupply() throws {
    let world = try PromiseWorld.withInbound()
    let late = try world.suppliedToken("C", quantity: 25)
    let id = try world.redeem([late])
    #expect(world.lineOfC?.due == UInt32(world.at(4, hour: 10)) && world.lineOfC?.units == 25)
    // Five are left of all, and they are there with the first.
    let found = try world.row("C")
    #expect(found.units == 5 && found.from == 2 * day + 10 * hour)
    #expect(try world.row("C", quantity: 6) == OfferRow(code: .noStock))
    try world.desk.change(id, .release)
    #expect(try world.row("C", quantity: 6).units == 10)
  }

  @Test func aTokenOfWhatComesHoldsUnitsAndRoomOfTheRightDay() throws {
    let world = try PromiseWorld.withInbound(PromiseWorld.Room(hour: 100))
    let token = try world.suppliedToken("C", quantity: 4)
    let id = try world.redeem([token])
    #expect(world.lineOfC?.due == UInt32(world.at(2, hour: 10)) && world.lineOfC?.units == 4)
    let minute: Int64 = 2 * 1440 + 23 * 60
    #expect(world.claimed("F1-DS", minute) == 4 && world.claimed("F1-DS", 23 * 60) == 0)
    #expect(world.wave(0, 3 * 1440 + 300) == 4 && world.hour("FC1", 2 * 24 + 10) == 4)
    let shipment = try #require(world.shipments(id).first)
    #expect(shipment.windowToUnixSeconds == world.at(3, hour: 20))
    #expect(shipment.shipByUnixSeconds == world.at(2, hour: 23))
    #expect(try world.row("C").units == 6)
    // Nothing threatens it, and nothing of it is there to be short.
    #expect(try world.risks().isEmpty)
    try world.desk.change(id, .commit)
    #expect(try world.risks().isEmpty && world.row("C").units == 6)
    try world.desk.change(id, .release)
    #expect(world.claimed("F1-DS", minute) == 0 && world.hour("FC1", 2 * 24 + 10) == 0)
    #expect(try world.row("C").units == 10)
  }

  @Test func supplyThatIsGoneIsRefusedWithTheFacts() throws {
    let world = try PromiseWorld.withInbound()
    let token = try world.suppliedToken("C", quantity: 6)
    try world.redeem([token])
    let taken = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(taken?.code == .insufficientStock && taken?.availableUnits == 4 && taken?.row == 0)
    #expect(taken?.nextSupplyUnixSeconds == world.at(4, hour: 10) && taken?.key == Name("C"))
    // What may be backordered does not stand in for a shipment that was promised.
    try world.desk.put(Rows.backorders([("C", "FC1", .backorder, 50, 0, 0)]))
    let again = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(again?.code == .insufficientStock && again?.availableUnits == 4)
  }

  @Test func aShipmentThatSlipsChangesTheOffer() throws {
    let world = try PromiseWorld.withInbound()
    let token = try world.suppliedToken("C", quantity: 6)
    try world.desk.put(
      Rows.inbound([("PO-1", "C", "FC1", 10, world.at(3, hour: 10), .shipped)]))
    let late = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(late?.code == .insufficientStock && late?.availableUnits == 0)
    #expect(late?.nextSupplyUnixSeconds == world.at(3, hour: 10))
    // It is still due then, and no longer as sure.
    try world.spread(
      "PO-1", 10, eta: world.at(2, hour: 10), early: world.at(2, hour: 9),
      late: world.at(3, hour: 10))
    let unsure = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(unsure?.code == .offerChanged)
    #expect(unsure.map { $0.nextSupplyUnixSeconds > world.at(3, hour: 10) } == true)
  }

  @Test func aTokenSurvivesARestart() throws {
    let world = try PromiseWorld.withInbound()
    let token = try world.suppliedToken("C", quantity: 4)
    let first = try world.redeem([token])
    let copy = world.copied()
    #expect(copy.digest() == world.desk.state.digest())
    var other = world
    other.desk = Desk(state: copy)
    other.desk.position = world.desk.position
    other.desk.now = world.desk.now
    other.publish()
    #expect(try other.row("C").units == 6)
    let second = try other.redeem([token])
    #expect(first != second && other.lineOfC?.units == 4)
    #expect(other.claimed("F1-DS", 2 * 1440 + 23 * 60) == 8)
    #expect(other.desk.refusal { () throws(Refusal) in try other.redeem([token]) } != nil)
  }

  @Test func unitsBeyondTheHorizonAreNamedWithTheirDate() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(
      Rows.inbound([
        ("PO-1", "C", "FC1", 0, 0, .working), ("PO-2", "C", "FC1", 0, 0, .working),
        ("PO-3", "C", "FC1", 7, world.at(30, hour: 10), .working),
      ]))
    #expect(
      try world.row("C")
        == OfferRow(
          code: .supplyBeyondHorizon, supply: .inbound, from: 30 * day + 10 * hour, units: 7))
    #expect(try world.row("C", quantity: 8) == OfferRow(code: .noStock))
  }

  @Test func preordersAndBackordersAreOfferedByTheirDates() throws {
    let world = try PromiseWorld.withInbound()
    try world.desk.put(
      Rows.backorders([("K", "FC1", .preorder, 5, world.at(3, hour: 0), 0)]))
    #expect(
      try world.row("K", quantity: 5)
        == OfferRow(
          code: .ok, node: "FC1", supply: .preorder, from: 3 * day, to: 4 * day + 20 * hour,
          units: 5))
    #expect(try world.row("K", quantity: 6) == OfferRow(code: .noStock))
    try world.redeem([try world.suppliedToken("K", quantity: 3)])
    #expect(try world.row("K", quantity: 2).units == 2)
    #expect(try world.row("K", quantity: 3).code == .noStock)
    // A backorder is promised by its lead time; without one nobody knows a date.
    try world.desk.put(Rows.backorders([("K", "FC2", .backorder, 4, 0, 0)]))
    #expect(try world.row("K", quantity: 4).code == .noStock)
    guard case .backorders(var rows) = Rows.backorders([("K", "FC2", .backorder, 4, 0, 0)]) else {
      return
    }
    rows.leadDays = [2]
    try world.desk.put(.backorders(rows))
    let now = world.desk.now.seconds - PromiseWorld.midnight
    #expect(
      try world.row("K", quantity: 4)
        == OfferRow(
          code: .ok, node: "FC2", supply: .backorder, from: now + 2 * day,
          to: 3 * day + 20 * hour, units: 4))
    let token = try world.suppliedToken("K", quantity: 4)
    // The lead time runs from the offer.
    world.desk.now.milliseconds += 600_000
    try world.redeem([token])
    let none = world.desk.refusal { () throws(Refusal) in try world.redeem([token]) }
    #expect(none?.code == .insufficientStock && none?.availableUnits == 0)
    // Closed to new claims, it offers nothing.
    rows.untilUnixSeconds = [world.desk.now.seconds]
    try world.desk.put(.backorders(rows))
    #expect(try world.row("K", quantity: 1).supply == .preorder)
  }
}
