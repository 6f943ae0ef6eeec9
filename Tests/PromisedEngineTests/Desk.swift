import PromisedModel
import Testing

@testable import PromisedEngine

/// Memory that borrowed columns of a test point into; freed with the desk.
final class Lender {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  func column<Element: BitwiseCopyable>(_ elements: [Element]) -> Column<Element> {
    let base = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
    base.initialize(from: elements, count: elements.count)
    blocks.append(UnsafeMutableRawPointer(base))
    return Column(base: UnsafePointer(base), count: elements.count)
  }

  func bytes(_ text: String) -> BorrowedBytes {
    let column = column(Array(text.utf8))
    return BorrowedBytes(base: column.base, count: column.count)
  }

  func names(_ texts: [String]) -> Column<BorrowedBytes> { column(texts.map { bytes($0) }) }

  func keys(_ texts: [String]) -> KeyColumn {
    KeyColumn(
      bytes: column(texts.flatMap { Array($0.utf8) }),
      lengths: column(texts.map { UInt32($0.utf8.count) }))
  }
}

/// A line of a hold, as a test writes it.
struct Line: Equatable {
  var item: String
  var node: String
  var quantity: Int32

  init(_ item: String, _ node: String, _ quantity: Int32) {
    self.item = item
    self.node = node
    self.quantity = quantity
  }
}

/// A state with a clock and a position: decides and applies as a sequencer would.
final class Desk {
  let lender = Lender()
  var state: State
  var position: Position = 0
  var now = UnixMilliseconds(1_790_000_000_000)
  /// Events applied, when a test wants to replay them.
  var journal: [(Event, Position, UnixMilliseconds)] = []

  init(state: State = State()) { self.state = state }

  @discardableResult
  func apply(_ event: Event) -> Position {
    position += 1
    state.apply(event, at: position, time: now)
    audit()
    return position
  }

  /// Off where a test breaks an identity on purpose.
  var isAudited = true

  /// The whole audit after every event where the state is small, a slice of it where it is not:
  /// what any test does to the state is audited while it changes.
  private func audit() {
    if !isAudited { return }
    if state.positions.positionCount <= 16, state.holds.count <= 16, !state.isAuditing {
      let report = state.auditNow()
      if !report.isSound { Issue.record("the audit found \(report.described)") }
      return
    }
    if !state.isAuditing { state.beginAudit(claimsPerPart: 4) }
    guard let report = state.auditSlice(units: 5), !report.isSound else { return }
    Issue.record("the audit found \(report.described)")
  }

  func expire() {
    if let ids = state.expiredHolds(at: now) {
      apply(.holdsExpired(lender.column(Array(ids.buffer))))
    }
    if let ids = state.dueHolds(at: now) {
      apply(.linesDue(lender.column(Array(ids.buffer))))
    }
  }

  func command(_ key: String, digest: UInt64 = 1) -> CommandKey {
    CommandKey(bytes: key.isEmpty ? .empty : lender.bytes(key), bodyDigest: digest)
  }

  func put(_ rows: PutRows, key: String = "") throws(Refusal) {
    try state.validate(rows)
    apply(.put(command(key), rows))
  }

  func holdCommand(
    _ lines: [Line], owner: String = "cart", key: String = "", seconds: Int64 = 0
  ) -> HoldCommand {
    var nodes: [String] = []
    var indexes: [UInt32] = []
    for line in lines {
      if !nodes.contains(line.node) { nodes.append(line.node) }
      indexes.append(UInt32(nodes.firstIndex(of: line.node) ?? 0))
    }
    return HoldCommand(
      key: command(key), owner: lender.bytes(owner), timeToLiveSeconds: seconds,
      nodeNames: lender.names(nodes), items: lender.keys(lines.map(\.item)),
      nodes: lender.column(indexes), quantities: lender.column(lines.map(\.quantity)))
  }

  @discardableResult
  func hold(_ lines: [Line], owner: String = "cart", key: String = "", seconds: Int64 = 0)
    throws(Refusal) -> UInt64
  {
    expire()
    let event = try state.decide(
      holdCommand(lines, owner: owner, key: key, seconds: seconds), at: now)
    return apply(.held(event))
  }

  @discardableResult
  func change(
    _ id: UInt64, _ transition: HoldTransition, owner: String = "cart", key: String = ""
  ) throws(Refusal) -> HoldChangedEvent {
    expire()
    let event = try state.decide(
      HoldTransitionCommand(
        key: command(key), owner: lender.bytes(owner), holdID: id, transition: transition),
      at: now)
    apply(.holdChanged(event))
    return event
  }

  @discardableResult
  func feed(
    _ rows: [(String, String, MovementKind, Int64)], source: String = "wms", from first: UInt64
  ) throws(Refusal) -> [OutcomeCode] {
    expire()
    var reply = FeedReply()
    let event = try state.decide(
      Rows.feed(rows, source: source, from: first), at: now, reply: &reply)
    if state.isNeeded(event) { apply(.fed(event)) }
    return (0..<reply.codes.count).map { OutcomeCode(rawValue: UInt16(reply.codes[$0])) ?? .ok }
  }

  func row(_ item: String, _ node: String) -> StockRow? {
    let slot = state.positions.find(state.itemKeys.token(lender.bytes(item)))
    guard slot >= 0, let node = state.nodeIndex(Name(node)) else { return nil }
    return state.positions.row(slot, node: node)?.pointee
  }

  func available(_ item: String, _ node: String) -> Int64? { row(item, node)?.available }

  /// The refusal that `body` throws, or nil.
  func refusal(_ body: () throws(Refusal) -> Void) -> Refusal? {
    do { try body() } catch { return error }
    return nil
  }
}

