import PromisedPlatform
import PromisedStorage
import Testing

/// Commits groups until the disk stops, and says how far it was acknowledged.
///
/// First boot, group commits, rotations, an idle mark and the clean seal are all in it, so that
/// stopping behind each operation in turn visits every window.
func workload(_ disk: SimulatedDisk, options: StorageOptions = smallSegments()) -> UInt64 {
  var acknowledged: UInt64 = 0
  do {
    let directory = try DataDirectory.open(disk, newDataset: dataset, options: options)
    var journal = Journal()
    var log = try directory.recover(&journal).takeWriter()
    acknowledged = journal.lastPosition
    for round in 0..<12 {
      let tail = log.tail
      try log.commit(UInt64(round % 4 + 1), timeMs: max(tail.timeMs, Int64(round)))
      acknowledged = log.tail.position
      if round == 5 { try log.idleMark(timeMs: max(tail.timeMs, Int64(round))) }
    }
    try log.seal(timeMs: 100_000)
  } catch {}
  return acknowledged
}

@Suite struct CrashTests {
  @Test func whatWasAcknowledgedSurvivesAPowerCutBehindEveryOperation() throws {
    let clean = SimulatedDisk()
    let total = workload(clean)
    let operations = clean.operations.count
    #expect(total == 30 && operations > 60)
    for stop in 0..<operations {
      for seed in 0..<24 as Range<UInt64> {
        let disk = SimulatedDisk()
        disk.stop(after: stop)
        let acknowledged = workload(disk)
        let image = disk.afterPowerCut(seed: seed &* 7919 &+ UInt64(stop))
        check(image, acknowledged: acknowledged, total: total, "stop \(stop) seed \(seed)")
      }
    }
  }

  private func check(
    _ image: SimulatedDisk, acknowledged: UInt64, total: UInt64, _ comment: String
  ) {
    do throws(StorageError) {
      let (journal, _) = try recovered(image)
      #expect(journal.records == payloads(upTo: journal.lastPosition), "\(comment)")
      #expect(journal.lastPosition >= acknowledged, "lost an acknowledgement: \(comment)")
      #expect(journal.lastPosition <= total, "\(comment)")
    } catch {
      Issue.record("\(error): \(comment)")
    }
  }

  @Test func aCrashDuringRecoveryFromACrashLosesNothing() throws {
    for stop in stride(from: 5, to: 70, by: 3) {
      let disk = SimulatedDisk()
      disk.stop(after: stop)
      var acknowledged = workload(disk)
      var image = disk.afterPowerCut(seed: UInt64(stop))
      for depth in 0..<4 {
        image.stop(after: 6 + depth * 5)
        acknowledged = max(acknowledged, workload(image))
        image = image.afterPowerCut(seed: UInt64(stop * 10 + depth))
      }
      check(image, acknowledged: acknowledged, total: 1000, "stop \(stop)")
    }
  }

  /// The campaign above must see the bug it is for.
  @Test func aDiskThatOnlyPretendsToSyncIsCaught() throws {
    var lost = 0
    for seed in 0..<40 as Range<UInt64> {
      let disk = SimulatedDisk()
      do {
        let directory = try DataDirectory.open(disk, newDataset: dataset, options: smallSegments())
        var journal = Journal()
        _ = try directory.recover(&journal)
      }
      disk.pretendSync()
      let acknowledged = workload(disk)
      let outcome = Result { try recovered(disk.afterPowerCut(seed: seed)).0.lastPosition }
      if (try? outcome.get()) ?? 0 < acknowledged { lost += 1 }
    }
    #expect(lost > 20)
  }

  @Test func aFailedSyncIsFinalAndNeverRetried() throws {
    let disk = SimulatedDisk()
    let directory = try DataDirectory.open(disk, newDataset: dataset, options: smallSegments())
    var journal = Journal()
    var log = try directory.recover(&journal).takeWriter()
    try log.commit(1, timeMs: 1)
    var batch = LogBatch()
    batch.append(payload(at: 2))
    _ = try log.append(&batch, expectedLast: 1, timeMs: 2)
    disk.fail(disk.operations.count, errno: 5)
    var seen: StorageError?
    do { try log.sync() } catch { seen = error }
    #expect(seen == .file(FileError(.sync, "log-00000000000000000001.seg", errno: 5)))
    let operations = disk.operations.count
    for _ in 0..<3 {
      seen = nil
      do { try log.sync() } catch { seen = error }
      #expect(seen == .stopped)
      seen = nil
      do { _ = try log.append(&batch, expectedLast: 2, timeMs: 3) } catch { seen = error }
      #expect(seen == .stopped)
      seen = nil
      do { try log.seal(timeMs: 3) } catch { seen = error }
      #expect(seen == .stopped)
    }
    #expect(disk.operations.count == operations)
  }

  @Test(arguments: [5 as Int32, 28, 122, 4, 24], [false, true])
  func everyFailingOperationStopsOrIsCleanAndLosesNothing(errno: Int32, forever: Bool) throws {
    let clean = SimulatedDisk()
    _ = workload(clean)
    for operation in 0..<clean.operations.count {
      let disk = SimulatedDisk()
      disk.fail(operation, errno: errno, forever: forever)
      let acknowledged = workload(disk)
      let seed = UInt64(operation)
      let comment = "operation \(operation) errno \(errno)"
      check(disk.afterPowerCut(seed: seed), acknowledged: acknowledged, total: 30, comment)
      check(disk.afterKill(), acknowledged: acknowledged, total: 30, comment)
    }
  }

  @Test func aFullDiskLeavesTheLogUsable() throws {
    let disk = SimulatedDisk()
    let directory = try DataDirectory.open(disk, newDataset: dataset, options: smallSegments())
    var journal = Journal()
    var log = try directory.recover(&journal).takeWriter()
    disk.limitRoom(to: 100)
    var refusals = 0
    for round in 0..<12 {
      do {
        try log.commit(1, timeMs: Int64(round))
      } catch StorageError.noSpace {
        refusals += 1
      }
    }
    #expect(refusals > 2)
    disk.limitRoom(to: .max)
    let last = log.tail.position
    try log.commit(3, timeMs: 100)
    #expect(try recovered(disk.afterPowerCut(seed: 1)).0.lastPosition == last + 3)
  }
}
