import CPromisedMessages
import PromisedModel

extension Call where Answer == ObserveAnswer {
  /// What happened on the way: at most 65,536 observations.
  ///
  /// - Parameter key: the caller's name for this intent, 1…64 bytes; asking again with it learns
  ///   nothing twice.
  public static func observe(_ rows: [Observation], key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__observe_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      (message.pointee.n_kinds, message.pointee.kinds) =
        builder.column(rows.map(\.kind), as: UInt32.self)
      (
        message.pointee.subjects, message.pointee.n_subject_lengths,
        message.pointee.subject_lengths
      ) = builder.keys(rows.map(\.subject))
      (
        message.pointee.services, message.pointee.n_service_lengths,
        message.pointee.service_lengths
      ) = builder.keys(rows.map(\.service))
      (message.pointee.zones, message.pointee.n_zone_lengths, message.pointee.zone_lengths) =
        builder.keys(rows.map(\.zone))
      (message.pointee.n_days, message.pointee.days) =
        builder.column(rows.map(\.day), as: Int32.self)
      (message.pointee.n_minutes, message.pointee.minutes) =
        builder.column(rows.map(\.minutes), as: Int32.self)
      (message.pointee.n_hold_ids, message.pointee.hold_ids) =
        builder.column(rows.map(\.holdID), as: UInt64.self)
      (message.pointee.n_shipments, message.pointee.shipments) =
        builder.column(rows.map(\.shipment), as: UInt32.self)
      (message.pointee.n_at_unix_s, message.pointee.at_unix_s) =
        builder.column(rows.map(\.atUnixSeconds), as: Int64.self)
    }
    let count = rows.count
    return Call(.observe, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ObserveResponse", promised__v1__observe_response__unpack) {
        (message) throws(MalformedAnswer) in
        let outcomes = try column(
          message.n_outcomes, message.outcomes, rows: count, "outcomes")
        return ObserveAnswer(
          asOf: AnswerStamp(message.as_of), outcomes: outcomes.map { RowOutcome(number: $0) })
      }
    }
  }
}

extension Call where Answer == DepartureAnswer {
  /// Closes departures of a leg, or delays them.
  ///
  /// - Parameters:
  ///   - days: local dates at the leg's origin, days since 1970-01-01; nil = from now on.
  ///   - delayMinutes: 1…10,080 = it leaves that much later; 0 = it does not leave.
  ///   - key: the caller's name for this intent, 1…64 bytes.
  public static func closeLeg(
    _ leg: String, days: ClosedRange<Int32>? = nil, delayMinutes: UInt64 = 0, reason: String = "",
    author: String = "", key: String
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__close_leg_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.leg = builder.text(leg)
      message.pointee.from_days = Int64(days?.lowerBound ?? 0)
      message.pointee.to_days = Int64(days?.upperBound ?? 0)
      message.pointee.delay_minutes = delayMinutes
      message.pointee.reason = builder.text(reason)
      message.pointee.author = builder.text(author)
    }
    return Call(.closeLeg, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "CloseLegResponse", promised__v1__close_leg_response__unpack) {
        message in
        DepartureAnswer(
          asOf: AnswerStamp(message.as_of), destinationsAffected: message.destinations_affected)
      }
    }
  }

  /// Lets departures of a leg run as the timetable says again; the parameters are those of
  /// `closeLeg`.
  public static func reopenLeg(
    _ leg: String, days: ClosedRange<Int32>? = nil, reason: String = "", author: String = "",
    key: String
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__reopen_leg_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.leg = builder.text(leg)
      message.pointee.from_days = Int64(days?.lowerBound ?? 0)
      message.pointee.to_days = Int64(days?.upperBound ?? 0)
      message.pointee.reason = builder.text(reason)
      message.pointee.author = builder.text(author)
    }
    return Call(.reopenLeg, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ReopenLegResponse", promised__v1__reopen_leg_response__unpack) {
        message in
        DepartureAnswer(
          asOf: AnswerStamp(message.as_of), destinationsAffected: message.destinations_affected)
      }
    }
  }
}

extension Call where Answer == OverrideAnswer {
  /// Puts an operator's word against the service's own answer.
  public static func putOverride(_ entry: OverrideEntry, key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_override_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      let fields = builder.make(promised__v1__override_fields__init)
      fields?.pointee.id = entry.id
      fields?.pointee.action = entry.action
      fields?.pointee.item = builder.text(entry.item)
      fields?.pointee.node = builder.text(entry.node)
      fields?.pointee.leg = builder.text(entry.leg)
      fields?.pointee.zone = builder.text(entry.zone)
      fields?.pointee.seller = builder.text(entry.seller)
      fields?.pointee.reason = builder.text(entry.reason)
      fields?.pointee.author = builder.text(entry.author)
      fields?.pointee.expires_unix_s = entry.expiresUnixSeconds
      message.pointee.fields = fields
    }
    return Call(overrideAnswer: payload)
  }

  /// Takes an override back.
  public static func removeOverride(id: UInt64, key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_override_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.removes_id = id
    }
    return Call(overrideAnswer: payload)
  }

  private init(overrideAnswer payload: [UInt8]?) {
    self.init(.putOverride, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "PutOverrideResponse", promised__v1__put_override_response__unpack) {
        message in
        OverrideAnswer(asOf: AnswerStamp(message.as_of), id: message.id)
      }
    }
  }
}

extension Call where Answer == OverridesAnswer {
  /// The overrides that hold; also those that have expired within a day, when asked.
  public static func overrides(
    withExpired: Bool = false, minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__list_overrides_request__init) {
      builder, message in
      message.pointee.read = builder.read(minimumPosition)
      message.pointee.with_expired = withExpired ? 1 : 0
    }
    return Call(.listOverrides, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(
        bytes, "ListOverridesResponse", promised__v1__list_overrides_response__unpack
      ) { (message) throws(MalformedAnswer) in
        let rows = message.n_overrides
        let consulted = try column(
          message.n_consulted, message.consulted, rows: rows, "consulted")
        let differed = try column(message.n_differed, message.differed, rows: rows, "differed")
        var overrides: [OverrideEntry] = []
        for row in 0..<rows {
          guard let fields = message.overrides[row]?.pointee else { continue }
          var entry = OverrideEntry(fields)
          entry.consulted = consulted[row]
          entry.differed = differed[row]
          overrides.append(entry)
        }
        return OverridesAnswer(asOf: AnswerStamp(message.as_of), overrides: overrides)
      }
    }
  }
}

extension OverrideEntry {
  init(_ fields: Promised__V1__OverrideFields) {
    self.init(action: fields.action, reason: fields.reason.text, author: fields.author.text)
    id = fields.id
    item = fields.item.text
    node = fields.node.text
    leg = fields.leg.text
    zone = fields.zone.text
    seller = fields.seller.text
    createdUnixSeconds = fields.created_unix_s
    expiresUnixSeconds = fields.expires_unix_s
  }
}
