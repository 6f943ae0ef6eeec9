import PromisedClient
import PromisedImport
import PromisedLinux
import PromisedModel
import PromisedWire

extension Session {
  func list() throws(Failure) -> Int32 {
    let kind = arguments.operands[0]
    let kinds = Listing.allCases.map { "\($0)" }
    guard let listing = Listing.allCases.first(where: { "\($0)" == kind }) else {
      throw .usage(
        "no kind \(kind)\(hint(kind, kinds)); allowed: \(kinds.joined(separator: ", "))")
    }
    return try list(listing, limit: UInt64(try integer("limit", 0...Int64.max, default: 100)))
  }

  /// - Parameter limit: 0 = all rows.
  func list(_ listing: Listing, limit: UInt64) throws(Failure) -> Int32 {
    let kind = "\(listing)"
    var left = limit == 0 ? UInt64.max : limit
    var columns: [String] = []
    var rows: [[String]] = []
    var token: [UInt8] = []
    var stamp: AnswerStamp?
    repeat {
      let page = try perform(
        .list(listing, pageSize: min(left, 1000), pageToken: token))
      columns = page.columns
      rows += page.rows.prefix(Int(clamping: left))
      left -= min(left, UInt64(page.rows.count))
      token = page.nextPageToken
      stamp = stamp ?? page.asOf
    } while left > 0 && !token.isEmpty
    if isJSON {
      json { json in
        if let stamp { json.stamp(stamp) }
        json.member("kind", kind)
        json.rows("rows", rows) { json, row in
          for (column, cell) in zip(columns, row) { json.member(column, cell) }
        }
        json.member("more", !token.isEmpty)
      }
      return ExitCode.yes
    }
    var table = Table(columns)
    for row in rows { table.add(row) }
    write(table.text(style))
    if !token.isEmpty { note("More follow; --limit 0 shows all.\n") }
    return ExitCode.yes
  }

  func snapshot() throws(Failure) -> Int32 {
    switch arguments.operands[0] {
    case "take":
      let answer = try perform(.takeSnapshot())
      if isJSON {
        json { json in
          json.stamp(answer.asOf)
          json.member("name", answer.name)
          json.member("bytes", answer.bytes)
          json.member("milliseconds", answer.milliseconds)
        }
      } else {
        write(
          "\(printable(answer.name)): position \(grouped(answer.asOf.position)), "
            + "\(byteSize(answer.bytes)), \(grouped(answer.milliseconds)) ms\n")
      }
    case "list":
      let answer = try perform(.listSnapshots())
      if isJSON {
        json { json in
          json.rows("snapshots", answer) { json, entry in
            json.member("name", entry.name)
            json.member("position", entry.position)
            json.instant("taken_at", entry.takenAtUnixSeconds)
            json.member("bytes", entry.bytes)
          }
        }
      } else {
        var table = Table("Snapshot", "#Position", "Taken at", "#Size")
        for entry in answer {
          table.add(
            entry.name, grouped(entry.position), utcText(entry.takenAtUnixSeconds),
            byteSize(entry.bytes))
        }
        write(table.isEmpty ? "No snapshot is kept yet.\n" : table.text(style))
      }
    default:
      throw .usage(
        "snapshot \(arguments.operands[0])\(hint(arguments.operands[0], ["take", "list"])); "
          + "allowed: take, list")
    }
    return ExitCode.yes
  }

  func status() throws(Failure) -> Int32 {
    let answer = try perform(.status())
    if isJSON { json { statusJSON(answer, &$0) } } else { write(statusText(answer, style)) }
    return ExitCode.yes
  }

