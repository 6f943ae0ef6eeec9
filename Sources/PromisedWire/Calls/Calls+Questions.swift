import CPromisedMessages
import PromisedModel

extension Call where Answer == OfferAnswer {
  /// When each item can reach each postcode.
  ///
  /// - Parameters:
  ///   - quantities: units per item; empty = 1 each.
  ///   - country: ISO 3166-1 alpha-2; empty = US.
  ///   - withPath: also answer the legs.
  ///   - levels: service levels, each 1…4 and once; empty = standard.
  ///   - confidence: the least chance of a window in 1/65535; 0 = .95.
  ///   - byDay: also answer the chance of delivery by the end of this local date, days since
  ///     1970-01-01.
  ///   - omitsTokens: leave the tokens out.
  ///   - channel: who asks; empty = no channel.
  ///   - supplyChoice: 0 what comes only where nothing on hand can be offered, 1 whatever is soonest,
  ///     2 only what is on hand.
  ///   - minimumPosition: answer only from this log position or later.
  public static func offer(
    items: [String], quantities: [UInt64] = [], country: String = "", postcodes: [String],
    withPath: Bool = false, levels: [UInt32] = [], confidence: UInt64 = 0, byDay: UInt64 = 0,
    omitsTokens: Bool = false, channel: String = "", supplyChoice: UInt64 = 0,
    minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__offer_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(items)
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(quantities, as: UInt64.self)
      message.pointee.country = builder.text(country)
      (message.pointee.n_postcodes, message.pointee.postcodes) = builder.texts(postcodes)
      message.pointee.with_path = withPath ? 1 : 0
      (message.pointee.n_levels, message.pointee.levels) = builder.column(levels, as: UInt32.self)
      message.pointee.confidence = confidence
      message.pointee.by_days = byDay
      message.pointee.omit_tokens = omitsTokens ? 1 : 0
      message.pointee.channel = builder.text(channel)
      message.pointee.supply_choice = supplyChoice
    }
    let levelCount = max(levels.count, 1)
    return Call(.offer, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "OfferResponse", promised__v1__offer_response__unpack) {
        (message) throws(MalformedAnswer) in
        try OfferAnswer(message, items: items, postcodes: postcodes, levels: levelCount)
      }
    }
  }
}

extension OfferAnswer {
  init(
    _ message: Promised__V1__OfferResponse, items: [String], postcodes: [String], levels: Int
  ) throws(MalformedAnswer) {
    let rows = items.count * postcodes.count * levels
    let outcomes = try column(message.n_outcomes, message.outcomes, rows: rows, "outcomes")
    let nodes = try column(message.n_nodes, message.nodes, rows: rows, "nodes")
    let from = try column(
      message.n_window_from_unix_s, message.window_from_unix_s, rows: rows, "window_from_unix_s")
    let to = try column(
      message.n_window_to_unix_s, message.window_to_unix_s, rows: rows, "window_to_unix_s")
    let windowOffset = try column(
      message.n_window_utc_offset_s, message.window_utc_offset_s, rows: rows,
      "window_utc_offset_s")
    let days = try column(
      message.n_delivery_days, message.delivery_days, rows: rows, "delivery_days")
    let orderBy = try column(
      message.n_order_by_unix_s, message.order_by_unix_s, rows: rows, "order_by_unix_s")
    let orderByOffset = try column(
      message.n_order_by_utc_offset_s, message.order_by_utc_offset_s, rows: rows,
      "order_by_utc_offset_s")
    let confidences = try column(
      message.n_confidences, message.confidences, rows: rows, "confidences")
    let exact = try column(
      message.n_postcode_exact, message.postcode_exact, rows: rows, "postcode_exact")
    let names = texts(message.n_node_names, message.node_names)
    let titles = texts(message.n_node_titles, message.node_titles)
    var legs = try LegRows(message, rows: rows, names: names)
    let terms = try OfferTerms(message, rows: rows)
    asOf = AnswerStamp(message.as_of)
    profileEpoch = message.profile_epoch
    offers = []
    offers.reserveCapacity(rows)
    for row in 0..<rows {
      var offer = Offer(
        item: items[row / (postcodes.count * levels)],
        postcode: postcodes[row / levels % postcodes.count],
        outcome: RowOutcome(number: outcomes[row]))
      offer.legs = try legs.next(row)
      offer.isPostcodeExact = exact[row] != 0
      if offer.outcome.isOK {
        offer.node = try text(nodes[row], of: names)
        offer.nodeTitle = Int(nodes[row]) < titles.count ? titles[Int(nodes[row])] : ""
        offer.windowFromUnixSeconds = from[row]
        offer.windowToUnixSeconds = to[row]
        offer.windowUTCOffsetSeconds = windowOffset[row]
        offer.deliveryDay = days[row]
        offer.orderByUnixSeconds = orderBy[row]
        offer.orderByUTCOffsetSeconds = orderByOffset[row]
        offer.confidence = confidences[row]
      }
      terms.fill(&offer, row)
      offers.append(offer)
    }
  }
}

