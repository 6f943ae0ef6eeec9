import Glibc
import PromisedModel

@testable import PromisedEngine

/// A line of a plan, as a test writes it.
struct SentLine {
  var item: String
  var node: String
  var quantity: Int32
  var eta: Int64

  init(_ item: String, _ node: String, _ quantity: Int32, eta: Int64 = 0) {
    self.item = item
    self.node = node
    self.quantity = quantity
    self.eta = eta
  }
}

/// 12:00 UTC of a date such as 2026-05-12.
func noon(_ date: String) -> Int64 {
  let parts = date.split(separator: "-").compactMap { Int($0) }
  let day = LocalDate(year: parts[0], month: parts[1], day: parts[2]) ?? LocalDate(days: 0)
  return Int64(day.days) * 86_400 + 43_200
}

let cubicFoot: Int64 = 1_000_000

extension PlanLines {
  init(_ lines: [SentLine], hasNodes: Bool = true) {
    self.init()
    for line in lines {
      keys.append(Array(line.item.utf8))
      quantities.append(line.quantity)
      etaUnixSeconds.append(line.eta)
      if !hasNodes { continue }
      if !nodeNames.contains(Name(line.node)) { nodeNames.append(Name(line.node)) }
      nodes.append(UInt32(nodeNames.firstIndex(of: Name(line.node)) ?? 0))
    }
  }
}

extension Desk {
  /// Moves the clock to noon UTC of a date, and lets days pass as a sequencer would.
  func go(to date: String) {
    now = UnixMilliseconds(max(now.milliseconds, noon(date) * 1000))
    expire()
    passDay()
  }

  func passDay() {
    if state.isCapacityDayDue(at: now) { apply(.capacityDayPassed) }
  }

  @discardableResult
  func admit(
    _ plan: String, _ lines: [SentLine], seller: String = "S1",
    mode: AdmissionMode = .whole, isReplenishment: Bool = false, key: String = ""
  ) throws(Refusal) -> AdmissionReply {
    let command = AdmitCommand(
      key: command(key), seller: Name(seller), plan: Name(plan), lines: PlanLines(lines),
      mode: mode, isReplenishment: isReplenishment)
    var (event, reply) = try state.decide(command, at: now)
    reply.planID = apply(event)
    return reply
  }

  @discardableResult
  func receive(
    _ plan: String, _ lines: [SentLine], receipt: String = "", key: String = ""
  ) throws(Refusal) -> Bool {
    let event = try state.decide(
      ReceiveCommand(
        key: command(key), plan: Name(plan), receipt: Name(receipt), lines: PlanLines(lines)),
      at: now)
    guard let event else { return false }
    apply(event)
    return true
  }

  func close(_ plan: String, reason: String = "") throws(Refusal) {
    apply(
      try state.decide(
        CloseCommand(key: command(""), plan: Name(plan), reason: Name(reason)), at: now))
  }

  func remove(
    _ order: String, _ action: RemovalAction, _ lines: [SentLine]
  ) throws(Refusal) {
    apply(
      try state.decide(
        RemovalCommand(
          key: command(""), order: Name(order), action: action, lines: PlanLines(lines)),
        at: now))
  }

  @discardableResult
  func bid(
    _ seller: String, _ volume: Int64, minimum: Int64 = 0, fee: Int64, month: UInt32,
    type: StorageType = .standard
  ) throws(Refusal) -> UInt64 {
    var bid = BidRow()
    bid.seller = Name(seller)
    bid.storageType = type.rawValue
    (bid.month, bid.volume, bid.minimum, bid.maximumFee) = (month, volume, minimum, fee)
    return apply(try state.decide(BidCommand(key: command(""), bid: bid), at: now))
  }

  @discardableResult
  func clear(
    _ volume: Int64, month: UInt32, type: StorageType = .standard
  ) throws(Refusal) -> ClearingRow {
    let command = ClearCommand(
      key: command(""), marketplace: Name("US"), storageType: type.rawValue, month: month,
      volume: volume, isTrial: false)
    var clearing = try state.decide(command, at: now)
    clearing.id = apply(.bidsCleared(command.key, clearing))
    return clearing
  }

  /// Puts limits as the sequencer does: nothing that was published is lowered.
  func announce(_ rows: PutRows) throws(Refusal) {
    try state.validate(rows)
    if case .limits(let limits) = rows { try state.checkPublished(limits, at: now) }
    apply(.put(command(""), rows))
  }

  /// Puts signals as the sequencer does: with what they are scored against.
  func signal(
    _ list: [(String, UInt32, Int64, Int64, UInt16)], seller: String = "S1"
  ) throws(Refusal) {
    let rows = Rows.signals(list, seller: seller)
    try state.validate(rows)
    guard case .signals(let signals) = rows else { return }
    try state.checkMonths(signals, at: now)
    apply(.put(command(""), .signals(state.completed(signals, at: now))))
  }

  /// Works out what sellers are expected to sell, in slices of so many items.
  func figure(units: Int = 1000) {
    while !state.figureSellThrough(units: units, at: now) {}
  }

