import PromisedInvariants
import PromisedModel

extension State {
  /// Offers for items × postcodes × levels, row by row in the order of the items.
  ///
  /// A row that is no offer holds its reason: ITEM_UNKNOWN, POSTCODE_UNKNOWN, NO_STOCK,
  /// OVERRIDE_BLOCKS, or what
  /// `ProfileCatalogue.decideOffer` says. Units that are not there yet are offered as the query
  /// chooses; where they come too late for any promise the row says SUPPLY_BEYOND_HORIZON.
  ///
  /// - Throws: FIELD_MISSING, TOO_MANY_ROWS, COLUMN_LENGTH_MISMATCH, FIELD_OUT_OF_RANGE;
  ///   CHANNEL_UNKNOWN; NETWORK_NOT_READY before profiles are published, and when time has run past
  ///   those that are; ITEM_UNKNOWN or POSTCODE_UNKNOWN when the
  ///   only item or the only postcode is not known.
  package func answer(_ query: OfferQuery, at now: UnixMilliseconds, into reply: inout OfferReply)
    throws(Refusal)
  {
    try checkForm(of: query)
    var first = 0
    prefetch(item: itemKeys.packed(query.items.key(0, at: &first)))
    observeNetwork()
    let channel = try channelIndex(query.channel)
    let profiles = try answeringCatalogue(at: now)
    reply.profileEpoch = publication.epoch
    try resolveDestinations(of: query)
    scratch.nodeIndexes.reset(count: network.nodeIndexCount)
    var offset = 0
    for row in 0..<query.items.count {
      let key = query.items.key(row, at: &offset)
      let token = itemKeys.token(key)
      observe(item: token)
      let slot = token == 0 ? -1 : positions.find(token)
      if slot < 0 {
        if query.items.count == 1 { throw unknownItem(key.name) }
        for place in 0..<(query.postcodes.count * query.levelCount) {
          append(.itemUnknown, query, query.level(place % query.levelCount), into: &reply)
        }
        continue
      }
      prefetch(slot: slot)
      let quantity = query.quantities.isEmpty ? 1 : Int64(query.quantities[row])
      answerOffers(
        slot, item: key, quantity: quantity, channel: channel, query, profiles, at: now,
        into: &reply)
    }
    reply.finishSupplies()
  }

  /// The profiles that answer, if they do.
  ///
  /// - Throws: NETWORK_NOT_READY.
  func answeringCatalogue(at now: UnixMilliseconds) throws(Refusal) -> ProfileCatalogue {
    guard let profiles else {
      throw Refusal(.networkNotReady, "no delivery profiles are published yet: ask again shortly")
    }
    let end =
      profiles.horizonBaseUnixSeconds + Int64(Limits.promisedDays) * 86_400
    if now.seconds >= end {
      throw Refusal(
        .networkNotReady, "the delivery profiles end before now and are being built: ask again")
    }
    return profiles
  }

  private func checkForm(of query: OfferQuery) throws(Refusal) {
    let (items, postcodes) = (query.items.count, query.postcodes.count)
    if items == 0 || postcodes == 0 {
      throw Refusal(.fieldMissing, "name at least one item and one postcode")
    }
    if items > Limits.offerRows || postcodes > Limits.offerRows
      || items * postcodes * query.levelCount > Limits.offerRows
    {
      throw Refusal(
        .tooManyRows,
        "\(items) items × \(postcodes) postcodes × \(query.levelCount) levels: at most "
          + "\(Limits.offerRows) rows")
    }
    for row in 0..<query.levels.count {
      let isKnown = ServiceLevel(rawValue: query.levels[row]) != nil
      if isKnown && (0..<row).allSatisfy({ query.levels[$0] != query.levels[row] }) { continue }
      throw Refusal(.fieldOutOfRange, "levels[\(row)] is \(query.levels[row]): 1 to 4, each once")
    }
    if !areWithin(query.items) || (!query.quantities.isEmpty && query.quantities.count != items) {
      throw Refusal(.columnLengthMismatch, "item_key_lengths and quantities must fit the items")
    }
    for row in 0..<query.quantities.count
    where query.quantities[row] < 1 || query.quantities[row] > Limits.unitsPerPosition {
      throw Refusal(
        .fieldOutOfRange,
        "quantities[\(row)] is \(query.quantities[row]): 1 to \(Limits.unitsPerPosition)",
        row: Int32(row))
    }
  }

