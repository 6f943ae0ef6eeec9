import PromisedModel
import Testing

@testable import PromisedEngine

/// The life of an order as tests write it.
extension Desk {
  func lines(_ lines: [Line], due: Int64 = 0, channel: String = "") -> HoldRequestLines {
    var nodes: [String] = []
    for line in lines where !nodes.contains(line.node) { nodes.append(line.node) }
    return HoldRequestLines(
      nodeNames: lender.names(nodes), items: lender.keys(lines.map(\.item)),
      nodes: lender.column(lines.map { UInt32(nodes.firstIndex(of: $0.node) ?? 0) }),
      quantities: lender.column(lines.map(\.quantity)),
      dues: due == 0 ? .empty : lender.column(lines.map { _ in due }),
      channel: channel.isEmpty ? .empty : lender.bytes(channel))
  }

  /// Holds by a policy, and answers the event that was applied.
  @discardableResult
  func order(
    _ lines: [Line], _ fill: HoldFillPolicy = .fillOrKill, owner: String = "cart",
    name: String = "", replaces: UInt64 = 0, due: Int64 = 0, seconds: Int64 = 0, key: String = ""
  ) throws(Refusal) -> (id: UInt64, grants: GrantRows) {
    expire()
    let event = try state.decide(
      HoldCommand(
        key: command(key), owner: lender.bytes(owner),
        name: name.isEmpty ? .empty : lender.bytes(name), timeToLiveSeconds: seconds, fill: fill,
        replaces: replaces, lines: self.lines(lines, due: due)), at: now)
    return (apply(.held(event)), event.grants)
  }

  @discardableResult
  func extend(
    _ id: UInt64, seconds: Int64, owner: String = "cart"
  ) throws(Refusal) -> HoldExtendedEvent {
    expire()
    let event = try state.decide(
      ExtendCommand(
        key: command(""), owner: lender.bytes(owner), hold: HoldReference(id: id),
        timeToLiveSeconds: seconds), at: now)
    apply(.holdExtended(event))
    return event
  }

  @discardableResult
  func amend(
    _ id: UInt64, _ lines: [Line], owner: String = "cart"
  ) throws(Refusal) -> HoldAmendedEvent {
    expire()
    let event = try state.decide(
      AmendCommand(
        key: command(""), owner: lender.bytes(owner), hold: HoldReference(id: id),
        lines: self.lines(lines)), at: now)
    apply(.holdAmended(event))
    return event
  }

  func pick(
    _ id: UInt64, _ lines: [Line], missing: [Int32] = [], owner: String = "cart"
  ) throws(Refusal) {
    try fulfil(.pick, id, lines, missing: missing, owner: owner)
  }

  func consume(_ id: UInt64, _ lines: [Line] = [], owner: String = "cart") throws(Refusal) {
    try fulfil(.ship, id, lines, owner: owner)
  }

  private func fulfil(
    _ step: FulfilmentStep, _ id: UInt64, _ lines: [Line], missing: [Int32] = [], owner: String
  ) throws(Refusal) {
    expire()
    let event = try state.decide(
      FulfilCommand(
        key: command(""), owner: lender.bytes(owner), hold: HoldReference(id: id), step: step,
        lines: self.lines(lines), missing: missing.isEmpty ? .empty : lender.column(missing)),
      at: now)
    apply(.holdFulfilled(event))
  }

  /// Lines of a hold: item, node, claimed, picked, shipped.
  func told(_ id: UInt64) -> [String] {
    var reply = HoldReply()
    do {
      try state.answer(HoldReference(id: id), at: now, into: &reply)
    } catch { return ["\(error.code)"] }
    return (0..<reply.items.count).map {
      "\(reply.items[$0].name)@\(reply.nodes[$0].name) \(reply.quantities[$0])"
        + (reply.picked[$0] > 0 ? " picked \(reply.picked[$0])" : "")
        + (reply.shipped[$0] > 0 ? " shipped \(reply.shipped[$0])" : "")
        + (reply.short[$0] > 0 ? " short \(reply.short[$0])" : "")
    }
  }

  func holdState(_ id: UInt64) -> HoldState? {
    guard let slot = state.holds.find(id) else { return nil }
    return state.holds.state(slot)
  }

  func code(_ body: () throws(Refusal) -> Void) -> OutcomeCode? { refusal(body)?.code }
}