/// The columns that say more of an offer; a server may leave each of them out.
private struct OfferTerms {
  let message: Promised__V1__OfferResponse
  let tokens: [UnsafeBufferPointer<UInt8>]

  init(_ message: Promised__V1__OfferResponse, rows: Int) throws(MalformedAnswer) {
    self.message = message
    let lengths = [
      message.n_levels, message.n_confidence_sources, message.n_sample_sizes_milli,
      message.n_date_confidences, message.n_ship_by_unix_s, message.n_cache_until_unix_s,
      message.n_expires_unix_s, message.n_token_lengths, message.n_supplies,
      message.n_available_from_unix_s, message.n_supplied_units, message.n_silence,
    ]
    guard lengths.allSatisfy({ $0 == 0 || $0 == rows }) else {
      throw MalformedAnswer("a column of the offers has neither no value nor \(rows)")
    }
    tokens = try pieces(message.tokens, message.token_lengths, message.n_token_lengths, "tokens")
  }

  func fill(_ offer: inout Offer, _ row: Int) {
    if message.n_levels > 0 { offer.level = message.levels[row] }
    if message.n_confidence_sources > 0 {
      offer.confidenceSource = message.confidence_sources[row]
    }
    if message.n_sample_sizes_milli > 0 { offer.sampleSizeMilli = message.sample_sizes_milli[row] }
    if message.n_date_confidences > 0 { offer.dateConfidence = message.date_confidences[row] }
    if message.n_ship_by_unix_s > 0 { offer.shipByUnixSeconds = message.ship_by_unix_s[row] }
    if message.n_cache_until_unix_s > 0 {
      offer.cacheUntilUnixSeconds = message.cache_until_unix_s[row]
    }
    if message.n_expires_unix_s > 0 { offer.expiresUnixSeconds = message.expires_unix_s[row] }
    if !tokens.isEmpty { offer.token = Array(tokens[row]) }
    // Without the column every offer is of units on hand.
    offer.supply = message.n_supplies > 0 ? message.supplies[row] : offer.outcome.isOK ? 1 : 0
    if message.n_available_from_unix_s > 0 {
      offer.availableFromUnixSeconds = message.available_from_unix_s[row]
    }
    if message.n_supplied_units > 0 { offer.suppliedUnits = message.supplied_units[row] }
    if message.n_silence > 0 { offer.silence = message.silence[row] }
  }
}

/// The legs of all rows one after another.
private struct LegRows {
  let counts: UnsafeBufferPointer<UInt32>
  let message: Promised__V1__OfferResponse
  let names: [String]
  let legNames: [String]
  var start = 0

  init(
    _ message: Promised__V1__OfferResponse, rows: Int, names: [String]
  ) throws(MalformedAnswer) {
    self.message = message
    self.names = names
    // No path was asked for.
    let counted = message.n_leg_counts == 0 ? 0 : rows
    counts = try column(message.n_leg_counts, message.leg_counts, rows: counted, "leg_counts")
    let total = counts.reduce(0) { $0 + Int($1) }
    legNames = texts(message.n_leg_names, message.leg_names)
    let lengths = [
      message.n_leg_from, message.n_leg_to, message.n_leg_modes, message.n_leg_names,
      message.n_leg_departure_unix_s, message.n_leg_arrival_unix_s,
      message.n_leg_departure_utc_offset_s, message.n_leg_arrival_utc_offset_s,
    ]
    guard lengths.allSatisfy({ $0 == total }) else {
      throw MalformedAnswer("the leg columns do not add up to leg_counts")
    }
  }

  mutating func next(_ row: Int) throws(MalformedAnswer) -> [OfferLeg] {
    if counts.isEmpty { return [] }
    var legs: [OfferLeg] = []
    for index in start..<start + Int(counts[row]) {
      let to = Int(message.leg_to[index])
      legs.append(
        OfferLeg(
          from: try text(message.leg_from[index], of: names),
          // The customer is no node: an index beyond the names.
          to: to < names.count ? names[to] : "", mode: message.leg_modes[index],
          name: legNames[index], departureUnixSeconds: message.leg_departure_unix_s[index],
          departureUTCOffsetSeconds: message.leg_departure_utc_offset_s[index],
          arrivalUnixSeconds: message.leg_arrival_unix_s[index],
          arrivalUTCOffsetSeconds: message.leg_arrival_utc_offset_s[index]))
    }
    start += Int(counts[row])
    return legs
  }
}

