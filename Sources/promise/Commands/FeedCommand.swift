import PromisedClient
import PromisedImport
import PromisedLinux
import PromisedModel
import PromisedWire

// `promise feed`: rows of the update feed from a file or from standard input.
extension Session {
  func feed() throws(Failure) -> Int32 {
    if arguments.has("parked") { return try list(.parked, limit: 0) }
    if arguments.has("failed") { return try list(.failed, limit: 0) }
    if arguments.has("undo") { return try undoFeed() }
    guard let path = arguments.operands.first else {
      throw .usage("feed needs FILE or -, --parked, --failed or --undo")
    }
    let source = try feedSource(path)
    let limit = Int(try integer("batch", 1...Int64(Limits.batchRows), default: 1000))
    let from = UInt64(try integer("from", 1...Int64.max, default: 1))
    var rowCount: Int?
    if path != "-" {
      let checked = try checkFeed(path, limit)
      if checked.problems.count > 0 { return refuseFeed(checked.problems) }
      rowCount = checked.rowCount
      if arguments.has("dry-run") {
        if isJSON {
          json { $0.member("rows", checked.rowCount) }
        } else {
          write("\(counted(checked.rowCount, "row")), no problem. Nothing was sent.\n")
        }
        return ExitCode.yes
      }
    }
    ClientProcess.catchInterrupts()
    let position = try feedPosition(source)
    return try sendFeed(
      FeedJob(
        path: path, source: source, limit: limit, after: max(position, from - 1),
        position: position, rowCount: rowCount, start: monotonicNanoseconds()))
  }

  private func feedSource(_ path: String) throws(Failure) -> String {
    if let source = arguments.value("source"), !source.isEmpty { return source }
    if path == "-" { throw .usage("feed - needs --source") }
    return String(path.split(separator: "/").last ?? "feed")
  }

  /// The source's high-water mark.
  private func feedPosition(_ source: String) throws(Failure) -> UInt64 {
    try perform(.status()).sources.first { $0.source == source }?.lastSequence ?? 0
  }

  /// Reads the whole file once, so that a mistake is told before anything is sent.
  private func checkFeed(_ path: String, _ limit: Int) throws(Failure) -> FeedFileReader {
    var reader = FeedFileReader(file: path)
    let meter = Meter(self)
    do throws(SocketFailure) {
      let stream = try ClientStream(path: path)
      var share = Share(done: 0, all: stream.byteCount)
      while let bytes = try stream.read(Self.pieceBytes) {
        reader.read(bytes, after: .max, limit: limit) { _ in }
        share.done += bytes.count
        meter.show("checking \(path)", rows: reader.rowCount, of: nil, share: share)
      }
    } catch {
      throw .local(error.reason, code: ExitCode.unreadable)
    }
    reader.finish(after: .max, limit: limit) { _ in }
    meter.end()
    return reader
  }

  private static var pieceBytes: Int { 1 << 20 }

  private func refuseFeed(_ problems: ProblemList) -> Int32 {
    if isJSON {
      json { json in
        json.member("problem_count", problems.count)
        json.rows("problems", problems.kept) { json, problem in
          json.member("line", problem.line)
          json.member("column", problem.column)
          json.member("value", problem.value)
          json.member("allowed", problem.allowed)
        }
      }
      return ExitCode.no
    }
    for problem in problems.kept { note(printable(problem.description) + "\n") }
    let hidden = problems.count - problems.kept.count
    if hidden > 0 { note("\(counted(hidden, "more problem"))\n") }
    note(style.bad(counted(problems.count, "problem")) + "\n")
    return ExitCode.no
  }

  // MARK: Undoing

