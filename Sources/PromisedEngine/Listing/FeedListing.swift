import PromisedModel

/// Pages of what the feed left behind: rows that wait, rows that failed, and recent changes.
extension State {
  /// In the order in which they came. O(all rows that wait).
  func listParked(after: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = [
      "source", "sequence", "item", "node", "kind", "quantity", "reference", "destination",
    ]
    var rows = 0
    reply.nextPageToken = []
    var last: UInt64 = 0
    for number in parked.numbers where number > after {
      guard let row = parked.rows[number] else { continue }
      if rows == size { return reply.setToken(last) }
      appendFeedRow(row, into: &reply)
      reply.appendCell(row.reference.bytes)
      reply.appendCell(row.destination.bytes)
      rows += 1
      last = number
    }
  }

  /// Oldest first.
  func listParkedFailures(from start: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = ["source", "sequence", "item", "node", "kind", "quantity", "outcome"]
    reply.page(from: start, of: parkedFailures.rows.count, size: size) { index, reply in
      let (row, code) = parkedFailures.rows[index]
      appendFeedRow(row, into: &reply)
      reply.appendCell((OutcomeCode(rawValue: code)?.reason ?? "").utf8)
    }
  }

  private func appendFeedRow(_ row: ParkedRow, into reply: inout ListReply) {
    reply.appendCell(row.source.bytes)
    reply.appendCell(String(row.sequence).utf8)
    reply.appendCell(row.item.bytes)
    reply.appendCell(row.node.bytes)
    reply.appendCell((MovementKind(rawValue: row.kind)?.label ?? "").utf8)
    reply.appendNumber(row.quantity)
  }

  /// Newest first; the token is the number of the last entry of the page.
  func listMovements(before token: UInt64, size: Int, into reply: inout ListReply) {
    reply.columns = [
      "source", "sequence", "item", "node", "kind", "amount", "delta", "occurred_unix_ms", "cause",
      "reversed",
    ]
    var index = token == 0 ? journal.end : min(token, journal.end)
    var rows = 0
    reply.nextPageToken = []
    while index > journal.first {
      if rows == size { return reply.setToken(index) }
      index -= 1
      var head = index
      while head > journal.first && journal[head].continues { head -= 1 }
      let (entry, first) = (journal[index], journal[head])
      reply.appendCell(sourceKeys.name(Int(entry.source)).buffer)
      reply.appendCell(String(first.sequence).utf8)
      reply.appendCell(itemKeys.name(entry.item).bytes)
      reply.appendCell(network.nodeName(entry.node).buffer)
      reply.appendCell((MovementKind(rawValue: entry.kind)?.label ?? "").utf8)
      reply.appendCell(String(describing: entry.amount).utf8)
      reply.appendNumber(Int64(entry.delta))
      reply.appendNumber(entry.occurredMilliseconds)
      reply.appendCell((AdjustmentCause(rawValue: entry.cause)?.label ?? "").utf8)
      reply.appendCell((entry.isReversed ? "yes" : "no").utf8)
      rows += 1
    }
  }
}