  /// The row of a month.
  func room(
    _ month: UInt32, seller: String = "S1", type: StorageType = .standard, item: String = "",
    node: String = "", optimistic: Bool = false
  ) throws(Refusal) -> Room? {
    var reply = HeadroomReply()
    try state.answer(
      HeadroomQuery(
        sellers: lender.names([seller]), item: item.isEmpty ? .empty : lender.bytes(item),
        monthCount: 12, node: node.isEmpty ? .empty : lender.bytes(node),
        isOptimistic: optimistic), at: now, into: &reply)
    for row in 0..<reply.months.count
    where reply.months[row] == month && reply.storageTypes[row] == UInt32(type.rawValue) {
      return Room(reply, row)
    }
    return nil
  }

  /// A copy by way of a snapshot, as after a restart.
  func restarted() -> Desk {
    let desk = Desk(state: copied())
    desk.position = position
    desk.now = now
    return desk
  }
}

/// A row of a headroom answer.
struct Room: Equatable {
  var kind: UInt32
  var limit: Int64
  var openInbound: Int64
  var inboundLater: Int64
  var pendingRemoval: Int64
  var granted: Int64
  var headroom: Int64
  var headroomUnits: Int64
  var admissible: Int64
  var admissibleUnits: Int64
  var binding: Binding
  var networkAdvice: Int64
  var optimistic: Int64
  var optimisticSource: UInt32
  var optimisticAge: Int64

  init(_ reply: borrowing HeadroomReply, _ row: Int) {
    kind = reply.limitKinds[row]
    limit = reply.limits[row]
    openInbound = reply.openInbound[row]
    inboundLater = reply.inboundLater[row]
    pendingRemoval = reply.pendingRemoval[row]
    granted = reply.granted[row]
    headroom = reply.headroom[row]
    headroomUnits = reply.headroomUnits[row]
    admissible = reply.admissible[row]
    admissibleUnits = reply.admissibleUnits[row]
    binding = Binding(rawValue: reply.bindings[row]) ?? .nothing
    networkAdvice = reply.networkAdvice[row]
    optimistic = reply.optimistic.count > 0 ? reply.optimistic[row] : 0
    optimisticAge = reply.optimisticAges.count > 0 ? reply.optimisticAges[row] : 0
    optimisticSource = reply.optimisticSources.count > 0 ? reply.optimisticSources[row] : 0
  }
}

extension Rows {
  static func buildings(_ list: [(String, StorageType, Int64)]) -> PutRows {
    var rows = BuildingRows()
    for (node, type, usable) in list {
      if !rows.nodeNames.contains(Name(node)) { rows.nodeNames.append(Name(node)) }
      rows.nodes.append(UInt32(rows.nodeNames.firstIndex(of: Name(node)) ?? 0))
      rows.storageTypes.append(type.rawValue)
      rows.usableVolumes.append(usable)
      rows.warningPermille.append(850)
      rows.alarmPermille.append(950)
    }
    return .buildings(rows)
  }

  /// (item, month, low, high, confidence in thousandths)
  static func signals(
    _ list: [(String, UInt32, Int64, Int64, UInt16)], seller: String = "S1"
  ) -> PutRows {
    var rows = SignalRows()
    rows.sellerNames = [Name(seller)]
    for (item, month, low, high, confidence) in list {
      rows.sellers.append(0)
      rows.keys.append(Array(item.utf8))
      rows.months.append(month)
      rows.kinds.append(SignalKind.promotion.rawValue)
      rows.lows.append(low)
      rows.highs.append(high)
      rows.confidences.append(confidence)
    }
    return .signals(rows)
  }

  /// One limit with what an operator says of it.
  static func limit(
    _ month: UInt32, _ kind: LimitKind, _ limit: Int64, cause: LimitCause = .forecast,
    forced: Bool = false, notice: String = "", windowEnd: Int64 = 0, seller: String = "S1",
    type: StorageType = .standard
  ) -> PutRows {
    guard case .limits(var rows) = limits([(seller, type, month, kind, limit)]) else {
      return .sellers([])
    }
    rows.causes = [cause.rawValue]
    rows.forced = [forced ? 1 : 0]
    rows.windowEndUnixSeconds = [windowEnd]
    rows.notices.append(Array(notice.utf8))
    return .limits(rows)
  }

  /// As `nodes`, where the marketplace lives by a zone of this machine; nil when it has no such file.
  static func nodes(_ names: [String], zone: String) -> PutRows? {
    guard let file = fopen("/usr/share/zoneinfo/\(zone)", "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    guard case .network(var rows) = nodes(names) else { return nil }
    rows.timeZones.append(TimeZoneFile(name: Name(zone), tzif: bytes))
    rows.marketplaces[0].timeZone = Name(zone)
    return .network(rows)
  }
}

extension Desk {
  /// Nodes F1 and F2, sellers S1 and S2, items A (1 ft³) and B (½ ft³) of S1 and C (1 ft³) of S2.
  static func storage(at date: String = "2026-03-05") throws -> Desk {
    let desk = Desk()
    desk.now = UnixMilliseconds(noon(date) * 1000)
    try desk.put(Rows.nodes(["F1", "F2"]))
    try desk.put(Rows.sellers(["S1", "S2"]))
    try desk.put(
      Rows.items([
        Rows.Item(key: "A"), Rows.Item(key: "B", volume: 500_000),
        Rows.Item(key: "C", seller: "S2"),
      ]))
    return desk
  }
}