  private func resolveDestinations(of query: OfferQuery) throws(Refusal) {
    scratch.destinations.removeAll()
    for index in 0..<query.postcodes.count {
      let found = network.destination(country: query.country, postcode: query.postcodes[index])
      if let found {
        scratch.destinations.append(OfferDestination(index: found.index, exact: found.exact))
        continue
      }
      if query.postcodes.count == 1 {
        let postcode = query.postcodes[index].name
        throw Refusal(
          .postcodeUnknown, "postcode \(postcode) of \(query.country.name) is in no zone",
          key: postcode)
      }
      scratch.destinations.append(OfferDestination(index: .max, exact: false))
    }
  }

  private func answerOffers(
    _ slot: Int, item: BorrowedBytes, quantity: Int64, channel: UInt16, _ query: OfferQuery,
    _ catalogue: ProfileCatalogue, at now: UnixMilliseconds, into reply: inout OfferReply
  ) {
    let isPlain = isPlain(slot)
    if !isPlain { fillCandidates(slot, channel: channel, backorders: .none, at: now) }
    let count = isPlain ? positions.rowCount(slot) : scratch.candidates.count
    let nodes = isPlain ? (count == 0 ? nil : positions.nodes(slot)) : scratch.candidates.base
    if isPlain {
      scratch.available.removeAll()
      for place in 0..<count {
        scratch.available.append(
          offerable(positions.rows(slot)[place], positions.nodes(slot)[place], at: now))
      }
    }
    scratch.admitted.removeAll()
    if hasLateNodes {
      for place in 0..<count {
        let node = nodes.unsafelyUnwrapped[place]
        scratch.admitted.append(admittedFrom(node, catalogue.schedule(.whole), at: now))
      }
    }
    let candidates = StockCandidates(
      nodes: Column(base: nodes.map { UnsafePointer($0) }, count: count),
      available: Column(base: UnsafePointer(scratch.available.base), count: count),
      admittedFromUnixSeconds: Column(
        base: UnsafePointer(scratch.admitted.base), count: scratch.admitted.count))
    var subject = OfferSubject(
      item: positions.key(slot), seller: nil, destination: 0,
      terms: PromiseTerms(confidence: query.confidence, quantity: quantity))
    let attribute = Int(positions.attribute(slot))
    if attribute != 0 { subject.take(attributes[attribute]) }
    var profiles = OfferProfiles(catalogue, subject.terms, pending: pendingChanges)
    var hasSupplies = false
    for place in 0..<query.postcodes.count {
      let destination = scratch.destinations[place]
      for row in 0..<query.levelCount {
        let level = query.level(row)
        if level != subject.terms.tier.level {
          subject.terms.tier.level = level
          profiles = profiles.changed(subject.terms)
        }
        if destination.index == .max {
          append(.postcodeUnknown, query, level, into: &reply)
          continue
        }
        subject.destination = destination.index
        var decision = decideCounting(candidates, subject, profiles, at: now)
        if asksForSupply(decision, query.supply) {
          if !hasSupplies { findDatedCandidates(subject, channel, catalogue, at: now) }
          hasSupplies = true
          decision = preferred(decision, candidates, subject, profiles, at: now)
        }
        switch decision {
        case .refused(let code):
          append(code, query, level, into: &reply)
          if hasSupplies { appendNextSupply(into: &reply) }
        case .offer(let offer):
          reply.levels.append(UInt32(level.rawValue))
          append(offer, isExact: destination.exact, at: now, into: &reply)
          reply.dateConfidences.append(
            query.byDays == 0
              ? 0
              : UInt32(chance(offer, subject, profiles, byDays: query.byDays, at: now)))
          appendLifetime(
            of: offer, item: item, quantity: quantity, query, postcode: query.postcodes[place],
            level: level, at: now, into: &reply)
          if query.withPath {
            appendPath(of: offer, profiles.holding(offer, subject.terms), into: &reply)
          }
        }
      }
    }
  }

