import PromisedBytes
import PromisedPlatform
import PromisedStorage
import Testing

private let segment = "log-00000000000000000001.seg"

/// What a recovery of a damaged directory may end in; anything else is a silent wrong answer.
enum Verdict: Equatable {
  /// Every record that was ever written.
  case whole
  /// A prefix of whole groups, with the torn tail reported.
  case prefix(count: Int)
  case refused
}

/// Recovers `disk` and judges the outcome against the first `total` payloads.
func judge(
  _ disk: SimulatedDisk, total: UInt64, options: StorageOptions = smallSegments(2048),
  _ comment: String
) -> Verdict {
  do throws(StorageError) {
    let (journal, report) = try recovered(disk, options)
    #expect(journal.records == payloads(upTo: journal.lastPosition), "\(comment)")
    if journal.lastPosition == total { return .whole }
    #expect(report.tornTail != nil, "a shorter log without a report: \(comment)")
    #expect(report.tornTail?.firstPosition == journal.lastPosition + 1, "\(comment)")
    return .prefix(count: Int(journal.lastPosition))
  } catch {
    switch error {
    case .damaged, .unknownVersion: return .refused
    default:
      Issue.record("\(error): \(comment)")
      return .refused
    }
  }
}

@Suite struct LogDamageTests {
  @Test func aShorterSegmentIsRefusedAtEveryLength() throws {
    let disk = try smallLog()
    let whole = disk[segment]!
    for length in 0..<whole.count {
      let cut = disk.afterKill()
      cut[segment] = Array(whole[..<length])
      #expect(judge(cut, total: 15, "length \(length)") == .refused, "length \(length)")
    }
  }

  /// A crash in the middle of the last write: everything behind a byte is still zero.
  @Test func aLogZeroedBehindEachByteIsAPrefixOfWholeGroups() throws {
    let disk = try smallLog()
    let whole = disk[segment]!
    let ends = groupEnds(whole)
    #expect(ends.count == 6)
    let positions = [0, 1, 4, 6, 11, 15, 15]
    for length in 96..<whole.count {
      let cut = disk.afterKill()
      cut[segment] = Array(whole[..<length]) + [UInt8](repeating: 0, count: whole.count - length)
      let groups = ends.count(where: { $0 <= length })
      if length == 96 || ends.contains(length) {
        // Nothing is torn: the log of a moment ago, which no single copy can tell from this one.
        let (journal, report) = try recovered(cut, smallSegments(2048))
        #expect(journal.records == payloads(upTo: UInt64(positions[groups])), "zero from \(length)")
        #expect(report.tornTail == nil, "zero from \(length)")
        continue
      }
      // A group may end in zeros of its own; then it is whole before its last byte.
      let verdict = judge(cut, total: 15, "zero from \(length)")
      let allowed = [groups, groups + 1].map {
        $0 >= 5 ? Verdict.whole : .prefix(count: positions[$0])
      }
      #expect(allowed.contains(verdict), "zero from \(length)")
    }
  }

  @Test(arguments: [false, true])
  func everyFlipInCertifiedBytesIsRefused(seal: Bool) throws {
    let disk = try smallLog(seal: seal)
    let whole = disk[segment]!
    let ends = groupEnds(whole)
    let lastGroup = ends[ends.count - 2]
    for offset in 0..<whole.count {
      // Behind the last group all bytes are alike; a sample of them is enough.
      if offset > ends.last! && offset % 61 != 0 { continue }
      for bit in 0..<8 as Range<UInt8> {
        let flipped = disk.afterKill()
        flipped[segment]![offset] ^= 1 << bit
        let verdict = judge(flipped, total: 15, "byte \(offset) bit \(bit)")
        if offset < lastGroup {
          #expect(verdict == .refused, "byte \(offset) bit \(bit)")
        } else {
          #expect(verdict == .whole, "byte \(offset) bit \(bit)")
        }
      }
    }
  }