  private func undoFeed() throws(Failure) -> Int32 {
    let source = try needed("source")
    let parts = (arguments.value("undo") ?? "").split(separator: "-").map { UInt64($0) }
    guard parts.count == 2, let from = parts[0], let through = parts[1] else {
      throw .usage("--undo is two sequences, both included, such as 120-180")
    }
    // Asked again with the same range within ten minutes it changes nothing.
    let key = arguments.value("key") ?? "undo-\(source.prefix(20))-\(from)-\(through)"
    let answer = try perform(
      .reverseFeed(source: source, from: from, through: through, key: key))
    if isJSON {
      json { json in
        json.stamp(answer.asOf)
        json.member("reversed_rows", answer.reversedRows)
        json.member("kept_rows", answer.keptRows)
        json.member("repeated_answer", answer.isRepeated)
        json.rows("kept", answer.kept) { json, row in
          json.member("sequence", row.sequence)
          json.member("outcome", row.outcome.number)
          json.member("reason", row.outcome.reason)
        }
      }
    } else {
      write("\(counted(answer.reversedRows, "row")) of \(printable(source)) undone.\n")
      for row in answer.kept {
        write("  \(grouped(row.sequence)) stays: \(row.outcome.reason)\n")
      }
    }
    return answer.keptRows > 0 ? ExitCode.no : ExitCode.yes
  }

  // MARK: Sending

  private func sendFeed(_ job: FeedJob) throws(Failure) -> Int32 {
    var reader = FeedFileReader(file: job.path)
    // What a run before refused stays there.
    let rejects = try rejectsFile(goesOn: job.position > 0)
    var hasHeader = rejects.map { !$0.isEmpty } ?? false
    var header = ""
    let meter = Meter(self)
    let run = FeedRun(
      connection, source: job.source, position: job.position,
      patience: connection.options.timeoutNanoseconds,
      wait: { meter.wait($0) }
    ) { text, outcome in
      guard let rejects else { return }
      if !hasHeader { rejects.write("\(header),outcome\n") }
      hasHeader = true
      let reason = OutcomeCode(rawValue: UInt16(truncatingIfNeeded: outcome))?.reason
      rejects.write("\(text),\(reason ?? "\(outcome)")\n")
    }
    var stop: FeedStop?
    do throws(FeedStop) {
      let stream = try open(job.path)
      func take(_ batch: FeedBatch) throws(FeedStop) {
        if ClientProcess.wasInterrupted { throw .interrupted }
        try run.send(filled(batch, job))
        meter.show(
          "feeding \(job.source)", rows: reader.rowCount, of: job.rowCount,
          begun: Int(clamping: job.after))
      }
      while let bytes = try piece(stream) {
        var batches: [FeedBatch] = []
        reader.read(bytes, after: job.after, limit: job.limit) { batches.append($0) }
        header = reader.header
        for batch in batches { try take(batch) }
        if reader.problems.count > 0 { break }
        // What comes from a pipe is not kept waiting for a full batch.
        if job.path == "-" {
          var rest: [FeedBatch] = []
          reader.flush { rest.append($0) }
          for batch in rest { try take(batch) }
        }
      }
      var last: [FeedBatch] = []
      reader.finish(after: job.after, limit: job.limit) { last.append($0) }
      for batch in last { try take(batch) }
      try run.finish()
    } catch {
      stop = error
    }
    meter.end()
    return try conclude(job, run, reader, stop)
  }

  private func filled(_ batch: FeedBatch, _ job: FeedJob) -> FeedBatch {
    var batch = batch
    batch.rows.source = Name(job.source)
    batch.rows.allowsGap = arguments.has("allow-gap")
    batch.rows.isNetOfAllocations = arguments.has("net-of-allocations")
    return batch
  }

  private func rejectsFile(goesOn: Bool) throws(Failure) -> ClientOutputFile? {
    guard let path = arguments.value("rejects") else { return nil }
    do throws(SocketFailure) { return try ClientOutputFile(path: path, goesOn: goesOn) } catch {
      throw .local(error.reason, code: ExitCode.unreadable)
    }
  }

