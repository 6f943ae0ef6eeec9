import PromisedInvariants
import PromisedModel

/// What a rescue found, and the moves that it wants applied.
package struct RescueDecision {
  package var rows: [RiskRow] = []
  package var moves: [PromiseMovedEvent] = []
}

/// A promise whose owner wants an earlier window.
package struct UpgradeWish: Sendable, Equatable {
  package var holdID: UInt64
  package var shipment: Int
}

extension State {
  /// Promises that one rescue looks at.
  private static var rescuedRows: Int { 1000 }

  /// Re-sources promises at risk, of one hold or of all, at most 1,000: the rows of `AtRisk`, and a
  /// move for each that another node ships no later than promised. A promise that the same node
  /// keeps by other departures moves its claims to them. None is ever made later.
  ///
  /// Moves see the units and the room that moves before them take. The caller applies them as one
  /// event, when the command applies.
  ///
  /// - Throws: HOLD_UNKNOWN.
  package func decide(
    _ command: RescueCommand, at now: UnixMilliseconds
  ) throws(Refusal) -> RescueDecision {
    observeEverything()
    if command.holdID != 0, holds.find(command.holdID) == nil {
      throw unknownHold(HoldReference(id: command.holdID))
    }
    var decision = RescueDecision()
    var taken = TakenByMoves()
    for threat in threats(at: now).threats {
      if command.holdID != 0, holds.hold(threat.slot).id != command.holdID { continue }
      if decision.rows.count == Self.rescuedRows { break }
      let (isMissed, standing) = judge(threat, at: now)
      if !isMissed {
        if let move = rerouting(threat, taken, at: now) {
          taken.room.take(move.moved.claims)
          decision.moves.append(move)
        }
        continue
      }
      let way = rescue(of: threat, taken, at: now)
      let row = row(threat, standing, way)
      decision.rows.append(row)
      guard let way, row.isSaved else { continue }
      let move = move(threat.slot, threat.number, threat.block, to: way, cause: .rescue)
      taken.room.take(way.claims)
      for index in Int(move.moved.firstLine)..<Int(move.moved.firstLine + move.moved.lineCount) {
        let line = holds.lines(threat.slot)[index]
        taken.units[
          TakenByMoves.Place(item: line.item, node: way.offer.node), default: 0] +=
          Int64(line.quantity)
      }
      decision.moves.append(move)
    }
    return decision
  }

  /// The claims of a promise that is kept by other departures of its node; nil when it has left, or
  /// they have no room.
  private func rerouting(
    _ threat: Threat, _ taken: TakenByMoves, at now: UnixMilliseconds
  ) -> PromiseMovedEvent? {
    let record = promises.record(threat.block).pointee
    let terms = terms(of: record, threat.slot)
    guard let offer = standing(of: threat, at: now)?.offer, let profiles = profileSet(terms) else {
      return nil
    }
    var room = taken.room
    room.giveUp(promises.claims(threat.block))
    let minute = max(
      profiles.orderMinute(now), profiles.orderMinute(ofUnixSeconds: terms.releaseUnixSeconds))
    let decision = way(of: offer, terms, profiles, orderedAt: Int32(minute), room)
    guard case .way(let way) = decision,
      !way.claims.elementsEqual(promises.claims(threat.block))
    else { return nil }
    return move(threat.slot, threat.number, threat.block, to: way, cause: .rescue)
  }

  private func move(
    _ slot: Int, _ number: Int, _ block: UInt32, to way: PromisedWay, cause: MoveCause
  ) -> PromiseMovedEvent {
    var moved = promises.shipment(block)
    moved.node = way.offer.node
    moved.windowFromUnixSeconds = way.offer.windowFromUnixSeconds
    moved.windowToUnixSeconds = way.offer.windowToUnixSeconds
    moved.deliveryDays = way.offer.deliveryDate.days
    moved.chance = way.offer.confidence
    moved.shipByUnixSeconds = way.offer.cutoffUnixSeconds
    moved.lane = way.lane
    moved.claims = way.claims
    return PromiseMovedEvent(
      holdID: holds.hold(slot).id, shipment: UInt16(number), cause: cause, moved: moved)
  }

  private func isDated(_ record: PromiseRecord, _ slot: Int) -> Bool {
    let lines = holds.lines(slot)
    return (Int(record.firstLine)..<Int(record.firstLine + record.lineCount)).contains {
      lines[$0].dueUnixSeconds != 0
    }
  }

  // MARK: The upgrade pass

  /// Promises that want an earlier window and have not left, in commit order, then those that are
  /// only held. Empty unless room came free since the last call.
  ///
  /// The caller hands them to `decideUpgrades` a few at a time, each after what changed the state.
  package func takeUpgradeWishes(at now: UnixMilliseconds) -> [UpgradeWish] {
    if !hasFreedRoom { return [] }
    hasFreedRoom = false
    if promises.wishCount == 0 { return [] }
    var wishes: [(committedAt: UInt64, wish: UpgradeWish)] = []
    var (last, number) = (-1, 0)
    forEachLivePromise { slot, block in
      number = slot == last ? number + 1 : 0
      last = slot
      let record = promises.record(block).pointee
      if record.wantsUpgrade == 0 || record.shipByUnixSeconds <= now.seconds { return }
      let hold = holds.hold(slot)
      wishes.append((hold.committedAt, UpgradeWish(holdID: hold.id, shipment: number)))
    }
    wishes.sort {
      // A hold that is not committed has position 0 and comes last.
      let (left, right) = ($0.committedAt &- 1, $1.committedAt &- 1)
      return left == right
        ? ($0.wish.holdID, $0.wish.shipment) < ($1.wish.holdID, $1.wish.shipment) : left < right
    }
    return wishes.map(\.wish)
  }

  /// Moves to an earlier window of the same node those of `wishes` whose every bucket has room, each
  /// seeing what the ones before it take. Nothing gets worse: one that does not fit stays as it is.
  package func decideUpgrades(
    _ wishes: some Sequence<UpgradeWish>, at now: UnixMilliseconds
  ) -> [PromiseMovedEvent] {
    var moves: [PromiseMovedEvent] = []
    var taken = TakenRoom()
    for wish in wishes {
      guard let slot = holds.find(wish.holdID) else { continue }
      let state = holds.state(slot)
      if state != .held && state != .committed { continue }
      let blocks = promises.blocks(from: holds.hold(slot).promises)
      guard wish.shipment < blocks.count else { continue }
      let block = blocks[wish.shipment]
      let record = promises.record(block).pointee
      let terms = terms(of: record, slot)
      // What comes later is promised by when it comes: its way is not what it waits for.
      guard record.shipByUnixSeconds > now.seconds, !isDated(record, slot),
        let destination = destination(of: block),
        let profiles = profileSet(terms),
        let offer = earliest(from: record.node, terms, destination, at: now),
        offer.windowToUnixSeconds < record.windowToUnixSeconds
      else { continue }
      var room = taken
      room.giveUp(promises.claims(block))
      let decision = way(
        of: offer, terms, profiles, orderedAt: Int32(profiles.orderMinute(now)), room)
      guard case .way(let way) = decision else { continue }
      taken.take(way.claims)
      moves.append(move(slot, wish.shipment, block, to: way, cause: .upgrade))
    }
    return moves
  }
}
