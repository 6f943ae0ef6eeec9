import PromisedEngine
import PromisedModel
import PromisedWire

/// The standing audit, as the loop drives it: slices between batches, a pass when one is asked for.
extension Sequencer {
  package var isAuditing: Bool { state.isAuditing }

  /// Begins a pass over the whole state; one under way is given up.
  package func beginAudit() { state.beginAudit() }

  /// Goes on with the pass by about `units` rows, 10 to 100 ns each; its report when it ended.
  package func auditSlice(units: Int) -> AuditReport? {
    guard let report = state.auditSlice(units: units) else { return nil }
    auditFacts.add(report, at: now)
    return report
  }

  /// Answers who asked for a pass, of which `milliseconds` have gone by.
  ///
  /// The report is of everything decided so far, and leaves when that is on disk.
  package func answer(audit report: AuditReport, milliseconds: UInt64, _ reply: ReplyTo) {
    send(reply, reflecting: position) { (encoder, asOf, frames) in
      encoder.encode(
        report, milliseconds: milliseconds, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }
}
