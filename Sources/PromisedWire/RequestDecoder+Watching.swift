import CPromisedMessages
import CProtobufC
import PromisedModel

// What a client wants to be told.
extension RequestDecoder {
  func watch(_ raw: UnsafeRawPointer) throws(Refusal) -> WatchControl {
    let message = raw.assumingMemoryBound(to: Promised__V1__WatchControl.self).pointee
    switch message.kind {
    case 1: return .create(try creation(message))
    case 2: return .acknowledge(sequence: message.sequence)
    case 3: return .cancel
    default: throw FieldPath("kind").outOfRange("\(message.kind)", "1 to 3")
    }
  }

  private func creation(
    _ message: Promised__V1__WatchControl
  ) throws(Refusal) -> WatchCreation {
    var creation = WatchCreation()
    creation.scope = try scope(
      message.item_prefix, message.nodes, message.n_nodes, message.group)
    creation.channel = try FieldPath("channel").optionalName(message.channel)
    creation.from = try place(message.from_position, message.from_part)
    let credit: Int32 = try FieldPath("credit").number(
      message.credit, in: 0...Int32(Limits.watchCredit))
    if credit > 0 { creation.credit = credit }
    let content: UInt8 = try FieldPath("content").number(message.content, in: 0...1)
    creation.onlyCrossings = content == 1
    if message.heartbeat_ms > 0 {
      creation.heartbeatMilliseconds = try FieldPath("heartbeat_ms").number(
        message.heartbeat_ms, in: 100...600_000)
    }
    creation.country = try offerCountry(message.country).name
    creation.confidence = try confidence(message.confidence)
    creation.thresholds = try thresholds(message)
    return creation
  }

  func watchPoll(_ raw: UnsafeRawPointer) throws(Refusal) -> WatchPollQuery {
    let message = raw.assumingMemoryBound(to: Promised__V1__WatchPollRequest.self).pointee
    var query = WatchPollQuery()
    query.scope = try scope(message.item_prefix, message.nodes, message.n_nodes, message.group)
    query.from = try place(message.from_position, message.from_part)
    query.waitMilliseconds = try FieldPath("max_wait_ms").number(
      message.max_wait_ms, in: 0...Limits.watchPollMilliseconds)
    let items: Int32 = try FieldPath("max_events").number(
      message.max_events, in: 0...Int32(Limits.watchItems))
    if items > 0 { query.items = items }
    return query
  }

  private func scope(
    _ prefix: ProtobufCBinaryData, _ nodes: UnsafeMutablePointer<ProtobufCBinaryData>?,
    _ nodeCount: Int, _ group: ProtobufCBinaryData
  ) throws(Refusal) -> WatchScope {
    // Any bytes: a prefix may end within a character.
    guard prefix.len <= Name.maximumByteCount else {
      throw FieldPath("item_prefix").outOfRange(
        "\(prefix.len) bytes", "at most \(Name.maximumByteCount) bytes")
    }
    try FieldPath("nodes").isAtMost(Limits.watchNodes, rows: nodeCount)
    return WatchScope(
      itemPrefix: BorrowedBytes(prefix).name, nodes: try ownedNames(nodes, nodeCount, "nodes"),
      group: try FieldPath("group").optionalName(group))
  }

  private func place(_ position: UInt64, _ part: UInt64) throws(Refusal) -> ChangePlace {
    // A position is kept beside its cause, eight bits.
    let position: Position = try FieldPath("from_position").number(
      position, in: 0...(Position.max >> 8))
    return ChangePlace(
      position: position,
      part: try FieldPath("from_part").number(part, in: 0...UInt32(Limits.changeRingEntries)))
  }

  private func thresholds(
    _ message: Promised__V1__WatchControl
  ) throws(Refusal) -> [ThresholdRow] {
    let count = message.n_threshold_kinds
    try FieldPath("threshold_kinds").isAtMost(Limits.thresholdsPerWatch, rows: count)
    let kinds: [UInt8] = try numbers(
      message.threshold_kinds, count, count, in: 1...2, "threshold_kinds")
    let items = try keys(
      message.threshold_item_keys, message.threshold_item_key_lengths,
      message.n_threshold_item_key_lengths, "threshold_item_keys",
      lengthsField: "threshold_item_key_lengths", atMost: Limits.thresholdsPerWatch)
    try FieldPath("threshold_item_key_lengths").hasValues(items.count, for: count)
    let units: [Int32] = try numbers(
      message.threshold_units, message.n_threshold_units, count,
      in: 1...Limits.unitsPerPosition, "threshold_units", whenEmpty: 1)
    let instants: [Int64] = try numbers(
      message.threshold_unix_s, message.n_threshold_unix_s, count, in: Self.instants,
      "threshold_unix_s", whenEmpty: 0)
    let levels: [UInt8] = try numbers(
      message.threshold_levels, message.n_threshold_levels, count, in: 1...4,
      "threshold_levels", whenEmpty: ServiceLevel.standard.rawValue)
    let hasPromises = kinds.contains(ThresholdKind.promiseLater.rawValue)
    if hasPromises || message.n_threshold_postcodes > 0 {
      try FieldPath("threshold_postcodes").hasValues(message.n_threshold_postcodes, for: count)
    }
    var rows: [ThresholdRow] = []
    rows.reserveCapacity(count)
    var offset = 0
    for row in 0..<count {
      let kind = ThresholdKind(rawValue: kinds[row]) ?? .availableBelow
      var postcode = Name.empty
      if kind == .promiseLater {
        postcode = try FieldPath("threshold_postcodes", row: row).name(
          message.threshold_postcodes.unsafelyUnwrapped[row])
      }
      rows.append(
        ThresholdRow(
          kind: kind, item: items.key(row, at: &offset).name, units: units[row],
          postcode: postcode, level: ServiceLevel(rawValue: levels[row]) ?? .standard,
          laterThanUnixSeconds: kind == .promiseLater ? instants[row] : 0))
    }
    return rows
  }
}
