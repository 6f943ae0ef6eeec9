import PromisedInvariants
import PromisedModel

/// Reading what changed.
extension State {
  /// A reader of the changes behind a place; nil when some of them are not known any more.
  package func cursor(behind place: ChangePlace) -> ChangeCursor? {
    changes.index(behind: place).map(cursor(at:))
  }

  /// A reader of what changes from now on.
  package func cursorAtEnd() -> ChangeCursor {
    ChangeCursor(index: changes.end, position: appliedPosition, part: 0)
  }

  private func cursor(at index: UInt64) -> ChangeCursor {
    var cursor = ChangeCursor(index: index, position: 0, part: 0)
    if index > changes.start {
      cursor.position = changes[index - 1].position
      while index - UInt64(cursor.part) > changes.start,
        changes[index - UInt64(cursor.part) - 1].position == cursor.position
      {
        cursor.part += 1
      }
    }
    return cursor
  }

  /// Whether changes that the reader has not seen were overwritten.
  package func isLapped(_ cursor: ChangeCursor) -> Bool { cursor.index < changes.start }

  /// Whether everything was read.
  package func isAtEnd(_ cursor: ChangeCursor) -> Bool { cursor.index == changes.end }

  /// Where a reader that comes again goes on.
  package func place(of cursor: ChangeCursor) -> ChangePlace {
    if cursor.index >= changes.end || cursor.index < changes.start {
      return ChangePlace(position: appliedPosition)
    }
    let next = changes[cursor.index].position
    // Between two events, or within one whose first entries were read.
    return ChangePlace(position: next - 1, part: next == cursor.position ? cursor.part : 0)
  }

  /// How many entries were recorded since the start: it moves with every change.
  package var changeCount: UInt64 { changes.end }

  /// Moves a reader on and puts the items it asks for, each once, into an empty `reply` with their
  /// stock as it is now. Everything read is observed.
  ///
  /// Stops at the end, when `budget` entries were looked at or `items` items are there; `budget` is
  /// what is left of it. A row, of 30 bytes at most, is charged like an entry, so that the budget bounds
  /// what a frame holds but for its last item. Linear in the entries and rows.
  package func readChanges(
    _ filter: WatchFilter, from cursor: inout ChangeCursor, items: Int, budget: inout Int,
    into reply: inout WatchReply
  ) {
    invariant(cursor.index >= changes.start, "a reader that was lapped reads on")
    scratch.changed.removeAll()
    while cursor.index < changes.end, budget > 0 {
      let entry = changes[cursor.index]
      budget -= 1
      if isAsked(entry.token, filter) {
        if let row = scratch.changed.row(of: entry.token) {
          note(entry, row: row, in: &reply)
        } else {
          // A row is charged more than an entry: it costs more to write.
          if scratch.changed.count >= items { break }
          let slot = positions.find(entry.token)
          let count = slot < 0 ? 0 : positions.rowCount(slot)
          if filter.hasAllNodes || isThere(entry.token, slot, filter) {
            scratch.changed.insert(entry.token)
            budget -= 4 + count
            reply.changedAt.append(entry.position)
            reply.causes.append(UInt32(entry.cause.rawValue))
          }
        }
      }
      cursor.part = entry.position == cursor.position ? cursor.part + 1 : 1
      cursor.position = entry.position
      cursor.index += 1
    }
    reply.place = place(of: cursor)
    appendStock(filter, into: &reply)
  }

  private func note(_ entry: ChangeRing.Entry, row: Int, in reply: inout WatchReply) {
    reply.changedAt[row] = entry.position
    reply.causes[row] = UInt32(entry.cause.rawValue)
  }

  /// Whether an item is in one of the nodes asked for, or on its way there.
  private func isThere(_ token: UInt64, _ slot: Int, _ filter: WatchFilter) -> Bool {
    if slot < 0 { return false }
    for place in 0..<positions.rowCount(slot)
    where isAsked(node: positions.nodes(slot)[place], filter) {
      return true
    }
    var next = inbound.first(of: token)
    while let found = next {
      if isAsked(node: inbound.row(found).node, filter) { return true }
      next = inbound.next(after: found)
    }
    return false
  }

