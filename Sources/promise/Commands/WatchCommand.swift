import PromisedClient
import PromisedLinux

extension Session {
  /// Prints changes as they come, over lost connections, until an interrupt or `--changes`.
  func watch() throws(Failure) -> Int32 {
    var wishes = try watchWishes()
    let limit = try integer("changes", 0...1_000_000_000_000, default: 0)
    ClientProcess.catchInterrupts()
    // The first connection must work; after that a service that restarts is waited for.
    if wishes.position == 0 { wishes.position = try perform(.status()).asOf.position }
    if !isJSON { note("Watching from position \(wishes.position). Ctrl-C ends it.\n") }
    var run = WatchRun(session: self, wishes: wishes, left: limit == 0 ? nil : limit)
    try run.run()
    if !isJSON {
      note("Go on with --from \(run.wishes.position).\n")
    }
    return ExitCode.yes
  }

  private func watchWishes() throws(Failure) -> WatchWishes {
    var wishes = WatchWishes()
    wishes.itemPrefix = arguments.operands.first ?? ""
    wishes.nodes = arguments.options["node"] ?? []
    wishes.group = arguments.value("group") ?? ""
    wishes.channel = arguments.value("channel") ?? ""
    wishes.country = arguments.value("country") ?? ""
    wishes.confidence = try confidence()
    wishes.onlyCrossings = arguments.has("only-thresholds")
    wishes.position = UInt64(try integer("from", 0...(1 << 55), default: 0))
    let level = UInt32(try self.level())
    for text in arguments.options["below"] ?? [] {
      let parts = text.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, let units = UInt64(parts[1]), units > 0 else {
        throw .usage("--below is \"\(text)\"; allowed: ITEM=UNITS, such as B000000001=10")
      }
      wishes.thresholds.append(.below(String(parts[0]), units: units))
    }
    for text in arguments.options["later"] ?? [] {
      guard let row = later(text, level: level == 0 ? 2 : level) else {
        throw .usage(
          "--later is \"\(text)\"; allowed: ITEM@POSTCODE or ITEM@POSTCODE=INSTANT, such as "
            + "B000000001@98109=2026-12-24T20:00:00Z")
      }
      wishes.thresholds.append(row)
    }
    if wishes.onlyCrossings, wishes.thresholds.isEmpty {
      throw .usage("--only-thresholds needs --below or --later")
    }
    return wishes
  }

  private func later(_ text: String, level: UInt32) -> WatchThreshold? {
    guard let at = text.lastIndex(of: "@"), at != text.startIndex else { return nil }
    let rest = text[text.index(after: at)...].split(
      separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let postcode = rest.first, !postcode.isEmpty else { return nil }
    var instant: Int64 = 0
    if rest.count == 2 {
      guard let seconds = instantSeconds(String(rest[1])), seconds > 0 else { return nil }
      instant = seconds
    }
    return .later(
      String(text[..<at]), to: String(postcode), level: level, thanUnixSeconds: instant)
  }
}

/// A watch over as many connections as it takes.
struct WatchRun {
  let session: Session
  /// What is asked for, and from where a new connection goes on.
  var wishes: WatchWishes
  /// Lines to print before it ends; nil = no end.
  var left: Int64?

  private static var firstPauseNanoseconds: UInt64 { 50_000_000 }
  private static var longestPauseNanoseconds: UInt64 { 2_000_000_000 }
  /// How soon an interrupt is heeded.
  private static var patienceNanoseconds: UInt64 { 200_000_000 }

  private var isDone: Bool { left == 0 || ClientProcess.wasInterrupted }

  mutating func run() throws(Failure) {
    var pause = Self.firstPauseNanoseconds
    while !isDone {
      do throws(ClientError) {
        try follow(&pause)
        if !isDone { throw .unreachable(address: "", reason: "the service ended the watch") }
      } catch {
        switch error {
        case .unreachable(_, let reason):
          session.note("promise: \(printable(reason)); trying again\n")
        case .refused(let refusal)
        where refusal.isRetryable && refusal.reason != "POSITION_NOT_REACHED":
          session.note("promise: \(printable(refusal.description)); trying again\n")
        default: throw .client(error)
        }
        session.connection.close()
        if !isDone { sleep(nanoseconds: pause) }
        pause = min(pause * 2, Self.longestPauseNanoseconds)
      }
    }
    session.connection.close()
  }

