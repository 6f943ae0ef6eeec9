import PromisedInvariants
import PromisedModel

/// Promises that will be missed.
package struct AtRiskReply: Sendable {
  /// By hold and shipment.
  package var rows: [RiskRow] = []
  /// Promises looked at.
  package var promises: UInt64 = 0
  /// There are more than the limit.
  package var isTruncated = false
}

/// Units and room that moves decided together take: nobody has applied them yet.
struct TakenByMoves {
  struct Place: Hashable {
    var item: UInt64
    var node: UInt16
  }

  var room = TakenRoom()
  /// Looked up only.
  var units: [Place: Int64] = [:]
}

extension State {
  /// The live promises that will be missed as things stand, with the cause, the new date, and the
  /// node that would save each.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE, NODE_UNKNOWN.
  /// - Complexity: one pass over the promises (about 0.2 µs each when nothing has happened to them),
  ///   then a search over the nodes of its items for each row of the answer.
  package func answer(
    _ query: AtRiskQuery, at now: UnixMilliseconds
  ) throws(Refusal) -> AtRiskReply {
    observeEverything()
    guard (1...Int32(Limits.riskRows)).contains(query.limit) else {
      throw Refusal(.fieldOutOfRange, "limit is \(query.limit): 1 to \(Limits.riskRows)")
    }
    var node: UInt16?
    if !query.node.isEmpty {
      node = network.nodeIndex(query.node)
      if node == nil { throw unknownNode(query.node.name) }
    }
    var reply = AtRiskReply()
    let (threats, count) = threats(at: now)
    reply.promises = UInt64(count)
    for threat in threats {
      if let node, promises.record(threat.block).pointee.node != node { continue }
      let (isMissed, standing) = judge(threat, at: now)
      if !isMissed { continue }
      if reply.rows.count == Int(query.limit) {
        reply.isTruncated = true
        break
      }
      let rescue = rescue(of: threat, TakenByMoves(), at: now)
      reply.rows.append(row(threat, standing, rescue))
    }
    return reply
  }

  /// Whether a promise will be missed in spite of everything, and how it stands.
  func judge(
    _ threat: Threat, at now: UnixMilliseconds
  ) -> (isMissed: Bool, standing: Standing?) {
    let standing = standing(of: threat, at: now)
    let record = promises.record(threat.block).pointee
    // Units that are not there, and room that is not, do not come back by themselves.
    if threat.cause == .stockShort || threat.cause == .capacityCut { return (true, standing) }
    guard let standing else { return (true, nil) }
    return (standing.windowToUnixSeconds > record.windowToUnixSeconds, standing)
  }

  func row(_ threat: Threat, _ standing: Standing?, _ rescue: PromisedWay?) -> RiskRow {
    let hold = holds.hold(threat.slot)
    let record = promises.record(threat.block).pointee
    var row = RiskRow()
    row.holdID = hold.id
    row.shipment = UInt16(threat.number)
    row.owner = holds.owner(threat.slot).name
    row.item = itemKeys.name(holds.lines(threat.slot)[Int(record.firstLine)].item)
    if threat.cause == .stockShort { row.item = threat.subject }
    row.node = network.nodeName(record.node).name
    row.cause = threat.cause
    row.subject = threat.subject
    row.promisedToUnixSeconds = record.windowToUnixSeconds
    row.promisedDays = record.deliveryDays
    row.newToUnixSeconds = standing?.windowToUnixSeconds ?? 0
    row.newDays = standing?.deliveryDays ?? 0
    if let rescue {
      row.rescueNode = network.nodeName(rescue.offer.node).name
      row.rescueToUnixSeconds = rescue.offer.windowToUnixSeconds
      row.rescueDays = rescue.offer.deliveryDate.days
      row.isSaved = rescue.offer.windowToUnixSeconds <= record.windowToUnixSeconds
    }
    return row
  }

  /// The earliest way to ship a promise from another node that has all its units, at the same level
  /// and confidence, with room in everything it takes; nil = none, or it has left already.
  func rescue(
    of threat: Threat, _ taken: TakenByMoves, at now: UnixMilliseconds
  ) -> PromisedWay? {
    let record = promises.record(threat.block).pointee
    let waits = threat.cause == .stockShort || threat.cause == .inboundLate
    if record.shipByUnixSeconds < now.seconds, !waits { return nil }
    let terms = terms(of: record, threat.slot)
    guard let destination = destination(of: threat.block), let profiles = profileSet(terms) else {
      return nil
    }
    var nodes = otherNodes(of: record, threat.slot, taken, at: now)
    while !nodes.isEmpty {
      guard let offer = best(of: nodes, terms, destination, profiles, at: now) else { return nil }
      let minute = max(
        profiles.orderMinute(now),
        profiles.orderMinute(ofUnixSeconds: terms.releaseUnixSeconds))
      let decision = way(
        of: offer, terms, profiles, orderedAt: Int32(minute), taken.room)
      if case .way(let way) = decision { return way }
      nodes.removeAll { $0 == offer.node }
    }
    return nil
  }

  /// Other nodes that hold every line of a promise, ascending.
  private func otherNodes(
    of record: PromiseRecord, _ slot: Int, _ taken: TakenByMoves, at now: UnixMilliseconds
  ) -> [UInt16] {
    beginTaking()
    var nodes: [UInt16]?
    for index in Int(record.firstLine)..<Int(record.firstLine + record.lineCount) {
      let line = holds.lines(slot)[index]
      if line.isHeading { continue }
      // What is in somebody's hands, or gone, goes nowhere else.
      if line.picked > 0 || line.shipped > 0 { return [] }
      // Lines of the same item need their units together.
      var wanted: Int64 = 0
      for other in Int(record.firstLine)..<Int(record.firstLine + record.lineCount)
      where holds.lines(slot)[other].item == line.item && !holds.lines(slot)[other].isHeading {
        wanted += Int64(holds.lines(slot)[other].quantity)
      }
      let position = positions.find(line.item)
      if position < 0 { return [] }
      var holders: [UInt16] = []
      for place in 0..<positions.rowCount(position) {
        let node = positions.nodes(position)[place]
        if node == record.node || Int(node) >= network.nodes.count
          || network.nodes[Int(node)] == nil
        {
          continue
        }
        let used = taken.units[TakenByMoves.Place(item: line.item, node: node)] ?? 0
        let available =
          isPlain(position)
          ? positions.rows(position)[place].available
          : claimable(ClaimWish(item: line.item, place: node), backorders: .none, at: now)
        if available - used >= wanted { holders.append(node) }
      }
      nodes = nodes.map { $0.filter { holders.contains($0) } } ?? holders
    }
    return nodes ?? []
  }

  private func best(
    of nodes: [UInt16], _ terms: PromiseTerms, _ destination: UInt32, _ profiles: ProfileSet,
    at now: UnixMilliseconds
  ) -> Offer? {
    let available = nodes.map { _ in terms.quantity }
    let admitted = nodes.map { admittedFrom($0, profiles, at: now) }
    return nodes.withUnsafeBufferPointer { nodes in
      available.withUnsafeBufferPointer { available in
        admitted.withUnsafeBufferPointer { admitted in
          let decision = profiles.decideOffer(
            StockCandidates(
              nodes: Column(nodes), available: Column(available),
              admittedFromUnixSeconds: Column(admitted)),
            quantity: terms.quantity, destination: destination, now: now,
            handlingMinutes: terms.handlingMinutes,
            releaseUnixSeconds: terms.releaseUnixSeconds, pending: pendingChanges)
          if case .offer(let offer) = decision { return offer }
          return nil
        }
      }
    }
  }
}
