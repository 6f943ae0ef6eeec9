import PromisedBytes
import PromisedModel
import PromisedRecords
import PromisedSequencer
import PromisedWire

/// The service without a process: a sequencer that is asked in frames, and what would be on its disk,
/// from which it starts again.
final class Service {
  private var sequencer: Sequencer
  private var session: Session
  private var streamID: UInt32 = 1
  private let facts = ServerFacts(
    dataset: "model", connections: 0, startedAtUnixSeconds: 0, residentBytes: 0, snapshots: [])
  /// Records since the snapshot, and where it was taken.
  private var records: [[UInt8]] = []
  private var snapshot: Snapshot?
  /// A snapshot under way; its blocks come one a command.
  private var taking: Snapshot?
  private var recordsBefore = 0
  private(set) var auditPasses = 0
  private let fault: Fault?

  private struct Snapshot {
    var position: UInt64
    var time: UnixMilliseconds
    var blocks: [(kind: UInt16, bytes: [UInt8])] = []
  }

  init(fault: Fault?) {
    self.fault = fault
    sequencer = Self.empty()
    session = sequencer.openSession(slot: 0)
    keepRecords()
  }

  private static func empty() -> Sequencer {
    Sequencer(isSandbox: false, timeZoneFile: { _ in World.utc })
  }

  private func keepRecords() {
    sequencer.useRecordSink { [unowned self] in records.append(Array($0)) }
  }

  // MARK: Asking

  /// Asks at an instant and answers what came back, once it is on disk.
  func ask<Result>(_ call: Call<Result>, at now: Int64) -> Swift.Result<Result, Refused> {
    decide(call, at: now)
    _ = sequencer.markDurable(upTo: sequencer.position)
    defer { session.ready.removeAll() }
    return reply(to: call)
  }

  private func decide<Result>(_ call: Call<Result>, at now: Int64) {
    sequencer.beginBatch(
      realtime: UnixMilliseconds(fault == .lateExpiry ? now - 2000 : now))
    var frame = FrameBuffer()
    (call.payload ?? []).withUnsafeBufferPointer { payload in
      _ = frame.appendRequest(
        streamID: streamID, method: call.method, payload: payload, timeoutNano: 0)
    }
    streamID &+= 2
    let outcome = sequencer.receive(frame.bytes, on: session, facts: facts)
    precondition(outcome.consumed == frame.count, "a frame was not taken whole")
  }

  private func reply<Result>(to call: Call<Result>) -> Swift.Result<Result, Refused> {
    let bytes = session.ready.bytes
    precondition(bytes.count >= 10, "no reply")
    let length = Int(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    precondition(bytes.count == 10 + length, "not one reply")
    let data = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self) + 10
    do throws(MalformedAnswer) {
      let envelope = try ResponseEnvelope(BorrowedBytes(base: data, count: length))
      if let status = envelope.status, let refusal = try ServiceRefusal.read(status) {
        return .failure(Refused(refusal: refusal))
      }
      return .success(try call.decode(envelope.payload))
    } catch {
      preconditionFailure("a malformed answer: \(error.reason)")
    }
  }

  struct Refused: Error {
    var refusal: ServiceRefusal
  }

  // MARK: The audit

  /// A slice of the standing audit; what it found, when a pass ended unsound.
  func audit() -> String? {
    if !sequencer.isAuditing { sequencer.beginAudit() }
    guard let report = sequencer.auditSlice(units: 12) else { return nil }
    return judge(report)
  }

  /// A whole pass at once; what it found.
  func wholeAudit() -> String? {
    while true {
      if !sequencer.isAuditing { sequencer.beginAudit() }
      if let report = sequencer.auditSlice(units: 10_000) { return judge(report) }
    }
  }

  private func judge(_ report: AuditReport) -> String? {
    auditPasses += 1
    if report.isSound { return nil }
    return report.described.prefix(3).map {
      "\($0.identity.name) \($0.key) \($0.node) \($0.detail): \($0.found), not \($0.expected)"
    }.joined(separator: "; ")
  }

  // MARK: Snapshots and restarts

  func beginSnapshot() {
    if taking != nil { return }
    taking = Snapshot(position: sequencer.position, time: sequencer.now)
    recordsBefore = records.count
    sequencer.beginSnapshot()
  }

  /// Takes the next block of a snapshot under way; the last one makes it the snapshot to start from.
  func goOnWithSnapshot() {
    guard taking != nil else { return }
    if let block = sequencer.nextSnapshotBlock() {
      let encoded = block.encoded()
      taking?.blocks.append((block.kind, Array(encoded.bytes)))
    } else {
      snapshot = taking
      taking = nil
      records.removeFirst(recordsBefore)
    }
  }

  /// Starts again from the snapshot and the log, as after kill -9.
  func restart() {
    let fresh = Self.empty()
    if fault == .lostRecord && !records.isEmpty { records.removeLast() }
    do throws(ReplayFailure) {
      var position: UInt64 = 0
      if let snapshot {
        for block in snapshot.blocks where !isLost(block.kind) {
          try block.bytes.withUnsafeBufferPointer { (bytes) throws(ReplayFailure) in
            try fresh.importBlock(kind: block.kind, UnsafeRawBufferPointer(bytes))
          }
        }
        fresh.finishRestore(at: snapshot.position, time: snapshot.time)
        position = snapshot.position
      }
      for record in records {
        position += 1
        try record.withUnsafeBufferPointer { (bytes) throws(ReplayFailure) in
          try fresh.replay(UnsafeRawBufferPointer(bytes), at: position)
        }
      }
    } catch {
      preconditionFailure("a restart failed: \(error.reason)")
    }
    fresh.finishRecovery(time: sequencer.now)
    sequencer = fresh
    session = fresh.openSession(slot: 0)
    taking = nil
    keepRecords()
  }

  /// Whether a planted fault leaves a block out of a snapshot.
  private func isLost(_ kind: UInt16) -> Bool {
    let lost: StateBlockKind? =
      switch fault {
      case .lostKeys: .commands
      case .lostSources: .sources
      case .lostJournal: .journal
      case .lostCounts: .countInstants
      case .lostParked: .parked
      default: nil
      }
    return lost?.rawValue == kind
  }

  /// Decides a command and dies before anything of it is on disk: nobody was answered.
  func die<Result>(during call: Call<Result>, at now: Int64) {
    let kept = records.count
    decide(call, at: now)
    precondition(
      session.ready.count == 0 || records.count == kept, "answered before it was on disk")
    records.removeLast(records.count - kept)
    restart()
  }
}