  private func open(_ path: String) throws(FeedStop) -> ClientStream {
    do throws(SocketFailure) { return try ClientStream(path: path) } catch {
      throw .file(error.reason)
    }
  }

  private func piece(_ stream: ClientStream) throws(FeedStop) -> [UInt8]? {
    do throws(SocketFailure) { return try stream.read(Self.pieceBytes) } catch {
      throw .file(error.reason)
    }
  }

  private func conclude(
    _ job: FeedJob, _ run: FeedRun, _ reader: FeedFileReader, _ stop: FeedStop?
  ) throws(Failure) -> Int32 {
    let taken = monotonicNanoseconds() - job.start
    if isJSON {
      summariseJSON(job, run, reader, taken)
    } else {
      summarise(job, run, reader, taken)
    }
    switch stop {
    case .client(let error):
      note("Stopped at \(grouped(run.lastSequence)). The same command goes on from there.\n")
      throw .client(error)
    case .file(let reason): throw .local(reason, code: ExitCode.unreadable)
    case .interrupted:
      note("Stopped at \(grouped(run.lastSequence)). The same command goes on from there.\n")
      return ExitCode.interrupted
    case nil: break
    }
    if reader.problems.count > 0 {
      for problem in reader.problems.kept { note(printable(problem.description) + "\n") }
      return ExitCode.no
    }
    return run.tally.refused > 0 ? ExitCode.no : ExitCode.yes
  }

  private func summarise(
    _ job: FeedJob, _ run: FeedRun, _ reader: FeedFileReader, _ nanoseconds: UInt64
  ) {
    var table = Table("Outcome", "#Rows")
    for (number, count) in run.tally.outcomes.enumerated() where count > 0 {
      let code = OutcomeCode(rawValue: UInt16(number))
      table.add(code == .ok ? "applied" : code?.reason ?? "\(number)", grouped(count))
    }
    if run.tally.rows > 0 { write(table.text(style)) }
    let speed = run.tally.rows * 1_000_000_000 / max(1, nanoseconds)
    write(
      "\(counted(run.tally.rows, "row")) of source \(printable(job.source)),"
        + " \(counted(speed, "row"))/s; it is at \(grouped(run.lastSequence)).\n")
    if job.after > 0 && run.tally.rows == 0 {
      write("Everything up to \(grouped(job.after)) was applied before.\n")
      if reader.hasOutcomes {
        write("Refused rows that are sent again need a source of their own: --source NAME.\n")
      }
    }
    if run.tally.refused > 0, let path = arguments.value("rejects") {
      write("The refused rows are in \(printable(path)). When what is wrong is put right, they can")
      write(" be sent as a source of their own:\n  promise feed \(printable(path))")
      write(" --source \(printable(job.source))-again\n")
    }
  }

  private func summariseJSON(
    _ job: FeedJob, _ run: FeedRun, _ reader: FeedFileReader, _ nanoseconds: UInt64
  ) {
    let outcomes = run.tally.outcomes.enumerated().filter { $0.element > 0 }
    json { json in
      json.member("source", job.source)
      json.member("rows", run.tally.rows)
      json.member("refused", run.tally.refused)
      json.member("last_sequence", run.lastSequence)
      json.member("passed_over", job.after)
      json.member("milliseconds", nanoseconds / 1_000_000)
      json.member("problem_count", reader.problems.count)
      json.rows("outcomes", outcomes) { json, outcome in
        json.member("outcome", outcome.offset)
        json.member("reason", OutcomeCode(rawValue: UInt16(outcome.offset))?.reason ?? "")
        json.member("rows", outcome.element)
      }
    }
  }
}

/// A feed file on its way.
private struct FeedJob {
  var path: String
  var source: String
  var limit: Int
  /// Rows up to here are passed over.
  var after: UInt64
  var position: UInt64
  /// Nil for standard input.
  var rowCount: Int?
  var start: UInt64
}
