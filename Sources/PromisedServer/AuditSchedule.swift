import PromisedModel
import PromisedPlatform
import PromisedSequencer

/// When the standing audit goes on, and by how much.
///
/// While it is busy the loop gives it a tenth of a millisecond every five, so that no answer waits
/// noticeably longer; while it is idle, up to a millisecond at a time. Passes follow each other a
/// minute apart. A pass that was asked for goes on in every turn of the loop.
struct AuditSchedule {
  /// Rows of a slice while requests come, while none do, and of a pass that somebody waits for.
  private static var busyUnits: Int { 1024 }
  private static var idleUnits: Int { 8192 }
  private static var sliceNanoseconds: UInt64 { 5_000_000 }
  private static var restNanoseconds: UInt64 { 60_000_000_000 }

  private var nextSliceAt: UInt64
  private var nextPassAt: UInt64
  private var startedAt: UInt64 = 0
  private var waiting: [ReplyTo] = []
  /// Who waits for the pass under way, which began after they asked.
  private var requesters: [ReplyTo] = []

  init(now: UInt64) {
    nextSliceAt = now
    nextPassAt = now
  }

  /// Whether the loop should come back at once, because somebody waits for a pass.
  var wantsLoopTime: Bool { !requesters.isEmpty || !waiting.isEmpty }

  mutating func request(by requester: ReplyTo) { waiting.append(requester) }

  /// What finished, with who asked for it.
  struct Finished {
    var report: AuditReport
    var milliseconds: UInt64
    var requesters: [ReplyTo]
  }

  /// Does a slice of the audit, if it is time for one; the report when a pass ended with it.
  mutating func advance(_ sequencer: Sequencer, now: UInt64, isIdle: Bool) -> Finished? {
    let isAsked = wantsLoopTime
    if !isAsked, now < nextSliceAt { return nil }
    if requesters.isEmpty, !waiting.isEmpty || (!sequencer.isAuditing && now >= nextPassAt) {
      (requesters, waiting) = (waiting, [])
      startedAt = now
      nextPassAt = now &+ Self.restNanoseconds
      sequencer.beginAudit()
    }
    guard sequencer.isAuditing else { return nil }
    nextSliceAt = now &+ Self.sliceNanoseconds
    let units = isIdle || isAsked ? Self.idleUnits : Self.busyUnits
    guard let report = sequencer.auditSlice(units: units) else { return nil }
    let answered = requesters
    requesters = []
    return Finished(
      report: report, milliseconds: (now &- startedAt) / 1_000_000, requesters: answered)
  }
}

extension Server {
  /// Goes on with the standing audit, and says what it found.
  func runAudit() {
    let finished = audit.advance(
      sequencer, now: clock.monotonicNanoseconds(), isIdle: events.isEmpty)
    guard let finished else { return }
    for violation in finished.report.described.prefix(Self.violationLines) {
      say(Self.line(violation))
    }
    if finished.report.violationCount > UInt64(Self.violationLines) {
      say("audit: \(finished.report.violationCount) differences; `promise audit` shows more")
    }
    for reply in finished.requesters {
      sequencer.answer(audit: finished.report, milliseconds: finished.milliseconds, reply)
      if let slot = reply.session.slot, let connection = connections[slot] {
        queueFlush(connection)
      }
    }
  }

  /// Lines of the log that one pass may take.
  private static var violationLines: Int { 10 }

  private static func line(_ violation: AuditViolation) -> String {
    var place = violation.key.isEmpty ? "" : " \(violation.key)"
    if !violation.node.isEmpty { place += " in \(violation.node)" }
    if !violation.detail.isEmpty { place += " (\(violation.detail))" }
    return "audit: \(violation.identity.name)\(place) is \(violation.found), should be "
      + "\(violation.expected)"
  }
}
