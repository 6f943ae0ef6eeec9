import PromisedModel

@testable import PromisedEngine

/// A feed row as a test writes it; what is left out is not said.
struct Told {
  var item: String
  var node: String
  var kind: MovementKind
  var quantity: Int64
  var at: Int64 = 0
  var reference = ""
  var to = ""
  var eta: Int64 = 0
  var early: Int64 = 0
  var late: Int64 = 0
  var stage: UInt8 = 0
  var disposition = Disposition.sellable
  var from = Disposition.sellable
  var cause = AdjustmentCause.notSaid
  var hold: UInt64 = 0

  init(_ item: String, _ node: String, _ kind: MovementKind, _ quantity: Int64) {
    self.item = item
    self.node = node
    self.kind = kind
    self.quantity = quantity
  }

  func with(_ change: (inout Told) -> Void) -> Told {
    var row = self
    change(&row)
    return row
  }
}

extension Rows {
  static func told(_ list: [Told], source: String, from first: UInt64) -> FeedRows {
    var rows = feed(
      list.map { ($0.item, $0.node, $0.kind, $0.quantity) }, source: source, from: first)
    for row in list where !row.to.isEmpty && !rows.nodeNames.contains(Name(row.to)) {
      rows.nodeNames.append(Name(row.to))
    }
    for row in list { rows.details.references.append(Array(row.reference.utf8)) }
    rows.details.destinations = list.map {
      $0.to.isEmpty ? 0 : UInt32(rows.nodeNames.firstIndex(of: Name($0.to)) ?? 0)
    }
    if list.contains(where: { $0.at != 0 }) { rows.details.occurredMilliseconds = list.map(\.at) }
    rows.details.etaUnixSeconds = list.map(\.eta)
    rows.details.earlyUnixSeconds = list.map(\.early)
    rows.details.lateUnixSeconds = list.map(\.late)
    rows.details.stages = list.map(\.stage)
    rows.details.dispositions = list.map(\.disposition.rawValue)
    rows.details.fromDispositions = list.map(\.from.rawValue)
    rows.details.causes = list.map(\.cause.rawValue)
    rows.details.holdIDs = list.map(\.hold)
    return rows
  }
}

extension Desk {
  @discardableResult
  func tell(_ rows: FeedRows) throws(Refusal) -> [OutcomeCode] {
    expire()
    var reply = FeedReply()
    let event = try state.decide(rows, at: now, reply: &reply)
    if state.isNeeded(event) { apply(.fed(event)) }
    return (0..<reply.codes.count).map { OutcomeCode(rawValue: UInt16(reply.codes[$0])) ?? .ok }
  }

  @discardableResult
  func tell(
    _ rows: Told..., source: String = "wms", from first: UInt64? = nil
  ) throws(Refusal) -> [OutcomeCode] {
    let first = first ?? state.lastSequence(of: Name(source)) + 1
    return try tell(Rows.told(rows, source: source, from: first))
  }

  func reverse(
    _ source: String = "wms", _ from: UInt64, _ to: UInt64, key: String = ""
  ) throws(Refusal) -> FeedReversalReply {
    let reversal = try state.decide(
      reversal: FeedReversal(
        key: command(key), source: Name(source), fromSequence: from, toSequence: to))
    apply(.feedReversed(reversal))
    return state.reversalAnswer
  }

  func onHand(_ item: String, _ node: String) -> Int32? { row(item, node)?.onHand }

  func parts(_ item: String, _ node: String) -> Breakdown? {
    guard let index = state.nodeIndex(Name(node)) else { return nil }
    return state.breakdowns.read(item: state.itemKeys.token(lender.bytes(item)), node: index)
  }

  func inbound(_ shipment: String, _ item: String, _ node: String) -> InboundRow? {
    guard let index = state.nodeIndex(Name(node)) else { return nil }
    return state.inbound.find(
      shipment: lender.bytes(shipment), item: state.itemKeys.token(lender.bytes(item)),
      node: index
    ).map { state.inbound.row($0) }
  }

  func source(_ name: String = "wms") -> FeedSourceFacts {
    state.feedSources.first { $0.name == Name(name) } ?? FeedSourceFacts()
  }

  /// The state after its snapshot was read back, which must be the same.
  func copied() -> State {
    state.beginExport()
    let copy = State()
    while let block = state.nextExportBlock() { copy.importBlock(block) }
    copy.finishImport(position: position, time: now)
    return copy
  }
}
