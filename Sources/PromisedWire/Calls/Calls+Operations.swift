import CPromisedMessages
import PromisedModel

extension Call where Answer == StatusAnswer {
  /// The state of the service.
  public static func status() -> Call {
    Call(.status, payload: []) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "StatusResponse", promised__v1__status_response__unpack) {
        (message) throws(MalformedAnswer) in
        let sources = texts(message.n_sources, message.sources)
        let marks = try sourceMarks(message, sources)
        return StatusAnswer(
          asOf: AnswerStamp(message.as_of), serverVersion: message.server_version.text,
          dataset: message.dataset.text, durablePosition: message.durable_position,
          startedAtUnixSeconds: message.started_at_unix_s, items: message.items,
          positions: message.positions, nodes: message.nodes, sellers: message.sellers,
          openHolds: message.open_holds, shortPositions: message.short_positions,
          shortUnits: message.short_units, rememberedCommands: message.remembered_commands,
          connections: message.connections, requests: message.requests,
          refusals: message.refusals, residentBytes: message.resident_bytes,
          lastSnapshotPosition: message.last_snapshot_position,
          lastSnapshotUnixSeconds: message.last_snapshot_unix_s,
          profileEpoch: message.profile_epoch, isProfileCurrent: message.profile_current != 0,
          isDraining: message.draining != 0, isSandbox: message.sandbox != 0,
          loadID: message.load_id.text, loadNextChunk: message.load_next_chunk,
          sources: marks, parkedRows: message.parked_rows, auditPasses: message.audit_passes,
          auditLastUnixSeconds: message.audit_last_unix_s,
          auditPositionsChecked: message.audit_positions_checked,
          auditViolations: message.audit_violations)
      }
    }
  }
}

private func sourceMarks(
  _ message: Promised__V1__StatusResponse, _ sources: [String]
) throws(MalformedAnswer) -> [SourceMark] {
  let lengths = [
    message.n_source_last_sequences, message.n_source_sparse, message.n_source_gaps,
    message.n_source_applied_rows, message.n_source_refused_rows, message.n_source_parked_rows,
    message.n_source_repeated_rows, message.n_source_driven_rows, message.n_source_failed_rows,
    message.n_source_last_applied_unix_ms, message.n_source_last_occurred_unix_ms,
  ]
  guard lengths.allSatisfy({ $0 == sources.count }) else {
    throw MalformedAnswer("the source columns differ in length")
  }
  return sources.indices.map { row in
    var mark = SourceMark(source: sources[row], lastSequence: message.source_last_sequences[row])
    mark.isSparse = message.source_sparse[row] != 0
    mark.gaps = message.source_gaps[row]
    mark.appliedRows = message.source_applied_rows[row]
    mark.refusedRows = message.source_refused_rows[row]
    mark.parkedRows = message.source_parked_rows[row]
    mark.repeatedRows = message.source_repeated_rows[row]
    mark.drivenRows = message.source_driven_rows[row]
    mark.failedRows = message.source_failed_rows[row]
    mark.lastAppliedUnixMilliseconds = message.source_last_applied_unix_ms[row]
    mark.lastOccurredUnixMilliseconds = message.source_last_occurred_unix_ms[row]
    return mark
  }
}

extension Call where Answer == SnapshotAnswer {
  /// Takes a snapshot now.
  public static func takeSnapshot() -> Call {
    Call(.takeSnapshot, repeatable: false, payload: []) { (bytes) throws(MalformedAnswer) in
      try withAnswer(
        bytes, "TakeSnapshotResponse", promised__v1__take_snapshot_response__unpack
      ) { message in
        SnapshotAnswer(
          asOf: AnswerStamp(message.as_of), name: message.name.text, bytes: message.bytes,
          milliseconds: message.milliseconds)
      }
    }
  }
}

extension Call where Answer == [SnapshotEntry] {
  /// The snapshots kept.
  public static func listSnapshots() -> Call {
    Call(.listSnapshots, payload: []) { (bytes) throws(MalformedAnswer) in
      try withAnswer(
        bytes, "ListSnapshotsResponse", promised__v1__list_snapshots_response__unpack
      ) { (message) throws(MalformedAnswer) in
        let names = texts(message.n_names, message.names)
        let rows = names.count
        let positions = try column(
          message.n_positions, message.positions, rows: rows, "positions")
        let times = try column(
          message.n_taken_at_unix_s, message.taken_at_unix_s, rows: rows, "taken_at_unix_s")
        let sizes = try column(message.n_bytes, message.bytes, rows: rows, "bytes")
        return names.indices.map {
          SnapshotEntry(
            name: names[$0], position: positions[$0], takenAtUnixSeconds: times[$0],
            bytes: sizes[$0])
        }
      }
    }
  }
}

extension Call where Answer == PingAnswer {
  /// Sends bytes there and back.
  public static func ping(_ payload: [UInt8] = []) -> Call {
    let encoded = MessageBuilder.encode(promised__v1__ping_request__init) { builder, message in
      message.pointee.payload = builder.bytes(payload)
    }
    return Call(.ping, payload: encoded) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "PingResponse", promised__v1__ping_response__unpack) { message in
        PingAnswer(asOf: AnswerStamp(message.as_of), payload: message.payload.array)
      }
    }
  }
}

extension Call where Answer == DoneAnswer {
  /// Stops taking new connections and changes.
  public static func drain() -> Call {
    Call(.drain, payload: []) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "DrainResponse", promised__v1__drain_response__unpack) { message in
        DoneAnswer(asOf: AnswerStamp(message.as_of))
      }
    }
  }

  /// Moves the service's clock; only a sandbox lets itself be moved.
  public static func setTime(unixSeconds: Int64) -> Call {
    let payload = MessageBuilder.encode(promised__v1__set_time_request__init) { _, message in
      message.pointee.unix_s = unixSeconds
    }
    return Call(.setTime, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "SetTimeResponse", promised__v1__set_time_response__unpack) {
        message in
        DoneAnswer(asOf: AnswerStamp(message.as_of))
      }
    }
  }
}

