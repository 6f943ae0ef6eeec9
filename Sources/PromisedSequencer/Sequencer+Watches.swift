import PromisedEngine
import PromisedModel
import PromisedWire

// Watches and polls: how they begin and end, and what they are told turn by turn.
extension Sequencer {
  // MARK: Beginning

  func perform(_ control: WatchControl, on stream: ClientStream) throws(Refusal) {
    switch control {
    case .create(let creation):
      if stream.watch != nil {
        throw Refusal(.messageMalformed, "kind is create: the watch of this stream was created")
      }
      try create(creation, on: stream)
    case .acknowledge(let sequence):
      guard let watch = stream.watch else {
        throw Refusal(.messageMalformed, "kind is acknowledge: the first message creates a watch")
      }
      try watch.acknowledge(sequence)
      watching.wantRound()
    case .cancel: finish(stream)
    }
  }

  private func create(_ creation: WatchCreation, on stream: ClientStream) throws(Refusal) {
    try requireRoom()
    let filter = try state.filter(of: creation.scope)
    let channel = try state.watchedChannel(creation.channel)
    let cursor = try cursor(behind: creation.from)
    if watching.thresholds.count + creation.thresholds.count > Limits.thresholds {
      throw Refusal(
        .streamLimit,
        "\(watching.thresholds.count) thresholds are watched already; allowed: "
          + "\(Limits.thresholds)")
    }
    let watch = Watch(
      creation, filter: filter, channel: channel, cursor: cursor ?? state.cursorAtEnd(),
      stream: stream, now: uptimeNanoseconds, since: since(creation.from))
    watch.isLost = cursor == nil
    watch.thresholds = try thresholds(of: creation)
    stream.watch = watch
    if !watching.hasThresholds { watching.thresholds.changeIndex = state.changeCount }
    watching.add(watch)
    watching.thresholds.add(watch, at: position)
  }

  private func thresholds(of creation: WatchCreation) throws(Refusal) -> [Threshold] {
    var thresholds: [Threshold] = []
    for (index, row) in creation.thresholds.enumerated() {
      do throws(Refusal) {
        let token = try state.watchedItem(row.item)
        let parts = row.kind == .availableBelow ? state.watchedComponents(of: token) : []
        var question: OfferQuestion?
        if row.kind == .promiseLater {
          try state.requireDestination(creation.country, row.postcode)
          question = OfferQuestion(
            item: row.item, quantity: row.units, country: creation.country,
            postcode: row.postcode, level: row.level, confidence: creation.confidence)
        }
        thresholds.append(
          Threshold(row: row, token: token, parts: parts, question: question))
      } catch {
        var named = error
        named.row = Int32(clamping: index)
        throw named
      }
    }
    return thresholds
  }

  func poll(_ query: WatchPollQuery, _ reply: ReplyTo) throws(Refusal) {
    try requireRoom()
    let filter = try state.filter(of: query.scope)
    let cursor = try cursor(behind: query.from)
    let allowed =
      requestTimeoutNano == 0
      ? UInt64(Limits.defaultDeadlineMilliseconds + 1) * 1_000_000 : UInt64(requestTimeoutNano)
    let watch = Watch(
      query, filter: filter, cursor: cursor ?? state.cursorAtEnd(), reply: reply,
      now: uptimeNanoseconds, deadline: uptimeNanoseconds &+ allowed, since: since(query.from))
    watch.isLost = cursor == nil
    watching.add(watch)
  }

  private func requireRoom() throws(Refusal) {
    if watching.watches.count >= Limits.watches {
      throw Refusal(
        .streamLimit,
        "\(watching.watches.count) watches and polls wait already; allowed: \(Limits.watches)")
    }
  }

