import PromisedPlatform
import PromisedStorage

extension StorageError {
  /// What is wrong, where, and what to do, in one line.
  var sentence: String {
    switch self {
    case .locked: "another server has this data directory open; stop it, or use another directory"
    case .damaged(let damage):
      "DAMAGED: \(damage.file) at offset \(damage.offset)"
        + (damage.position.map { ", position \($0)" } ?? "") + ": \(damage.reason). "
        + "Do not restart; see Ops/Runbook.md"
    case .unknownVersion(let file, let version):
      "\(file) has format version \(version), which this program does not know; it was left alone"
    case .file(let error):
      "\(error.operation.rawValue) \(error.path): \(LinuxText.describe(errno: error.errno))"
    case .noSpace(let error):
      "no space: \(error.operation.rawValue) \(error.path); make room and start again"
    case .snapshotExists(let position): "a snapshot at position \(position) exists already"
    case .notEmpty(let file): "the target is not empty: it holds '\(file)'"
    case .unreachable(let reason): reason
    case .stopped: "the log had stopped after an earlier failure"
    }
  }
}
