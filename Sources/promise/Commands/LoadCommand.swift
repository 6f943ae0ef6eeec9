import PromisedClient
import PromisedImport
import PromisedLinux
import PromisedModel

/// The mapped files of an import directory.
private final class ImportDirectory {
  private var files: [ImportFile: MappedFile.Box] = [:]

  init(_ path: String) throws(Failure) {
    do throws(SocketFailure) {
      for name in try ClientProcess.names(inDirectory: path) where name.hasSuffix(".csv") {
        guard let file = ImportFile(fileName: name) else {
          throw SocketFailure(
            "\(path)/\(name) is no import file"
              + hint(name, ImportFile.allCases.map(\.fileName)) + "; allowed: "
              + ImportFile.allCases.map(\.fileName).joined(separator: ", "))
        }
        files[file] = try MappedFile.Box(path: path + "/" + name)
      }
    } catch { throw .local(error.reason, code: ExitCode.usage) }
    if files.isEmpty {
      throw .local("\(path) holds no import file such as items.csv", code: ExitCode.usage)
    }
  }

  var sources: [ImportSource] {
    ImportFile.allCases.compactMap { file in
      files[file].map { ImportSource(file: file, bytes: $0.file.bytes) }
    }
  }

  var byteCount: Int { sources.reduce(0) { $0 + $1.bytes.count } }
}

extension MappedFile {
  /// A mapping that can be kept in a collection.
  final class Box {
    let file: MappedFile

    init(path: String) throws(SocketFailure) { file = try MappedFile(path: path) }
  }
}

extension Session {
  func load() throws(Failure) -> Int32 {
    if arguments.has("abort") { return try abortLoad() }
    if arguments.has("merge"), arguments.has("replace") {
      throw .usage("--merge and --replace exclude each other")
    }
    guard let path = arguments.operands.first else { throw .usage("load needs DIR") }
    let options = ImportOptions(
      mode: arguments.has("replace") ? .replace : .merge, isPartial: arguments.has("partial"))
    let directory = try ImportDirectory(path)
    let importer = Importer(directory.sources, options: options)
    let start = monotonicNanoseconds()
    let meter = Meter(self)
    let report = importer.check(
      isTimeZone: { ClientProcess.isReadable("/usr/share/zoneinfo/\($0)") },
      progress: { meter.show("checking \($0.fileName)", rows: $1, of: nil) })
    meter.end()
    let checked = monotonicNanoseconds() - start
    if report.problemCount > 0 { return refuse(report) }
    if arguments.has("dry-run") {
      summarise(report, LoadTimes(check: checked, send: 0), nil)
      return ExitCode.yes
    }
    return try send(importer, report, options, checked: checked)
  }

  private func send(
    _ importer: Importer, _ report: ImportReport, _ options: ImportOptions, checked: UInt64
  ) throws(Failure) -> Int32 {
    ClientProcess.catchInterrupts()
    let meter = Meter(self)
    let start = monotonicNanoseconds()
    var wasCommitted = false
    let run = LoadRun(
      connection: connection, importer: importer,
      load: LoadDescription(
        id: report.loadID, mode: options.mode, chunkCount: UInt32(clamping: report.chunkCount),
        force: arguments.has("force")),
      isInterrupted: { ClientProcess.wasInterrupted },
      progress: {
        meter.show("loading \($0.file.fileName)", rows: $0.rowCount, of: report.rowCount)
      },
      resumed: { note("Going on from chunk \(grouped($0)) of \(grouped(report.chunkCount)).\n") },
      isAgain: arguments.has("again"), wasCommitted: { wasCommitted = true })
    do throws(LoadStop) {
      let answer = try run.run()
      meter.end()
      let sent = monotonicNanoseconds() - start
      summarise(
        report, LoadTimes(check: checked, send: sent), answer, wasCommitted: wasCommitted)
    } catch {
      meter.end()
      switch error {
      case .client(let failure):
        let code = self.report(.client(failure))
        note("Nothing of this load is visible. ")
        note("The same command goes on with it; `promise load --abort` forgets it.\n")
        return code
      case .interrupted:
        note("Stopped. Nothing of this load is visible, and it stays open on the server:\n")
        note("the same command goes on with it; `promise load --abort` forgets it.\n")
        return ExitCode.interrupted
      case .changed(let problems):
        note("The files changed while they were read; nothing of this load is visible.\n")
        for problem in problems.kept { note("  \(problem)\n") }
        return ExitCode.no
      }
    }
    return try waitForProfiles()
  }