  /// Prints what one stream tells; returns when it ended or enough was printed.
  private mutating func follow(_ pause: inout UInt64) throws(ClientError) {
    let stream = try session.connection.open(.watch)
    try stream.send(.create(wishes))
    while !isDone {
      do throws(ClientError) {
        guard let batch = try stream.receive(timeoutNanoseconds: Self.patienceNanoseconds) else {
          return
        }
        pause = Self.firstPauseNanoseconds
        // A batch cut short by the limit is told again from its beginning.
        guard show(batch) else { return }
        (wishes.position, wishes.part) = (batch.position, batch.part)
        try stream.send(.acknowledge(batch.sequence))
      } catch {
        if case .deadline = error { continue }
        throw error
      }
    }
  }

  /// False when the limit was reached before the end of the batch.
  private mutating func show(_ batch: WatchAnswer) -> Bool {
    if batch.isLost { lost(batch) }
    for item in batch.items {
      if left == 0 { return false }
      left = left.map { $0 - 1 }
      show(item, batch)
    }
    for crossing in batch.crossings {
      if left == 0 { return false }
      left = left.map { $0 - 1 }
      show(crossing, batch)
    }
    return true
  }

  private func lost(_ batch: WatchAnswer) {
    if session.isJSON {
      session.json { json in
        json.stamp(batch.asOf)
        json.member("lost", true)
        json.member("position", batch.position)
      }
    } else {
      session.write(
        session.style.bad("Changes were lost.")
          + " Read again what you watch; from position \(batch.position) it goes on.\n")
    }
  }

  private func show(_ item: ChangedItem, _ batch: WatchAnswer) {
    if session.isJSON {
      session.json { json in
        json.stamp(batch.asOf)
        json.member("item", item.item)
        json.member("changed_at", item.changedAt)
        json.member("cause", item.causeText)
        json.member("inbound_units", item.inboundUnits)
        json.rows("positions", item.positions) { json, position in
          json.member("node", position.node)
          json.member("on_hand", position.onHand)
          json.member("fulfillable", position.fulfillable)
          json.member("held", position.held)
          json.member("allocated", position.allocated)
          json.member("available_now", position.availableNow)
        }
      }
      return
    }
    var line = clock(batch) + session.style.bold(printable(item.item))
    for position in item.positions.prefix(8) {
      line += "  \(printable(position.node)) \(grouped(position.availableNow))"
      if position.availableNow != position.onHand { line += " of \(grouped(position.onHand))" }
    }
    if item.positions.isEmpty { line += "  nowhere" }
    if item.positions.count > 8 { line += "  and \(item.positions.count - 8) more nodes" }
    if item.inboundUnits > 0 { line += "  coming \(grouped(item.inboundUnits))" }
    session.write(line + session.style.dim("  \(item.causeText) \(item.changedAt)") + "\n")
  }

  private func show(_ crossing: ThresholdCrossing, _ batch: WatchAnswer) {
    let row = wishes.thresholds[min(crossing.threshold, wishes.thresholds.count - 1)]
    if session.isJSON {
      session.json { json in
        json.stamp(batch.asOf)
        json.object("crossing") { show(crossing, of: row, &$0) }
      }
      return
    }
    let what: String
    var now = ""
    if row.postcode.isEmpty {
      what = "below \(grouped(row.units))"
      if crossing.cause == 0 { now = "\(grouped(crossing.after)) units are available" }
    } else {
      what = "to \(printable(row.postcode))"
      now = crossing.after == 0 ? "no promise" : "by \(utcText(crossing.after))"
    }
    let words = [now, printable(crossing.reason)].filter { !$0.isEmpty }.joined(separator: "; ")
    let mark = crossing.isBeyond ? session.style.bad("!") : session.style.good("✓")
    session.write(
      clock(batch) + mark + " " + session.style.bold(printable(row.item)) + " \(what): \(words)\n")
  }

  private func show(
    _ crossing: ThresholdCrossing, of row: WatchThreshold, _ json: inout JSON
  ) {
    json.member("item", row.item)
    json.member("kind", row.postcode.isEmpty ? "available_below" : "promise_later")
    if !row.postcode.isEmpty { json.member("postcode", row.postcode) }
    json.member("units", row.units)
    json.member("beyond", crossing.isBeyond)
    if row.postcode.isEmpty {
      json.member("before", crossing.before)
      json.member("after", crossing.after)
    } else {
      json.instant("before", crossing.before)
      json.instant("after", crossing.after)
    }
    json.member("cause", crossing.causeText)
    json.member("position", crossing.position)
    json.member("subject", crossing.subject)
    json.member("reason", crossing.reason)
  }

  private func clock(_ batch: WatchAnswer) -> String {
    let time = LocalTime(unixSeconds: batch.asOf.unixSeconds)
    return session.style.dim("\(time.clock):\(two(time.second))") + "  "
  }
}
