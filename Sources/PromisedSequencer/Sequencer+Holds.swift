import PromisedEngine
import PromisedModel
import PromisedRecords
import PromisedWire

// Holds: claims decided, logged and answered.
extension Sequencer {
  func answer(_ hold: HoldReference, _ reply: ReplyTo) throws(Refusal) {
    holdReply.removeAll()
    try state.answer(hold, at: now, into: &holdReply)
    sendHold(reply, reflecting: observed())
  }

  func answer(_ query: ShortfallQuery, _ reply: ReplyTo) throws(Refusal) {
    shortfallReply.removeAll()
    try state.answer(query, at: now, into: &shortfallReply)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(shortfallReply, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  func perform(_ command: HoldCommand, _ reply: ReplyTo) throws(Refusal) {
    if try repeats(command.key, owner: command.owner, name: command.name, reply) { return }
    do throws(Refusal) {
      let event = try state.decide(command, at: now)
      holdReply.removeAll()
      holdReply.holdID = commit(.held(event))
      holdReply.state = .held
      holdReply.owner = command.owner
      holdReply.name = command.name
      holdReply.expiresAt = event.expiresAt
      if let grants = event.extras?.grants {
        for row in 0..<grants.count {
          holdReply.append(
            granted: grants.granted[row], later: grants.later[row],
            laterDue: grants.laterDues[row], backordered: grants.backordered[row])
        }
      }
      if !event.promises.isEmpty {
        state.appendShipments(ofHold: position, to: &holdReply)
      }
      sendHold(reply, reflecting: position)
    } catch {
      try remember(error, under: command.key)
    }
  }

  func perform(_ command: HoldTransitionCommand, _ reply: ReplyTo) throws(Refusal) {
    try perform(command.key, command.owner, command.hold, reply) { () throws(Refusal) in
      let event = try state.decide(command, at: now)
      return (.holdChanged(event), event.holdID, event.reclaimed)
    }
  }

  func perform(_ command: ExtendCommand, _ reply: ReplyTo) throws(Refusal) {
    try perform(command.key, command.owner, command.hold, reply) { () throws(Refusal) in
      let event = try state.decide(command, at: now)
      return (.holdExtended(event), event.holdID, event.reclaimed)
    }
  }

  func perform(_ command: AmendCommand, _ reply: ReplyTo) throws(Refusal) {
    try perform(command.key, command.owner, command.hold, reply) { () throws(Refusal) in
      let event = try state.decide(command, at: now)
      return (.holdAmended(event), event.holdID, false)
    }
  }

  func perform(_ command: FulfilCommand, _ reply: ReplyTo) throws(Refusal) {
    try perform(command.key, command.owner, command.hold, reply) { () throws(Refusal) in
      let event = try state.decide(command, at: now)
      return (.holdFulfilled(event), event.holdID, false)
    }
  }

  /// Decides a command about a hold that was granted, once.
  private func perform(
    _ key: CommandKey, _ owner: BorrowedBytes, _ hold: HoldReference, _ reply: ReplyTo,
    decide: () throws(Refusal) -> (Event, holdID: UInt64, reclaimed: Bool)
  ) throws(Refusal) {
    if try repeats(key, owner: owner, name: hold.name, reply) { return }
    do throws(Refusal) {
      let (event, id, reclaimed) = try decide()
      commit(event)
      holdReply.removeAll()
      try state.answer(HoldReference(id: id), at: now, into: &holdReply)
      holdReply.reclaimed = reclaimed
      holdReply.removeLines()
      sendHold(reply, reflecting: position)
    } catch {
      try remember(error, under: key)
    }
  }

  private func sendHold(_ reply: ReplyTo, reflecting position: Position) {
    send(reply, reflecting: position) { (encoder, asOf, frames) in
      encoder.encode(holdReply, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  /// Answers a command that was decided before under the same key; true when it was.
  private func repeats(
    _ key: CommandKey, owner: BorrowedBytes, name: BorrowedBytes, _ reply: ReplyTo
  ) throws(Refusal) -> Bool {
    guard let (outcome, decidedAt) = try self.state.recall(key, at: now) else { return false }
    guard outcome.code == OutcomeCode.ok.rawValue else { throw remembered(outcome) }
    holdReply.removeAll()
    // The hold may have moved on since; what is repeated is the answer of then.
    holdReply.holdID = outcome.holdID
    holdReply.state = HoldState(rawValue: outcome.holdState) ?? .held
    holdReply.owner = owner
    holdReply.name = name
    holdReply.expiresAt = UnixMilliseconds(outcome.expiresAtMilliseconds)
    holdReply.reclaimed = outcome.reclaimed
    holdReply.repeated = true
    self.state.appendGrants(of: key, to: &holdReply)
    self.state.appendShipments(of: key, to: &holdReply)
    sendHold(reply, reflecting: max(decidedAt, self.state.observedPosition))
    return true
  }
}
