import PromisedInvariants
import PromisedModel

extension State {
  /// Makes an event true: the one way the state changes, live and in recovery. Cannot fail.
  ///
  /// Positions ascend, times never run back. What is remembered for a while is forgotten by the
  /// event's time, before the event itself.
  package func apply(_ event: borrowing Event, at position: Position, time: UnixMilliseconds) {
    invariant(position > appliedPosition, "an event's position is not after the last")
    invariant(time >= appliedTime, "an event's time is before the last")
    appliedPosition = position
    appliedTime = time
    changes.begin(position, ChangeCause(event))
    commands.forget(at: time.milliseconds)
    forgetHolds()
    forgetBuckets()
    closeOverdueDays()
    movements.cause = 0
    switch copy event {
    case .held(let held): apply(held: held)
    case .holdChanged(let changed): apply(holdChanged: changed)
    case .holdsExpired(let ids): apply(holdsExpired: ids)
    case .linesDue(let ids): apply(linesDue: ids)
    case .refused(let key, let outcome): remember(key, outcome)
    case .fed(let fed): apply(fed: fed)
    case .put(let key, let rows):
      apply(rows)
      noteStated(rows)
      remember(key, RememberedOutcome(code: .ok))
    case .loadBegan(let description): apply(loadBegan: description)
    case .loadChunk(let number, let rows): apply(loadChunk: number, rows)
    case .loadCommitted: applyLoadCommitted()
    case .loadAborted: applyLoadAborted()
    case .profilePublished(let publication): apply(published: publication)
    case .observed(let key, let rows): apply(observed: rows, key: key)
    case .learningAdopted: applyLearningAdopted()
    case .overridePut(let key, let row): apply(overridePut: row, key: key)
    case .overrideRemoved(let key, let id): apply(overrideRemoved: id, key: key)
    case .departuresChanged(let key, let changes):
      for change in changes { record(change) }
      remember(key, RememberedOutcome(code: .ok))
    case .promisesMoved(let key, let moves): apply(moved: moves, key: key)
    case .feedReversed(let reversal): apply(reversed: reversal)
    case .holdExtended(let extended): apply(holdExtended: extended)
    case .holdAmended(let amended): apply(holdAmended: amended)
    case .holdFulfilled(let fulfilled): apply(holdFulfilled: fulfilled)
    case .planAdmitted(let key, let plan): apply(planAdmitted: plan, key: key)
    case .planReceived(let key, let receipt): apply(planReceived: receipt, key: key)
    case .planClosed(let key, let id, let reason):
      apply(planClosed: id, reason: reason, key: key)
    case .bidPlaced(let key, let bid): apply(bidPlaced: bid, key: key)
    case .bidsCleared(let key, let clearing): apply(bidsCleared: clearing, key: key)
    case .removalChanged(let key, let row): apply(removalChanged: row, key: key)
    case .capacityDayPassed: applyCapacityDayPassed()
    }
    if parked.hasReady { driveParked() }
    if audit.isCounting { auditAfter(event) }
  }
}