  /// Where a reader goes on; nil when it has lost changes. A place ahead of the log is of another
  /// log, or of a server that has not caught up: going on from here would skip changes silently.
  private func cursor(behind place: ChangePlace) throws(Refusal) -> ChangeCursor? {
    if place.position == 0 { return state.cursorAtEnd() }
    if place.position > position {
      throw Refusal(
        .positionNotReached,
        "from_position \(place.position) is ahead of the log, which is at \(position)")
    }
    return state.cursor(behind: place)
  }

  /// From when on a reader knows which nodes a group has.
  private func since(_ place: ChangePlace) -> Position {
    place.position == 0 ? position : place.position
  }

  // MARK: Turn by turn

  /// The loop's monotonic clock, before the requests of a turn.
  package func beginTurn(uptimeNanoseconds: UInt64) {
    self.uptimeNanoseconds = max(self.uptimeNanoseconds, uptimeNanoseconds)
  }

  /// When `serveWatches` has to be called again though nothing happens; nil = no need.
  package var watchesWakeAt: UInt64? { watching.wakesAt(now: uptimeNanoseconds) }

  /// Watches and polls that wait, and thresholds of all watches.
  package var watchCounts: (watches: Int, thresholds: Int) {
    (watching.watches.count, watching.thresholds.count)
  }

  /// Tells watches what changed, a bounded amount of work a call; the sessions that have something
  /// to send.
  package func serveWatches() -> [Session] {
    if watching.isEmpty { return [] }
    evaluateThresholds()
    watching.beginRound(changes: state.changeCount, now: uptimeNanoseconds)
    var served: [Session] = []
    var budget = Self.turnBudget
    var visits = Self.turnVisits
    while budget > 0, visits > 0, let watch = watching.take() {
      visits -= 1
      if visit(watch, &budget) { served.append(watch.session) }
    }
    return served
  }

  /// Changes looked at and rows written in a turn, watches visited, and changes of one visit:
  /// together some tenths of a millisecond.
  private static var turnBudget: Int { 16_384 }
  private static var turnVisits: Int { 256 }
  private static var visitBudget: Int { 8192 }
  /// A frame that is not full follows the one before after this long at the earliest.
  private static var frameGapNanoseconds: UInt64 { 10_000_000 }
  /// A watch whose peer leaves this much unread makes no frame.
  private static var unreadBytes: Int { 262_144 }

  /// Looks at one watch; true when its session has something to send.
  private func visit(_ watch: Watch, _ budget: inout Int) -> Bool {
    let now = uptimeNanoseconds
    if now >= watch.deadline { return end(watch, Self.deadlinePassed()) }
    switch watch.target {
    case .poll(let reply): return answerPoll(watch, reply, &budget)
    case .stream(let stream):
      if isDraining {
        return end(
          watch,
          Refusal(
            .draining,
            "the service is draining: watch another, from position "
              + "\(state.place(of: watch.cursor).position)"))
      }
      return tell(watch, stream, &budget)
    }
  }

  /// Ends a watch or a poll with a no.
  private func end(_ watch: Watch, _ refusal: Refusal) -> Bool {
    state.beginObservation()
    mustReflect = 0
    switch watch.target {
    case .stream(let stream): end(stream, refusal)
    case .poll(let reply):
      watching.remove(watch)
      refuse(refusal, reply)
    }
    return true
  }

  /// Reads on into `watchReply`; false when more is left than the budget allowed for.
  private func read(_ watch: Watch, _ budget: inout Int) -> Bool {
    watchReply.removeAll()
    state.beginObservation()
    mustReflect = 0
    if state.hasMoved(watch.filter, since: watch.groupSince) {
      // Other nodes than before: what it knows of them is not what there is.
      watch.isLost = true
      watch.groupSince = position
    }
    if watch.isLost || state.isLapped(watch.cursor) {
      watch.isLost = true
      watch.cursor = state.cursorAtEnd()
      watchReply.isLost = true
      watchReply.place = state.place(of: watch.cursor)
      return true
    }
    if watch.onlyCrossings {
      watch.cursor = state.cursorAtEnd()
      watchReply.place = state.place(of: watch.cursor)
      return true
    }
    var own = min(budget, Self.visitBudget)
    budget -= own
    state.readChanges(
      watch.filter, from: &watch.cursor, items: watch.items, budget: &own, into: &watchReply)
    budget += own
    return state.isAtEnd(watch.cursor)
  }

