import CPromisedMessages
import CProtobufC
import PromisedModel

// What happened on the way, and what operators say about single departures and single answers.
extension RequestDecoder {
  func observe(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ObserveRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let count = message.n_kinds
    guard count > 0 else { throw FieldPath("kinds").missing() }
    try FieldPath("kinds").isAtMost(Limits.batchRows, rows: count)
    var rows = ObservationRows()
    rows.kinds = try numbers(
      message.kinds, count, count, in: 1...UInt8(ObservationKind.allCases.count), "kinds")
    rows.subjects = try optionalKeys(
      message.subjects, message.subject_lengths, message.n_subject_lengths, rows: count,
      "subjects", lengthsField: "subject_lengths")
    rows.services = try optionalKeys(
      message.services, message.service_lengths, message.n_service_lengths, rows: count,
      "services", lengthsField: "service_lengths")
    rows.zones = try optionalKeys(
      message.zones, message.zone_lengths, message.n_zone_lengths, rows: count, "zones",
      lengthsField: "zone_lengths")
    rows.days = try numbers(
      message.days, message.n_days, count, in: 0...LocalDate.last.days, "days", whenEmpty: 0)
    rows.minutes = try numbers(
      message.minutes, message.n_minutes, count, in: 0...20_160, "minutes", whenEmpty: 0)
    rows.holdIDs = try numbers(
      message.hold_ids, message.n_hold_ids, count, in: 0...UInt64.max, "hold_ids", whenEmpty: 0)
    rows.shipments = try numbers(
      message.shipments, message.n_shipments, count, in: 0...UInt16.max, "shipments",
      whenEmpty: 0)
    rows.atUnixSeconds = try numbers(
      message.at_unix_s, message.n_at_unix_s, count, in: Self.instants, "at_unix_s", whenEmpty: 0)
    for row in 0..<count { try check(rows, row) }
    return .observe(rows, key: key)
  }

  /// What a row of its kind must have.
  private func check(_ rows: ObservationRows, _ row: Int) throws(Refusal) {
    func minutes(_ most: Int32) throws(Refusal) {
      let _: Int32 = try FieldPath("minutes", row: row).number(rows.minutes[row], in: 0...most)
    }
    func named(_ keys: PackedKeys, _ field: StaticString) throws(Refusal) {
      if keys.lengths[row] == 0 { throw FieldPath(field, row: row).missing() }
    }
    switch ObservationKind(rawValue: rows.kinds[row]) {
    case .legDelay:
      try named(rows.subjects, "subjects")
      try minutes(10_080)
    case .handling: try named(rows.subjects, "subjects")
    case .transit:
      try named(rows.subjects, "subjects")
      try named(rows.services, "services")
      try named(rows.zones, "zones")
      try minutes(60)
    case .delivery, nil:
      if rows.holdIDs[row] == 0 { throw FieldPath("hold_ids", row: row).missing() }
      if rows.atUnixSeconds[row] == 0 { throw FieldPath("at_unix_s", row: row).missing() }
    }
  }

  /// As `keys`, owned, where a row may have none; an empty column has none in any row.
  func optionalKeys(
    _ data: ProtobufCBinaryData, _ lengths: UnsafeMutablePointer<UInt32>?, _ count: Int, rows: Int,
    _ field: StaticString, lengthsField: StaticString
  ) throws(Refusal) -> PackedKeys {
    let bytes = BorrowedBytes(data)
    if count == 0, bytes.isEmpty {
      return PackedKeys(bytes: [], lengths: [UInt32](repeating: 0, count: rows))
    }
    try FieldPath(lengthsField).hasValues(count, for: rows)
    var offset = 0
    for row in 0..<count {
      let length = Int(lengths.unsafelyUnwrapped[row])
      guard length <= bytes.count - offset else {
        throw Refusal(
          .columnLengthMismatch,
          "\(lengthsField) add up to more than the \(bytes.count) bytes of \(field)",
          row: Int32(clamping: row))
      }
      _ = try FieldPath(field, row: row).optionalKey(
        BorrowedBytes(base: bytes.base.map { $0 + offset }, count: length))
      offset += length
    }
    guard offset == bytes.count else {
      throw Refusal(
        .columnLengthMismatch,
        "\(lengthsField) add up to \(offset) for the \(bytes.count) bytes of \(field)")
    }
    return PackedKeys(
      bytes: Array(bytes.buffer),
      lengths: Array(UnsafeBufferPointer(start: lengths, count: count)))
  }

  func closeLeg(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__CloseLegRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let delay: Int32 = try FieldPath("delay_minutes").number(message.delay_minutes, in: 0...10_080)
    let dates = try dates(message.from_days, message.to_days)
    let change = DepartureChange(
      subject: .leg, name: try FieldPath("leg").name(message.leg), fromDays: dates.from,
      toDays: dates.to, kind: delay == 0 ? .closed : .delayed, delayMinutes: delay,
      reason: try FieldPath("reason").optionalName(message.reason),
      author: try FieldPath("author").optionalName(message.author))
    return .departures(DepartureCommand(change: change), key: key)
  }

  func reopenLeg(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ReopenLegRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    let dates = try dates(message.from_days, message.to_days)
    let change = DepartureChange(
      subject: .leg, name: try FieldPath("leg").name(message.leg), fromDays: dates.from,
      toDays: dates.to, kind: .reopened,
      reason: try FieldPath("reason").optionalName(message.reason),
      author: try FieldPath("author").optionalName(message.author))
    return .departures(DepartureCommand(change: change), key: key)
  }

  /// Both included; 0 and 0 is every date, as what has left is not changed any more.
  private func dates(
    _ from: Int64, _ to: Int64
  ) throws(Refusal) -> (from: Int32, to: Int32) {
    if from == 0, to == 0 { return (0, LocalDate.last.days) }
    let first = try days(from, "from_days")
    let last = try days(to, "to_days")
    if last < first {
      throw FieldPath("to_days").outOfRange(
        "\(last)", "from_days (\(first)) to \(LocalDate.last.days)")
    }
    return (first, last)
  }

  func putOverride(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutOverrideRequest.self).pointee
    let key = try commandKey(message.idempotency_key, digest)
    if message.removes_id != 0 {
      return .putOverride(
        OverrideCommand(key: key, override: Override(), removesID: message.removes_id))
    }
    guard let fields = message.fields?.pointee else { throw FieldPath("fields").missing() }
    var override = Override()
    if fields.id != 0 {
      throw FieldPath("fields.id").outOfRange("\(fields.id)", "0, as the service numbers them")
    }
    let action: UInt8 = try FieldPath("fields.action").number(fields.action, in: 1...2)
    override.action = OverrideAction(rawValue: action) ?? .block
    override.item = try FieldPath("fields.item").optionalName(fields.item)
    override.node = try FieldPath("fields.node").optionalName(fields.node)
    override.leg = try FieldPath("fields.leg").optionalName(fields.leg)
    override.zone = try FieldPath("fields.zone").optionalName(fields.zone)
    override.seller = try FieldPath("fields.seller").optionalName(fields.seller)
    override.reason = try FieldPath("fields.reason").name(fields.reason)
    override.author = try FieldPath("fields.author").name(fields.author)
    override.expiresUnixSeconds = try FieldPath("fields.expires_unix_s").number(
      fields.expires_unix_s, in: Self.instants)
    return .putOverride(OverrideCommand(key: key, override: override))
  }

  func listOverrides(_ raw: UnsafeRawPointer) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__ListOverridesRequest.self).pointee
    return .listOverrides(
      withExpired: message.with_expired != 0, minPosition: minPosition(message.read))
  }
}
