import PromisedBytes
import PromisedModel

/// Writes events as log records: kind, time, fields.
package struct EventWriter: ~Copyable {
  private var writer = FieldWriter()

  package init() {}

  /// The record of the event written last; valid until the next write.
  package var record: UnsafeRawBufferPointer { writer.buffer.bytes }

  /// Encodes `event`, decided at `time`. O(bytes of the event).
  package mutating func write(_ event: borrowing Event, at time: UnixMilliseconds) {
    writer.buffer.clear()
    var when = time.milliseconds
    switch event {
    case .held(let held):
      begin(.held, &when)
      writeHeld(held)
    case .holdChanged(let changed):
      begin(.holdChanged, &when)
      write(key: changed.key)
      writer.buffer.appendVarint(changed.holdID)
      writer.buffer.append(changed.transition.rawValue)
      writer.buffer.append(UInt8(changed.reclaimed ? 1 : 0))
    case .holdsExpired(let ids):
      begin(.holdsExpired, &when)
      writer.buffer.appendVarint(UInt64(ids.count))
      writer.buffer.append(column: ids.buffer)
    case .linesDue(let ids):
      begin(.linesDue, &when)
      writer.buffer.appendVarint(UInt64(ids.count))
      writer.buffer.append(column: ids.buffer)
    case .refused(let key, let outcome):
      begin(.refused, &when)
      write(key: key)
      writeRefused(outcome)
    case .fed(var fed):
      begin(.fed, &when)
      certain { (w) throws(RecordError) in try w.feed(&fed) }
    case .put(let key, var rows):
      begin(.put, &when)
      write(key: key)
      certain { (w) throws(RecordError) in try w.put(&rows) }
    case .loadBegan(var load):
      begin(.loadBegan, &when)
      certain { (w) throws(RecordError) in try w.load(&load) }
    case .loadChunk(var number, var rows):
      begin(.loadChunk, &when)
      writer.number(&number)
      certain { (w) throws(RecordError) in try w.put(&rows) }
    case .loadCommitted: begin(.loadCommitted, &when)
    case .loadAborted: begin(.loadAborted, &when)
    case .profilePublished(var publication):
      begin(.profilePublished, &when)
      certain { (w) throws(RecordError) in try w.publication(&publication) }
    case .observed(let key, var rows):
      begin(.observed, &when)
      write(key: key)
      certain { (w) throws(RecordError) in try w.observations(&rows) }
    case .learningAdopted: begin(.learningAdopted, &when)
    case .overridePut(let key, var row):
      begin(.overridePut, &when)
      write(key: key)
      certain { (w) throws(RecordError) in try w.override(&row) }
    case .overrideRemoved(let key, var id):
      begin(.overrideRemoved, &when)
      write(key: key)
      writer.number(&id)
    case .departuresChanged(let key, var changes):
      begin(.departuresChanged, &when)
      write(key: key)
      certain { (w) throws(RecordError) in try w.departureChanges(&changes) }
    case .promisesMoved(let key, var moves):
      begin(.promisesMoved, &when)
      write(key: key)
      certain { (w) throws(RecordError) in try w.moves(&moves) }
    case .feedReversed(var reversal):
      begin(.feedReversed, &when)
      write(key: reversal.key)
      certain { (w) throws(RecordError) in
        try w.name(&reversal.source)
        w.number(&reversal.fromSequence)
        w.number(&reversal.toSequence)
      }
    case .holdExtended(var extended):
      begin(.holdExtended, &when)
      write(key: extended.key)
      certain { (w) throws(RecordError) in try w.extended(&extended) }
    case .holdAmended(var amended):
      begin(.holdAmended, &when)
      write(key: amended.key)
      certain { (w) throws(RecordError) in try w.amended(&amended) }
    case .holdFulfilled(var fulfilled):
      begin(.holdFulfilled, &when)
      write(key: fulfilled.key)
      certain { (w) throws(RecordError) in try w.fulfilled(&fulfilled) }
    case .planAdmitted, .planReceived, .planClosed, .bidPlaced, .bidsCleared, .removalChanged,
      .capacityDayPassed:
      writeCapacity(event, &when)
    }
  }

  private mutating func writeCapacity(_ event: borrowing Event, _ when: inout Int64) {
    switch copy event {
    case .planAdmitted(let key, var plan):
      begin(.planAdmitted, &when)
      write(key: key)
      certain { (w) throws(RecordError) in try w.inboundPlan(&plan) }
    case .planReceived(let key, var receipt):
      begin(.planReceived, &when)
      write(key: key)
      certain { (w) throws(RecordError) in try w.planReceived(&receipt) }
    case .planClosed(let key, var id, var reason):
      begin(.planClosed, &when)
      write(key: key)
      writer.number(&id)
      certain { (w) throws(RecordError) in try w.name(&reason) }
    case .bidPlaced(let key, var bid):
      begin(.bidPlaced, &when)
      write(key: key)
      certain { (w) throws(RecordError) in try w.bid(&bid) }
    case .bidsCleared(let key, var clearing):
      begin(.bidsCleared, &when)
      write(key: key)
      certain { (w) throws(RecordError) in try w.clearing(&clearing) }
    case .removalChanged(let key, var row):
      begin(.removalChanged, &when)
      write(key: key)
      certain { (w) throws(RecordError) in try w.removal(&row) }
    case .capacityDayPassed: begin(.capacityDayPassed, &when)
    default: fatalError("no event of seller storage")
    }
  }

  private mutating func begin(_ kind: EventKind, _ when: inout Int64) {
    writer.buffer.append(kind.rawValue)
    writer.number(&when)
  }

  /// Writing a value that came from the model cannot fail; only reading can.
  private mutating func certain(_ body: (inout FieldWriter) throws(RecordError) -> Void) {
    do throws(RecordError) { try body(&writer) } catch { fatalError("unwritable event: \(error)") }
  }

  private mutating func write(key: CommandKey) {
    write(bytes: key.bytes)
    writer.buffer.append(key.bodyDigest)
  }

  private mutating func write(bytes: BorrowedBytes) {
    writer.buffer.appendVarint(UInt64(bytes.count))
    writer.buffer.append(bytes: UnsafeRawBufferPointer(bytes.buffer))
  }

  private mutating func writeHeld(_ held: HeldEvent) {
    write(key: held.key)
    write(bytes: held.owner)
    writer.buffer.appendZigzag(held.expiresAt.milliseconds)
    writer.buffer.appendVarint(UInt64(held.items.count))
    writer.buffer.append(column: held.items.lengths.buffer)
    writer.buffer.append(column: held.nodes.buffer)
    writer.buffer.append(column: held.quantities.buffer)
    writer.buffer.appendVarint(UInt64(held.items.bytes.count))
    writer.buffer.append(bytes: UnsafeRawBufferPointer(held.items.bytes.buffer))
    // Nothing at all for a plain hold.
    if held.name.isEmpty && held.replaces == 0 && held.extras == nil && held.promises.isEmpty {
      return
    }
    write(bytes: held.name)
    var more = HeldExtras(held)
    certain { (w) throws(RecordError) in try w.heldExtras(&more) }
  }

  private mutating func writeRefused(_ outcome: RememberedOutcome) {
    writer.buffer.append(outcome.code)
    writer.buffer.appendZigzag(Int64(outcome.row))
    writer.buffer.appendVarint(outcome.holdID)
    writer.buffer.appendZigzag(outcome.expiresAtMilliseconds)
    writer.buffer.appendZigzag(outcome.availableUnits)
    writer.buffer.appendZigzag(outcome.nextSupplyUnixSeconds)
    writer.buffer.append(UInt8(outcome.reclaimed ? 1 : 0))
  }
}

