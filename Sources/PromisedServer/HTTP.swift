import PromisedModel
import PromisedSequencer

/// GET /healthz and GET /metrics on the service's own port, for probes and scrapers. One request a
/// connection; everything else is 404 or 405.
extension Server {
  func answerHTTP(_ request: HTTPRequest, on connection: Connection) {
    let status: String
    let body: String
    var type = "text/plain; charset=utf-8"
    switch (request.verb, request.path) {
    case (.get, "/healthz"), (.head, "/healthz"):
      let serving = !isDraining
      status = serving ? "200 OK" : "503 Service Unavailable"
      body = serving ? "SERVING\n" : "NOT_SERVING\n"
    case (.get, "/metrics"), (.head, "/metrics"):
      status = "200 OK"
      type = "text/plain; version=0.0.4; charset=utf-8"
      body = metricsText()
    default:
      status = "404 Not Found"
      body = "only GET /healthz and GET /metrics are answered here\n"
    }
    let bytes = Array(body.utf8)
    let head =
      "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(bytes.count)\r\n"
      + "Connection: close\r\n\r\n"
    connection.session.ready.append(Array(head.utf8))
    if request.verb == .get { connection.session.ready.append(bytes) }
  }

  /// The service's figures in Prometheus text form; names `promised_*`.
  func metricsText() -> String {
    var text = MetricsText()
    let facts = sequencer.stateFacts
    let counters = sequencer.counters
    text.gauge("promised_up", "1 while the service answers", 1)
    text.gauge("promised_log_position", "Last position decided", sequencer.position)
    text.gauge("promised_durable_position", "Last position on disk", sequencer.durablePosition)
    text.gauge("promised_items", "Items known", facts.items)
    text.gauge("promised_positions", "Positions (item at node)", facts.positions)
    text.gauge("promised_nodes", "Nodes known", facts.nodes)
    text.gauge("promised_sellers", "Sellers known", facts.sellers)
    text.gauge("promised_open_holds", "Holds and allocations that claim units", facts.openHolds)
    text.gauge(
      "promised_short_positions", "Positions whose allocations are not covered",
      facts.shortPositions)
    text.gauge("promised_short_units", "Units missing to allocations", facts.shortUnits)
    text.gauge(
      "promised_remembered_commands", "Idempotency keys remembered", facts.rememberedCommands)
    text.gauge("promised_profile_epoch", "Epoch of the published profiles", facts.profileEpoch)
    text.gauge(
      "promised_profile_current", "1 when the profiles match the network",
      facts.isProfileCurrent ? 1 : 0)
    text.gauge("promised_connections", "Open connections", UInt64(transport.connectionCount))
    text.gauge("promised_resident_bytes", "Resident memory", residentBytes())
    text.gauge(
      "promised_last_snapshot_position", "Position of the newest snapshot",
      jobs.published.last?.position ?? 0)
    text.counter(
      "promised_snapshots_failed_total", "Snapshots that could not be written",
      jobs.failedSnapshots)
    text.counter(
      "promised_log_groups_total", "Groups made durable: one fdatasync each", groupCount)
    text.counter(
      "promised_ignored_frames_total", "Frames of unknown type or stream", counters.ignoredFrames)
    text.counter(
      "promised_skipped_frames_total", "Frames above 4 MiB", counters.skippedFrames)
    text.counter(
      "promised_malformed_connections_total", "Connections closed for what they sent",
      counters.malformedFrames)
    appendAudit(to: &text)
    text.counter(
      "promised_stream_messages_total", "Messages taken from open streams",
      counters.streamMessages)
    let waiting = sequencer.watchCounts
    text.gauge(
      "promised_watches", "Watches, and polls that wait", UInt64(waiting.watches))
    text.gauge("promised_thresholds", "Thresholds of all watches", UInt64(waiting.thresholds))
    text.begin("promised_requests_total", "Requests by method", "counter")
    for (name, count) in counters.requestsByMethod where count > 0 {
      text.sample("promised_requests_total", [("method", name)], count)
    }
    text.begin("promised_refusals_total", "Requests answered with no, by reason", "counter")
    for code in OutcomeCode.allCases where counters.refusals[Int(code.rawValue)] > 0 {
      text.sample(
        "promised_refusals_total", [("reason", code.reason)],
        counters.refusals[Int(code.rawValue)])
    }
    feedMetrics(facts, &text)
    return text.text
  }

