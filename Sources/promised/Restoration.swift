import Glibc
import PromisedLinux
import PromisedPlatform
import PromisedServer
import PromisedStorage

/// `--restore`: fills an empty directory from a snapshot file or a data directory, and says what
/// it wrote. It never serves.
enum Restoration {
  static func run(
    from source: String, into target: String, until: Configuration.RestorePoint?
  ) throws(StorageError) -> String {
    guard let isFolder = isFolder(source) else {
      throw .unreachable(reason: "\(source): \(LinuxText.describe(errno: errno))")
    }
    let new = try open(target, creating: true)
    let summary: RestoreSummary
    if isFolder {
      summary = try restore(from: try open(source, creating: false), into: new, until: point(until))
    } else {
      if until != nil {
        throw .unreachable(reason: "--until needs a data directory, not a single snapshot file")
      }
      let (folder, name) = split(source)
      summary = try restore(
        snapshot: name, of: try open(folder, creating: false), into: new)
    }
    return text(summary, source, target)
  }

  private static func point(_ until: Configuration.RestorePoint?) -> RestorePoint {
    switch until {
    case nil: .everything
    case .position(let position): .position(position)
    case .instant(let instant): .instant(timeMs: instant.milliseconds)
    }
  }

  private static func open(
    _ path: String, creating: Bool
  ) throws(StorageError) -> LinuxFileStore {
    do throws(FileError) {
      return try LinuxFileStore(path: path, creating: creating)
    } catch {
      throw .file(error)
    }
  }

  /// Nil when there is nothing to be found; `errno` says why.
  private static func isFolder(_ path: String) -> Bool? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = String(path[..<slash])
    return (folder.isEmpty ? "/" : folder, String(path[path.index(after: slash)...]))
  }

  private static func text(
    _ summary: RestoreSummary, _ source: String, _ target: String
  ) -> String {
    var lines = [
      "restored \(source) into \(target)",
      summary.snapshotPosition == 0
        ? "  from the beginning of the log"
        : "  from the snapshot at position \(summary.snapshotPosition)",
      "  and \(summary.recordCount) records behind it",
      "  up to position \(summary.lastPosition)",
    ]
    for damage in summary.damagedSnapshots {
      lines.append("  passed over a damaged snapshot: \(damage.file): \(damage.reason)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
