import PromisedEngine
import PromisedInvariants
import PromisedModel
import PromisedRecords
import PromisedWire

extension Sequencer {
  /// Performs one checked request: reads answer, commands decide, log and answer.
  func perform(
    _ request: Request, _ reply: ReplyTo, facts: borrowing ServerFacts
  ) throws(Refusal) {
    switch request {
    case .offer(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .availability(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .inStock(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .atp(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .history(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .headroom(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .usage(let sellers, let minimum):
      try requirePosition(minimum)
      try answer(HeadroomQuery(sellers: sellers, item: .empty, monthCount: 1), reply)
    case .list(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .networkGet(let minimum):
      try requirePosition(minimum)
      answerNetwork(reply)
    case .holdGet(let hold, let minimum):
      try requirePosition(minimum)
      try answer(hold, reply)
    case .shortfalls(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .explain(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .changed(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .listOverrides(let withExpired, let minimum):
      try requirePosition(minimum)
      answerOverrides(withExpired: withExpired, reply)
    case .atRisk(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .plan(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .accuracy(let query, let minimum):
      try requirePosition(minimum)
      try answer(query, reply)
    case .watchPoll(let query): try poll(query, reply)
    case .watch: invariant(false, "a watch's message outside its stream")
    case .whatIf, .utilization, .capacityReport, .clearing:
      try answerCapacity(request, reply)
    case .admit, .receive, .closePlan, .bid, .clear, .remove:
      try requireTakingChanges()
      try performCapacity(request, reply)
    case .hold, .holdTransition, .extend, .amend, .fulfil, .feed, .reverseFeed, .put, .rescue,
      .observe, .departures, .putOverride,
      .beginLoad, .commitLoad, .abortLoad:
      try requireTakingChanges()
      try performChange(request, reply)
    case .status: answerStatus(reply, facts: facts)
    case .audit: followUps.append(.audit(reply))
    case .takeSnapshot: try askForSnapshot(reply, facts: facts)
    case .listSnapshots: answerSnapshots(reply, facts: facts)
    case .drain: drain(reply)
    case .ping(let payload):
      send(reply, reflecting: 0) { (encoder, asOf, frames) in
        encoder.encode(ping: payload, streamID: reply.streamID, asOf: asOf, into: &frames)
      }
    case .setTime(let seconds): try setTime(seconds, reply)
    case .hello: hello(reply)
    case .descriptorSet:
      send(reply, reflecting: 0) { (encoder, _, frames) in
        encoder.encodeDescriptorSet(streamID: reply.streamID, into: &frames)
      }
    case .health(let service): try answerHealth(service, reply)
    }
  }

  private func performChange(_ request: Request, _ reply: ReplyTo) throws(Refusal) {
    switch request {
    case .hold(let command): try perform(command, reply)
    case .holdTransition(let command): try perform(command, reply)
    case .extend(let command): try perform(command, reply)
    case .amend(let command): try perform(command, reply)
    case .fulfil(let command): try perform(command, reply)
    case .feed(let rows): try perform(rows, reply)
    case .reverseFeed(let reversal): try perform(reversal, reply)
    case .put(let rows, let key, let load): try perform(rows, key: key, load: load, reply)
    case .putOverride(let command): try perform(command, reply)
    case .rescue(let command): try perform(command, reply)
    case .departures(let command, let key): try perform(command, key: key, reply)
    case .observe(let rows, let key): try perform(rows, key: key, reply)
    case .beginLoad(let load): try beginLoad(load, reply)
    case .commitLoad(let id): try commitLoad(id, reply)
    case .abortLoad(let id): try abortLoad(id, reply)
    default: invariant(false, "no change: \(request)")
    }
  }

  func requireTakingChanges() throws(Refusal) {
    if isDraining {
      throw Refusal(.draining, "the service is draining and takes no more changes: ask another")
    }
  }

  /// A read must not be older than what the caller has seen.
  func requirePosition(_ minimum: Position) throws(Refusal) {
    if minimum > position {
      throw Refusal(
        .positionNotReached,
        "read.min_position \(minimum) is ahead of the log, which is at \(position)")
    }
    // What the caller has seen of somebody else's change must be on disk before this answer is.
    if minimum > durablePosition { mustReflect = minimum }
  }

  // MARK: Questions

  private func answer(_ query: OfferQuery, _ reply: ReplyTo) throws(Refusal) {
    offerReply.removeAll()
    try state.answer(query, at: now, into: &offerReply)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(offerReply, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  private func answer(_ query: AvailabilityQuery, _ reply: ReplyTo) throws(Refusal) {
    availabilityReply.removeAll()
    try state.answer(query, at: now, into: &availabilityReply)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(availabilityReply, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  private func answer(_ query: InStockQuery, _ reply: ReplyTo) throws(Refusal) {
    inStockReply.removeAll()
    try state.answer(query, at: now, into: &inStockReply)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(
        inStockReply, horizonDays: query.horizonDays, streamID: reply.streamID, asOf: asOf,
        into: &frames)
    }
  }

  private func answer(_ query: HistoryQuery, _ reply: ReplyTo) throws(Refusal) {
    historyReply.removeAll()
    try state.answer(query, at: now, into: &historyReply)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(historyReply, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  private func answer(_ query: HeadroomQuery, _ reply: ReplyTo) throws(Refusal) {
    headroomReply.removeAll()
    try state.answer(query, at: now, into: &headroomReply)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(headroomReply, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  private func answer(_ query: ListQuery, _ reply: ReplyTo) throws(Refusal) {
    listReply.removeAll()
    try state.list(
      query.kind, token: query.pageToken, size: Int(query.pageSize), into: &listReply)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(listReply, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  /// The last change that a read saw, or that its caller had seen before it.
  func observed() -> Position {
    max(state.observedPosition, mustReflect)
  }

  // MARK: Decided before

  func remembered(_ outcome: RememberedOutcome) -> Refusal {
    let code = OutcomeCode(rawValue: outcome.code) ?? .idempotencyConflict
    return Refusal(
      code, "this key was decided before, with \(code.reason); a new intent needs a new key",
      row: outcome.row, availableUnits: outcome.availableUnits,
      nextSupplyUnixSeconds: outcome.nextSupplyUnixSeconds)
  }

  /// A command that was decided with no keeps that answer under its key, like one decided with
  /// yes. A refusal of the moment (no room for the key, say) is not a decision and is not kept.
  func remember(_ refusal: Refusal, under key: CommandKey) throws(Refusal) -> Never {
    let isDecision = !refusal.code.isRetryable && refusal.code != .idempotencyConflict
    if isDecision, !key.bytes.isEmpty {
      let outcome = RememberedOutcome(
        code: refusal.code, row: refusal.row, availableUnits: refusal.availableUnits,
        nextSupplyUnixSeconds: refusal.nextSupplyUnixSeconds)
      // The answer may leave only when it will be given again after a crash.
      mustReflect = commit(.refused(key, outcome))
    }
    throw refusal
  }

  // MARK: Puts

  private func perform(
    _ rows: PutRows, key: CommandKey, load: LoadChunkKey?, _ reply: ReplyTo
  ) throws(Refusal) {
    countBulk(rows: rows.rowCount)
    let rows = try withTimeZones(rows, ofLoad: load != nil)
    var reflected: Position
    if let load {
      let decision = try state.decide(chunk: load.number, of: load.loadID, rows)
      reflected = state.observedPosition
      // A replacing load announces all limits anew.
      if state.openLoad?.description.mode == .merge { try checkPublished(rows) }
      if let event = decision.event { reflected = commit(event) }
    } else if let (_, decidedAt) = try state.recall(key, at: now) {
      reflected = decidedAt
    } else {
      try state.validate(rows)
      try checkPublished(rows)
      reflected = commit(.put(key, completed(rows)))
    }
    let count = UInt64(rows.rowCount)
    send(reply, reflecting: reflected) { (encoder, asOf, frames) in
      encoder.encode(PutReply(rows: count), streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }
}

extension Sequencer {
  /// Puts rows without a caller: for the start of a sandbox.
  package func put(_ rows: PutRows) throws(Refusal) {
    let rows = try withTimeZones(rows, ofLoad: false)
    try state.validate(rows)
    try checkPublished(rows)
    commit(.put(CommandKey(bytes: .empty, bodyDigest: 0), completed(rows)))
  }

  /// With what a put is decided with and did not say itself.
  private func completed(_ rows: PutRows) -> PutRows {
    guard case .signals(let signals) = rows else { return rows }
    return .signals(state.completed(signals, at: now))
  }

  /// What was published of limits is not lowered, and nothing is said of months that are over.
  private func checkPublished(_ rows: PutRows) throws(Refusal) {
    if case .limits(let limits) = rows { try state.checkPublished(limits, at: now) }
    if case .signals(let signals) = rows { try state.checkMonths(signals, at: now) }
  }

  private func withTimeZones(_ rows: PutRows, ofLoad: Bool) throws(Refusal) -> PutRows {
    guard case .network(var network) = rows else { return rows }
    try addTimeZones(to: &network, ofLoad: ofLoad)
    return .network(network)
  }
}
