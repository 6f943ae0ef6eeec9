import PromisedModel

@testable import PromisedEngine

/// Two fulfilment centres that ship through a hub to a station, and one to it directly by night.
///
///     FC1 ─18:00→ HUB ─22:00→ DS       delivered from 09:00 on the next day (wave closes 05:00)
///     FC2 ─19:00→ HUB ─03:30→ DS       arrives 05:30: delivered in the evening (wave closes 12:00)
///     FC1 ─23:00→ DS                   arrives 04:00: the same window as by the hub
///
/// All day open, an hour of processing. It is 14:13:20 UTC when a test begins.
struct PromiseWorld {
  var desk = Desk()
  var epoch: UInt64 = 0

  struct Room {
    var hubLeg: Int32 = 0
    var nightLeg: Int32 = 0
    var wave: Int32 = 0
    var hour: Int32 = 0
    /// The direct leg exists.
    var hasNightLeg = true
  }

  init(_ room: Room = Room()) throws {
    try desk.put(.network(Self.network(room)))
    try desk.put(Rows.sellers(["S1"]))
    try desk.put(Rows.items([Rows.Item(key: "A"), Rows.Item(key: "B")]))
    try desk.put(
      Rows.positions([
        ("A", "FC1", 100, 0, 0), ("A", "FC2", 100, 0, 0), ("B", "FC1", 50, 0, 0),
      ]))
    publish()
  }

  static func node(_ name: String, _ kind: NodeKind, hour: Int32) -> Node {
    let holds = kind == .fulfilmentCentre
    return Node(
      name: Name(name), title: Name(name), kind: kind, timeZone: Name("UTC"),
      calendar: holds ? Name("open") : .empty, dwellMinutes: 0, processingMinutes: holds ? 60 : 0,
      country: Name("US"), postcode: Name("98109"), latitudeE6: 0, longitudeE6: 0,
      unitsPerHour: holds ? hour : 0)
  }

  static func leg(
    _ name: String, _ origin: String, _ destination: String, _ minute: Int16, _ duration: Int32,
    _ capacity: Int32
  ) -> Leg {
    Leg(
      name: Name(name), origin: Name(origin), destination: Name(destination), mode: .road,
      weekdays: 127, departureMinute: minute, durationMinutes: duration, calendar: .empty,
      level: .economy, refuses: [], capacityUnits: capacity, delays: [])
  }

  static func network(_ room: Room) -> NetworkRows {
    guard case .network(var rows) = Rows.nodes([]) else { return NetworkRows() }
    rows.calendars = [
      Calendar(
        name: Name("open"),
        rules: [CalendarRule(weekdays: 127, date: nil, openMinute: 0, closeMinute: 1440)])
    ]
    rows.nodes = [
      node("FC1", .fulfilmentCentre, hour: room.hour),
      node("FC2", .fulfilmentCentre, hour: room.hour), node("HUB", .sortCentre, hour: 0),
      node("DS", .station, hour: 0),
    ]
    rows.legs = [
      leg("F1-HUB", "FC1", "HUB", 18 * 60, 60, 0), leg("F2-HUB", "FC2", "HUB", 19 * 60, 60, 0),
      leg("HUB-DS", "HUB", "DS", 22 * 60, 120, room.hubLeg),
      leg("HUB-DS-2", "HUB", "DS", 3 * 60 + 30, 120, 0),
    ]
    if room.hasNightLeg {
      rows.legs.append(leg("F1-DS", "FC1", "DS", 23 * 60, 300, room.nightLeg))
    }
    rows.waves = [
      Wave(
        station: Name("DS"), weekdays: 127, cutoffMinute: 300, fromMinute: 540, toMinute: 1200,
        capacityUnits: room.wave),
      Wave(
        station: Name("DS"), weekdays: 127, cutoffMinute: 720, fromMinute: 1080, toMinute: 1320),
    ]
    rows.zones = [
      ZonePrefix(country: Name("US"), prefix: Name("981"), zone: Name("Z"), station: Name("DS"))
    ]
    return rows
  }

  /// Publishes what the network and its changes make now.
  mutating func publish() {
    epoch += 1
    let base = Horizon.base(at: desk.now)
    let publication = ProfilePublication(epoch: epoch, horizonBaseUnixSeconds: base)
    desk.apply(.profilePublished(publication))
    desk.state.publish(
      ProfileBuild.catalogue(image: desk.state.network.image(), horizonBase: base), publication)
  }

