import PromisedModel

/// A committed line that units are missing to.
struct BrokenLine {
  var holdID: UInt64
  var slot: Int
  var line: UInt16
  var units: Int32
  var sinceMilliseconds: Int64
}

/// Which allocations are not covered, since when.
extension State {
  /// A page of the committed lines that units are missing to, by hold and line, with the time of the
  /// next supply of each.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE, ITEM_UNKNOWN, NODE_UNKNOWN, HOLD_UNKNOWN.
  /// - Complexity: linear in what is short, whatever is asked for.
  package func answer(
    _ query: ShortfallQuery, at now: UnixMilliseconds, into reply: inout ShortfallReply
  ) throws(Refusal) {
    observeEverything()
    guard (1...Int32(Limits.shortfallRows)).contains(query.pageSize) else {
      throw Refusal(
        .fieldOutOfRange, "page_size is \(query.pageSize): 1 to \(Limits.shortfallRows)")
    }
    let after = try ShortfallPlace(query.pageToken)
    var item: UInt64 = 0
    if !query.item.isEmpty {
      item = itemKeys.token(query.item)
      if item == 0 || positions.find(item) < 0 { throw unknownItem(query.item.name) }
    }
    var node: UInt16?
    if !query.node.isEmpty {
      node = network.nodeIndex(query.node)
      if node == nil { throw unknownNode(query.node.name) }
    }
    var slot: Int?
    if query.hold.id != 0 || !query.hold.name.isEmpty { slot = try find(query.hold, at: now) }
    reply.shortPositions = UInt64(allocations.shortCount)
    reply.shortUnits = UInt64(clamping: allocations.shortUnits)
    beginKeys(maximum: Int(query.pageSize))
    for short in brokenLines() {
      let place = ShortfallPlace(holdID: short.holdID, line: short.line)
      let line = holds.lines(short.slot)[Int(short.line)]
      if let after, place <= after { continue }
      if item != 0 && line.item != item || slot.map({ $0 != short.slot }) ?? false { continue }
      if let node, line.node != node { continue }
      if reply.holdIDs.count == Int(query.pageSize) {
        let last = reply.holdIDs.count - 1
        reply.nextPageToken =
          ShortfallPlace(
            holdID: reply.holdIDs[last], line: UInt16(reply.lines[last])
          ).token
        break
      }
      append(short, line, at: now, into: &reply)
    }
  }

  private func append(
    _ short: BrokenLine, _ line: HoldLine, at now: UnixMilliseconds,
    into reply: inout ShortfallReply
  ) {
    reply.holdIDs.append(short.holdID)
    reply.names.append(holds.name(short.slot))
    reply.owners.append(holds.owner(short.slot))
    reply.lines.append(UInt32(short.line))
    reply.items.append(borrowedKey(line.item))
    reply.nodes.append(network.nodeName(line.node))
    reply.units.append(Int64(short.units))
    reply.claimed.append(Int64(line.quantity))
    reply.sinceUnixSeconds.append(UnixMilliseconds(short.sinceMilliseconds).seconds)
    reply.nextSupplyUnixSeconds.append(
      nextSupply(of: line.item, node: line.node, after: now.seconds).eta)
  }

  /// Every committed line that units are missing to, by hold and line. Linear in the allocations of
  /// the positions that are short.
  func brokenLines() -> [BrokenLine] {
    var short: [BrokenLine] = []
    for place in 0..<allocations.shortCount {
      var recorded = breakdowns.at(allocations.shortPlace(place)).pointee.short
      var next = breakdowns.at(allocations.shortPlace(place)).pointee.first
      while next != 0, recorded > 0 {
        let entry = allocations.at(next).pointee
        next = entry.next
        if entry.short == 0 { continue }
        recorded -= entry.short
        short.append(
          BrokenLine(
            holdID: holds.hold(Int(entry.slot)).id, slot: Int(entry.slot), line: entry.line,
            units: entry.short, sinceMilliseconds: entry.sinceMilliseconds))
      }
    }
    short.sort { ($0.holdID, $0.line) < ($1.holdID, $1.line) }
    return short
  }
}

/// Where a page of shortfalls ended: 10 bytes of a token, most significant first.
private struct ShortfallPlace: Comparable {
  var holdID: UInt64
  var line: UInt16

  init(holdID: UInt64, line: UInt16) {
    self.holdID = holdID
    self.line = line
  }

  /// Nil for the beginning.
  init?(_ token: BorrowedBytes) throws(Refusal) {
    if token.isEmpty { return nil }
    if token.count != 10 {
      throw Refusal(.fieldOutOfRange, "page_token is none that this listing gave")
    }
    (holdID, line) = (0, 0)
    for (place, byte) in token.buffer.enumerated() {
      if place < 8 { holdID = holdID << 8 | UInt64(byte) } else { line = line << 8 | UInt16(byte) }
    }
  }

  var token: [UInt8] {
    let id = holdID
    return (0..<8).map { UInt8(truncatingIfNeeded: id >> (56 - 8 * UInt64($0))) }
      + [UInt8(line >> 8), UInt8(line & 255)]
  }

  static func < (left: Self, right: Self) -> Bool {
    (left.holdID, left.line) < (right.holdID, right.line)
  }
}