  private func answerPoll(_ watch: Watch, _ reply: ReplyTo, _ budget: inout Int) -> Bool {
    let isAtEnd = read(watch, &budget)
    let isOver = isAtEnd && (uptimeNanoseconds >= watch.waitsUntil || isDraining)
    if watchReply.isEmpty && !isOver {
      if !isAtEnd { watching.wantRound() }
      watching.visit(by: min(watch.waitsUntil, watch.deadline))
      return false
    }
    watching.remove(watch)
    // What it says of the log must be on disk, also where nothing changed.
    let reflected = max(observed(), watchReply.place.position)
    send(reply, reflecting: reflected) { (encoder, asOf, frames) in
      encoder.encode(watchReply, isPoll: true, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
    return true
  }

  /// Whether a stream's next frame can be made; when it cannot, sees to it that it is looked at
  /// again in time.
  private func isReady(_ watch: Watch) -> Bool {
    let now = uptimeNanoseconds
    if watch.waitsFor > durablePosition {
      watching.isBehindDisk = true
    } else if watch.session.pendingOutputBytes > Self.unreadBytes {
      watching.visit(by: now + Self.frameGapNanoseconds)
    } else if now < watch.sentAt + Self.frameGapNanoseconds, watch.sent > 0, !watch.isFull {
      watching.visit(by: watch.sentAt + Self.frameGapNanoseconds)
    } else {
      return true
    }
    return false
  }

  private func tell(_ watch: Watch, _ stream: ClientStream, _ budget: inout Int) -> Bool {
    watching.visit(by: watch.deadline)
    if !watch.hasCredit { return stall(watch) }
    if !isReady(watch) { return false }
    let isAtEnd = read(watch, &budget)
    watch.takeCrossings(into: &watchReply)
    if !isAtEnd { watching.wantRound() }
    let beatsAt = watch.sentAt &+ watch.heartbeatNanoseconds
    if watchReply.isEmpty && uptimeNanoseconds < beatsAt {
      watching.visit(by: beatsAt)
      return false
    }
    watch.isLost = false
    watch.isFull = !isAtEnd
    watch.sentAt = uptimeNanoseconds
    watchReply.sequence = watch.nextSequence()
    watching.visit(by: watch.sentAt &+ watch.heartbeatNanoseconds)
    let reflected = max(
      observed(), max(watchReply.place.position, watch.crossingsObserved))
    watch.waitsFor = send(on: stream, reflecting: reflected) { (encoder, asOf, frames) in
      encoder.encode(
        watchReply, isPoll: false, streamID: stream.id, asOf: asOf, into: &frames)
    }
    return true
  }

  /// A watch without credit is told nothing; one that leaves changes untold for too long is ended,
  /// because nobody seems to be there.
  private func stall(_ watch: Watch) -> Bool {
    let hasNews =
      watch.isLost || watch.hasCrossings || (!watch.onlyCrossings && !state.isAtEnd(watch.cursor))
    if !hasNews { return false }
    let since = watch.stalledSince ?? uptimeNanoseconds
    watch.stalledSince = since
    let endsAt = since + UInt64(Limits.watchStallMilliseconds) * 1_000_000
    if uptimeNanoseconds < endsAt {
      watching.visit(by: endsAt)
      return false
    }
    let place = state.place(of: watch.cursor)
    return end(
      watch,
      Refusal(
        .watchTooSlow,
        "\(watch.sent - watch.acknowledged) frames were not acknowledged for "
          + "\(Limits.watchStallMilliseconds / 1000) s; go on from position \(place.position), "
          + "part \(place.part), or from the last batch that was dealt with"))
  }
}