  // MARK: Asking

  func offer(
    _ item: String, quantity: Int32 = 1, postcode: String = "98109"
  ) throws(Refusal) -> OfferReply {
    desk.expire()
    var reply = OfferReply()
    desk.state.beginObservation()
    try desk.state.answer(
      OfferQuery(
        items: desk.lender.keys([item]), quantities: desk.lender.column([quantity]),
        country: desk.lender.bytes("US"), postcodes: desk.lender.names([postcode]),
        withPath: true), at: desk.now, into: &reply)
    return reply
  }

  func token(_ item: String, quantity: Int32 = 1) throws(Refusal) -> [UInt8] {
    let reply = try offer(item, quantity: quantity)
    return (0..<Int(reply.tokenLengths[0])).map { reply.tokenBytes[$0] }
  }

  func command(
    _ tokens: [[UInt8]], lines: [Line] = [], key: String = "", seconds: Int64 = 0,
    wantsUpgrade: Bool = false
  ) -> HoldCommand {
    var command = desk.holdCommand(lines, key: key, seconds: seconds)
    command.tokens = desk.lender.column(
      tokens.map {
        let column = desk.lender.column($0)
        return BorrowedBytes(base: column.base, count: column.count)
      })
    command.wantsUpgrade = wantsUpgrade
    return command
  }

  @discardableResult
  func redeem(
    _ tokens: [[UInt8]], lines: [Line] = [], seconds: Int64 = 0, wantsUpgrade: Bool = false
  ) throws(Refusal) -> UInt64 {
    desk.expire()
    let event = try desk.state.decide(
      command(tokens, lines: lines, seconds: seconds, wantsUpgrade: wantsUpgrade), at: desk.now)
    return desk.apply(.held(event))
  }

  func shipments(_ id: UInt64) -> [PromisedShipment] {
    guard let slot = desk.state.holds.find(id) else { return [] }
    return desk.state.promises.blocks(from: desk.state.holds.hold(slot).promises).map {
      desk.state.promises.shipment($0)
    }
  }

  // MARK: Buckets

  static let midnight: Int64 = 1_789_948_800

  /// Units claimed of a leg's departure, minutes after midnight of the first day.
  func claimed(_ leg: String, _ minute: Int64) -> Int64 {
    let index = desk.state.network.legNames.index(of: Name(leg)) ?? 9999
    return desk.state.buckets.claimed(
      BucketKey(
        kind: BucketKind.leg.rawValue, index: UInt32(index),
        atUnixSeconds: Self.midnight + minute * 60))
  }

  func wave(_ index: UInt32, _ minute: Int64) -> Int64 {
    desk.state.buckets.claimed(
      BucketKey(
        kind: BucketKind.wave.rawValue, index: index, atUnixSeconds: Self.midnight + minute * 60))
  }

  func hour(_ node: String, _ hour: Int64) -> Int64 {
    desk.state.buckets.claimed(
      BucketKey(
        kind: BucketKind.nodeHour.rawValue,
        index: UInt32(desk.state.nodeIndex(Name(node)) ?? 9999),
        atUnixSeconds: Self.midnight + hour * 3600))
  }

  func change(_ leg: String, _ kind: DepartureChangeKind, days: Int32 = 0, delay: Int32 = 0) {
    let date = Int32(Self.midnight / 86_400) + days
    desk.apply(
      .departuresChanged(
        desk.command(""),
        [
          DepartureChange(
            subject: .leg, name: Name(leg), fromDays: date, toDays: date, kind: kind,
            delayMinutes: delay)
        ]))
  }

  func risks() throws(Refusal) -> [RiskRow] {
    try desk.state.answer(AtRiskQuery(node: .empty, limit: 100), at: desk.now).rows
  }

  @discardableResult
  func rescue(_ id: UInt64 = 0) throws(Refusal) -> RescueDecision {
    let decision = try desk.state.decide(
      RescueCommand(key: desk.command(""), holdID: id, applies: true), at: desk.now)
    if !decision.moves.isEmpty { desk.apply(.promisesMoved(desk.command(""), decision.moves)) }
    return decision
  }

  /// The same state through a snapshot.
  func copied() -> State {
    let copy = State()
    desk.state.beginExport()
    while let block = desk.state.nextExportBlock() { copy.importBlock(block) }
    copy.finishImport(position: desk.position, time: desk.state.appliedTime)
    return copy
  }
}