  func ping() throws(Failure) -> Int32 {
    let count = try integer("count", 1...1_000_000, default: 1)
    var shortest = UInt64.max
    var total: UInt64 = 0
    // Connecting is no part of an answer's time.
    var last = try perform(.ping())
    for _ in 0..<count {
      let start = monotonicNanoseconds()
      last = try perform(.ping())
      let elapsed = monotonicNanoseconds() - start
      shortest = min(shortest, elapsed)
      total += elapsed
    }
    let mean = total / UInt64(count)
    if isJSON {
      json { json in
        json.stamp(last.asOf)
        json.member("count", count)
        json.member("shortest_ns", shortest)
        json.member("mean_ns", mean)
      }
    } else {
      write(
        "\(connection.address) answers: position \(grouped(last.asOf.position)), "
          + "\(tenths(Int128(mean), per: 1000)) µs"
          + (count > 1
            ? " in the mean of \(grouped(count)), "
              + "\(tenths(Int128(shortest), per: 1000)) µs at best" : "") + "\n")
    }
    return ExitCode.yes
  }

  func drain() throws(Failure) -> Int32 {
    let answer = try perform(.drain())
    done(answer, "It takes no new connections and no changes any more.")
    return ExitCode.yes
  }

  func setTime() throws(Failure) -> Int32 {
    let text = arguments.operands[0]
    let instant: Int64
    if let seconds = durationSeconds(text) {
      let (sum, overflow) = try perform(.status()).asOf.unixSeconds.addingReportingOverflow(seconds)
      if overflow { throw .usage("\(text) is beyond all calendars") }
      instant = sum
    } else if let seconds = instantSeconds(text) {
      instant = seconds
    } else {
      throw .usage(
        "\"\(text)\" is no time; allowed: 2026-12-20T18:00:00Z, or +N with s, min, h or d")
    }
    let answer = try perform(.setTime(unixSeconds: instant))
    done(answer, "It is \(utcText(answer.asOf.unixSeconds)) now.")
    // After a leap, offers come from profiles of the new days.
    return try waitForProfiles()
  }

  private func done(_ answer: DoneAnswer, _ text: String) {
    if isJSON { json { $0.stamp(answer.asOf) } } else { write(text + "\n") }
  }
}

/// The instant of an RFC 3339 text, as import files have it.
func instantSeconds(_ text: String) -> Int64? {
  Array(text.utf8).withUnsafeBufferPointer { Cell.instant(BorrowedBytes($0)) }
}

/// The seconds of `+90s`, `+15min`, `+36h`, `+2d`.
func durationSeconds(_ text: String) -> Int64? {
  guard text.hasPrefix("+") else { return nil }
  let digits = text.dropFirst().prefix { $0.isASCII && $0.isNumber }
  let units: [String: Int64] = ["s": 1, "min": 60, "h": 3600, "d": 86_400]
  guard let count = Int64(digits), let unit = units[String(text.dropFirst(1 + digits.count))]
  else { return nil }
  let (seconds, overflow) = count.multipliedReportingOverflow(by: unit)
  return overflow ? nil : seconds
}

/// The state of the service as a list.
func statusText(_ answer: StatusAnswer, _ style: Style) -> String {
  var rows: [(String, String)] = [
    ("Version", answer.serverVersion + (answer.isSandbox ? " (sandbox)" : "")),
    ("Dataset", answer.dataset),
    ("Time", utcText(answer.asOf.unixSeconds)),
    ("Started", utcText(Int64(clamping: answer.startedAtUnixSeconds))),
    (
      "Log",
      "position \(grouped(answer.asOf.position)), durable \(grouped(answer.durablePosition))"
    ),
    (
      "Snapshot",
      answer.lastSnapshotUnixSeconds == 0
        ? "none yet"
        : "position \(grouped(answer.lastSnapshotPosition)), "
          + utcText(answer.lastSnapshotUnixSeconds)
    ),
    ("Items", grouped(answer.items)), ("Positions", grouped(answer.positions)),
    ("Nodes", grouped(answer.nodes)), ("Sellers", grouped(answer.sellers)),
    ("Open holds", grouped(answer.openHolds)),
    ("Units short", grouped(answer.shortUnits)),
    ("Remembered", counted(answer.rememberedCommands, "command")),
    ("Connections", grouped(answer.connections)),
    ("Requests", "\(grouped(answer.requests)), refused \(grouped(answer.refusals))"),
    ("Memory", byteSize(answer.residentBytes)),
    (
      "Profiles",
      "epoch \(grouped(answer.profileEpoch)), "
        + (answer.isProfileCurrent ? "current" : "being rebuilt")
    ),
  ]
  if answer.isDraining { rows.append(("Draining", "yes: changes are refused")) }
  if !answer.loadID.isEmpty {
    rows.append(("Open load", "\(answer.loadID), waits for chunk \(answer.loadNextChunk)"))
  }
  rows.append(
    (
      "Audit",
      answer.auditPasses == 0
        ? "no full pass yet"
        : "\(grouped(answer.auditPasses)) full, the last "
          + utcText(answer.auditLastUnixSeconds) + ", "
          + counted(answer.auditViolations, "difference")
    ))
  if answer.parkedRows > 0 { rows.append(("Parked", counted(answer.parkedRows, "feed row"))) }
  for source in answer.sources { rows.append(("Source", sourceText(source, answer.asOf))) }
  let width = rows.map { displayWidth($0.0) }.max() ?? 0
  return rows.map { style.bold(padded($0.0, width)) + "  " + printable($0.1) + "\n" }.joined()
}