/// Rows as tests write them.
enum Rows {
  /// A TZif file of version 2 without transitions: twice a header with its counts and one local
  /// type, then the footer.
  static var utc: [UInt8] {
    let header =
      Array("TZif2".utf8) + Array(repeating: 0, count: 15)
      + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4]
    let block: [UInt8] = header + [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
    return block + block + Array("\nUTC0\n".utf8)
  }

  static func nodes(_ names: [String]) -> PutRows {
    var rows = NetworkRows()
    rows.timeZones = [TimeZoneFile(name: Name("UTC"), tzif: utc)]
    rows.marketplaces = [
      Marketplace(
        name: Name("US"), country: Name("US"), currency: Name("USD"), timeZone: Name("UTC"),
        postcodeDigits: 5)
    ]
    rows.nodes = names.map {
      Node(
        name: Name($0), title: Name("City \($0)"), kind: .station, timeZone: Name("UTC"),
        calendar: .empty, dwellMinutes: 0, processingMinutes: 0, country: Name("US"),
        postcode: Name("98109"), latitudeE6: 0, longitudeE6: 0)
    }
    return .network(rows)
  }

  static func sellers(_ names: [String]) -> PutRows {
    .sellers(names.map { Seller(name: Name($0), title: Name($0), marketplace: Name("US")) })
  }

  struct Item {
    var key: String
    var seller = "S1"
    var type = StorageType.standard
    var volume: Int64 = 1_000_000
    var demandMilli: Int64 = 0
    var ratioMilli: Int32 = 1000
  }

  static func items(_ items: [Item]) -> PutRows {
    var rows = ItemRows()
    for item in items {
      rows.keys.append(Array(item.key.utf8))
      if !rows.sellerNames.contains(Name(item.seller)) {
        rows.sellerNames.append(Name(item.seller))
      }
      rows.sellers.append(UInt32(rows.sellerNames.firstIndex(of: Name(item.seller)) ?? 0))
      rows.storageTypes.append(item.type.rawValue)
      rows.volumesMicroCubicFeet.append(item.volume)
      rows.weightsGrams.append(100)
      rows.handlingMinutes.append(0)
      rows.demandPerDayMilli.append(item.demandMilli)
      rows.demandVarianceRatioMilli.append(item.ratioMilli)
    }
    return .items(rows)
  }

  /// (item, node, on hand, unfulfillable, withheld)
  static func positions(_ list: [(String, String, Int32, Int32, Int32)]) -> PutRows {
    var rows = PositionRows()
    for (item, node, onHand, unfulfillable, withheld) in list {
      rows.keys.append(Array(item.utf8))
      if !rows.nodeNames.contains(Name(node)) { rows.nodeNames.append(Name(node)) }
      rows.nodes.append(UInt32(rows.nodeNames.firstIndex(of: Name(node)) ?? 0))
      rows.onHand.append(onHand)
      rows.unfulfillable.append(unfulfillable)
      rows.researching.append(0)
      rows.inTransfer.append(0)
      rows.inProcessing.append(0)
      rows.withheld.append(withheld)
    }
    return .positions(rows)
  }

  /// (shipment, item, node, quantity, eta, stage)
  static func inbound(_ list: [(String, String, String, Int32, Int64, InboundStage)]) -> PutRows {
    var rows = InboundRows()
    for (shipment, item, node, quantity, eta, stage) in list {
      rows.shipments.append(Array(shipment.utf8))
      rows.keys.append(Array(item.utf8))
      if !rows.nodeNames.contains(Name(node)) { rows.nodeNames.append(Name(node)) }
      rows.nodes.append(UInt32(rows.nodeNames.firstIndex(of: Name(node)) ?? 0))
      rows.quantities.append(quantity)
      rows.etaUnixSeconds.append(eta)
      rows.stages.append(stage.rawValue)
    }
    return .inbound(rows)
  }

  /// (seller, type, month, kind, limit)
  static func limits(_ list: [(String, StorageType, UInt32, LimitKind, Int64)]) -> PutRows {
    var rows = LimitRows()
    for (seller, type, month, kind, limit) in list {
      if !rows.sellerNames.contains(Name(seller)) { rows.sellerNames.append(Name(seller)) }
      rows.sellers.append(UInt32(rows.sellerNames.firstIndex(of: Name(seller)) ?? 0))
      rows.storageTypes.append(type.rawValue)
      rows.months.append(month)
      rows.kinds.append(kind.rawValue)
      rows.limitsMicroCubicFeet.append(limit)
    }
    return .limits(rows)
  }

  static func feed(
    _ list: [(String, String, MovementKind, Int64)], source: String, from first: UInt64
  ) -> FeedRows {
    var rows = FeedRows()
    rows.source = Name(source)
    rows.firstSequence = first
    for (item, node, kind, quantity) in list {
      rows.keys.append(Array(item.utf8))
      if !rows.nodeNames.contains(Name(node)) { rows.nodeNames.append(Name(node)) }
      rows.nodes.append(UInt32(rows.nodeNames.firstIndex(of: Name(node)) ?? 0))
      rows.kinds.append(kind.rawValue)
      rows.quantities.append(quantity)
    }
    return rows
  }
}

extension Desk {
  /// Nodes F1…F3, seller S1, item A with ten units in F1.
  static func small() throws -> Desk {
    let desk = Desk()
    try desk.put(Rows.nodes(["F1", "F2", "F3"]))
    try desk.put(Rows.sellers(["S1", "S2"]))
    try desk.put(Rows.items([Rows.Item(key: "A"), Rows.Item(key: "B", volume: 500_000)]))
    try desk.put(Rows.positions([("A", "F1", 10, 0, 0), ("B", "F1", 4, 1, 0)]))
    return desk
  }
}
