import PromisedInvariants
import PromisedModel

/// Answers about holds.
extension State {
  /// Answers a hold with its lines and what was promised with it.
  ///
  /// - Throws: HOLD_UNKNOWN.
  package func answer(
    _ reference: HoldReference, at now: UnixMilliseconds, into reply: inout HoldReply
  ) throws(Refusal) {
    let slot = try find(reference, at: now)
    let hold = holds.hold(slot)
    reply.holdID = hold.id
    reply.state = holds.state(slot)
    reply.owner = holds.owner(slot)
    reply.name = holds.name(slot)
    reply.expiresAt = UnixMilliseconds(hold.expiresAt)
    beginKeys(maximum: Int(hold.lineCount))
    let lines = holds.lines(slot)
    for index in 0..<Int(hold.lineCount) {
      let line = lines[index]
      reply.items.append(borrowedKey(line.item))
      reply.nodes.append(placeName(line.node, isPool: line.isPool))
      reply.quantities.append(Int64(line.quantity))
      reply.picked.append(Int64(line.picked))
      reply.shipped.append(Int64(line.shipped))
      reply.short.append(Int64(short(index, of: hold)))
      reply.dueUnixSeconds.append(Int64(line.dueUnixSeconds))
      reply.channels.append(channels.name(line.channel))
      reply.flags.append(UInt32(line.flags))
    }
    appendShipments(of: slot, to: &reply)
  }

  private func short(_ line: Int, of hold: HoldSlot) -> Int32 {
    if hold.allocations == 0 { return 0 }
    return allocations.at(AllocationTable.entry(of: line, in: hold.allocations)).pointee.short
  }

  /// What was granted of each line by a command that is remembered under a key; nothing where all
  /// was granted as it was asked.
  package func appendGrants(of key: CommandKey, to reply: inout HoldReply) {
    commands.forEachGrant(of: key.bytes) { granted, later, laterDue, backordered in
      reply.append(granted: granted, later: later, laterDue: laterDue, backordered: backordered)
    }
  }

  /// The promised shipments that the answer to a remembered command listed, and the name of its hold.
  package func appendShipments(of key: CommandKey, to reply: inout HoldReply) {
    commands.forEachShipment(of: key.bytes) { append($0, to: &reply) }
    if reply.name.isEmpty, let slot = holds.find(reply.holdID) { reply.name = holds.name(slot) }
  }

  /// What was promised with a hold, for the answer to the hold itself.
  package func appendShipments(ofHold id: UInt64, to reply: inout HoldReply) {
    if let slot = holds.find(id) { appendShipments(of: slot, to: &reply) }
  }

  private func appendShipments(of slot: Int, to reply: inout HoldReply) {
    var block = holds.hold(slot).promises
    while block != 0 {
      let record = promises.record(block).pointee
      append(AnsweredShipment(record), to: &reply)
      block = record.next
    }
  }

  /// The same, to be remembered.
  func answeredShipments(of slot: Int) -> [AnsweredShipment] {
    var rows: [AnsweredShipment] = []
    var block = holds.hold(slot).promises
    while block != 0 {
      let record = promises.record(block).pointee
      rows.append(AnsweredShipment(record))
      block = record.next
    }
    return rows
  }

  private func append(_ row: AnsweredShipment, to reply: inout HoldReply) {
    reply.shipmentLineCounts.append(UInt32(row.lineCount))
    reply.shipmentNodes.append(network.nodeName(row.node))
    reply.shipmentWindowFromUnixSeconds.append(row.windowFromUnixSeconds)
    reply.shipmentWindowToUnixSeconds.append(row.windowToUnixSeconds)
    reply.shipmentDeliveryDays.append(row.deliveryDays)
    reply.shipmentShipByUnixSeconds.append(row.shipByUnixSeconds)
    reply.shipmentConfidences.append(UInt32(row.chance))
    reply.shipmentLevels.append(UInt32(row.level))
  }

  /// Makes room for `maximum` keys in this answer; keys of the answer before become invalid.
  func beginKeys(maximum: Int) {
    scratch.keyBytes.removeAll()
    scratch.keyBytes.reserve(maximum * ItemKeys.maximumByteCount)
  }

  /// An item's key in scratch memory, valid until the next `beginKeys`.
  func borrowedKey(_ token: UInt64) -> BorrowedBytes {
    let start = scratch.keyBytes.count
    invariant(
      start + ItemKeys.maximumByteCount <= scratch.keyBytes.capacity, "an answer has too many keys")
    scratch.keyBytes.resize(to: start + ItemKeys.maximumByteCount)
    let target = scratch.keyBytes.base + start
    let count = itemKeys.write(token, to: target)
    scratch.keyBytes.resize(to: start + count)
    return BorrowedBytes(base: UnsafePointer(target), count: count)
  }
}

extension AnsweredShipment {
  fileprivate init(_ record: PromiseRecord) {
    self.init(
      windowFromUnixSeconds: record.windowFromUnixSeconds,
      windowToUnixSeconds: record.windowToUnixSeconds,
      shipByUnixSeconds: record.shipByUnixSeconds, deliveryDays: record.deliveryDays,
      node: record.node, lineCount: record.lineCount, chance: record.chance, level: record.level)
  }
}