  /// Waits until offers are made from the network and the days as they now are: the server rebuilds
  /// its delivery profiles in the background, and until then answers offers from the old ones or
  /// not at all.
  func waitForProfiles() throws(Failure) -> Int32 {
    let start = monotonicNanoseconds()
    while true {
      let status = try perform(.status())
      if status.isProfileCurrent { return ExitCode.yes }
      if monotonicNanoseconds() - start > 120_000_000_000 {
        note("The delivery profiles are still being built; offers may say NETWORK_NOT_READY.\n")
        return ExitCode.yes
      }
      sleep(nanoseconds: 20_000_000)
    }
  }

  private func abortLoad() throws(Failure) -> Int32 {
    let id = try perform(.status()).loadID
    if id.isEmpty {
      if isJSON { json { $0.member("aborted", false) } } else { write("No load is open.\n") }
      return ExitCode.no
    }
    let answer = try perform(.abortLoad(id))
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        json.member("aborted", true)
        json.member("load_id", id)
      }
    } else {
      write("Load \(printable(id)) is forgotten.\n")
    }
    return ExitCode.yes
  }

  /// Tells everything that is wrong with the files.
  private func refuse(_ report: ImportReport) -> Int32 {
    if isJSON {
      json { json in
        json.member("problem_count", report.problemCount)
        json.rows("problems", report.files.flatMap(\.problems.kept)) { json, problem in
          json.member("file", problem.file)
          json.member("line", problem.line)
          json.member("column", problem.column)
          json.member("value", problem.value)
          json.member("allowed", problem.allowed)
        }
      }
      return ExitCode.no
    }
    for file in report.files {
      for problem in file.problems.kept { note(printable(problem.description) + "\n") }
      let hidden = file.problems.count - file.problems.kept.count
      if hidden > 0 { note("\(file.file.fileName): \(counted(hidden, "more problem"))\n") }
    }
    note(
      style.bad(counted(report.problemCount, "problem"))
        + "; nothing was sent. --dry-run checks again without a server.\n")
    return ExitCode.no
  }

  private func summarise(
    _ report: ImportReport, _ times: LoadTimes, _ answer: LoadAnswer?, wasCommitted: Bool = false
  ) {
    if isJSON {
      json { json in
        if let answer { json.stamp(answer.asOf) }
        json.member("load_id", report.loadID.description)
        json.member("committed", answer != nil)
        json.member("committed_before", wasCommitted)
        json.rows("files", report.files) { json, file in
          json.member("file", file.file.fileName)
          json.member("rows", file.rowCount)
          json.member("chunks", file.chunkCount)
        }
        if let answer { json.member("positions_changed", answer.positionsChanged) }
        json.member("check_ms", times.check / 1_000_000)
        json.member("send_ms", times.send / 1_000_000)
      }
      return
    }
    var table = Table("File", "#Rows", "#Chunks")
    for file in report.files {
      table.add(file.file.fileName, grouped(file.rowCount), grouped(file.chunkCount))
    }
    write(table.text(style))
    let rows = report.rowCount
    write("Checked \(counted(rows, "row")) in \(rate(rows, times.check)); no problem.\n")
    guard let answer else {
      write("A dry run: nothing was sent.\n")
      return
    }
    if wasCommitted {
      write("These files were committed less than 10 minutes ago, and nothing was sent now.\n")
      write("To load them over what has changed since, run it with --again.\n")
      return
    }
    write("Loaded in \(rate(rows, times.send)).\n")
    write(
      "Visible since position \(grouped(answer.asOf.position)); "
        + "\(counted(answer.positionsChanged, "position")) changed.\n")
  }

  private func rate(_ rows: Int, _ nanoseconds: UInt64) -> String {
    tenths(Int128(nanoseconds), per: 1_000_000) + " ms, "
      + counted(UInt64(rows) * 1_000_000_000 / max(1, nanoseconds), "row") + "/s"
  }
}

private struct LoadTimes {
  var check: UInt64
  var send: UInt64
}
