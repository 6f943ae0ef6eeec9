import PromisedInvariants
import PromisedModel

/// Where a load stands, and the event that takes it there; no event when it stands there already.
package struct LoadDecision {
  package var event: Event?
  /// The chunk to send next.
  package var nextChunk: UInt32
  package var committed: Bool
  /// Positions that are added or changed by the commit.
  package var positionsChanged: UInt64

  init(event: Event?, nextChunk: UInt32, committed: Bool = false, positionsChanged: UInt64 = 0) {
    self.event = event
    self.nextChunk = nextChunk
    self.committed = committed
    self.positionsChanged = positionsChanged
  }
}

/// Loads: whole or invisible.
extension State {
  /// The load that is open and the chunk it waits for.
  package var openLoad: (description: LoadDescription, nextChunk: UInt32)? {
    load.map { ($0.description, $0.nextChunk) }
  }

  /// Whether a zone's rules are known to the network that rows go to: the one that answers, or that
  /// of the open load.
  package func hasTimeZone(_ zone: Name, ofLoad: Bool) -> Bool {
    guard ofLoad, let load else { return network.hasTimeZone(zone) }
    return load.network.hasTimeZone(zone)
  }

  /// Begins a load, or goes on with the open one of the same id, mode and chunk count, which takes
  /// over `force`.
  ///
  /// The load committed last is answered committed for 10 minutes of logged time, like any command,
  /// so that a caller who lost the answer does not put old amounts over what has happened since.
  ///
  /// - Throws: KEY_INVALID, FIELD_OUT_OF_RANGE; LOAD_IN_PROGRESS when another load is open, or one
  ///   of this id with another mode or chunk count.
  package func decide(
    begin description: LoadDescription, at now: UnixMilliseconds
  ) throws(Refusal) -> LoadDecision {
    observeLoads()
    if !isValid(description.id) {
      throw Refusal(.keyInvalid, "load_id must have 1 to 64 bytes of UTF-8 without controls")
    }
    if description.chunkCount == 0 {
      throw Refusal(.fieldOutOfRange, "chunk_count is 0: at least 1")
    }
    if let load {
      if load.description.isSameLoad(as: description) {
        return LoadDecision(
          event: load.description == description ? nil : .loadBegan(description),
          nextChunk: load.nextChunk)
      }
      throw Refusal(
        .loadInProgress,
        "load \(load.description.id) is open with \(load.nextChunk) of"
          + " \(load.description.chunkCount) chunks: commit or abort it", key: load.description.id)
    }
    if let lastLoad, lastLoad.description.isSameLoad(as: description),
      now.milliseconds &- lastLoad.committedAt.milliseconds < Limits.idempotencyMilliseconds
    {
      return LoadDecision(event: nil, nextChunk: description.chunkCount, committed: true)
    }
    return LoadDecision(event: .loadBegan(description), nextChunk: 0)
  }

  /// Takes a chunk of the open load aside, checked against what is live and what it brought.
  ///
  /// - Throws: LOAD_UNKNOWN, FIELD_OUT_OF_RANGE (no such chunk), LOAD_CHUNK_OUT_OF_ORDER, and what
  ///   `validate` throws. A chunk that is there already is answered without an event.
  package func decide(chunk number: UInt32, of id: Name, _ rows: borrowing PutRows)
    throws(Refusal) -> LoadDecision
  {
    observeLoads()
    let load = try requireLoad(id)
    if number >= load.description.chunkCount {
      throw Refusal(
        .fieldOutOfRange,
        "chunk number is \(number): the load has \(load.description.chunkCount) chunks")
    }
    if number < load.nextChunk { return LoadDecision(event: nil, nextChunk: load.nextChunk) }
    if number > load.nextChunk {
      throw Refusal(
        .loadChunkOutOfOrder, "chunk \(number) was sent: chunk \(load.nextChunk) is next", key: id)
    }
    try validate(rows, staged: load)
    return LoadDecision(
      event: .loadChunk(number: number, copy rows), nextChunk: load.nextChunk + 1)
  }

