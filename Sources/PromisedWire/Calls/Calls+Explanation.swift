import CPromisedMessages
import PromisedModel

extension Call where Answer == ExplainAnswer {
  /// The trace of the decision that a token carries.
  public static func explain(token: [UInt8], minimumPosition: UInt64 = 0) -> Call {
    let payload = MessageBuilder.encode(promised__v1__explain_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      message.pointee.token = builder.bytes(token)
    }
    return Call(explainAnswer: payload)
  }

  /// The trace of the decision that would be made now.
  ///
  /// - Parameters:
  ///   - quantity: units; 0 = 1.
  ///   - country: ISO 3166-1 alpha-2; empty = US.
  ///   - level: 1…4; 0 = standard.
  ///   - confidence: in 1/65535; 0 = .95.
  ///   - channel: who asks; empty = no channel.
  ///   - supplyChoice: as of an offer.
  public static func explain(
    item: String, quantity: UInt64 = 0, country: String = "", postcode: String, level: UInt64 = 0,
    confidence: UInt64 = 0, channel: String = "", supplyChoice: UInt64 = 0,
    minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__explain_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      message.pointee.item = builder.text(item)
      message.pointee.quantity = quantity
      message.pointee.country = builder.text(country)
      message.pointee.postcode = builder.text(postcode)
      message.pointee.level = level
      message.pointee.confidence = confidence
      message.pointee.channel = builder.text(channel)
      message.pointee.supply_choice = supplyChoice
    }
    return Call(explainAnswer: payload)
  }

  private init(explainAnswer payload: [UInt8]?) {
    self.init(.explain, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ExplainResponse", promised__v1__explain_response__unpack) { message in
        ExplainAnswer(message)
      }
    }
  }
}

extension ExplainAnswer {
  init(_ message: Promised__V1__ExplainResponse) {
    self.init(
      asOf: AnswerStamp(message.as_of), origin: message.origin, item: message.item.text,
      quantity: message.quantity, country: message.country.text, postcode: message.postcode.text,
      level: message.level, confidenceAsked: message.confidence_asked,
      position: message.position, decidedUnixMilliseconds: message.decided_unix_ms,
      profileEpoch: message.profile_epoch, networkRevision: message.network_revision,
      zone: message.zone.text, station: message.station.text,
      isPostcodeExact: message.postcode_exact != 0,
      destinationLatitudeE6: message.destination_latitude_e6,
      destinationLongitudeE6: message.destination_longitude_e6,
      outcome: RowOutcome(number: message.outcome), node: message.node.text,
      windowFromUnixSeconds: message.window_from_unix_s,
      windowToUnixSeconds: message.window_to_unix_s,
      windowUTCOffsetSeconds: message.window_utc_offset_s, deliveryDay: message.delivery_days,
      orderByUnixSeconds: message.order_by_unix_s,
      orderByUTCOffsetSeconds: message.order_by_utc_offset_s,
      shipByUnixSeconds: message.ship_by_unix_s, confidence: message.confidence,
      confidenceSource: message.confidence_source, sampleSizeMilli: message.sample_size_milli,
      candidates: UnsafeBufferPointer(start: message.candidates, count: message.n_candidates)
        .compactMap { $0.map { ExplainedCandidate($0.pointee) } },
      steps: UnsafeBufferPointer(start: message.steps, count: message.n_steps)
        .compactMap { $0.map { ExplainedStep($0.pointee) } },
      constraint: message.constraint, constraintSubject: message.constraint_subject.text,
      alternatives: UnsafeBufferPointer(
        start: message.counterfactuals, count: message.n_counterfactuals
      ).compactMap { $0.map { ExplainedAlternative($0.pointee) } },
      overrides: Array(UnsafeBufferPointer(start: message.overrides, count: message.n_overrides)),
      agreesWithToken: message.agrees_with_token != 0, supply: message.supply,
      availableFromUnixSeconds: message.available_from_unix_s,
      suppliedUnits: message.supplied_units, silence: message.silence,
      channel: message.channel.text, supplyChoice: message.supply_choice)
  }
}

extension ExplainedCandidate {
  init(_ message: Promised__V1__CandidateTrace) {
    self.init(
      node: message.node.text, title: message.title.text, latitudeE6: message.latitude_e6,
      longitudeE6: message.longitude_e6, available: message.available, fate: message.fate,
      subject: message.subject.text, byMinutes: message.by_minutes, byCost: message.by_cost,
      readyUnixSeconds: message.ready_unix_s, shipByUnixSeconds: message.ship_by_unix_s,
      orderByUnixSeconds: message.order_by_unix_s, windowToUnixSeconds: message.window_to_unix_s,
      deliveryDay: message.delivery_days, confidence: message.confidence,
      utcOffsetSeconds: message.utc_offset_s, supply: message.supply,
      availableFromUnixSeconds: message.available_from_unix_s,
      suppliedUnits: message.supplied_units, silence: message.silence)
  }
}

extension ExplainedStep {
  init(_ message: Promised__V1__StepTrace) {
    self.init(
      name: message.name.text, carrier: message.carrier.text, mode: message.mode,
      from: message.from.text, fromTitle: message.from_title.text, to: message.to.text,
      toTitle: message.to_title.text, fromLatitudeE6: message.from_latitude_e6,
      fromLongitudeE6: message.from_longitude_e6, toLatitudeE6: message.to_latitude_e6,
      toLongitudeE6: message.to_longitude_e6, departureUnixSeconds: message.departure_unix_s,
      arrivalUnixSeconds: message.arrival_unix_s,
      departureUTCOffsetSeconds: message.departure_utc_offset_s,
      arrivalUTCOffsetSeconds: message.arrival_utc_offset_s, slackMinutes: message.slack_minutes,
      unitsLeft: message.units_left)
  }
}

extension ExplainedAlternative {
  init(_ message: Promised__V1__Counterfactual) {
    self.init(
      kind: message.kind, subject: message.subject.text, minutes: message.minutes,
      atUnixSeconds: message.at_unix_s, confidence: message.confidence, level: message.level,
      windowFromUnixSeconds: message.window_from_unix_s,
      windowToUnixSeconds: message.window_to_unix_s, deliveryDay: message.delivery_days,
      gainMinutes: message.gain_minutes)
  }
}