  @Test func everyFlipInAnEarlierSegmentIsRefused() throws {
    let disk = try smallLog(smallSegments(600))
    #expect(disk["log-00000000000000000002.seg"] != nil)
    for offset in 0..<disk[segment]!.count {
      let flipped = disk.afterKill()
      flipped[segment]![offset] ^= 1 << UInt8(offset % 8)
      #expect(
        judge(flipped, total: 15, options: smallSegments(600), "byte \(offset)") == .refused)
    }
  }

  @Test func aGroupReplacedByZerosIsRefusedWhenAnotherFollows() throws {
    let disk = try smallLog()
    let ends = [96] + groupEnds(disk[segment]!)
    for index in 0..<ends.count - 2 {
      let zeroed = disk.afterKill()
      for offset in ends[index]..<ends[index + 1] { zeroed[segment]![offset] = 0 }
      #expect(judge(zeroed, total: 15, "group \(index)") == .refused)
    }
  }

  @Test func missingForeignAndSwappedSegmentsAreRefused() throws {
    let options = smallSegments(600)
    let disk = try smallLog(options)
    let names = disk.files.map(\.0).filter { $0.hasPrefix("log-") }
    #expect(names.count >= 3)
    for name in names {
      let missing = disk.afterKill()
      missing[name] = nil
      #expect(judge(missing, total: 15, options: options, "without \(name)") == .refused)
    }
    let swapped = disk.afterKill()
    (swapped[names[0]], swapped[names[1]]) = (disk[names[1]], disk[names[0]])
    #expect(judge(swapped, total: 15, options: options, "swapped") == .refused)

    let other = SimulatedDisk()
    let foreign = DatasetIdentity(low: 1, high: 2)
    let directory = try DataDirectory.open(other, newDataset: foreign, options: options)
    var journal = Journal()
    _ = try directory.recover(&journal)
    let mixed = disk.afterKill()
    mixed[names[0]] = other[names[0]]
    #expect(judge(mixed, total: 15, options: options, "foreign") == .refused)
  }

  /// The same groups, times and lengths, with other payloads or under another dataset.
  private func twin(
    of options: StorageOptions, dataset: DatasetIdentity = dataset
  ) throws -> SimulatedDisk {
    let disk = SimulatedDisk()
    let directory = try DataDirectory.open(disk, newDataset: dataset, options: options)
    var journal = Journal()
    var log = try directory.recover(&journal).takeWriter()
    for (index, count) in [1, 3, 2, 5, 4].enumerated() {
      var batch = LogBatch()
      let last = log.tail.position
      for offset in 1...UInt64(count) { batch.append(payload(at: last + offset).map { ~$0 }) }
      _ = try log.append(&batch, expectedLast: last, timeMs: 1000 + Int64(index))
      try log.sync()
    }
    try log.idleMark(timeMs: 2000)
    return disk
  }

  @Test func aWholeSegmentOfAnotherDatasetIsRefused() throws {
    let disk = try smallLog()
    let other = try twin(of: smallSegments(2048), dataset: DatasetIdentity(low: 3, high: 4))
    disk[segment] = other[segment]
    #expect(judge(disk, total: 15, "foreign") == .refused)
  }

  @Test func aLaterSegmentOfAnotherHistoryIsRefused() throws {
    let options = smallSegments(600)
    let disk = try smallLog(options)
    let other = try twin(of: options)
    for name in disk.files.map(\.0) where name.hasPrefix("log-") && name != segment {
      let spliced = disk.afterKill()
      spliced[name] = other[name]
      #expect(judge(spliced, total: 15, options: options, name) == .refused)
    }
  }

  @Test func aGroupOfAnotherHistoryIsRefused() throws {
    let disk = try smallLog()
    let other = try twin(of: smallSegments(2048))[segment]!
    let ends = groupEnds(other)
    for index in 1..<ends.count - 1 {
      let spliced = disk.afterKill()
      spliced[segment]!.replaceSubrange(
        ends[index - 1]..<ends[index], with: other[ends[index - 1]..<ends[index]])
      #expect(judge(spliced, total: 15, "group \(index)") == .refused)
      // The rest of the other history behind it does not make it fit either.
      spliced[segment]!.replaceSubrange(ends[index - 1]..., with: other[ends[index - 1]...])
      #expect(judge(spliced, total: 15, "from group \(index)") == .refused)
    }
  }

  @Test func aPayloadForgedWithItsChecksumIsRefused() throws {
    let disk = try smallLog()
    let start = groupEnds(disk[segment]!)[0] + 80  // position 2, 14 bytes
    disk[segment]![start + 8] ^= 0xff
    let payload = Array(disk[segment]![(start + 8)..<(start + 22)])
    let crc = crc32c(payload)
    for index in 0..<4 {
      disk[segment]![start + 4 + index] = UInt8(truncatingIfNeeded: crc >> (8 * index))
    }
    #expect(judge(disk, total: 15, "forged") == .refused)
  }

  /// What a client sends may look like a group; torn, its own record must not turn into evidence.
  @Test func aPayloadThatLooksLikeAGroupIsNoEvidence() throws {
    let disk = SimulatedDisk()
    var group = ByteBuffer()
    group.append(zeros: 80)
    for (offset, value) in [(0, 0x5052_4750), (4, 1), (40, 0), (44, 0)] as [(Int, UInt32)] {
      group.overwrite(at: offset, with: value)
    }
    group.overwrite(at: 8, with: 0x0123_4567_89ab_cdef as UInt64)
    group.overwrite(at: 16, with: 0xfedc_ba98_7654_3210 as UInt64)
    group.overwrite(at: 24, with: 1000 as UInt64)
    group.overwrite(at: 32, with: 1000 as UInt64)
    let crc = crc32c(Array(group.bytes[..<76]))
    group.overwrite(at: 76, with: crc)
    do {
      let directory = try DataDirectory.open(disk, newDataset: dataset, options: smallSegments())
      var journal = Journal()
      var log = try directory.recover(&journal).takeWriter()
      var batch = LogBatch()
      batch.append(payload: group.bytes)
      _ = try log.append(&batch, expectedLast: 0, timeMs: 1)
    }
    let end = groupEnds(disk[segment]!)[0]
    disk[segment]![end - 1] ^= 1
    let report = try recovered(disk).1
    #expect(report.tornTail?.count == 1 && report.tornTail?.firstPosition == 1)
  }

  @Test func everyFlipAndTruncationOfTheManifestIsRefused() throws {
    let disk = try smallLog()
    let whole = disk["manifest"]!
    for offset in 0..<whole.count {
      for bit in 0..<8 as Range<UInt8> {
        let flipped = disk.afterKill()
        flipped["manifest"]![offset] ^= 1 << bit
        #expect(judge(flipped, total: 15, "byte \(offset) bit \(bit)") == .refused)
      }
      let cut = disk.afterKill()
      cut["manifest"] = Array(whole[..<offset])
      #expect(judge(cut, total: 15, "length \(offset)") == .refused)
    }
    let missing = disk.afterKill()
    missing["manifest"] = nil
    #expect(judge(missing, total: 15, "missing") == .refused)
  }

  @Test func refusalWritesNothing() throws {
    let disk = try smallLog()
    disk[segment]![200] ^= 1
    let before = disk.files.map(\.1)
    #expect(judge(disk, total: 15, "flip") == .refused)
    #expect(disk.files.map(\.1) == before)
  }
}

/// The ends of the groups of an undamaged segment, by the lengths in their headers.
func groupEnds(_ bytes: [UInt8]) -> [Int] {
  var ends: [Int] = []
  var at = 96
  while at + 80 < bytes.count, bytes[at] != 0 {
    let length = (0..<4).reduce(0) { $0 | Int(bytes[at + 44 + $1]) << (8 * $1) }
    at += 80 + length + 20
    ends.append(at)
  }
  return ends
}