  private func append(
    _ code: OutcomeCode, _ query: OfferQuery, _ level: ServiceLevel, into reply: inout OfferReply
  ) {
    reply.levels.append(UInt32(level.rawValue))
    reply.append(code, query.withPath)
    if hasSilenceRules { reply.silence.append(0) }
    appendNoLifetime(query, into: &reply)
  }

  private func append(
    _ offer: Offer, isExact: Bool, at now: UnixMilliseconds, into reply: inout OfferReply
  ) {
    reply.codes.append(0)
    if offer.supply != 0 { appendSupply(of: offer, into: &reply) }
    if hasSilenceRules {
      reply.silence.append(UInt32(silence(of: offer.node, at: now).rawValue))
    }
    reply.nodes.append(titledIndex(of: offer.node, in: &reply))
    reply.windowFromUnixSeconds.append(offer.windowFromUnixSeconds)
    reply.windowToUnixSeconds.append(offer.windowToUnixSeconds)
    reply.windowUTCOffsetSeconds.append(offer.windowUTCOffsetSeconds)
    reply.deliveryDays.append(offer.deliveryDate.days)
    reply.orderByUnixSeconds.append(offer.orderByUnixSeconds)
    reply.orderByUTCOffsetSeconds.append(offer.orderByUTCOffsetSeconds)
    reply.confidences.append(UInt32(offer.confidence))
    let source: ConfidenceSource = offer.confidence == 0 ? .certain : .declared
    reply.confidenceSources.append(UInt32(source.rawValue))
    reply.sampleSizesMilli.append(0)
    reply.postcodeExact.append(isExact ? 1 : 0)
  }

  private func appendPath(
    of offer: Offer, _ profiles: ProfileSet, into reply: inout OfferReply
  ) {
    scratch.steps.removeAll()
    profiles.appendPath(of: offer, to: &scratch.steps)
    reply.legCounts.append(UInt32(scratch.steps.count))
    for index in 0..<scratch.steps.count {
      let step = scratch.steps[index]
      reply.legFrom.append(titledIndex(of: step.from, in: &reply))
      // The customer is no node: an index beyond the names.
      reply.legTo.append(
        step.to == PathStep.customer ? .max : titledIndex(of: step.to, in: &reply))
      reply.legModes.append(UInt32(step.mode))
      reply.legNames.append(step.name)
      reply.legDepartureUnixSeconds.append(step.departureUnixSeconds)
      reply.legArrivalUnixSeconds.append(step.arrivalUnixSeconds)
      reply.legDepartureUTCOffsetSeconds.append(step.departureUTCOffsetSeconds)
      reply.legArrivalUTCOffsetSeconds.append(step.arrivalUTCOffsetSeconds)
    }
  }

  /// The index of a node in the names of a reply, whose titles go beside them.
  private func titledIndex(of node: UInt16, in reply: inout OfferReply) -> UInt32 {
    let index = nameIndex(of: node, in: &reply.nodeNames)
    if reply.nodeTitles.count < reply.nodeNames.count { reply.nodeTitles.append(nodeTitle(node)) }
    return index
  }
}

/// Where a postcode of the query leads; index `.max` = nowhere.
struct OfferDestination: BitwiseCopyable {
  var index: UInt32
  var exact: Bool
}

extension OfferQuery {
  fileprivate var levelCount: Int { max(1, levels.count) }

  fileprivate func level(_ row: Int) -> ServiceLevel {
    levels.isEmpty ? .standard : ServiceLevel(rawValue: levels[row]) ?? .standard
  }
}

extension OfferReply {
  /// A row that is no offer.
  fileprivate mutating func append(_ code: OutcomeCode, _ withPath: Bool) {
    codes.append(UInt32(code.rawValue))
    nodes.append(0)
    windowFromUnixSeconds.append(0)
    windowToUnixSeconds.append(0)
    windowUTCOffsetSeconds.append(0)
    deliveryDays.append(0)
    orderByUnixSeconds.append(0)
    orderByUTCOffsetSeconds.append(0)
    confidences.append(0)
    postcodeExact.append(0)
    confidenceSources.append(0)
    sampleSizesMilli.append(0)
    dateConfidences.append(0)
    if withPath { legCounts.append(0) }
  }
}
