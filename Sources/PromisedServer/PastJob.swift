import PromisedModel
import PromisedPlatform
import PromisedSequencer
import PromisedStorage

/// Decisions of the past that are explained together, in one passage through the archive.
struct PastJob<Store: FileStore>: Sendable {
  let directory: DataDirectory<Store>
  let questions: [PastQuestion]

  /// An answer for each question, in their order.
  func run() -> [PastAnswer] {
    var answers: [PastAnswer] = questions.map { _ in .beginsTooLate }
    var open = Array(questions.indices)
    var begin: Position?
    // A beginning behind the network of then is followed by an earlier one; each is one snapshot
    // further back, so that this ends.
    while !open.isEmpty {
      let asked = open.map { questions[$0] }
      let (first, last) = PastState.bounds(asked)
      let past = PastState(asked)
      var visitor = PastVisitor(past: past)
      do throws(StorageError) {
        let report = try directory.readHistory(
          from: begin ?? first, through: last, into: &visitor)
        visitor.end()
        past.finish()
        for (place, answer) in zip(open, past.answers) { answers[place] = answer }
        if report.snapshotPosition == 0 { break }
        begin = report.snapshotPosition - 1
      } catch {
        let refusal = Refusal(
          .historyNotKept, "the archive cannot be read back to position \(begin ?? first): \(error)"
        )
        for place in open {
          if case .beginsTooLate = answers[place], begin != nil { continue }
          answers[place] = .refused(refusal)
        }
        break
      }
      open = open.filter { if case .beginsTooLate = answers[$0] { true } else { false } }
    }
    return answers
  }
}

/// Feeds what storage reads to the past state.
private struct PastVisitor: RecoveryVisitor {
  let past: PastState
  private var snapshot: SnapshotSummary?

  init(past: PastState) { self.past = past }

  mutating func begin(_ snapshot: SnapshotSummary) throws(PayloadRejection) {
    self.snapshot = snapshot
  }

  mutating func block(_ block: SnapshotBlock) throws(PayloadRejection) {
    do throws(ReplayFailure) {
      try past.importBlock(kind: block.kind, block.bytes)
    } catch {
      throw PayloadRejection(error.reason)
    }
  }

  mutating func record(_ record: LogRecord) throws(PayloadRejection) {
    end()
    do throws(ReplayFailure) {
      try past.replay(record.payload, at: record.position)
    } catch {
      throw PayloadRejection(error.reason)
    }
  }

  mutating func end() {
    guard let snapshot else { return }
    self.snapshot = nil
    past.finishImport(
      at: snapshot.position, time: UnixMilliseconds(snapshot.timeMs))
  }
}
