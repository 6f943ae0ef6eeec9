import PromisedPlatform
import PromisedStorage
import Testing

@Suite struct VerificationTests {
  @Test func aSoundDirectoryIsCountedWhole() throws {
    let disk = try directoryWithSnapshots(smallSegments(1 << 16))
    let before = disk.files.map(\.1)
    let report = try verify(disk)
    #expect(report.isSound && report.damage == [])
    #expect(report.snapshots.map(\.position) == [10, 25])
    #expect(report.snapshots.map(\.rowCount) == [10, 25])
    #expect(report.segmentCount == 1 && report.groupCount == 7 && report.recordCount == 30)
    #expect(report.firstPosition == 1 && report.lastPosition == 30 && report.lastTimeMs == 7)
    #expect(report.wasSealed && report.tornTail == nil)
    #expect(disk.files.map(\.1) == before)
  }

  @Test func allDamageIsNamedAndNothingIsChanged() throws {
    let disk = try directoryWithSnapshots()
    let segments = disk.files.map(\.0).filter { $0.hasPrefix("log-") }
    #expect(segments.count >= 2)
    disk["snapshot-00000000000000000010.snap"]![90] ^= 4
    for name in segments.dropLast() { disk[name]![150] ^= 1 }
    let before = disk.files.map(\.1)
    let report = try verify(disk)
    #expect(
      report.damage.map(\.file)
        == ["snapshot-00000000000000000010.snap"] + segments.dropLast())
    #expect(report.damage.dropFirst().allSatisfy { $0.offset == 96 && $0.position != nil })
    #expect(!report.isSound && report.snapshots.map(\.position) == [25])
    #expect(report.lastPosition == 30)
    #expect(disk.files.map(\.1) == before)
  }

  @Test func aTornTailIsReportedAndLeftAlone() throws {
    let disk = try smallLog()
    let name = "log-00000000000000000001.seg"
    let end = groupEnds(disk[name]!).last!
    disk[name]![end] = 0x50
    let before = disk.files.map(\.1)
    let report = try verify(disk)
    #expect(report.isSound)
    #expect(report.tornTail?.offset == UInt64(end) && report.tornTail?.byteCount == 1)
    #expect(report.tornTail?.firstPosition == 16)
    #expect(disk.files.map(\.1) == before)
  }

  @Test func aDirectoryInUseIsLeftToItsServer() throws {
    let disk = try smallLog()
    let directory = try DataDirectory.open(disk, newDataset: dataset)
    #expect(throws: StorageError.locked) { try verify(disk) }
    _ = directory.dataset
  }

  @Test func recoveryAndVerificationAgreeOnEveryFlip() throws {
    let disk = try smallLog()
    let names = ["manifest", "log-00000000000000000001.seg"]
    for name in names {
      for offset in 0..<min(disk[name]!.count, 900) {
        let flipped = disk.afterKill()
        flipped[name]![offset] ^= 1 << UInt8(offset % 8)
        let isSound = try verify(flipped).isSound
        let verdict = judge(flipped, total: 15, "\(name) \(offset)")
        #expect(isSound == (verdict != .refused), "\(name) \(offset)")
      }
    }
  }
}

@Suite struct RestoreTests {
  @Test(arguments: [10 as UInt64, 11, 15, 24, 25, 26, 30])
  func aPositionIsRestoredExactly(position: UInt64) throws {
    let source = try directoryWithSnapshots()
    let target = SimulatedDisk()
    let summary = try restore(
      from: source, into: target, until: .position(position), options: smallSegments())
    #expect(summary.lastPosition == position)
    #expect(summary.snapshotPosition == (position < 25 ? 10 : 25))
    #expect(try verify(target).isSound)
    #expect(try recovered(target).0.records == payloads(upTo: position))
  }

  @Test func everythingAndAnInstantAreRestored() throws {
    let source = try directoryWithSnapshots()
    let before = source.files.map(\.1)
    let all = SimulatedDisk()
    #expect(try restore(from: source, into: all).lastPosition == 30)
    let instant = SimulatedDisk()
    let summary = try restore(from: source, into: instant, until: .instant(timeMs: 4))
    #expect(summary.lastPosition == 20 && summary.snapshotPosition == 10)
    #expect(summary.lastTimeMs == 4)
    #expect(try recovered(instant).0.records == payloads(upTo: 20))
    #expect(source.files.map(\.1) == before)
  }

  @Test func aRestoredDirectoryGoesOnUnderTheSameDatasetAndALaterEpoch() throws {
    let source = try directoryWithSnapshots()
    let target = SimulatedDisk()
    _ = try restore(from: source, into: target, options: smallSegments())
    let directory = try DataDirectory.open(
      target, newDataset: DatasetIdentity(low: 0, high: 0), options: smallSegments())
    #expect(directory.dataset == dataset)
    var journal = Journal()
    var log = try directory.recover(&journal).takeWriter()
    try log.commit(5, timeMs: 10)
    let tail = log.tail
    #expect(tail.position == 35 && tail.epoch == 3)
    #expect(try recovered(target.afterPowerCut(seed: 1)).0.records == payloads(upTo: 35))
  }

  @Test func aSingleSnapshotIsRestored() throws {
    let source = SimulatedDisk([
      ("carried.snap", try directoryWithSnapshots()["snapshot-00000000000000000025.snap"]!)
    ])
    let target = SimulatedDisk()
    let summary = try restore(snapshot: "carried.snap", of: source, into: target)
    #expect(summary.lastPosition == 25 && summary.recordCount == 0)
    #expect(try recovered(target).0.records == payloads(upTo: 25))
  }

  @Test func damageBehindThePointDoesNotHinder() throws {
    let source = try directoryWithSnapshots(smallSegments(1 << 16))
    let name = "log-00000000000000000001.seg"
    let ends = groupEnds(source[name]!)
    source[name]![ends[3] + 30] ^= 1  // the group of 21 to 25
    let target = SimulatedDisk()
    _ = try restore(from: source, into: target, until: .position(20))
    #expect(try recovered(target).0.records == payloads(upTo: 20))
    let other = SimulatedDisk()
    #expect(throws: StorageError.self) {
      try restore(from: source, into: other, until: .position(22))
    }
    #expect(other.files.isEmpty)
  }

  @Test func whatCannotBeRestoredLeavesTheTargetEmpty() throws {
    let source = try directoryWithSnapshots()
    let target = SimulatedDisk()
    #expect(throws: StorageError.self) {
      try restore(from: source, into: target, until: .position(31))
    }
    #expect(throws: StorageError.self) { try restore(from: target, into: SimulatedDisk()) }
    #expect(target.files.isEmpty)
    let full = SimulatedDisk([("notes.txt", [1])])
    #expect(throws: StorageError.notEmpty(file: "notes.txt")) {
      try restore(from: source, into: full)
    }
  }

  @Test func aRestoreCutShortIsNotADataDirectory() throws {
    let source = try directoryWithSnapshots()
    let clean = SimulatedDisk()
    _ = try restore(from: source, into: clean, options: smallSegments())
    for stop in 0..<clean.operations.count {
      let target = SimulatedDisk()
      target.stop(after: stop)
      let finished = (try? restore(from: source, into: target, options: smallSegments())) != nil
      for seed in 0..<6 as Range<UInt64> {
        let image = target.afterPowerCut(seed: seed)
        guard let journal = try? recovered(image).0 else {
          #expect(!finished, "stop \(stop)")
          continue
        }
        #expect(journal.records.isEmpty || journal.records == payloads(upTo: 30), "stop \(stop)")
      }
    }
  }
}