/// A source in one line: where it is, how far behind, and what of it was not taken.
private func sourceText(_ source: SourceMark, _ stamp: AnswerStamp) -> String {
  var text = "\(source.source) at \(grouped(source.lastSequence))"
  if source.lastOccurredUnixMilliseconds > 0 {
    let lag = max(0, stamp.unixSeconds - source.lastOccurredUnixMilliseconds / 1000)
    text += ", \(grouped(UInt64(lag))) s behind"
  }
  let facts: [(UInt64, String)] = [
    (source.gaps, "missing"), (source.refusedRows + source.failedRows, "refused"),
    (source.parkedRows, "parked"), (source.repeatedRows, "repeated"),
  ]
  for (count, what) in facts where count > 0 { text += ", \(grouped(count)) \(what)" }
  return text
}

/// The state of the service as an object.
func statusJSON(_ answer: StatusAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("server_version", answer.serverVersion)
  json.member("dataset", answer.dataset)
  json.member("durable_position", answer.durablePosition)
  json.instant("started_at", Int64(clamping: answer.startedAtUnixSeconds))
  json.member("items", answer.items)
  json.member("positions", answer.positions)
  json.member("nodes", answer.nodes)
  json.member("sellers", answer.sellers)
  json.member("open_holds", answer.openHolds)
  json.member("short_positions", answer.shortPositions)
  json.member("short_units", answer.shortUnits)
  json.member("remembered_commands", answer.rememberedCommands)
  json.member("connections", answer.connections)
  json.member("requests", answer.requests)
  json.member("refusals", answer.refusals)
  json.member("resident_bytes", answer.residentBytes)
  json.member("last_snapshot_position", answer.lastSnapshotPosition)
  json.instant("last_snapshot", answer.lastSnapshotUnixSeconds)
  json.member("profile_epoch", answer.profileEpoch)
  json.member("profile_current", answer.isProfileCurrent)
  json.member("draining", answer.isDraining)
  json.member("sandbox", answer.isSandbox)
  json.member("load_id", answer.loadID)
  json.member("load_next_chunk", answer.loadNextChunk)
  json.member("audit_passes", answer.auditPasses)
  json.instant("audit_last", answer.auditLastUnixSeconds)
  json.member("audit_positions_checked", answer.auditPositionsChecked)
  json.member("audit_violations", answer.auditViolations)
  json.member("parked_rows", answer.parkedRows)
  json.rows("sources", answer.sources) { json, source in
    json.member("source", source.source)
    json.member("last_sequence", source.lastSequence)
    json.member("sparse", source.isSparse)
    json.member("gaps", source.gaps)
    json.member("applied_rows", source.appliedRows)
    json.member("refused_rows", source.refusedRows)
    json.member("parked_rows", source.parkedRows)
    json.member("repeated_rows", source.repeatedRows)
    json.member("driven_rows", source.drivenRows)
    json.member("failed_rows", source.failedRows)
    json.member("last_applied_unix_ms", source.lastAppliedUnixMilliseconds)
    json.member("last_occurred_unix_ms", source.lastOccurredUnixMilliseconds)
  }
}