  /// Makes a whole load visible.
  ///
  /// A load whose id was committed last is answered committed again.
  ///
  /// - Throws: LOAD_UNKNOWN, LOAD_CHUNK_OUT_OF_ORDER when chunks are missing,
  ///   LOAD_CHANGES_TOO_MUCH when more than 5 % of the positions would change without force.
  package func decide(commitLoad id: Name) throws(Refusal) -> LoadDecision {
    observeLoads()
    if load == nil, let lastLoad, id == lastLoad.description.id {
      return LoadDecision(event: nil, nextChunk: 0, committed: true)
    }
    let load = try requireLoad(id)
    if load.nextChunk != load.description.chunkCount {
      throw Refusal(
        .loadChunkOutOfOrder,
        "\(load.nextChunk) of \(load.description.chunkCount) chunks are there: send the rest first",
        key: id)
    }
    // The count reads every position.
    observeEverything()
    let changes = countChanges(of: load)
    let live = positions.positionCount
    if !load.description.force && changes.changed * 20 > live {
      throw Refusal(
        .loadChangesTooMuch,
        "the load would change \(changes.changed) of \(live) positions, more than 5 %:"
          + " check the files, or load with force", key: id)
    }
    return LoadDecision(
      event: .loadCommitted, nextChunk: load.nextChunk, committed: true,
      positionsChanged: UInt64(changes.changed + changes.added))
  }

  /// Drops a load and everything it brought.
  ///
  /// - Throws: LOAD_UNKNOWN.
  package func decide(abortLoad id: Name) throws(Refusal) -> LoadDecision {
    observeLoads()
    _ = try requireLoad(id)
    return LoadDecision(event: .loadAborted, nextChunk: 0)
  }

  private func requireLoad(_ id: Name) throws(Refusal) -> OpenLoad {
    if let load, load.description.id == id { return load }
    throw Refusal(.loadUnknown, "no load \(id) is open", key: id)
  }

  /// How many live positions the load changes, and how many it adds.
  func countChanges(of load: OpenLoad) -> (changed: Int, added: Int) {
    var overlay = StockOverlay()
    var (changed, added) = (0, 0)
    for chunk in load.chunks.reversed() {
      guard case .positions(let rows) = chunk else { continue }
      // The nodes of a load may be new: then they have no index, and no position is live there.
      let nodes = rows.nodeNames.map { nodeIndex($0) }
      count(rows, nodes: nodes, in: &overlay, changed: &changed, added: &added)
    }
    if load.description.mode == .replace {
      changed += countMissing(from: overlay)
    }
    return (changed, added)
  }

  private func count(
    _ rows: PositionRows, nodes: [UInt16?], in overlay: inout StockOverlay, changed: inout Int,
    added: inout Int
  ) {
    var offsets: [Int] = []
    offsets.reserveCapacity(rows.keys.count)
    var total = 0
    for length in rows.keys.lengths {
      offsets.append(total)
      total += Int(length)
    }
    rows.keys.withKeyColumn { keys in
      for row in (0..<keys.count).reversed() {
        var offset = offsets[row]
        let key = keys.key(row, at: &offset)
        // A node the load brings has no position yet: its rows are all new, so that rows stated
        // twice are counted twice; the number is for people.
        guard let node = nodes[Int(rows.nodes[row])] else {
          added += 1
          continue
        }
        let known = itemKeys.token(key)
        let token = overlay.token(key, known: known)
        if overlay.find(token, node) != nil { continue }
        let amounts = rows.amounts(row)
        _ = overlay.insert(token, node, amounts)
        let slot = known == 0 ? -1 : positions.find(known)
        if slot < 0 || positions.row(slot, node: node) == nil {
          added += 1
        } else if self.amounts(token: known, slot: slot, node: node) != amounts {
          changed += 1
        }
      }
    }
  }

  /// Live positions with stock that the load does not name.
  private func countMissing(from overlay: borrowing StockOverlay) -> Int {
    var missing = 0
    for slot in 0..<positions.totalSlots {
      let token = positions.key(slot)
      if token == 0 { continue }
      for place in 0..<positions.rowCount(slot) {
        let row = positions.rows(slot)[place]
        if row.onHand == 0 && row.encumbered == 0 { continue }
        if overlay.find(token, positions.nodes(slot)[place]) == nil { missing += 1 }
      }
    }
    return missing
  }
}

extension LoadDescription {
  /// The same rows, in the same chunks, meant in the same way.
  func isSameLoad(as other: LoadDescription) -> Bool {
    id == other.id && mode == other.mode && chunkCount == other.chunkCount
  }
}