  private func appendAudit(to text: inout MetricsText) {
    let facts = sequencer.auditFacts
    text.counter(
      "promised_audit_passes_total", "Passes of the standing audit over the whole state",
      facts.passes)
    text.counter(
      "promised_audit_positions_checked_total", "Positions the standing audit compared",
      facts.positionsChecked)
    if facts.passes > 0 {
      text.gauge(
        "promised_audit_last_pass_age_seconds", "Seconds since the last full pass ended",
        UInt64(clamping: sequencer.now.seconds - facts.lastPassUnixSeconds))
    }
    text.begin(
      "promised_audit_violations_total", "Differences found, by identity: 0 where all is sound",
      "counter")
    for identity in AuditIdentity.allCases {
      text.sample(
        "promised_audit_violations_total", [("identity", identity.name)],
        facts.violations[Int(identity.rawValue)])
    }
  }

  /// A line per source of the feed, of which there are `Limits.feedSources` at most.
  private func feedMetrics(_ facts: StateFacts, _ text: inout MetricsText) {
    text.gauge(
      "promised_feed_parked_rows", "Feed rows that wait for an item or node", facts.parkedRows)
    text.gauge(
      "promised_journal_rows", "Recent changes of stock that are kept", facts.journalRows)
    let (sources, now) = sequencer.feedFacts
    func lines(
      _ name: String, _ help: String, _ type: String, _ value: (FeedSourceFacts) -> UInt64
    ) {
      text.begin(name, help, type)
      for source in sources {
        text.sample(name, [("source", labelText(source.name))], value(source))
      }
    }
    if sources.isEmpty { return }
    lines(
      "promised_feed_last_sequence", "High-water mark of a source", "gauge", \.lastSequence)
    lines("promised_feed_gaps_total", "Numbers a source passed over", "counter", \.gaps)
    lines("promised_feed_applied_rows_total", "Rows taken", "counter", \.appliedRows)
    lines("promised_feed_refused_rows_total", "Rows refused", "counter", \.refusedRows)
    lines("promised_feed_repeated_rows_total", "Rows sent again", "counter", \.repeatedRows)
    lines("promised_feed_source_parked_rows", "Rows that wait", "gauge", \.parkedRows)
    lines(
      "promised_feed_failed_rows_total", "Parked rows refused in the end", "counter",
      \.failedRows)
    lines(
      "promised_feed_lag_milliseconds", "Now less the latest instant a row told of", "gauge"
    ) { UInt64(clamping: now.milliseconds - $0.lastOccurredMilliseconds) }
    lines(
      "promised_feed_idle_milliseconds", "Now less when a batch was taken last", "gauge"
    ) { UInt64(clamping: now.milliseconds - $0.lastAppliedMilliseconds) }
  }

  /// A name as the value of a label.
  private func labelText(_ name: Name) -> String {
    var text = ""
    for letter in name.description {
      if letter == "\\" || letter == "\"" { text.append("\\") }
      text.append(letter)
    }
    return text
  }
}

/// Prometheus text exposition, line by line.
struct MetricsText {
  private(set) var text = ""

  mutating func begin(_ name: String, _ help: String, _ type: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: UInt64) {
    let rendered = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
    text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(rendered)} \(value)\n"
  }

  mutating func gauge(_ name: String, _ help: String, _ value: UInt64) {
    begin(name, help, "gauge")
    sample(name, [], value)
  }

  mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
    begin(name, help, "counter")
    sample(name, [], value)
  }
}
