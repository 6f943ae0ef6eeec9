import PromisedBytes
import PromisedPlatform
import PromisedStorage
import Testing

/// A log of five groups and an idle mark; the ends of its groups and what stood there.
func smallLog(
  _ options: StorageOptions = smallSegments(2048), seal: Bool = false
) throws -> SimulatedDisk {
  let disk = SimulatedDisk()
  let directory = try DataDirectory.open(disk, newDataset: dataset, options: options)
  var journal = Journal()
  var log = try directory.recover(&journal).takeWriter()
  for (index, count) in [1, 3, 2, 5, 4].enumerated() {
    try log.commit(UInt64(count), timeMs: 1000 + Int64(index))
  }
  if seal { try log.seal(timeMs: 2000) } else { try log.idleMark(timeMs: 2000) }
  return disk
}

@Suite struct LogTests {
  @Test func recordsComeBackInOrderOverSeveralSegments() throws {
    let disk = SimulatedDisk()
    do {
      let directory = try DataDirectory.open(disk, newDataset: dataset, options: smallSegments())
      var journal = Journal()
      var log = try directory.recover(&journal).takeWriter()
      for round in 0..<40 { try log.commit(UInt64(round % 4 + 1), timeMs: Int64(round)) }
      let tail = log.tail
      #expect(tail.position == 100)
      try log.seal(timeMs: 100)
    }
    #expect(disk.files.filter { $0.0.hasPrefix("log-") }.count > 5)
    let (journal, report) = try recovered(disk)
    #expect(journal.records == payloads(upTo: 100))
    #expect(journal.times.first == 0 && journal.times.last == 39)
    #expect(report.wasSealed && report.tornTail == nil && report.recordCount == 100)
  }

  @Test func aRecoveredLogGoesOnWithTheNextEpoch() throws {
    let disk = SimulatedDisk()
    for round in 0..<6 as Range<UInt64> {
      let directory = try DataDirectory.open(disk, newDataset: dataset, options: smallSegments())
      var journal = Journal()
      var log = try directory.recover(&journal).takeWriter()
      #expect(journal.records == payloads(upTo: round * 7))
      try log.commit(7, timeMs: Int64(round))
      let tail = log.tail
      #expect(tail.epoch == (round == 0 ? 1 : round + 1))
    }
  }

  @Test func anotherExpectationIsAConflictAndWritesNothing() throws {
    let disk = try smallLog()
    let before = disk.files.map(\.1)
    let directory = try DataDirectory.open(disk, newDataset: dataset, options: smallSegments(2048))
    var journal = Journal()
    var log = try directory.recover(&journal).takeWriter()
    var batch = LogBatch()
    batch.append([1])
    let outcome = try log.append(&batch, expectedLast: 14, timeMs: 3000)
    #expect(outcome == .conflict(last: 15))
    #expect(disk.files.map(\.1) == before)
  }

  @Test func idleMarksCertifyAndCarryTime() throws {
    let disk = SimulatedDisk()
    let directory = try DataDirectory.open(disk, newDataset: dataset, options: smallSegments())
    var journal = Journal()
    var log = try directory.recover(&journal).takeWriter()
    var needs = [log.needsCertification]
    try log.commit(2, timeMs: 5)
    needs.append(log.needsCertification)
    try log.idleMark(timeMs: 9)
    needs.append(log.needsCertification)
    #expect(needs == [false, true, false])
    let tail = log.tail
    #expect(tail.timeMs == 9 && tail.position == 2)
  }

  @Test func aPreparedSpareMakesRotationCreateNothing() throws {
    let disk = SimulatedDisk()
    let directory = try DataDirectory.open(disk, newDataset: dataset, options: smallSegments())
    var journal = Journal()
    var log = try directory.recover(&journal).takeWriter()
    var wanted = [log.wantsSpare]
    while disk["log-00000000000000000002.seg"] == nil {
      if log.wantsSpare {
        try directory.prepareSpare()
        wanted.append(log.wantsSpare)
        let operations = disk.operations.count
        try directory.prepareSpare()
        #expect(disk.operations.count == operations)
      }
      try log.commit(1, timeMs: 0)
    }
    #expect(wanted == [false, false])
    #expect(disk.operations.count(where: { $0 == .create("log.spare") }) == 2)
    let last = log.tail.position
    #expect(try recovered(disk.afterKill()).0.records == payloads(upTo: last))
  }

  @Test func aGroupLargerThanASegmentGetsItsOwn() throws {
    let disk = SimulatedDisk()
    let large = [UInt8](repeating: 7, count: 5000)
    do {
      let directory = try DataDirectory.open(disk, newDataset: dataset, options: smallSegments())
      var journal = Journal()
      var log = try directory.recover(&journal).takeWriter()
      var batch = LogBatch()
      batch.append(large)
      _ = try log.append(&batch, expectedLast: 0, timeMs: 1)
      try log.sync()
    }
    #expect(try recovered(disk).0.records == [large])
  }

  @Test func recoveryTwiceLeavesTheSameBytes() throws {
    let disk = try smallLog()
    let name = "log-00000000000000000001.seg"
    disk[name]![1100] ^= 0x55  // behind the last group
    let first = try recovered(disk, smallSegments(2048))
    #expect(first.1.tornTail != nil)
    let bytes = disk.files.map(\.1)
    let second = try recovered(disk, smallSegments(2048))
    #expect(second.1.tornTail == nil)
    #expect(second.0.records == first.0.records)
    #expect(disk.files.map(\.1) == bytes)
  }

  @Test func aSecondOpenerIsRefused() throws {
    let disk = SimulatedDisk()
    let directory = try DataDirectory.open(disk, newDataset: dataset)
    #expect(throws: StorageError.locked) {
      try DataDirectory.open(disk, newDataset: dataset)
    }
    _ = directory.dataset
  }
}
