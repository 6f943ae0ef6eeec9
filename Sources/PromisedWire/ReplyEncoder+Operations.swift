import CPromisedMessages
import CProtobufC
import PromisedModel

// Answers about the service itself, its loads and snapshots: rare, so they may allocate.
extension ReplyEncoder {
  @discardableResult
  package mutating func encode(
    _ reply: borrowing ListReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__ListResponse()
    promised__v1__list_response__init(&message)
    message.as_of = at(asOf)
    message.n_cell_lengths = reply.cellLengths.count
    message.cell_lengths = reply.cellLengths.column.packed
    message.cells = ProtobufCBinaryData(
      len: reply.cells.count, data: reply.cells.column.packed)
    setTexts(reply.columns)
    message.n_columns = reply.columns.count
    message.columns = textEntries
    return reply.nextPageToken.withUnsafeBufferPointer { token in
      message.next_page_token = ProtobufCBinaryData(BorrowedBytes(token))
      return send(&message, streamID, &output)
    }
  }

  @discardableResult
  package func encode(
    _ reply: PutReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__PutResponse()
    promised__v1__put_response__init(&message)
    message.as_of = at(asOf)
    message.rows = reply.rows
    return send(&message, streamID, &output)
  }

  @discardableResult
  package func encode(
    _ reply: LoadReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__LoadResponse()
    promised__v1__load_response__init(&message)
    message.as_of = at(asOf)
    message.next_chunk = reply.nextChunk
    message.committed = reply.committed ? 1 : 0
    message.positions_changed = reply.positionsChanged
    return send(&message, streamID, &output)
  }

  @discardableResult
  package mutating func encode(
    _ reply: StatusReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__StatusResponse()
    promised__v1__status_response__init(&message)
    message.as_of = at(asOf)
    message.durable_position = reply.durablePosition
    message.started_at_unix_s = reply.startedAtUnixSeconds
    message.items = reply.items
    message.positions = reply.positions
    message.nodes = reply.nodes
    message.sellers = reply.sellers
    message.open_holds = reply.openHolds
    message.short_positions = reply.shortPositions
    message.short_units = reply.shortUnits
    message.remembered_commands = reply.rememberedCommands
    message.connections = reply.connections
    message.requests = reply.requests
    message.refusals = reply.refusals
    message.resident_bytes = reply.residentBytes
    message.last_snapshot_position = reply.lastSnapshotPosition
    message.last_snapshot_unix_s = reply.lastSnapshotUnixSeconds
    message.profile_epoch = reply.profileEpoch
    message.profile_current = reply.profileIsCurrent ? 1 : 0
    message.draining = reply.isDraining ? 1 : 0
    message.sandbox = reply.isSandbox ? 1 : 0
    message.load_next_chunk = reply.loadNextChunk
    message.audit_passes = reply.auditPasses
    message.audit_last_unix_s = reply.auditLastUnixSeconds
    message.audit_positions_checked = reply.auditPositionsChecked
    message.audit_violations = reply.auditViolations
    setTexts(
      [reply.serverVersion, reply.dataset, reply.loadID.description]
        + reply.sources.map(\.name.description))
    message.server_version = textEntries[0]
    message.dataset = textEntries[1]
    message.load_id = textEntries[2]
    message.n_sources = reply.sources.count
    message.sources = textEntries + 3
    message.parked_rows = reply.parkedRows
    message.journal_rows = reply.journalRows
    return encodeSources(reply.sources, &message, streamID, &output)
  }

  @discardableResult
  package func encode(
    _ reply: NetworkReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__GetNetworkResponse()
    promised__v1__get_network_response__init(&message)
    message.as_of = at(asOf)
    message.revision = reply.revision
    message.profile_epoch = reply.profileEpoch
    message.horizon_base_unix_s = reply.horizonBaseUnixSeconds
    message.marketplaces = reply.marketplaces
    message.calendars = reply.calendars
    message.nodes = reply.nodes
    message.waves = reply.waves
    message.zone_prefixes = reply.zonePrefixes
    message.lanes = reply.lanes
    message.legs = reply.legs
    message.destinations = reply.destinations
    message.profile_entries = reply.profileEntries
    message.rates = reply.rates
    message.departure_changes = reply.departureChanges
    message.profile_tiers = reply.profileTiers
    return send(&message, streamID, &output)
  }

