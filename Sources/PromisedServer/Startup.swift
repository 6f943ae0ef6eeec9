import PromisedBytes
import PromisedModel
import PromisedPlatform
import PromisedSequencer
import PromisedStorage

/// A state brought back from disk, or an empty one: what a server starts from.
package struct RecoveredServer<Store: FileStore>: ~Copyable {
  package let sequencer: Sequencer
  package let directory: DataDirectory<Store>?
  package let report: RecoveryReport
  package let snapshots: [SnapshotFact]
  /// Where the log ended.
  package let lastTail: LogTail?
  fileprivate var writer: LogWriter<Store>?

  package mutating func takeWriter() -> LogWriter<Store>? { writer.take() }

  /// Opens `store` and reads the newest valid snapshot and the log behind it into `sequencer`.
  package init(
    store: Store, dataset: DatasetIdentity, options: StorageOptions, sequencer: Sequencer
  ) throws(StorageError) {
    let directory = try DataDirectory.open(store, newDataset: dataset, options: options)
    var visitor = StateVisitor(sequencer: sequencer)
    let recovery = try directory.recover(&visitor)
    visitor.end()
    self.sequencer = sequencer
    self.directory = directory
    report = recovery.report
    sequencer.finishRecovery(time: UnixMilliseconds(recovery.writer.tail.timeMs))
    snapshots = directory.snapshotFacts
    lastTail = recovery.writer.tail
    writer = recovery.takeWriter()
  }

  /// A server in memory: nothing is kept.
  package init(inMemory sequencer: Sequencer) {
    self.sequencer = sequencer
    directory = nil
    report = RecoveryReport()
    snapshots = []
    lastTail = nil
    writer = nil
  }
}

/// Feeds what storage reads to the sequencer.
private struct StateVisitor: RecoveryVisitor {
  let sequencer: Sequencer
  private var snapshotPosition: Position = 0
  private var snapshotTime = UnixMilliseconds(0)
  private var isImporting = false

  init(sequencer: Sequencer) { self.sequencer = sequencer }

  mutating func begin(_ snapshot: SnapshotSummary) throws(PayloadRejection) {
    snapshotPosition = snapshot.position
    snapshotTime = UnixMilliseconds(snapshot.timeMs)
    isImporting = true
  }

  mutating func block(_ block: SnapshotBlock) throws(PayloadRejection) {
    do throws(ReplayFailure) {
      try sequencer.importBlock(kind: block.kind, block.bytes)
    } catch {
      throw PayloadRejection(error.reason)
    }
  }

  mutating func end() {
    guard isImporting else { return }
    isImporting = false
    sequencer.finishRestore(at: snapshotPosition, time: snapshotTime)
  }

  mutating func record(_ record: LogRecord) throws(PayloadRejection) {
    end()
    do throws(ReplayFailure) {
      try sequencer.replay(record.payload, at: record.position)
    } catch {
      throw PayloadRejection(error.reason)
    }
  }
}
