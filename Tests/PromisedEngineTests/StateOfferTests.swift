import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct StateOfferTests {
  /// FC1 and FC2 ship to station DS, FC1 at 20:00 and FC2 at 21:00 for the same wave; DS delivers
  /// in zone Z.
  static func desk() throws -> Desk {
    let desk = Desk()
    guard case .network(var rows) = Rows.nodes(["DS"]) else { return desk }
    rows.calendars = [
      Calendar(
        name: Name("open"),
        rules: [CalendarRule(weekdays: 127, date: nil, openMinute: 0, closeMinute: 1440)])
    ]
    for name in ["FC1", "FC2"] {
      rows.nodes.append(
        Node(
          name: Name(name), title: Name("Town of \(name)"), kind: .fulfilmentCentre,
          timeZone: Name("UTC"), calendar: Name("open"), dwellMinutes: 0, processingMinutes: 60,
          country: Name("US"), postcode: Name("98109"), latitudeE6: 0, longitudeE6: 0))
      rows.legs.append(
        Leg(
          name: Name("leg-\(name)"), origin: Name(name), destination: Name("DS"), mode: .road,
          weekdays: 127, departureMinute: name == "FC1" ? 1200 : 1260, durationMinutes: 120,
          calendar: .empty))
    }
    rows.waves = [
      Wave(station: Name("DS"), weekdays: 127, cutoffMinute: 300, fromMinute: 540, toMinute: 1200)
    ]
    rows.zones = [
      ZonePrefix(country: Name("US"), prefix: Name("981"), zone: Name("Z"), station: Name("DS"))
    ]
    try desk.put(.network(rows))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A")]))
    try desk.put(Rows.positions([("A", "FC1", 5, 0, 0), ("A", "FC2", 2, 0, 0)]))
    return desk
  }

  static func publish(_ desk: Desk) {
    let base = Horizon.base(at: desk.now)
    let profiles = ProfileBuild.catalogue(image: desk.state.network.image(), horizonBase: base)
    let publication = ProfilePublication(epoch: 3, horizonBaseUnixSeconds: base)
    desk.apply(.profilePublished(publication))
    desk.state.publish(profiles, publication)
  }

  private func ask(
    _ desk: Desk, _ items: [String], _ postcodes: [String], quantities: [Int32] = [],
    path: Bool = false
  ) throws(Refusal) -> OfferReply {
    var reply = OfferReply()
    try desk.state.answer(
      OfferQuery(
        items: desk.lender.keys(items), quantities: desk.lender.column(quantities),
        country: desk.lender.bytes("US"), postcodes: desk.lender.names(postcodes), withPath: path),
      at: desk.now, into: &reply)
    return reply
  }

  @Test func anOfferComesFromANodeThatHoldsTheUnits() throws {
    let desk = try Self.desk()
    let early = desk.refusal { () throws(Refusal) in _ = try ask(desk, ["A"], ["98109"]) }
    #expect(early?.code == .networkNotReady)
    Self.publish(desk)
    let reply = try ask(desk, ["A"], ["98109"], path: true)
    #expect(reply.codes[0] == 0 && reply.profileEpoch == 3)
    let node = Int(reply.nodes[0])
    let isFirst = reply.nodeNames[node].name == Name("FC1")
    #expect(reply.nodeTitles[node].name == Name(isFirst ? "Town of FC1" : "Town of FC2"))
    #expect(reply.legCounts[0] == 1 && reply.legTo[0] < UInt32(reply.nodeNames.count))
    #expect(reply.orderByUnixSeconds[0] > desk.now.seconds)
    // Four units are only in FC1, and a hold takes them away.
    let four = try ask(desk, ["A"], ["98109"], quantities: [4])
    #expect(four.nodeNames[Int(four.nodes[0])].name == Name("FC1"))
    try desk.hold([Line("A", "FC1", 2)])
    let none = try ask(desk, ["A"], ["98109"], quantities: [4])
    #expect(none.codes[0] == UInt32(OutcomeCode.noStock.rawValue))
  }

  @Test func profilesThatEndBeforeNowAnswerNoMore() throws {
    let desk = try Self.desk()
    Self.publish(desk)
    _ = try ask(desk, ["A"], ["98109"])
    desk.now = UnixMilliseconds(desk.now.milliseconds + 400 * 86_400_000)
    let late = desk.refusal { () throws(Refusal) in _ = try ask(desk, ["A"], ["98109"]) }
    #expect(late?.code == .networkNotReady)
  }

  @Test func rowsAreItemsByPostcodes() throws {
    let desk = try Self.desk()
    Self.publish(desk)
    let reply = try ask(desk, ["A", "Q"], ["98109", "10001", "98110"])
    let unknownPostcode = UInt32(OutcomeCode.postcodeUnknown.rawValue)
    let unknownItem = UInt32(OutcomeCode.itemUnknown.rawValue)
    #expect(
      (0..<6).map { reply.codes[$0] } == [
        0, unknownPostcode, 0, unknownItem, unknownItem, unknownItem,
      ])
    #expect(reply.postcodeExact[0] == 0 && reply.windowToUnixSeconds.count == 6)
    func code(_ items: [String], _ postcodes: [String], _ quantities: [Int32] = []) -> OutcomeCode?
    {
      desk.refusal { () throws(Refusal) in
        _ = try ask(desk, items, postcodes, quantities: quantities)
      }?.code
    }
    #expect(code(["Q"], ["98109", "98110"]) == .itemUnknown)
    #expect(code(["A", "A"], ["10001"]) == .postcodeUnknown)
    #expect(code([], ["98109"]) == .fieldMissing)
    #expect(code(["A"], ["98109"], [0]) == .fieldOutOfRange)
    #expect(code(["A"], ["98109"], [1, 1]) == .columnLengthMismatch)
    #expect(code(["A"], Array(repeating: "98109", count: 4097)) == .tooManyRows)
  }

  @Test func profilesOfAReplacedNetworkAnswerNoMore() throws {
    let desk = try Self.desk()
    let image = desk.state.network.image()
    Self.publish(desk)
    for event in [
      try desk.state.decide(
        begin: LoadDescription(id: Name("L"), mode: .replace, chunkCount: 1, force: true),
        at: desk.now
      ).event
    ] {
      if let event { desk.apply(event) }
    }
    if let event = try desk.state.decide(chunk: 0, of: Name("L"), Rows.nodes(["FC1"])).event {
      desk.apply(event)
    }
    if let event = try desk.state.decide(commitLoad: Name("L")).event { desk.apply(event) }
    let refusal = desk.refusal { () throws(Refusal) in _ = try ask(desk, ["A"], ["98109"]) }
    #expect(refusal?.code == .networkNotReady)
    let stale = ProfileBuild.catalogue(image: image, horizonBase: Horizon.base(at: desk.now))
    #expect(!desk.state.canPublish(stale))
    let fresh = ProfileBuild.catalogue(
      image: desk.state.network.image(), horizonBase: Horizon.base(at: desk.now))
    #expect(desk.state.canPublish(fresh))
  }
}