extension Call where Answer == HelloAnswer {
  /// Introduces the client and asks what the server can.
  public static func hello(clientName: String, wantedFeatures: [String] = []) -> Call {
    let payload = MessageBuilder.encode(promised__v1__hello_request__init) { builder, message in
      message.pointee.client_name = builder.text(clientName)
      (message.pointee.n_wanted_features, message.pointee.wanted_features) =
        builder.texts(wantedFeatures)
    }
    return Call(.hello, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "HelloResponse", promised__v1__hello_response__unpack) { message in
        HelloAnswer(
          serverVersion: message.server_version.text,
          features: texts(message.n_features, message.features),
          maxFrameBytes: message.max_frame_bytes,
          defaultDeadlineMilliseconds: message.default_deadline_ms,
          serverUnixSeconds: message.server_unix_s, maxInFlight: message.max_in_flight,
          isSandbox: message.sandbox != 0)
      }
    }
  }
}

extension Call where Answer == HealthAnswer {
  /// Whether a service serves; empty = the server as a whole.
  public static func health(service: String = "") -> Call {
    let payload = MessageBuilder.encode(grpc__health__v1__health_check_request__init) {
      builder, message in
      message.pointee.service = builder.text(service)
    }
    return Call(.healthCheck, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(
        bytes, "HealthCheckResponse", grpc__health__v1__health_check_response__unpack
      ) { message in
        HealthAnswer(rawValue: Int32(truncatingIfNeeded: message.status.rawValue)) ?? .unknown
      }
    }
  }
}

/// What can be listed: the numbers of `ListRequest.kind`.
public enum Listing: UInt64, Sendable, CaseIterable {
  /// Items.
  case items = 1
  /// Nodes.
  case nodes = 2
  /// Sellers.
  case sellers = 3
  /// Zone prefixes.
  case zones = 4
  /// Lanes.
  case lanes = 5
  /// Legs.
  case legs = 6
  /// Marketplaces.
  case marketplaces = 7
  /// Calendars.
  case calendars = 8
  /// Holds.
  case holds = 9
  /// Rates.
  case rates = 10
  /// Kits.
  case kits = 11
  /// Opportunity values.
  case opportunity = 12
  /// Distribution groups.
  case groups = 13
  /// What channels may take.
  case channels = 14
  /// Backorders and pre-orders.
  case backorders = 15
  /// Feed rows that wait for an item or node.
  case parked = 20
  /// Parked rows that failed in the end.
  case failed = 21
  /// Recent changes of stock by the feed, newest first.
  case movements = 22
}

extension Call where Answer == ListAnswer {
  /// A page of a listing: 1…10,000 rows (0 = 100) from where the page before ended.
  public static func list(
    _ listing: Listing, pageSize: UInt64 = 0, pageToken: [UInt8] = []
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__list_request__init) { builder, message in
      message.pointee.kind = listing.rawValue
      message.pointee.page_token = builder.bytes(pageToken)
      message.pointee.page_size = pageSize
    }
    return Call(.list, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ListResponse", promised__v1__list_response__unpack) {
        (message) throws(MalformedAnswer) in
        try ListAnswer(message)
      }
    }
  }
}

extension ListAnswer {
  init(_ message: Promised__V1__ListResponse) throws(MalformedAnswer) {
    asOf = AnswerStamp(message.as_of)
    columns = texts(message.n_columns, message.columns)
    nextPageToken = message.next_page_token.array
    rows = []
    let lengths = UnsafeBufferPointer(
      start: message.cell_lengths, count: message.n_cell_lengths)
    let total = lengths.reduce(0) { $0 + Int($1) }
    guard total == message.cells.len else {
      throw MalformedAnswer("cell_lengths do not add up to the cells")
    }
    guard lengths.isEmpty || (!columns.isEmpty && lengths.count % columns.count == 0) else {
      throw MalformedAnswer("the cells do not fill whole rows")
    }
    var row: [String] = []
    var start = 0
    for length in lengths {
      let cell = UnsafeBufferPointer(
        start: message.cells.data.map { $0 + start }, count: Int(length))
      row.append(String(decoding: cell, as: UTF8.self))
      start += Int(length)
      if row.count == columns.count {
        rows.append(row)
        row.removeAll(keepingCapacity: true)
      }
    }
  }
}

extension Call where Answer == NetworkAnswer {
  /// What the delivery network is made of.
  public static func network(minimumPosition: UInt64 = 0) -> Call {
    let payload = MessageBuilder.encode(promised__v1__get_network_request__init) {
      builder, message in
      message.pointee.read = builder.read(minimumPosition)
    }
    return Call(.networkGet, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "GetNetworkResponse", promised__v1__get_network_response__unpack) {
        message in
        NetworkAnswer(
          asOf: AnswerStamp(message.as_of), revision: message.revision,
          profileEpoch: message.profile_epoch,
          horizonBaseUnixSeconds: message.horizon_base_unix_s,
          counts: [
            ("marketplaces", message.marketplaces), ("calendars", message.calendars),
            ("nodes", message.nodes), ("waves", message.waves),
            ("zone_prefixes", message.zone_prefixes), ("lanes", message.lanes),
            ("legs", message.legs), ("destinations", message.destinations),
            ("profile_entries", message.profile_entries), ("rates", message.rates),
            ("departure_changes", message.departure_changes),
            ("profile_tiers", message.profile_tiers),
          ])
      }
    }
  }
}