/// Reads events back. Borrowed columns point into the record and the reader's scratch columns, and
/// are valid until the next read.
package final class EventReader {
  private var lengths = GrowableColumn<UInt32>()
  private var nodes = GrowableColumn<UInt16>()
  private var quantities = GrowableColumn<Int32>()
  private var ids = GrowableColumn<UInt64>()

  package init() {}

  /// The event of `record` and when it was decided. Throws on anything no writer produces.
  package func read(
    _ record: UnsafeRawBufferPointer
  ) throws(RecordError) -> (time: UnixMilliseconds, event: Event) {
    var fields = FieldReader(record)
    let rawKind = try fields.read { (r) throws(ByteError) in try r.read(UInt8.self) }
    guard let kind = EventKind(rawValue: rawKind) else { throw .unknownKind(rawKind) }
    var milliseconds: Int64 = 0
    try fields.number(&milliseconds)
    let event = try read(kind, &fields)
    try fields.finish()
    return (UnixMilliseconds(milliseconds), event)
  }

  private func read(_ kind: EventKind, _ fields: inout FieldReader) throws(RecordError) -> Event {
    switch kind {
    case .held: return .held(try readHeld(&fields))
    case .holdChanged:
      let key = try readKey(&fields)
      var id: UInt64 = 0
      try fields.number(&id)
      var transition = HoldTransition.commit
      let raw = try fields.read { (r) throws(ByteError) in try r.read(UInt8.self) }
      guard let known = HoldTransition(rawValue: raw) else { throw .malformed("transition") }
      transition = known
      let reclaimed = try fields.read { (r) throws(ByteError) in try r.read(UInt8.self) }
      if reclaimed > 1 { throw .malformed("reclaimed") }
      return .holdChanged(
        HoldChangedEvent(
          key: key, holdID: id, transition: transition, reclaimed: reclaimed == 1))
    case .holdsExpired:
      try fill(&ids, count: try fields.count(), &fields)
      return .holdsExpired(ids.column)
    case .linesDue:
      try fill(&ids, count: try fields.count(), &fields)
      return .linesDue(ids.column)
    case .refused:
      let key = try readKey(&fields)
      return .refused(key, try readRefused(&fields))
    case .fed:
      var event = FeedEvent()
      try fields.feed(&event)
      try event.checkColumns()
      return .fed(event)
    case .put:
      let key = try readKey(&fields)
      var rows = PutRows.sellers([])
      try fields.put(&rows)
      try rows.checkColumns()
      return .put(key, rows)
    case .loadBegan:
      var load = LoadDescription(id: .empty, mode: .merge, chunkCount: 0, force: false)
      try fields.load(&load)
      return .loadBegan(load)
    case .loadChunk:
      var number: UInt32 = 0
      try fields.number(&number)
      var rows = PutRows.sellers([])
      try fields.put(&rows)
      try rows.checkColumns()
      return .loadChunk(number: number, rows)
    case .loadCommitted: return .loadCommitted
    case .loadAborted: return .loadAborted
    case .profilePublished:
      var publication = ProfilePublication(epoch: 0, horizonBaseUnixSeconds: 0)
      try fields.publication(&publication)
      return .profilePublished(publication)
    case .observed:
      let key = try readKey(&fields)
      var rows = ObservationRows()
      try fields.observations(&rows)
      try rows.checkColumns()
      return .observed(key, rows)
    case .learningAdopted: return .learningAdopted
    case .overridePut:
      let key = try readKey(&fields)
      var row = Override()
      try fields.override(&row)
      return .overridePut(key, row)
    case .overrideRemoved:
      let key = try readKey(&fields)
      var id: UInt64 = 0
      try fields.number(&id)
      return .overrideRemoved(key, id)
    case .departuresChanged:
      let key = try readKey(&fields)
      var changes: [DepartureChange] = []
      try fields.departureChanges(&changes)
      return .departuresChanged(key, changes)
    case .promisesMoved:
      let key = try readKey(&fields)
      var moves: [PromiseMovedEvent] = []
      try fields.moves(&moves)
      return .promisesMoved(key, moves)
    case .feedReversed:
      var reversal = FeedReversal(
        key: try readKey(&fields), source: .empty, fromSequence: 0, toSequence: 0)
      try fields.name(&reversal.source)
      try fields.number(&reversal.fromSequence)
      try fields.number(&reversal.toSequence)
      return .feedReversed(reversal)
    case .holdExtended, .holdAmended, .holdFulfilled:
      return try readOrder(kind, &fields)
    case .capacityDayPassed: return .capacityDayPassed
    case .planAdmitted, .planReceived, .planClosed, .bidPlaced, .bidsCleared, .removalChanged:
      return try readCapacity(kind, &fields)
    }
  }

  private func readCapacity(
    _ kind: EventKind, _ fields: inout FieldReader
  ) throws(RecordError) -> Event {
    let key = try readKey(&fields)
    switch kind {
    case .planAdmitted:
      var plan = PlanRow()
      try fields.inboundPlan(&plan)
      try plan.checkLines()
      return .planAdmitted(key, plan)
    case .planReceived:
      var receipt = PlanReceivedEvent()
      try fields.planReceived(&receipt)
      return .planReceived(key, receipt)
    case .planClosed:
      var (id, reason): (UInt64, Name) = (0, .empty)
      try fields.number(&id)
      try fields.name(&reason)
      return .planClosed(key, id: id, reason: reason)
    case .bidPlaced:
      var bid = BidRow()
      try fields.bid(&bid)
      try requireStorageTypes([bid.storageType])
      return .bidPlaced(key, bid)
    case .bidsCleared:
      var clearing = ClearingRow()
      try fields.clearing(&clearing)
      try requireStorageTypes([clearing.storageType])
      return .bidsCleared(key, clearing)
    default:
      var row = RemovalRow()
      try fields.removal(&row)
      return .removalChanged(key, row)
    }
  }

  private func readOrder(
    _ kind: EventKind, _ fields: inout FieldReader
  ) throws(RecordError) -> Event {
    let key = try readKey(&fields)
    if kind == .holdExtended {
      var event = HoldExtendedEvent(
        key: key, holdID: 0, expiresAt: UnixMilliseconds(0), reclaimed: false)
      try fields.extended(&event)
      return .holdExtended(event)
    }
    if kind == .holdAmended {
      var event = HoldAmendedEvent(key: key, holdID: 0)
      try fields.amended(&event)
      try event.checkColumns()
      return .holdAmended(event)
    }
    var event = HoldFulfilledEvent(key: key, holdID: 0, step: .pick)
    try fields.fulfilled(&event)
    try event.checkColumns()
    return .holdFulfilled(event)
  }

  private func readBytes(_ fields: inout FieldReader) throws(RecordError) -> BorrowedBytes {
    let count = try fields.count()
    let raw = try fields.read { (r) throws(ByteError) in try r.read(bytes: count) }
    return BorrowedBytes(raw.bindMemory(to: UInt8.self))
  }

  private func readKey(_ fields: inout FieldReader) throws(RecordError) -> CommandKey {
    let bytes = try readBytes(&fields)
    let digest = try fields.read { (r) throws(ByteError) in try r.read(UInt64.self) }
    return CommandKey(bytes: bytes, bodyDigest: digest)
  }

  private func fill<Value: FixedWidthInteger & BitwiseCopyable>(
    _ column: inout GrowableColumn<Value>, count: Int, _ fields: inout FieldReader
  ) throws(RecordError) {
    column.removeAll()
    var previous: UInt64 = 0
    for _ in 0..<count {
      let step = try fields.read { (r) throws(ByteError) in try r.readZigzag() }
      previous = previous &+ UInt64(bitPattern: step)
      let value = Value(truncatingIfNeeded: previous)
      if UInt64(truncatingIfNeeded: value) != previous { throw .bytes(.outOfRange) }
      column.append(value)
    }
  }

  private func readHeld(_ fields: inout FieldReader) throws(RecordError) -> HeldEvent {
    let key = try readKey(&fields)
    let owner = try readBytes(&fields)
    var expires: Int64 = 0
    try fields.number(&expires)
    let count = try fields.count()
    try fill(&lengths, count: count, &fields)
    try fill(&nodes, count: count, &fields)
    try fill(&quantities, count: count, &fields)
    let bytes = try readBytes(&fields)
    var total = 0
    for row in 0..<count { total += Int(lengths[row]) }
    if total != bytes.count { throw .malformed("key lengths") }
    var name = BorrowedBytes.empty
    var more = HeldExtras()
    if fields.reader.remaining > 0 {
      name = try readBytes(&fields)
      if name.count > Name.maximumByteCount { throw .malformed("hold name") }
      try fields.heldExtras(&more)
      if more.isEmpty && name.isEmpty { throw .malformed("promises") }
      try more.check(lines: count)
    }
    return HeldEvent(
      key: key, owner: owner, name: name, expiresAt: UnixMilliseconds(expires),
      replaces: more.replaces,
      items: KeyColumn(
        bytes: Column(base: bytes.base, count: bytes.count), lengths: lengths.column),
      nodes: nodes.column, quantities: quantities.column, details: more.details,
      grants: more.grants, promises: more.promises)
  }

  private func readRefused(_ fields: inout FieldReader) throws(RecordError) -> RememberedOutcome {
    let code = try fields.read { (r) throws(ByteError) in try r.read(UInt16.self) }
    guard let known = OutcomeCode(rawValue: code) else { throw .malformed("outcome") }
    var outcome = RememberedOutcome(code: known)
    try fields.number(&outcome.row)
    try fields.number(&outcome.holdID)
    try fields.number(&outcome.expiresAtMilliseconds)
    try fields.number(&outcome.availableUnits)
    try fields.number(&outcome.nextSupplyUnixSeconds)
    let reclaimed = try fields.read { (r) throws(ByteError) in try r.read(UInt8.self) }
    if reclaimed > 1 { throw .malformed("reclaimed") }
    outcome.reclaimed = reclaimed == 1
    return outcome
  }
}