  /// A snapshot was taken; its position is `asOf`'s.
  @discardableResult
  package mutating func encode(
    taken snapshot: SnapshotDescription, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__TakeSnapshotResponse()
    promised__v1__take_snapshot_response__init(&message)
    message.as_of = at(asOf)
    setTexts([snapshot.name])
    message.name = textEntries[0]
    message.bytes = snapshot.bytes
    message.milliseconds = snapshot.milliseconds
    return send(&message, streamID, &output)
  }

  @discardableResult
  package mutating func encode(
    snapshots: [SnapshotDescription], streamID: UInt32, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var positions = GrowableColumn<UInt64>(capacity: snapshots.count)
    var instants = GrowableColumn<Int64>(capacity: snapshots.count)
    var bytes = GrowableColumn<UInt64>(capacity: snapshots.count)
    for snapshot in snapshots {
      positions.append(snapshot.position)
      instants.append(snapshot.takenAtUnixSeconds)
      bytes.append(snapshot.bytes)
    }
    var message = Promised__V1__ListSnapshotsResponse()
    promised__v1__list_snapshots_response__init(&message)
    setTexts(snapshots.map(\.name))
    message.n_names = snapshots.count
    message.names = textEntries
    message.n_positions = snapshots.count
    message.positions = positions.column.packed
    message.n_taken_at_unix_s = snapshots.count
    message.taken_at_unix_s = instants.column.packed
    message.n_bytes = snapshots.count
    message.bytes = bytes.column.packed
    return send(&message, streamID, &output)
  }

  @discardableResult
  package func encodeDrained(
    streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__DrainResponse()
    promised__v1__drain_response__init(&message)
    message.as_of = at(asOf)
    return send(&message, streamID, &output)
  }

  @discardableResult
  package func encodeTimeSet(
    streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__SetTimeResponse()
    promised__v1__set_time_response__init(&message)
    message.as_of = at(asOf)
    return send(&message, streamID, &output)
  }

  /// The ping's bytes come back.
  @discardableResult
  package func encode(
    ping payload: BorrowedBytes, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__PingResponse()
    promised__v1__ping_response__init(&message)
    message.as_of = at(asOf)
    message.payload = ProtobufCBinaryData(payload)
    return send(&message, streamID, &output)
  }

  @discardableResult
  package mutating func encode(
    _ reply: HelloReply, streamID: UInt32, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__HelloResponse()
    promised__v1__hello_response__init(&message)
    setTexts([reply.serverVersion] + reply.features)
    message.server_version = textEntries[0]
    message.n_features = reply.features.count
    message.features = textEntries + 1
    message.max_frame_bytes = UInt64(Limits.frameBytes)
    message.default_deadline_ms = UInt64(Limits.defaultDeadlineMilliseconds)
    message.server_unix_s = reply.serverUnixSeconds
    message.max_in_flight = UInt64(Limits.inFlightPerConnection)
    message.sandbox = reply.isSandbox ? 1 : 0
    return send(&message, streamID, &output)
  }

  /// The schema of everything served here, as it was compiled in.
  @discardableResult
  package func encodeDescriptorSet(
    streamID: UInt32, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__GetDescriptorSetResponse()
    promised__v1__get_descriptor_set_response__init(&message)
    message.file_descriptor_set = ProtobufCBinaryData(descriptorSet)
    return send(&message, streamID, &output)
  }

  @discardableResult
  package func encode(
    health status: ServingStatus, streamID: UInt32, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Grpc__Health__V1__HealthCheckResponse()
    grpc__health__v1__health_check_response__init(&message)
    message.status = Grpc__Health__V1__HealthCheckResponse__ServingStatus(
      rawValue: status.rawValue)
    return send(&message, streamID, &output)
  }
}
