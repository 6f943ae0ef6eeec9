import CPromisedMessages
import PromisedModel

// The trace of one decision.
extension ReplyEncoder {
  @discardableResult
  package mutating func encode(
    _ reply: Explanation, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    let stamp = at(asOf)
    return send(promised__v1__explain_response__init, streamID, &output) { builder, message in
      message.pointee.as_of = stamp
      fillQuestion(&builder, reply, message)
      fillAnswer(&builder, reply, message)
      (message.pointee.n_candidates, message.pointee.candidates) =
        builder.messages(reply.candidates, promised__v1__candidate_trace__init, fill)
      (message.pointee.n_steps, message.pointee.steps) =
        builder.messages(reply.steps, promised__v1__step_trace__init, fill)
      message.pointee.constraint = UInt32(reply.constraint.rawValue)
      message.pointee.constraint_subject = builder.name(reply.constraintSubject)
      (message.pointee.n_counterfactuals, message.pointee.counterfactuals) =
        builder.messages(reply.counterfactuals, promised__v1__counterfactual__init, fill)
      (message.pointee.n_overrides, message.pointee.overrides) =
        builder.column(reply.overrides, as: UInt64.self)
      message.pointee.agrees_with_token = reply.agreesWithToken ? 1 : 0
    }
  }
}

/// What was asked, and of what the answer was made.
private func fillQuestion(
  _ builder: inout MessageBuilder, _ reply: Explanation,
  _ message: UnsafeMutablePointer<Promised__V1__ExplainResponse>
) {
  message.pointee.origin = UInt32(reply.origin.rawValue)
  message.pointee.item = builder.name(reply.question.item)
  message.pointee.quantity = UInt64(clamping: reply.question.quantity)
  message.pointee.country = builder.name(reply.question.country)
  message.pointee.postcode = builder.name(reply.question.postcode)
  message.pointee.level = UInt32(reply.question.level.rawValue)
  message.pointee.confidence_asked = UInt32(reply.question.confidence.probability)
  message.pointee.channel = builder.name(reply.question.channel)
  message.pointee.supply_choice = UInt32(reply.question.supply.rawValue)
  message.pointee.position = reply.position
  message.pointee.decided_unix_ms = reply.decidedAt.milliseconds
  message.pointee.profile_epoch = reply.profileEpoch
  message.pointee.network_revision = reply.networkRevision
  message.pointee.zone = builder.name(reply.zone)
  message.pointee.station = builder.name(reply.station)
  message.pointee.postcode_exact = reply.postcodeExact ? 1 : 0
  message.pointee.destination_latitude_e6 = reply.destinationLatitudeE6
  message.pointee.destination_longitude_e6 = reply.destinationLongitudeE6
}

private func fillAnswer(
  _ builder: inout MessageBuilder, _ reply: Explanation,
  _ message: UnsafeMutablePointer<Promised__V1__ExplainResponse>
) {
  message.pointee.outcome = UInt32(reply.code.rawValue)
  message.pointee.node = builder.name(reply.node)
  message.pointee.window_from_unix_s = reply.windowFromUnixSeconds
  message.pointee.window_to_unix_s = reply.windowToUnixSeconds
  message.pointee.window_utc_offset_s = reply.windowUTCOffsetSeconds
  message.pointee.delivery_days = reply.deliveryDays
  message.pointee.order_by_unix_s = reply.orderByUnixSeconds
  message.pointee.order_by_utc_offset_s = reply.orderByUTCOffsetSeconds
  message.pointee.ship_by_unix_s = reply.shipByUnixSeconds
  message.pointee.confidence = UInt32(reply.chance)
  message.pointee.confidence_source = UInt32(reply.confidenceSource.rawValue)
  message.pointee.sample_size_milli = reply.sampleSizeMilli
  message.pointee.supply = UInt32(reply.supply?.rawValue ?? 0)
  message.pointee.available_from_unix_s = reply.availableFromUnixSeconds
  message.pointee.supplied_units = reply.suppliedUnits
  message.pointee.silence = UInt32(reply.silence.rawValue)
}

private func fill(
  _ builder: inout MessageBuilder, _ row: CandidateTrace,
  _ message: UnsafeMutablePointer<Promised__V1__CandidateTrace>
) {
  message.pointee.node = builder.name(row.node)
  message.pointee.title = builder.name(row.title)
  message.pointee.latitude_e6 = row.latitudeE6
  message.pointee.longitude_e6 = row.longitudeE6
  message.pointee.available = row.available
  message.pointee.fate = UInt32(row.fate.rawValue)
  message.pointee.subject = builder.name(row.subject)
  message.pointee.by_minutes = row.byMinutes
  message.pointee.by_cost = row.byCost
  message.pointee.ready_unix_s = row.readyUnixSeconds
  message.pointee.ship_by_unix_s = row.shipByUnixSeconds
  message.pointee.order_by_unix_s = row.orderByUnixSeconds
  message.pointee.window_to_unix_s = row.windowToUnixSeconds
  message.pointee.delivery_days = row.deliveryDays
  message.pointee.confidence = UInt32(row.chance)
  message.pointee.utc_offset_s = row.utcOffsetSeconds
  message.pointee.supply = UInt32(row.supply?.rawValue ?? 0)
  message.pointee.available_from_unix_s = row.availableFromUnixSeconds
  message.pointee.supplied_units = row.suppliedUnits
  message.pointee.silence = UInt32(row.silence.rawValue)
}

private func fill(
  _ builder: inout MessageBuilder, _ row: StepTrace,
  _ message: UnsafeMutablePointer<Promised__V1__StepTrace>
) {
  message.pointee.name = builder.name(row.name)
  message.pointee.carrier = builder.name(row.carrier)
  message.pointee.mode = UInt32(row.mode.rawValue)
  message.pointee.from = builder.name(row.from)
  message.pointee.from_title = builder.name(row.fromTitle)
  message.pointee.to = builder.name(row.to)
  message.pointee.to_title = builder.name(row.toTitle)
  message.pointee.from_latitude_e6 = row.fromLatitudeE6
  message.pointee.from_longitude_e6 = row.fromLongitudeE6
  message.pointee.to_latitude_e6 = row.toLatitudeE6
  message.pointee.to_longitude_e6 = row.toLongitudeE6
  message.pointee.departure_unix_s = row.departureUnixSeconds
  message.pointee.arrival_unix_s = row.arrivalUnixSeconds
  message.pointee.departure_utc_offset_s = row.departureUTCOffsetSeconds
  message.pointee.arrival_utc_offset_s = row.arrivalUTCOffsetSeconds
  message.pointee.slack_minutes = row.slackMinutes
  message.pointee.units_left = row.unitsLeft
}

private func fill(
  _ builder: inout MessageBuilder, _ row: Counterfactual,
  _ message: UnsafeMutablePointer<Promised__V1__Counterfactual>
) {
  message.pointee.kind = UInt32(row.kind.rawValue)
  message.pointee.subject = builder.name(row.subject)
  message.pointee.minutes = row.minutes
  message.pointee.at_unix_s = row.atUnixSeconds
  message.pointee.confidence = UInt32(row.chance)
  message.pointee.level = UInt32(row.level.rawValue)
  message.pointee.window_from_unix_s = row.windowFromUnixSeconds
  message.pointee.window_to_unix_s = row.windowToUnixSeconds
  message.pointee.delivery_days = row.deliveryDays
  message.pointee.gain_minutes = row.gainMinutes
}
