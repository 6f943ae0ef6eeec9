import Glibc
import PromisedLinux
import PromisedPlatform
import PromisedStorage

extension Session {
  func verify() throws(Failure) -> Int32 {
    let path = arguments.operands[0]
    let report = try check(try open(path), path)
    if isJSON { json { verificationJSON(report, &$0) } } else { write(verificationText(report)) }
    return report.isSound ? ExitCode.yes : ExitCode.damaged
  }

  private func open(_ path: String) throws(Failure) -> LinuxFileStore {
    do throws(FileError) {
      return try LinuxFileStore(path: path, creating: false)
    } catch {
      throw .local(
        "\(path) cannot be read: \("\(path) cannot be read: \(String(cString: strerror(error.errno)))")",
        code: ExitCode.unreadable)
    }
  }

  private func check(
    _ store: LinuxFileStore, _ path: String
  ) throws(Failure) -> VerificationReport {
    do throws(StorageError) {
      return try PromisedStorage.verify(store)
    } catch {
      if case .locked = error {
        throw .local(
          "\(path) is in use by a server; stop it, or verify a copy", code: ExitCode.locked)
      }
      throw .local("\(path) cannot be checked: \(error)", code: ExitCode.unreadable)
    }
  }

  private func verificationText(_ report: VerificationReport) -> String {
    var text = ""
    for damage in report.damage {
      text += style.bad("Damaged: ") + "\(printable(damage.file)) at byte \(grouped(damage.offset))"
      text += damage.position.map { ", position \(grouped($0))" } ?? ""
      text += ": \(printable(damage.reason))\n"
    }
    text += report.isSound ? style.good("Sound") : style.bad("Damaged")
    text += ": \(counted(report.snapshots.count, "snapshot")), "
    text += "\(counted(report.segmentCount, "segment")), \(counted(report.groupCount, "group")), "
    text += "\(counted(report.recordCount, "record"))"
    text += report.lastPosition > 0 ? ", up to position \(grouped(report.lastPosition))\n" : "\n"
    if report.tornTail != nil {
      text += "The last group was torn by a crash and was never acknowledged; recovery drops it.\n"
    }
    return text
  }

  private func verificationJSON(_ report: VerificationReport, _ json: inout JSON) {
    json.member("sound", report.isSound)
    json.member("snapshots", report.snapshots.count)
    json.member("segments", report.segmentCount)
    json.member("groups", report.groupCount)
    json.member("records", report.recordCount)
    json.member("first_position", report.firstPosition)
    json.member("last_position", report.lastPosition)
    json.member("torn_tail", report.tornTail != nil)
    json.member("sealed", report.wasSealed)
    json.rows("damage", report.damage) { json, damage in
      json.member("file", damage.file)
      json.member("offset", damage.offset)
      if let position = damage.position { json.member("position", position) }
      json.member("reason", damage.reason)
    }
  }
}
