import PromisedPlatform
import PromisedStorage
import Testing

/// A log of `groups` groups of 5 records, a minute apart, with a snapshot after each of some.
private func history(
  groups: UInt64, snapshotsAfter: [UInt64], _ options: StorageOptions, on disk: SimulatedDisk
) throws -> DataDirectory<SimulatedDisk> {
  let directory = try DataDirectory.open(disk, newDataset: dataset, options: options)
  var journal = Journal()
  var recovery = try directory.recover(&journal)
  for group in 1...groups {
    try recovery.writer.commit(5, timeMs: Int64(group) * 60_000)
    if snapshotsAfter.contains(group) {
      try directory.snapshot(
        at: group * 5, timeMs: Int64(group) * 60_000, chain: recovery.writer.tail.digest)
    }
  }
  return directory
}

/// Stops a journal's clock: what it held when a position was passed.
private struct Passage: RecoveryVisitor {
  var journal = Journal()
  var passed: [UInt64] = []

  mutating func begin(_ snapshot: SnapshotSummary) throws(PayloadRejection) {
    try journal.begin(snapshot)
    passed.append(snapshot.position)
  }
  mutating func block(_ block: SnapshotBlock) throws(PayloadRejection) {
    try journal.block(block)
  }
  mutating func record(_ record: LogRecord) throws(PayloadRejection) {
    try journal.record(record)
    passed.append(record.position)
  }
}

@Suite struct HistoryTests {
  private func options(historyMinutes: Int64, spacingMinutes: Int64) -> StorageOptions {
    var options = smallSegments()
    options.historyMilliseconds = historyMinutes * 60_000
    options.historySpacingMilliseconds = spacingMinutes * 60_000
    return options
  }

  @Test func withoutHistoryOnlyWhatRecoveryNeedsIsKept() throws {
    let disk = SimulatedDisk()
    let directory = try history(
      groups: 12, snapshotsAfter: [2, 4, 6, 8, 10, 12], smallSegments(), on: disk)
    #expect(directory.snapshotPositions == [50, 60])
    var visitor = Passage()
    #expect(throws: StorageError.self) {
      try directory.readHistory(from: 7, through: 8, into: &visitor)
    }
  }

  @Test func historyKeepsABaseAndThinsOut() throws {
    let disk = SimulatedDisk()
    let directory = try history(
      groups: 20, snapshotsAfter: Array(1...20), options(historyMinutes: 12, spacingMinutes: 4),
      on: disk)
    // History begins at minute 8: its base, one in every four minutes, and the two newest.
    #expect(directory.snapshotPositions.first.map { $0 <= 40 } == true)
    #expect(directory.snapshotPositions.suffix(2) == [95, 100])
    #expect(directory.snapshotPositions.count <= 6)
    for begin in stride(from: UInt64(41), through: 100, by: 7) {
      var visitor = Passage()
      let report = try directory.readHistory(from: begin, through: begin, into: &visitor)
      #expect(report.snapshotPosition <= begin)
      #expect(visitor.journal.records == payloads(upTo: begin))
    }
    #expect(try verifySoundAfterRelease(directory, disk))
  }

  private func verifySoundAfterRelease(
    _ directory: consuming DataDirectory<SimulatedDisk>, _ disk: SimulatedDisk
  ) throws -> Bool {
    try verify(disk.afterKill()).isSound
  }

  @Test func theStatePassesThroughEveryPositionAskedFor() throws {
    let disk = SimulatedDisk()
    let directory = try history(
      groups: 8, snapshotsAfter: [2, 4], options(historyMinutes: 100, spacingMinutes: 1), on: disk)
    var visitor = Passage()
    let report = try directory.readHistory(from: 12, through: 33, into: &visitor)
    #expect(report.snapshotPosition == 10 && report.recordCount == 23)
    #expect(visitor.passed == [10] + Array(11...33))
    #expect(visitor.journal.records == payloads(upTo: 33))
  }

  @Test func theBeginningOfTheLogNeedsNoSnapshot() throws {
    let disk = SimulatedDisk()
    let directory = try history(groups: 3, snapshotsAfter: [], smallSegments(), on: disk)
    var visitor = Passage()
    let report = try directory.readHistory(from: 4, through: 13, into: &visitor)
    #expect(report.snapshotPosition == 0)
    #expect(visitor.journal.records == payloads(upTo: 13))
  }

  @Test func aPositionAheadOfTheLogIsRefused() throws {
    let disk = SimulatedDisk()
    let directory = try history(groups: 2, snapshotsAfter: [], smallSegments(), on: disk)
    var visitor = Passage()
    #expect(throws: StorageError.unreachable(reason: "the log ends at position 10, before 11")) {
      try directory.readHistory(from: 3, through: 11, into: &visitor)
    }
  }

  /// What lies behind the position asked for does not matter: the log may be in the middle of a
  /// write there.
  @Test func damageBehindTheEndIsNotRead() throws {
    let disk = SimulatedDisk()
    let directory = try history(groups: 4, snapshotsAfter: [], smallSegments(4096), on: disk)
    let name = "log-00000000000000000001.seg"
    let ends = groupEnds(disk[name]!)
    disk[name]![ends[2] + 20] ^= 0xff
    var visitor = Passage()
    _ = try directory.readHistory(from: 1, through: 12, into: &visitor)
    #expect(visitor.journal.records == payloads(upTo: 12))
    #expect(throws: StorageError.self) {
      var later = Passage()
      try directory.readHistory(from: 1, through: 18, into: &later)
    }
  }
}