  private func appendStock(_ filter: WatchFilter, into reply: inout WatchReply) {
    if scratch.changed.count == 0 { return }
    scratch.nodeIndexes.reset(count: network.nodeIndexCount)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ItemKeys.maximumByteCount) { key in
      guard let base = key.baseAddress else { return }
      for row in 0..<scratch.changed.count {
        let token = scratch.changed.token(row)
        observe(item: token)
        let count = itemKeys.write(token, to: base)
        reply.keyLengths.append(UInt32(count))
        reply.keyBytes.append(
          contentsOf: Column(base: UnsafePointer(base), count: count))
        appendStock(of: token, filter, into: &reply)
      }
    }
  }

  private func appendStock(
    of token: UInt64, _ filter: WatchFilter, into reply: inout WatchReply
  ) {
    let slot = positions.find(token)
    var count: UInt32 = 0
    for place in 0..<(slot < 0 ? 0 : positions.rowCount(slot)) {
      let node = positions.nodes(slot)[place]
      if !isAsked(node: node, filter) { continue }
      let row = positions.rows(slot)[place]
      let parts =
        row.encumbered != 0 || row.reserved != 0
        ? breakdowns.read(item: token, node: node) : Breakdown(item: token, node: node)
      reply.nodes.append(nameIndex(of: node, in: &reply.nodeNames))
      reply.onHand.append(Int64(row.onHand))
      reply.fulfillable.append(Int64(row.onHand) - Int64(row.encumbered) + Int64(parts.withheld))
      reply.held.append(Int64(row.reserved) - Int64(parts.allocated))
      reply.allocated.append(Int64(parts.allocated))
      reply.availableNow.append(row.available)
      count += 1
    }
    reply.positionCounts.append(count)
    var units: Int64 = 0
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      if !row.isDraft && isAsked(node: row.node, filter) { units += Int64(row.quantity) }
      next = inbound.next(after: found)
    }
    reply.inboundUnits.append(units)
  }
}

/// The items of a batch of changes and their rows in it: open addressing, cleared by what was used.
struct ChangedItems: ~Copyable {
  private var slots = Store<UInt32>(zeroed: 4096)
  private var used = Store<UInt16>(capacity: Limits.watchItems)
  private var tokens = Store<UInt64>(capacity: Limits.watchItems)

  var count: Int { tokens.count }

  func token(_ row: Int) -> UInt64 { tokens[row] }

  func row(of token: UInt64) -> Int? {
    let found = slots[slot(of: token)]
    return found == 0 ? nil : Int(found) - 1
  }

  /// Adds an absent item; there is room for a batch.
  mutating func insert(_ token: UInt64) {
    invariant(tokens.count < slots.count / 2, "more items than a batch has")
    let slot = slot(of: token)
    tokens.append(token)
    used.append(UInt16(slot))
    slots[slot] = UInt32(tokens.count)
  }

  mutating func removeAll() {
    for index in 0..<used.count { slots[Int(used[index])] = 0 }
    used.removeAll()
    tokens.removeAll()
  }

  private func slot(of token: UInt64) -> Int {
    var slot = Int(mix(token) & 4095)
    while slots[slot] != 0, tokens[Int(slots[slot]) - 1] != token { slot = (slot + 1) & 4095 }
    return slot
  }
}

/// A change as it is read without its stock.
package struct Change {
  package var token: UInt64
  package var position: Position
  package var cause: ChangeCause
}

extension State {
  /// Moves `index` on over at most `limit` changes, all items'; false when some that it had not read
  /// were overwritten: then it stands at the end.
  package func readChanges(
    from index: inout UInt64, limit: Int, _ body: (Change) -> Void
  ) -> Bool {
    if index < changes.start {
      index = changes.end
      return false
    }
    var left = limit
    while index < changes.end, left > 0 {
      let entry = changes[index]
      body(Change(token: entry.token, position: entry.position, cause: entry.cause))
      index += 1
      left -= 1
    }
    return true
  }
}
