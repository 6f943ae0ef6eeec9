import PromisedEngine
import PromisedModel

// Thresholds: when they are looked at, and why they were crossed.
extension Sequencer {
  /// An event after which any promise may differ has them all looked at again.
  func noteNetworkChange(_ event: borrowing Event) {
    if state.groupsPosition == position {
      watching.thresholds.recheckAll(ChangeCause(event), at: position)
    } else if state.networkPosition == position {
      watching.thresholds.recheckPromises(ChangeCause(event), at: position)
    }
  }

  /// Thresholds looked at in a turn, what an explanation is charged, and changes read.
  private static var turnThresholds: Int { 512 }
  private static var explanationCharge: Int { 128 }
  private static var turnChanges: Int { 16_384 }
  /// Answers also change because time passes: a cut-off, or supply that did not come.
  private static var timeCheckNanoseconds: UInt64 { 60_000_000_000 }

  func evaluateThresholds() {
    if !watching.hasThresholds { return }
    if uptimeNanoseconds >= watching.checkedAt + Self.timeCheckNanoseconds {
      watching.checkedAt = uptimeNanoseconds
      watching.thresholds.recheckAll(.time, at: position)
    }
    watching.visit(by: watching.checkedAt + Self.timeCheckNanoseconds)
    watching.thresholds.readChanges(of: state, limit: Self.turnChanges)
    if watching.thresholds.isBehind(state) { watching.wantRound() }
    var budget = Self.turnThresholds
    while budget > 0, let due = watching.thresholds.next() {
      budget -= 1 + evaluate(due)
      if due.watch.hasCrossings { watching.wantRound() }
    }
  }

  /// Holds one threshold against the state; what it cost beyond a look.
  private func evaluate(_ due: DueThreshold) -> Int {
    let watch = due.watch
    let threshold = watch.thresholds[due.row]
    state.beginObservation()
    var value = ThresholdValue(value: 0, cause: due.cause, position: due.position)
    guard let question = threshold.question else {
      var work = 0
      value.value = state.availableUnits(
        of: threshold.token, watch.filter, channel: watch.channel, at: now, into: &value.nodes,
        work: &work)
      watch.evaluated(due.row, value, observed: state.observedPosition)
      watch.explain(due.row) { blamed in state.nodeName(of: blamed) }
      return work
    }
    do throws(Refusal) {
      value.value = try state.promisedEnd(question, at: now)
    } catch {
      // Nothing can be said before profiles are published; then it is looked at again.
      return 0
    }
    watch.evaluated(due.row, value, observed: state.observedPosition)
    guard watch.thresholds[due.row].pending?.cause != nil else { return 0 }
    let isExplained = watching.thresholds.isCalm
    explain(question, watch, due.row, fully: isExplained)
    return isExplained ? Self.explanationCharge : 0
  }

  /// Says why a promise moved; in a storm of them (a replaced network, say) only what moved it.
  private func explain(_ question: OfferQuestion, _ watch: Watch, _ row: Int, fully: Bool) {
    guard let crossing = watch.thresholds[row].pending, let cause = crossing.cause else { return }
    var (constraint, subject, why) = (BindingConstraint.none, Name.empty, "")
    if fully {
      do throws(Refusal) {
        let explanation = try state.explain(question, at: now)
        if explanation.code == .ok {
          constraint = explanation.constraint
          subject = explanation.constraintSubject
          why = constraint == .none ? "" : ": " + constraint.words(subject)
        } else {
          why = ": " + explanation.code.reason
        }
      } catch {
        why = ": " + error.code.reason
      }
    }
    watch.thresholds[row].explain(
      constraint, subject: subject,
      reason: Self.moved(crossing) + why + "; by \(cause.words) at position \(crossing.position)")
  }

  private static func moved(_ crossing: Crossing) -> String {
    if crossing.after == 0 { return "no promise can be made any more" }
    if crossing.before == 0 { return "a promise can be made again" }
    let minutes = abs(crossing.after - crossing.before) / 60
    let length = minutes < 120 ? "\(minutes) minutes" : "\(minutes / 60) hours"
    return "the promise ends \(length) \(crossing.after > crossing.before ? "later" : "earlier")"
  }
}

extension Watch {
  /// Names the node and the event by which units crossed their threshold.
  fileprivate func explain(_ row: Int, _ name: (UInt16) -> Name) {
    let threshold = thresholds[row]
    guard let crossing = threshold.pending, let cause = crossing.cause else { return }
    let side = crossing.isBeyond ? "below" : "no longer below"
    var reason =
      "\(crossing.before) units are now \(crossing.after), \(side) \(threshold.row.units)"
    var subject = Name.empty
    if let blamed = threshold.blamed {
      subject = name(blamed.node)
      let verb = blamed.after < blamed.before ? "fell" : "rose"
      reason += ": \(subject) \(verb) from \(blamed.before) to \(blamed.after)"
    }
    thresholds[row].explain(
      .none, subject: subject,
      reason: reason + " by \(cause.words) at position \(crossing.position)")
  }
}
