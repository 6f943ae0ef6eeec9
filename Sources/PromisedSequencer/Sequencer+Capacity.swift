import PromisedEngine
import PromisedModel
import PromisedWire

/// Seller storage: plans, bids, removals, and questions about them.
extension Sequencer {
  func answerCapacity(_ request: Request, _ reply: ReplyTo) throws(Refusal) {
    switch request {
    case .whatIf(let query, let minimum):
      try requirePosition(minimum)
      let answer = try state.answer(query, at: now)
      sendAdmission(answer, reply, reflecting: observed())
    case .utilization(let nodes, let minimum):
      try requirePosition(minimum)
      let rows = try state.utilization(of: nodes)
      send(reply, reflecting: observed()) { (encoder, asOf, frames) in
        encoder.encode(utilization: rows, streamID: reply.streamID, asOf: asOf, into: &frames)
      }
    case .capacityReport(let query, let minimum):
      try requirePosition(minimum)
      listReply.removeAll()
      try state.report(query, at: now, into: &listReply)
      send(reply, reflecting: observed()) { (encoder, asOf, frames) in
        encoder.encode(listReply, streamID: reply.streamID, asOf: asOf, into: &frames)
      }
    case .clearing(let id, let sales):
      guard let clearing = state.clearing(id) else {
        throw Refusal(.fieldOutOfRange, "clearing_id is \(id): no such round is kept")
      }
      sendClearing(clearing, sales, reply, reflecting: observed())
    default: return
    }
  }

  func performCapacity(_ request: Request, _ reply: ReplyTo) throws(Refusal) {
    switch request {
    case .admit(let command): try perform(command, reply)
    case .receive(let command): try perform(command, reply)
    case .closePlan(let command): try perform(command, reply)
    case .bid(let command): try perform(command, reply)
    case .clear(let command, let sales): try perform(command, sales, reply)
    case .remove(let command): try perform(command, reply)
    default: return
    }
  }

  /// The answer that was remembered under a key, or nil when the key is new.
  ///
  /// - Throws: the refusal that was remembered, and what `recall` throws.
  private func repeated(
    _ key: CommandKey
  ) throws(Refusal) -> (outcome: RememberedOutcome, reflected: Position)? {
    guard let (outcome, decidedAt) = try state.recall(key, at: now) else { return nil }
    if outcome.code != OutcomeCode.ok.rawValue { throw remembered(outcome) }
    return (outcome, max(decidedAt, state.observedPosition))
  }

  // MARK: Expected sales

  /// Whether a slice of what sellers are expected to sell is to be worked out.
  package var isSellThroughDue: Bool { state.isSellThroughDue(at: now) }

  /// Goes on with it by about `units` items.
  package func figureSellThrough(units: Int) {
    _ = state.figureSellThrough(units: units, at: now)
  }

  // MARK: Plans

  private func perform(_ command: AdmitCommand, _ reply: ReplyTo) throws(Refusal) {
    if let (outcome, reflected) = try repeated(command.key) {
      var answer = AdmissionReply()
      answer.planID = outcome.holdID
      answer.isRepeated = true
      answer.expiresUnixSeconds = UnixMilliseconds(outcome.expiresAtMilliseconds).seconds
      return sendAdmission(answer, reply, reflecting: reflected)
    }
    do throws(Refusal) {
      var (event, answer) = try state.decide(command, at: now)
      answer.planID = commit(event)
      sendAdmission(answer, reply, reflecting: position)
    } catch {
      try remember(error, under: command.key)
    }
  }

