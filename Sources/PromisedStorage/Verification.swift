import PromisedPlatform

/// What a whole, read-only check of a data directory found.
package struct VerificationReport: Equatable, Sendable {
  /// The snapshots that hold, oldest first.
  package internal(set) var snapshots: [SnapshotSummary] = []
  /// The log segments that hold.
  package internal(set) var segmentCount = 0
  /// The groups in them, marks included.
  package internal(set) var groupCount: UInt64 = 0
  /// The records in them.
  package internal(set) var recordCount: UInt64 = 0
  /// The first position the log holds, or would hold next when it is empty; 0 without a log.
  package internal(set) var firstPosition: UInt64 = 0
  /// The last position the log reaches.
  package internal(set) var lastPosition: UInt64 = 0
  /// The logged time at the end, in milliseconds since 1970 UTC.
  package internal(set) var lastTimeMs: Int64 = 0
  /// What a crash left behind the last whole group. Not damage: recovery cuts it off.
  package internal(set) var tornTail: TornTail?
  /// Whether the log ends with the mark of a clean shutdown.
  package internal(set) var wasSealed = false
  /// Everything that does not hold, in the order of reading.
  package internal(set) var damage: [Damage] = []

  /// Whether the directory can be recovered to all that was ever acknowledged in it.
  package var isSound: Bool { damage.isEmpty }
}

/// Reads a data directory whole and reports on it, changing nothing.
///
/// Damage is collected, not thrown; thrown are `locked` when a server has the directory, and what
/// keeps the check from being made. Reads every byte of every file once or twice.
package func verify<Store: FileStore>(
  _ store: Store, options: StorageOptions = StorageOptions()
) throws(StorageError) -> VerificationReport {
  let lock = try lockForReading(store)
  defer { withExtendedLifetime(lock) {} }
  var report = VerificationReport()
  let manifest: Manifest
  do throws(StorageError) {
    guard let found = try ManifestFile.read(in: store) else {
      try DataDirectory.refuseOrphans(in: store)
      return report
    }
    manifest = found
  } catch {
    report.damage.append(try damage(error))
    return report
  }
  for entry in manifest.snapshots {
    do throws(StorageError) {
      _ = try checkedSnapshot(
        entry, dataset: manifest.dataset, in: store, maximumBlockBytes: options.maximumBlockBytes)
      var reader = try SnapshotReader(
        entry.name, in: store, maximumBlockBytes: options.maximumBlockBytes)
      report.snapshots.append(try reader.read(opensBlocks: true, dataset: manifest.dataset))
    } catch {
      report.damage.append(try damage(error))
    }
  }
  try verifyLog(store, manifest, &report)
  return report
}

private func verifyLog<Store: FileStore>(
  _ store: Store, _ manifest: Manifest, _ report: inout VerificationReport
) throws(StorageError) {
  let replay = LogReplay(store: store, manifest: manifest, settlesLastSegment: false)
  let first = (manifest.segments.first?.firstPosition ?? 1) - 1
  var end = LogEnd(after: first, chain: .none)
  var number = manifest.segments.first?.number ?? 1
  var seen = [Bool](repeating: false, count: report.snapshots.count)
  var met = seen
  while true {
    do throws(StorageError) {
      try replay.walk(from: &number, after: first, chain: .none, &end) { (group, _) in
        for (index, snapshot) in report.snapshots.enumerated()
        where group.lastPosition == snapshot.position {
          if group.header.count > 0 { seen[index] = true }
          if group.digest == snapshot.chain { met[index] = true }
        }
      }
      break
    } catch {
      report.damage.append(try damage(error))
      // Go on behind the damaged segment, as from a fresh start: one report names all damage.
      number += 1
      end.segment = nil
    }
  }
  report.firstPosition = manifest.segments.first?.firstPosition ?? 0
  report.segmentCount = end.segmentCount
  report.groupCount = end.groupCount
  report.recordCount = end.recordCount
  report.lastPosition = end.tail.position
  report.lastTimeMs = max(end.tail.timeMs, 0)
  report.tornTail = end.torn
  report.wasSealed = end.sealed && end.torn == nil
  for (index, snapshot) in report.snapshots.enumerated() {
    let name = SnapshotFormat.name(snapshot.position)
    if seen[index] && !met[index] && snapshot.chain != .none {
      report.damage.append(
        Damage(
          file: name, offset: 0, position: snapshot.position,
          reason: "the log is of another history than the snapshot"))
    }
    if snapshot.position > end.tail.position || snapshot.position + 1 < report.firstPosition {
      report.damage.append(
        Damage(
          file: name, offset: 0, position: snapshot.position,
          reason: "the log does not continue the snapshot"))
    }
  }
}

/// The damage in an error; any other error is thrown on.
private func damage(_ error: StorageError) throws(StorageError) -> Damage {
  switch error {
  case .damaged(let damage): return damage
  case .unknownVersion(let file, let version):
    return Damage(file: file, offset: 8, reason: "format version \(version) is not known")
  default: throw error
  }
}

/// Takes the lock of a directory that is only read; nil where there is no lock file, or none that
/// may be opened for writing, such as in a backup on a read-only medium.
func lockForReading<Store: FileStore>(_ store: Store) throws(StorageError) -> OpenFile<Store>? {
  var isHeld = false
  do throws(FileError) {
    let file = try OpenFile(DataDirectory<Store>.lockName, in: store, forWriting: true)
    if try store.lock(file.reference) { return file }
    isHeld = true
  } catch {}
  if isHeld { throw .locked }
  return nil
}
