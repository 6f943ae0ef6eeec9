import PromisedEngine
import PromisedModel
import PromisedRecords
import PromisedWire

/// Promises after they were made: what threatens them, what saves them, what improves them.
extension Sequencer {
  func answer(_ query: AtRiskQuery, _ reply: ReplyTo) throws(Refusal) {
    let answer = try state.answer(query, at: now)
    send(reply, reflecting: observed()) { (encoder, asOf, frames) in
      encoder.encode(
        atRisk: answer.rows, promises: answer.promises, truncated: answer.isTruncated,
        streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  func perform(_ command: RescueCommand, _ reply: ReplyTo) throws(Refusal) {
    if let (outcome, decidedAt) = try state.recall(command.key, at: now) {
      // What was moved then; what is at risk now is another question.
      let moved = UInt64(max(0, outcome.availableUnits))
      send(reply, reflecting: max(decidedAt, state.observedPosition)) { (encoder, asOf, frames) in
        encoder.encode(
          rescued: [], moved: moved, streamID: reply.streamID, asOf: asOf, into: &frames)
      }
      return
    }
    let decision = try state.decide(command, at: now)
    var reflected = observed()
    if command.applies { reflected = commit(.promisesMoved(command.key, decision.moves)) }
    let moved = command.applies ? UInt64(decision.moves.count) : 0
    send(reply, reflecting: reflected) { (encoder, asOf, frames) in
      encoder.encode(
        rescued: decision.rows, moved: moved, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  /// Closes, delays or reopens departures of a leg.
  func perform(
    _ command: DepartureCommand, key: CommandKey, _ reply: ReplyTo
  ) throws(Refusal) {
    var reflected: Position
    if let (_, decidedAt) = try state.recall(key, at: now) {
      reflected = max(decidedAt, state.observedPosition)
    } else {
      let changes = try state.decide(command)
      reflected = commit(.departuresChanged(key, changes))
    }
    let affected = state.affectedDestinations(ofLeg: command.change.name)
    reflected = max(reflected, state.observedPosition)
    send(reply, reflecting: reflected) { (encoder, asOf, frames) in
      encoder.encode(
        departures: command.change.kind, destinationsAffected: affected,
        streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  /// Promises that one turn looks at for an earlier window.
  private static var upgradesPerTurn: Int { 64 }

  /// A turn of the upgrade pass: room that came free goes to those who wait for it, in commit order,
  /// a bounded number a batch. Its moves are an event of their own, after the one that freed the
  /// room; nobody waits for it.
  func upgradePromises() {
    if upgradeWishes.isEmpty {
      let wishes = state.takeUpgradeWishes(at: now)
      if wishes.isEmpty { return }
      upgradeWishes = wishes[...]
    }
    let turn = upgradeWishes.prefix(Self.upgradesPerTurn)
    upgradeWishes = upgradeWishes.dropFirst(Self.upgradesPerTurn)
    let moves = state.decideUpgrades(turn, at: now)
    if moves.isEmpty { return }
    commit(.promisesMoved(CommandKey(bytes: .empty, bodyDigest: 0), moves))
  }
}