  private func sendAdmission(
    _ answer: AdmissionReply, _ reply: ReplyTo, reflecting reflected: Position
  ) {
    send(reply, reflecting: reflected) { (encoder, asOf, frames) in
      encoder.encode(answer, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  private func perform(_ command: ReceiveCommand, _ reply: ReplyTo) throws(Refusal) {
    if let (_, reflected) = try repeated(command.key) {
      return try sendPlan(command.plan, isRepeated: true, reply, reflecting: reflected)
    }
    do throws(Refusal) {
      guard let event = try state.decide(command, at: now) else {
        return try sendPlan(command.plan, isRepeated: true, reply, reflecting: observed())
      }
      commit(event)
      try sendPlan(command.plan, isRepeated: false, reply, reflecting: position)
    } catch {
      try remember(error, under: command.key)
    }
  }

  private func perform(_ command: CloseCommand, _ reply: ReplyTo) throws(Refusal) {
    if let (_, reflected) = try repeated(command.key) {
      return try sendPlan(command.plan, isRepeated: true, reply, reflecting: reflected)
    }
    do throws(Refusal) {
      commit(try state.decide(command, at: now))
      try sendPlan(command.plan, isRepeated: false, reply, reflecting: position)
    } catch {
      try remember(error, under: command.key)
    }
  }

  private func sendPlan(
    _ plan: Name, isRepeated: Bool, _ reply: ReplyTo, reflecting reflected: Position
  ) throws(Refusal) {
    var status = try state.planStatus(plan)
    status.isRepeated = isRepeated
    send(reply, reflecting: max(reflected, state.observedPosition)) { (encoder, asOf, frames) in
      encoder.encode(status, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  // MARK: Extra capacity

  private func perform(_ command: BidCommand, _ reply: ReplyTo) throws(Refusal) {
    func send(_ id: UInt64, _ isRepeated: Bool, _ reflected: Position) {
      self.send(reply, reflecting: reflected) { (encoder, asOf, frames) in
        encoder.encode(
          bid: id, repeated: isRepeated, streamID: reply.streamID, asOf: asOf, into: &frames)
      }
    }
    if let (outcome, reflected) = try repeated(command.key) {
      return send(outcome.holdID, true, reflected)
    }
    do throws(Refusal) {
      let id = commit(try state.decide(command, at: now))
      send(id, false, position)
    } catch {
      try remember(error, under: command.key)
    }
  }

  private func perform(
    _ command: ClearCommand, _ sales: [(seller: Name, amount: Int64)], _ reply: ReplyTo
  ) throws(Refusal) {
    if let (outcome, reflected) = try repeated(command.key) {
      guard let clearing = state.clearing(outcome.holdID) else {
        throw Refusal(.fieldOutOfRange, "the round of this key is no longer kept")
      }
      return sendClearing(clearing, sales, reply, reflecting: reflected)
    }
    do throws(Refusal) {
      var clearing = try state.decide(command, at: now)
      var reflected = observed()
      if !command.isTrial {
        clearing.id = commit(.bidsCleared(command.key, clearing))
        reflected = position
      }
      sendClearing(clearing, sales, reply, reflecting: reflected)
    } catch {
      try remember(error, under: command.key)
    }
  }

  private func sendClearing(
    _ clearing: ClearingRow, _ sales: [(seller: Name, amount: Int64)], _ reply: ReplyTo,
    reflecting reflected: Position
  ) {
    let answer = State.ledger(of: clearing, sales: sales)
    send(reply, reflecting: reflected) { (encoder, asOf, frames) in
      encoder.encode(answer, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  // MARK: Removals

  private func perform(_ command: RemovalCommand, _ reply: ReplyTo) throws(Refusal) {
    func send(_ isRepeated: Bool, _ reflected: Position) {
      let pending = state.pendingUnits(ofRemoval: command.order)
      self.send(reply, reflecting: reflected) { (encoder, asOf, frames) in
        encoder.encode(
          removalPending: pending, repeated: isRepeated, streamID: reply.streamID, asOf: asOf,
          into: &frames)
      }
    }
    if let (_, reflected) = try repeated(command.key) {
      // What is pending may have changed since.
      return send(true, max(reflected, position))
    }
    do throws(Refusal) {
      commit(try state.decide(command, at: now))
      send(false, position)
    } catch {
      try remember(error, under: command.key)
    }
  }
}
