import PromisedInvariants
import PromisedModel

/// What is remembered of a command.
struct RememberedCommand: BitwiseCopyable {
  var hash: UInt64
  var bodyDigest: UInt64
  var at: Int64
  var position: UInt64
  var outcome: RememberedOutcome
  var key: UInt32
  /// What it granted line by line, 0 = as it was asked.
  var grants: UInt32
  /// The promised shipments that its answer listed, 0 = none.
  var shipments: UInt32
  var grantCount: UInt16
  var shipmentCount: UInt16
  var keyCount: UInt8
}

/// What was granted of one line of a command.
struct LineGrant: BitwiseCopyable {
  var granted: Int32
  var later: Int32
  var laterDue: UInt32
  var backordered: Int32

  static var words: Int { MemoryLayout<LineGrant>.stride / 8 }
}

extension AnsweredShipment {
  static var words: Int { MemoryLayout<AnsweredShipment>.stride / 8 }
}

/// Decided commands by the caller's key, oldest first: a queue with an index.
struct CommandMemory: ~Copyable {
  private var index = SlotIndex()
  private var queue = ChunkedQueue<RememberedCommand>()
  private var keys = BlockPool(maximumWords: BlockPool.words(forBytes: 255))
  private var grants = BlockPool(maximumWords: Limits.linesPerHold * LineGrant.words)
  private var shipments = BlockPool(
    maximumWords: Limits.linesPerHold * AnsweredShipment.words)
  let limit: Int

  init(limit: Int) {
    invariant(limit <= Self.slotMask, "more commands than slots tell apart")
    self.limit = limit
  }

  var count: Int { queue.count }

  /// What the index holds of a command's number: the commands that are there differ in it.
  private static var slotMask: Int { 1 << 31 - 1 }

  private func slot(ofNumber number: UInt64) -> Int {
    Int(truncatingIfNeeded: number) & Self.slotMask
  }

  @inline(__always)
  private func at(_ slot: Int) -> UnsafeMutablePointer<RememberedCommand> {
    let behind = (slot &- Int(truncatingIfNeeded: queue.first)) & Self.slotMask
    return queue.at(queue.first &+ UInt64(behind))
  }

  /// The command with this key, unless it is to be forgotten at `now`.
  func find(_ key: BorrowedBytes, at now: Int64) -> RememberedCommand? {
    guard let slot = slot(key, hash: hash(key)) else { return nil }
    let command = at(slot)
    return isPast(command.pointee, at: now) ? nil : command.pointee
  }

  /// Whether one more command fits at `now`.
  func hasRoom(at now: Int64) -> Bool {
    count < limit || (count > 0 && isPast(queue.at(queue.first).pointee, at: now))
  }

  /// Forgets what is older than the window, oldest first.
  mutating func forget(at now: Int64) {
    while count > 0 {
      let oldest = queue.at(queue.first).pointee
      if !isPast(oldest, at: now) { return }
      index.remove(oldest.hash, slot: slot(ofNumber: queue.first))
      keys.release(oldest.key, words: BlockPool.words(forBytes: Int(oldest.keyCount)))
      if oldest.grantCount > 0 {
        grants.release(oldest.grants, words: Int(oldest.grantCount) * LineGrant.words)
      }
      if oldest.shipmentCount > 0 {
        shipments.release(
          oldest.shipments, words: Int(oldest.shipmentCount) * AnsweredShipment.words)
      }
      queue.forget(before: queue.first + 1)
    }
  }

  /// Remembers a command whose key is not remembered.
  mutating func remember(
    _ key: CommandKey, outcome: RememberedOutcome, at now: Int64, position: UInt64,
    grants rows: GrantRows? = nil, shipments told: [AnsweredShipment] = []
  ) {
    let keyHash = hash(key.bytes)
    invariant(slot(key.bytes, hash: keyHash) == nil, "a command key is remembered twice")
    let block = keys.allocate(words: BlockPool.words(forBytes: key.bytes.count))
    if let base = key.bytes.base {
      keys.bytes(block).update(from: base, count: key.bytes.count)
    }
    var lines: UInt32 = 0
    if let rows, !rows.isEmpty { lines = store(rows) }
    let shipped = store(told)
    index.insert(keyHash, slot: slot(ofNumber: queue.end))
    queue.reserve(1)
    queue.append(
      RememberedCommand(
        hash: keyHash, bodyDigest: key.bodyDigest, at: now, position: position, outcome: outcome,
        key: block, grants: lines, shipments: shipped, grantCount: UInt16(rows?.count ?? 0),
        shipmentCount: UInt16(told.count),
        keyCount: UInt8(key.bytes.count)))
  }

  private mutating func store(_ rows: GrantRows) -> UInt32 {
    let block = grants.allocate(words: rows.count * LineGrant.words)
    let lines = grants.elements(block, as: LineGrant.self)
    for row in 0..<rows.count {
      lines[row] = LineGrant(
        granted: rows.granted[row], later: rows.later[row], laterDue: rows.laterDues[row],
        backordered: rows.backordered[row])
    }
    return block
  }

  private mutating func store(_ told: [AnsweredShipment]) -> UInt32 {
    if told.isEmpty { return 0 }
    let block = shipments.allocate(words: told.count * AnsweredShipment.words)
    let rows = shipments.elements(block, as: AnsweredShipment.self)
    for (place, row) in told.enumerated() { rows[place] = row }
    return block
  }

  /// The promised shipments that a command's answer listed. Valid until the next command is
  /// remembered.
  func shipments(_ command: RememberedCommand) -> UnsafeBufferPointer<AnsweredShipment> {
    if command.shipmentCount == 0 { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(
      start: shipments.elements(command.shipments, as: AnsweredShipment.self),
      count: Int(command.shipmentCount))
  }

  /// The same of the command with a key.
  func forEachShipment(of key: BorrowedBytes, _ body: (AnsweredShipment) -> Void) {
    guard !key.isEmpty, let slot = slot(key, hash: hash(key)) else { return }
    for row in shipments(at(slot).pointee) { body(row) }
  }

  /// What a command granted line by line; empty where all was granted as it was asked. Valid until
  /// the next command is remembered.
  func grants(_ command: RememberedCommand) -> UnsafeBufferPointer<LineGrant> {
    if command.grantCount == 0 { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(
      start: grants.elements(command.grants, as: LineGrant.self), count: Int(command.grantCount))
  }

  /// The same of the command with a key.
  func forEachGrant(
    of key: BorrowedBytes,
    _ body: (_ granted: Int32, _ later: Int32, _ laterDue: UInt32, _ backordered: Int32) -> Void
  ) {
    guard !key.isEmpty, let slot = slot(key, hash: hash(key)) else { return }
    for line in grants(at(slot).pointee) {
      body(line.granted, line.later, line.laterDue, line.backordered)
    }
  }

  /// The command that is `age` places after the oldest.
  func command(_ age: Int) -> RememberedCommand {
    invariant(age < count, "no such remembered command")
    return queue.at(queue.first + UInt64(age)).pointee
  }

  func key(_ command: RememberedCommand) -> BorrowedBytes {
    BorrowedBytes(base: UnsafePointer(keys.bytes(command.key)), count: Int(command.keyCount))
  }

  @inline(__always)
  private func isPast(_ command: RememberedCommand, at now: Int64) -> Bool {
    command.at <= now - Limits.idempotencyMilliseconds
  }

  private func slot(_ key: BorrowedBytes, hash: UInt64) -> Int? {
    index.find(hash) {
      let command = at($0)
      return command.pointee.hash == hash && same(self.key(command.pointee), key)
    }
  }
}
