import PromisedInvariants
import PromisedModel

/// Promises of holds: events made true, and what a snapshot keeps of them.
extension State {
  /// Keeps what was promised with a hold and claims its buckets.
  func keep(_ shipments: [PromisedShipment], of slot: Int) {
    holds.setPromises(slot, store(shipments.map { ($0, appliedTime.seconds) }))
    claimPromises(of: slot)
  }

  /// The first block of a list with these shipments.
  private func store(_ shipments: [(PromisedShipment, orderedAt: Int64)]) -> UInt32 {
    var first: UInt32 = 0
    for (shipment, orderedAt) in shipments.reversed() {
      let block = promises.insert(shipment, orderedAt: orderedAt)
      promises.record(block).pointee.next = first
      first = block
    }
    return first
  }

  /// Puts the shipments that an amendment left in the place of all there were: what they need no
  /// more is given back.
  func keepShipments(_ kept: [KeptShipment], of slot: Int) {
    let first = holds.hold(slot).promises
    if first == 0 { return }
    let blocks = promises.blocks(from: first)
    let stored = store(
      kept.map {
        ($0.shipment, promises.record(blocks[Int($0.number)]).pointee.orderedAtUnixSeconds)
      })
    var left = Array(repeating: UInt32(0), count: blocks.count)
    for (shipment, block) in zip(kept, promises.blocks(from: stored)) {
      left[Int(shipment.number)] = block
      promises.record(block).pointee.deliveredAtUnixSeconds =
        promises.record(blocks[Int(shipment.number)]).pointee.deliveredAtUnixSeconds
    }
    for (old, new) in zip(blocks, left) {
      // What has not changed is not claimed anew: that would count as another conversion.
      if new != 0, promises.claims(old).elementsEqual(promises.claims(new)) { continue }
      claim(promises.claims(old), givesBack: true)
      if new != 0 { claim(promises.claims(new), givesBack: false) }
    }
    promises.remove(from: first)
    holds.setPromises(slot, stored)
  }

  func claimPromises(of slot: Int) { claimPromises(of: slot, givesBack: false) }

  func releasePromises(of slot: Int) { claimPromises(of: slot, givesBack: true) }

  private func claimPromises(of slot: Int, givesBack: Bool) {
    var block = holds.hold(slot).promises
    while block != 0 {
      claim(promises.claims(block), givesBack: givesBack)
      block = promises.record(block).pointee.next
    }
  }

  /// Moves promises to other shipments; their units go with them.
  func apply(moved moves: [PromiseMovedEvent], key: CommandKey) {
    for move in moves { apply(moved: move) }
    remember(key, RememberedOutcome(code: .ok, availableUnits: Int64(moves.count)))
  }

  private func apply(moved move: PromiseMovedEvent) {
    guard let slot = holds.find(move.holdID) else {
      return invariant(false, "a promise of an unknown hold moves")
    }
    let state = holds.state(slot)
    invariant(state == .held || state == .committed, "a promise of an ended hold moves")
    let blocks = promises.blocks(from: holds.hold(slot).promises)
    let number = Int(move.shipment)
    invariant(number < blocks.count, "a shipment that was not promised moves")
    claim(promises.claims(blocks[number]), givesBack: true)
    let first = Int(move.moved.firstLine)
    for line in first..<(first + Int(move.moved.lineCount)) {
      self.move(line, of: slot, to: move.moved.node)
    }
    let head = promises.replace(number, of: holds.hold(slot).promises, with: move.moved)
    holds.setPromises(slot, head)
    claim(promises.claims(promises.blocks(from: head)[number]), givesBack: false)
    touch(.hold, move.holdID)
  }

  /// A line claims in another node from now on.
  private func move(_ line: Int, of slot: Int, to node: UInt16) {
    let held = holds.lines(slot)[line]
    if held.node == node { return }
    let isCommitted = holds.state(slot) == .committed
    if isCommitted { unlink(line, of: slot) }
    let allocated = isCommitted ? held.quantity : 0
    claim(held, -held.quantity, allocated: -allocated)
    holds.lines(slot)[line].node = node
    claim(holds.lines(slot)[line], held.quantity, allocated: allocated)
    if isCommitted { link(line, of: slot) }
    reviewShortfall(token: held.item, node: held.node)
    reviewShortfall(token: held.item, node: node)
  }