extension Call where Answer == AvailabilityAnswer {
  /// What is where of these items.
  ///
  /// - Parameters:
  ///   - nodes: only these and those of the groups; both empty = all that hold the item.
  ///   - channel: who asks; empty = no channel.
  public static func availability(
    items: [String], nodes: [String] = [], groups: [String] = [], channel: String = "",
    minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__availability_request__init) {
      builder, message in
      message.pointee.read = builder.read(minimumPosition)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(items)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(nodes)
      (message.pointee.n_groups, message.pointee.groups) = builder.texts(groups)
      message.pointee.channel = builder.text(channel)
    }
    return Call(.availability, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "AvailabilityResponse", promised__v1__availability_response__unpack) {
        (message) throws(MalformedAnswer) in
        try AvailabilityAnswer(message, items: items)
      }
    }
  }
}

extension AvailabilityAnswer {
  init(
    _ message: Promised__V1__AvailabilityResponse, items keys: [String]
  ) throws(MalformedAnswer) {
    let outcomes = try column(
      message.n_outcomes, message.outcomes, rows: keys.count, "outcomes")
    let counts = try column(
      message.n_position_counts, message.position_counts, rows: keys.count, "position_counts")
    let inboundCounts = try column(
      message.n_inbound_counts, message.inbound_counts, rows: keys.count, "inbound_counts")
    let positions = try Self.positions(message, rows: counts.reduce(0) { $0 + Int($1) })
    let inbound = try Self.inbound(message, rows: inboundCounts.reduce(0) { $0 + Int($1) })
    asOf = AnswerStamp(message.as_of)
    items = []
    var position = 0
    var supply = 0
    for (index, key) in keys.enumerated() {
      let positionEnd = position + Int(counts[index])
      let supplyEnd = supply + Int(inboundCounts[index])
      items.append(
        ItemAvailability(
          item: key, outcome: RowOutcome(number: outcomes[index]),
          positions: Array(positions[position..<positionEnd]),
          inbound: Array(inbound[supply..<supplyEnd]),
          unsourced: message.n_unsourced == keys.count ? message.unsourced[index] : 0))
      position = positionEnd
      supply = supplyEnd
    }
  }

  private static func positions(
    _ message: Promised__V1__AvailabilityResponse, rows: Int
  ) throws(MalformedAnswer) -> [StockPosition] {
    let names = texts(message.n_node_names, message.node_names)
    let nodes = try column(message.n_nodes, message.nodes, rows: rows, "nodes")
    let lengths = [
      message.n_on_hand, message.n_fulfillable, message.n_unfulfillable, message.n_researching,
      message.n_in_transfer, message.n_in_processing, message.n_held, message.n_allocated,
      message.n_withheld, message.n_available_now, message.n_picked,
    ]
    guard lengths.allSatisfy({ $0 == rows }) else {
      throw MalformedAnswer("the position columns do not add up to position_counts")
    }
    var positions: [StockPosition] = []
    for row in 0..<rows {
      positions.append(
        StockPosition(
          node: try text(nodes[row], of: names), onHand: message.on_hand[row],
          fulfillable: message.fulfillable[row], unfulfillable: message.unfulfillable[row],
          researching: message.researching[row], inTransfer: message.in_transfer[row],
          inProcessing: message.in_processing[row], held: message.held[row],
          allocated: message.allocated[row], picked: message.picked[row],
          withheld: message.withheld[row],
          availableNow: message.available_now[row],
          claimedLater: message.n_claimed_later == rows ? message.claimed_later[row] : 0,
          withheldFromChannel: message.n_withheld_from_channel == rows
            ? message.withheld_from_channel[row] : 0,
          silence: message.n_silence == rows ? message.silence[row] : 0))
    }
    return positions
  }

  private static func inbound(
    _ message: Promised__V1__AvailabilityResponse, rows: Int
  ) throws(MalformedAnswer) -> [InboundSupply] {
    let names = texts(message.n_node_names, message.node_names)
    let shipments = texts(message.n_inbound_shipments, message.inbound_shipments)
    let lengths = [
      message.n_inbound_shipments, message.n_inbound_nodes, message.n_inbound_quantities,
      message.n_inbound_eta_unix_s, message.n_inbound_eta_utc_offset_s, message.n_inbound_stages,
    ]
    guard lengths.allSatisfy({ $0 == rows }) else {
      throw MalformedAnswer("the inbound columns do not add up to inbound_counts")
    }
    let hasSpread =
      message.n_inbound_eta_early_unix_s == rows && message.n_inbound_eta_late_unix_s == rows
    var inbound: [InboundSupply] = []
    for row in 0..<rows {
      inbound.append(
        InboundSupply(
          shipment: shipments[row], node: try text(message.inbound_nodes[row], of: names),
          quantity: message.inbound_quantities[row],
          etaUnixSeconds: message.inbound_eta_unix_s[row],
          etaUTCOffsetSeconds: message.inbound_eta_utc_offset_s[row],
          stage: message.inbound_stages[row],
          earlyUnixSeconds: hasSpread
            ? message.inbound_eta_early_unix_s[row] : message.inbound_eta_unix_s[row],
          lateUnixSeconds: hasSpread
            ? message.inbound_eta_late_unix_s[row] : message.inbound_eta_unix_s[row]))
    }
    return inbound
  }
}
