import PromisedInvariants
import PromisedModel

extension State {
  /// The stock of each item per node in ascending order of the node's index, and what is on its
  /// way in order of (expected time, shipment, node).
  ///
  /// - Throws: FIELD_MISSING, TOO_MANY_ROWS, COLUMN_LENGTH_MISMATCH; NODE_UNKNOWN, GROUP_UNKNOWN and
  ///   CHANNEL_UNKNOWN for any that is named; ITEM_UNKNOWN when the only item is not known. In a larger batch an unknown item gets
  ///   that code and no positions.
  package func answer(
    _ query: AvailabilityQuery, at now: UnixMilliseconds, into reply: inout AvailabilityReply
  ) throws(Refusal) {
    try checkItems(query.items)
    var first = 0
    prefetchSupply(of: query.items.key(0, at: &first))
    observeNetwork()
    let channel = try channelIndex(query.channel)
    scratch.nodes.removeAll()
    for index in 0..<query.nodeNames.count {
      guard let node = network.nodeIndex(query.nodeNames[index]) else {
        throw unknownNode(query.nodeNames[index].name)
      }
      scratch.nodes.append(node)
    }
    scratch.groups.removeAll()
    for index in 0..<query.groupNames.count {
      scratch.groups.append(try groupIndex(query.groupNames[index]))
    }
    let isEverywhere = query.nodeNames.isEmpty && query.groupNames.isEmpty
    scratch.nodeIndexes.reset(count: network.nodeIndexCount)
    var offset = 0
    for row in 0..<query.items.count {
      let key = query.items.key(row, at: &offset)
      let token = itemKeys.token(key)
      observe(item: token)
      let slot = token == 0 ? -1 : positions.find(token)
      if slot < 0 {
        if query.items.count == 1 { throw unknownItem(key.name) }
        reply.codes.append(UInt32(OutcomeCode.itemUnknown.rawValue))
        reply.positionCounts.append(0)
        reply.unsourced.append(0)
        reply.inboundCounts.append(0)
        continue
      }
      positions.prefetchRows(slot)
      reply.codes.append(0)
      let asked = AskedStock(
        token: token, slot: slot, channel: channel, isEverywhere: isEverywhere, now: now)
      appendPositions(asked, into: &reply)
      appendInbound(asked, into: &reply)
    }
  }

  /// What of an item is asked for, beside the nodes and groups in scratch memory.
  private struct AskedStock {
    var token: UInt64
    var slot: Int
    var channel: UInt16
    var isEverywhere: Bool
    var now: UnixMilliseconds
  }

  private func isAsked(_ node: UInt16, _ asked: AskedStock) -> Bool {
    if asked.isEverywhere { return true }
    for index in 0..<scratch.nodes.count where scratch.nodes[index] == node { return true }
    for index in 0..<scratch.groups.count {
      if groups.contains(scratch.groups[index], node: node) { return true }
    }
    return false
  }

  private func appendPositions(_ asked: AskedStock, into reply: inout AvailabilityReply) {
    let (token, slot) = (asked.token, asked.slot)
    let before = reply.nodes.count
    if isPlain(slot) {
      for place in 0..<positions.rowCount(slot) {
        let node = positions.nodes(slot)[place]
        if !isAsked(node, asked) { continue }
        let row = positions.rows(slot)[place]
        appendPosition(
          row, token, node, available: row.available, at: asked.now, into: &reply)
        reply.claimedLater.append(0)
        reply.withheldFromChannel.append(0)
      }
      reply.unsourced.append(0)
    } else {
      appendSpecialPositions(asked, into: &reply)
    }
    reply.positionCounts.append(UInt32(reply.nodes.count - before))
  }

  /// Positions of an item for which more than stock decides: also nodes that have no row and where a
  /// claim may take something all the same, since its components are there.
  private func appendSpecialPositions(
    _ asked: AskedStock, into reply: inout AvailabilityReply
  ) {
    reply.isPlain = false
    fillCandidates(asked.slot, channel: asked.channel, backorders: .none, at: asked.now)
    for place in 0..<scratch.candidates.count {
      let (node, available) = (scratch.candidates[place], scratch.available[place])
      let row = positions.row(asked.slot, node: node)?.pointee
      if !isAsked(node, asked) || (row == nil && available == 0) { continue }
      appendPosition(
        row ?? StockRow(onHand: 0, reserved: 0, encumbered: 0), asked.token, node,
        available: available, at: asked.now, into: &reply)
      reply.claimedLater.append(claimedLater(asked.token, node))
      reply.withheldFromChannel.append(withheld(asked, node))
    }
    var units: Int64 = 0
    var next = claims.first(of: asked.token)
    while let found = next {
      let row = claims.row(found)
      next = claims.next(after: found)
      if row.isPool { units += row.units }
    }
    reply.unsourced.append(units)
  }