  // MARK: Snapshots

  /// Promises by hold, those of holds in the order of `exportHolds`; then what of buckets does not
  /// follow from them, and the changes of departures.
  func exportPromises() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows: [PromiseRow] = []
    for slot in 0..<holds.slotCount where holds.isInUse(slot) && holds.hold(slot).promises != 0 {
      let hold = holds.hold(slot)
      for block in promises.blocks(from: hold.promises) {
        rows.append(
          PromiseRow(
            holdID: hold.id,
            orderedAtUnixSeconds: promises.record(block).pointee.orderedAtUnixSeconds,
            deliveredAtUnixSeconds: promises.record(block).pointee.deliveredAtUnixSeconds,
            shipment: promises.shipment(block)))
      }
      if rows.count >= Self.blockRows {
        blocks.append(.promises(rows))
        rows = []
      }
    }
    if !rows.isEmpty { blocks.append(.promises(rows)) }
    let changes = network.changes
    if network.lastChange > 0 {
      blocks.append(
        .departureChanges(
          changes.map(\.number), changes.map(\.change), last: network.lastChange))
    }
    let kept = exportBuckets()
    if !kept.isEmpty { blocks.append(.buckets(kept)) }
    return blocks
  }

  private func exportBuckets() -> [BucketRow] {
    let now = appliedTime.seconds
    var rows: [BucketRow] = []
    for slot in 0..<buckets.slotCount where buckets.isInUse(slot) {
      let bucket = buckets.bucket(slot)
      guard let kind = BucketKind(rawValue: bucket.key.kind), !bucket.key.isPast(at: now) else {
        continue
      }
      rows.append(
        BucketRow(
          kind: kind, index: bucket.key.index, atUnixSeconds: bucket.key.atUnixSeconds,
          stretchStart: bucket.stretchStart, current: bucket.current, previous: bucket.previous,
          closedAtUnixSeconds: bucket.closedAtUnixSeconds))
    }
    return rows
  }

  // MARK: Import

  func importPromises(_ rows: [PromiseRow]) {
    var start = 0
    while start < rows.count {
      var end = start
      while end < rows.count, rows[end].holdID == rows[start].holdID { end += 1 }
      guard let slot = holds.find(rows[start].holdID) else {
        return invariant(false, "a snapshot's promise has no hold")
      }
      let lineCount = Int(holds.hold(slot).lineCount)
      for row in rows[start..<end] {
        invariant(
          Int(row.shipment.firstLine) + Int(row.shipment.lineCount) <= lineCount,
          "a snapshot's promise covers lines that its hold does not have")
      }
      holds.setPromises(
        slot, store(rows[start..<end].map { ($0.shipment, $0.orderedAtUnixSeconds) }))
      let blocks = promises.blocks(from: holds.hold(slot).promises)
      for (block, row) in zip(blocks, rows[start..<end]) {
        promises.record(block).pointee.deliveredAtUnixSeconds = row.deliveredAtUnixSeconds
      }
      start = end
    }
  }

  func importBuckets(_ rows: [BucketRow]) {
    for row in rows {
      let slot = buckets.insert(
        BucketKey(kind: row.kind.rawValue, index: row.index, atUnixSeconds: row.atUnixSeconds))
      let bucket = buckets.at(slot)
      bucket.pointee.stretchStart = row.stretchStart
      bucket.pointee.current = row.current
      bucket.pointee.previous = row.previous
      buckets.setClosed(slot, at: row.closedAtUnixSeconds)
    }
  }

  func importChanges(_ numbers: [UInt64], _ changes: [DepartureChange], last: UInt64) {
    network.restore(
      changes: zip(numbers, changes).map { NumberedDepartureChange(number: $0, change: $1) },
      lastChange: last)
    board = DepartureBoard(network.resolvedChanges(through: network.lastChange))
  }

  // MARK: A replaced network

  /// Claims and lanes by the indexes of another network, into which the promises go on.
  func renumberPromises(_ indexes: PromiseIndexes) {
    if promises.count == 0 { return }
    for slot in 0..<holds.slotCount where holds.isInUse(slot) && holds.hold(slot).promises != 0 {
      for block in promises.blocks(from: holds.hold(slot).promises) {
        let record = promises.record(block)
        if record.pointee.lane != .max {
          record.pointee.lane = indexes.lanes[Int(record.pointee.lane)]
        }
        for place in 0..<Int(record.pointee.claimCount) {
          let claim = promises.claim(block, place)
          claim.pointee.index = indexes.index(of: claim.pointee)
        }
      }
    }
    buckets.removeAll()
    recomputeBuckets()
  }

  /// Claims of buckets as the promises say, which a snapshot does not hold.
  func recomputeBuckets() {
    let now = appliedTime.seconds
    nextReview = .min
    forEachPromise(where: { keepsRoom($0) }) { _, block in
      for claim in promises.claims(block) {
        let key = BucketKey(claim)
        if key.isPast(at: now) { continue }
        buckets.at(buckets.insert(key)).pointee.claimed += Int64(claim.units)
      }
    }
  }

  /// Every shipment of a hold that is held or committed, hold by hold in no order.
  func forEachLivePromise(_ body: (_ slot: Int, _ block: UInt32) -> Void) {
    forEachPromise(where: { !holds.state($0).isEnded }, body)
  }

  private func forEachPromise(
    where isMeant: (_ slot: Int) -> Bool, _ body: (_ slot: Int, _ block: UInt32) -> Void
  ) {
    if promises.count == 0 { return }
    for slot in 0..<holds.slotCount where holds.isInUse(slot) {
      var block = holds.hold(slot).promises
      if block == 0 { continue }
      if !isMeant(slot) { continue }
      while block != 0 {
        let next = promises.record(block).pointee.next
        body(slot, block)
        block = next
      }
    }
  }

  func digestPromises(_ sum: inout DigestSum) {
    for slot in 0..<holds.slotCount where holds.isInUse(slot) && holds.hold(slot).promises != 0 {
      let hold = holds.hold(slot)
      for (number, block) in promises.blocks(from: hold.promises).enumerated() {
        digest(block, number: number, of: hold.id, &sum)
      }
    }
    let now = appliedTime.seconds
    for slot in 0..<buckets.slotCount where buckets.isInUse(slot) {
      let bucket = buckets.bucket(slot)
      if bucket.key.isPast(at: now) { continue }
      sum.begin(31)
      sum.add(bucket.key.kind)
      sum.add(bucket.key.index)
      sum.add(bucket.key.atUnixSeconds)
      sum.add(bucket.claimed)
      sum.add(bucket.stretchStart)
      sum.add(bucket.current)
      sum.add(bucket.previous)
      sum.add(bucket.closedAtUnixSeconds)
      sum.end()
    }
    for numbered in network.changes {
      sum.begin(32)
      sum.add(numbered.number)
      sum.add(numbered.change.subject.rawValue)
      sum.add(numbered.change.name)
      sum.add(numbered.change.minute)
      sum.add(numbered.change.fromDays)
      sum.add(numbered.change.toDays)
      sum.add(numbered.change.kind.rawValue)
      sum.add(numbered.change.delayMinutes)
      sum.add(numbered.change.reason)
      sum.add(numbered.change.author)
      sum.end()
    }
    sum.begin(33)
    sum.add(network.lastChange)
    sum.end()
  }

  private func digest(_ block: UInt32, number: Int, of id: UInt64, _ sum: inout DigestSum) {
    let record = promises.record(block).pointee
    sum.begin(30)
    sum.add(id)
    sum.add(number)
    for value in [
      record.windowFromUnixSeconds, record.windowToUnixSeconds, record.shipByUnixSeconds,
      record.orderedAtUnixSeconds, record.deliveredAtUnixSeconds,
    ] {
      sum.add(value)
    }
    sum.add(record.lane)
    sum.add(record.deliveryDays)
    for value in [record.node, record.chance, record.firstLine, record.lineCount] { sum.add(value) }
    for value in [record.level, record.restrictions, record.confidence, record.wantsUpgrade] {
      sum.add(value)
    }
    sum.add(promises.country(block))
    sum.add(promises.postcode(block))
    for claim in promises.claims(block) {
      sum.add(claim.kind)
      sum.add(claim.index)
      sum.add(claim.atUnixSeconds)
      sum.add(claim.units)
    }
    sum.end()
  }
}
