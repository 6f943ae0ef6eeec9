import PromisedInvariants
import PromisedModel

extension State {
  /// The stock of each item per node in ascending order of the node's index, and what is on its
  /// way in order of (expected time, shipment, node).
  ///
  /// - Throws: FIELD_MISSING, TOO_MANY_ROWS, COLUMN_LENGTH_MISMATCH; NODE_UNKNOWN for any named
  ///   node; ITEM_UNKNOWN when the only item is not known. In a larger batch an unknown item gets
  ///   that code and no positions.
  package func answer(
    _ query: AvailabilityQuery, at now: UnixMilliseconds, into reply: inout AvailabilityReply
  ) throws(Refusal) {
    try checkItems(query.items)
    var first = 0
    prefetchSupply(of: query.items.key(0, at: &first))
    observeNetwork()
    scratch.nodes.removeAll()
    for index in 0..<query.nodeNames.count {
      guard let node = network.nodeIndex(query.nodeNames[index]) else {
        throw unknownNode(query.nodeNames[index].name)
      }
      scratch.nodes.append(node)
    }
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
        reply.inboundCounts.append(0)
        continue
      }
      positions.prefetchRows(slot)
      reply.codes.append(0)
      appendPositions(token, slot, at: now, into: &reply)
      appendInbound(token, into: &reply)
    }
  }

  private func isAsked(_ node: UInt16) -> Bool {
    if scratch.nodes.count == 0 { return true }
    for index in 0..<scratch.nodes.count where scratch.nodes[index] == node { return true }
    return false
  }

  private func appendPositions(
    _ token: UInt64, _ slot: Int, at now: UnixMilliseconds, into reply: inout AvailabilityReply
  ) {
    var count: UInt32 = 0
    for place in 0..<positions.rowCount(slot) {
      let node = positions.nodes(slot)[place]
      if !isAsked(node) { continue }
      let row = positions.rows(slot)[place]
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
      reply.withheld.append(Int64(parts.withheld))
      reply.availableNow.append(row.available)
      if hasSilenceRules { reply.silence.append(UInt32(silence(of: node, at: now).rawValue)) }
      count += 1
    }
    reply.positionCounts.append(count)
  }

  private func appendInbound(_ token: UInt64, into reply: inout AvailabilityReply) {
    scratch.slots.removeAll()
    var next = inbound.first(of: token)
    while let found = next {
      if isAsked(inbound.row(found).node) { scratch.slots.append(found) }
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