  private func appendPosition(
    _ row: StockRow, _ token: UInt64, _ node: UInt16, available: Int64,
    at now: UnixMilliseconds, into reply: inout AvailabilityReply
  ) {
    let hasParts = row.encumbered != 0 || row.reserved != 0
    let parts =
      hasParts
      ? breakdowns.read(item: token, node: node) : Breakdown(item: token, node: node)
    reply.nodes.append(nameIndex(of: node, in: &reply.nodeNames))
    reply.onHand.append(Int64(row.onHand))
    reply.fulfillable.append(
      Int64(row.onHand) - Int64(row.encumbered) + Int64(parts.withheld))
    reply.unfulfillable.append(Int64(parts.unfulfillable))
    reply.researching.append(Int64(parts.researching))
    reply.inTransfer.append(Int64(parts.inTransfer))
    reply.inProcessing.append(Int64(parts.inProcessing))
    reply.held.append(Int64(row.reserved) - Int64(parts.allocated))
    reply.allocated.append(Int64(parts.allocated))
    reply.picked.append(Int64(parts.picked))
    reply.withheld.append(Int64(parts.withheld))
    reply.availableNow.append(available)
    if hasSilenceRules { reply.silence.append(UInt32(silence(of: node, at: now).rawValue)) }
  }

  /// Units claimed at a node for a date of their own, which its row does not reserve.
  private func claimedLater(_ token: UInt64, _ node: UInt16) -> Int64 {
    var units: Int64 = 0
    var next = claims.first(of: token)
    while let found = next {
      let row = claims.row(found)
      next = claims.next(after: found)
      if !row.isPool && row.place == node { units += row.units }
    }
    return units
  }

  /// What configuration keeps from the channel that asks: its buffer, and what is kept for others.
  private func withheld(_ asked: AskedStock, _ node: UInt16) -> Int64 {
    var units: Int64 = 0
    var next = channels.rows.first(of: asked.token)
    while let found = next {
      let row = channels.rows.row(found)
      next = channels.rows.next(after: found)
      if row.node != node { continue }
      units += row.channel == asked.channel ? Int64(row.buffer) : row.setAsideLeft
    }
    return units
  }

  private func appendInbound(_ asked: AskedStock, into reply: inout AvailabilityReply) {
    scratch.slots.removeAll()
    var next = inbound.first(of: asked.token)
    while let found = next {
      if isAsked(inbound.row(found).node, asked) { scratch.slots.append(found) }
      next = inbound.next(after: found)
    }
    let count = scratch.slots.count
    heapSort(scratch.slots.base, count: count) { left, right in
      inbound.precedes(left, right)
    }
    for index in 0..<count {
      let row = inbound.row(scratch.slots[index])
      reply.inboundShipments.append(inbound.shipmentName(row))
      reply.inboundNodes.append(nameIndex(of: row.node, in: &reply.nodeNames))
      reply.inboundQuantities.append(Int64(row.quantity))
      reply.inboundETAUnixSeconds.append(row.etaUnixSeconds)
      reply.inboundETAUTCOffsetSeconds.append(
        network.utcOffset(of: row.node, at: row.etaUnixSeconds))
      reply.inboundEarlyUnixSeconds.append(row.arrival.earlyUnixSeconds)
      reply.inboundLateUnixSeconds.append(row.arrival.lateUnixSeconds)
      reply.inboundStages.append(UInt32(row.stage))
    }
    reply.inboundCounts.append(UInt32(count))
  }

  /// The index of a node in an answer's names, added when it is named for the first time.
  func nameIndex(of node: UInt16, in names: inout GrowableColumn<BorrowedBytes>) -> UInt32 {
    let known = scratch.nodeIndexes.read(node)
    if known != 0 { return known - 1 }
    let index = UInt32(names.count)
    names.append(network.nodeName(node))
    scratch.nodeIndexes.write(node, index + 1)
    return index
  }
}

/// Which nodes an answer has named, without clearing 65,000 entries for each answer.
struct NodeIndexes: ~Copyable {
  private var entries = Store<UInt32>()
  private var used = Store<UInt16>(capacity: 256)

  mutating func reset(count: Int) {
    for index in 0..<used.count { entries[Int(used[index])] = 0 }
    used.removeAll()
    if entries.count < count { entries.resize(to: count) }
  }

  /// 0 = not named yet.
  func read(_ node: UInt16) -> UInt32 { entries[Int(node)] }

  mutating func write(_ node: UInt16, _ value: UInt32) {
    entries[Int(node)] = value
    used.append(node)
  }
}

extension InboundTable {
  /// The order of answers: expected time, then the shipment's name, then the node.
  func precedes(_ left: Int, _ right: Int) -> Bool {
    let (first, second) = (row(left), row(right))
    if first.etaUnixSeconds != second.etaUnixSeconds {
      return first.etaUnixSeconds < second.etaUnixSeconds
    }
    if first.shipment != second.shipment {
      return shipmentName(first).buffer.lexicographicallyPrecedes(shipmentName(second).buffer)
    }
    return first.node < second.node
  }
}
