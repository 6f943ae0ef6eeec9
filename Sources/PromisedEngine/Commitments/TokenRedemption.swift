import PromisedInvariants
import PromisedModel

/// Holds by token: the same units for the same window, or what has changed.
extension State {
  /// Grants a hold on the lines of a command and of its tokens, with what the tokens promise, or
  /// refuses it whole.
  ///
  /// A token's own departures are taken when they still run and have room, also when they are closed
  /// to new offers by now: that is what the margin of a closed bucket is for. Otherwise the node
  /// must make the same window some other way. Units that come are claimed for the instant that was
  /// offered, and of the supply that was offered: neither a later shipment nor a backorder stands in
  /// for them.
  ///
  /// - Throws: what a hold without tokens throws, and before INSUFFICIENT_STOCK: TOKEN_INVALID,
  ///   CHANNEL_MISMATCH, TOO_MANY_ROWS, FIELD_OUT_OF_RANGE (a plan's token beside others),
  ///   NETWORK_NOT_READY, POSTCODE_UNKNOWN, OFFER_CHANGED (the node is gone, or its units come
  ///   later than was offered), OFFER_EXPIRED; after it OFFER_CHANGED (the window is not made any
  ///   more; names the leg and the new date) and CAPACITY_FULL (names what is full). Rows count the
  ///   command's lines, then those of its tokens.
  func decideRedeeming(
    _ command: HoldCommand, expiresAt: UnixMilliseconds, replacing replaced: Int?,
    at now: UnixMilliseconds
  ) throws(Refusal) -> HeldEvent {
    observeNetwork()
    var lines = HeldLines(command, channel: try channelIndex(command.lines.channel))
    let redeemed = try readTokens(of: command, into: &lines, at: now)
    try resolve(&lines, explicit: command)
    for shipment in redeemed { try checkTime(of: shipment, at: now) }
    beginTaking()
    var taken = TakenRoom()
    if let replaced {
      giveBack(linesOf: replaced)
      if !holds.state(replaced).isEnded { giveUpRoom(of: replaced, to: &taken) }
    }
    // A row may be claimed by several lines: what they make stands where the row stood.
    var (claims, starts) = (TakenLines(), [0])
    var supplies: [DatedSupply?] = []
    for row in 0..<lines.count {
      supplies.append(try take(row, of: lines, into: &claims, for: command, at: now))
      starts.append(claims.count)
    }
    if claims.count > Limits.linesPerHold {
      throw Refusal(
        .tooManyRows, "the hold would have \(claims.count) lines: at most \(Limits.linesPerHold)")
    }
    var promises: [PromisedShipment] = []
    for index in redeemed.indices {
      let shipment = redeemed[index]
      var promise = try redeem(
        shipment, lines, wantsUpgrade: command.wantsUpgrade, taken,
        supply: supplies[shipment.firstLine], at: now)
      taken.take(promise.claims)
      let first = starts[shipment.firstLine]
      promise.firstLine = UInt16(first)
      promise.lineCount = UInt16(starts[shipment.firstLine + shipment.lineCount] - first)
      promises.append(promise)
    }
    return event(
      of: command, claims, expiresAt: expiresAt, replacing: replaced, promises: promises)
  }

  /// Claims a line, and answers the supply it rests on when its units come later.
  private func take(
    _ row: Int, of lines: HeldLines, into claims: inout TakenLines, for command: HoldCommand,
    at now: UnixMilliseconds
  ) throws(Refusal) -> DatedSupply? {
    var wish = ClaimWish(
      item: lines.tokens[row], units: Int64(lines.quantities[row]), place: lines.nodes[row],
      channel: lines.channels[row])
    let rest = lines.rests[row]
    var supply: (found: DatedSupply, isInTime: Bool)?
    if let rest, Int64(rest.fromUnixSeconds) > now.seconds {
      wish.due = rest.fromUnixSeconds
      supply = datedSupply(of: wish, rest, at: now)
    }
    let taken = try take(
      wish, whole: true, backorders: rest?.use ?? .all, into: &claims, row: row, at: now)
    if taken.granted < wish.units {
      throw insufficientStock(
        wish, beside: taken.available, row: row, owner: command.owner, at: now)
    }
    if wish.due == 0 { return nil }
    guard let supply, supply.isInTime else {
      let key = lines.keys[row]
      throw Refusal(
        .offerChanged,
        "\(wish.units) of item \(key) in node \(network.nodeName(wish.place).name) come later than"
          + " \(wish.due), or less surely", key: key, row: Int32(row),
        nextSupplyUnixSeconds: supply?.found.fromUnixSeconds ?? 0)
    }
    return supply.found
  }

  /// What an offer of these units would rest on now, and whether that is there by the wish's due.
  private func datedSupply(
    of wish: ClaimWish, _ rest: LineSupply, at now: UnixMilliseconds
  ) -> (found: DatedSupply, isInTime: Bool)? {
    findDatedSupply(
      of: wish.item, quantity: wish.units, channel: wish.channel, confidence: rest.confidence,
      only: wish.place, at: now)
    if scratch.dated.supplies.count == 0 { return nil }
    let found = scratch.dated.supplies[0]
    // The lead time of a backorder runs from when it was offered.
    let isBackorder = found.source == SupplySource.backorder.rawValue
    let elapsed = isBackorder ? max(0, now.seconds - rest.decidedAt.seconds) : 0
    return (found, found.fromUnixSeconds - elapsed <= Int64(wish.due))
  }

  /// Counts the room that a hold's promises take as free.
  private func giveUpRoom(of slot: Int, to taken: inout TakenRoom) {
    var block = holds.hold(slot).promises
    while block != 0 {
      taken.giveUp(promises.claims(block))
      block = promises.record(block).pointee.next
    }
  }

  // MARK: Tokens

  private func readTokens(
    of command: HoldCommand, into lines: inout HeldLines, at now: UnixMilliseconds
  ) throws(Refusal) -> [RedeemedShipment] {
    var redeemed: [RedeemedShipment] = []
    for index in 0..<command.tokens.count {
      let shipments: [RedeemedShipment]
      let decidedAt: UnixMilliseconds
      switch try Token(command.tokens[index]) {
      case .offer(let offer):
        let channel = try self.channel(of: offer.channel, redeemedBy: command, token: index)
        shipments = [RedeemedShipment(offer, firstLine: lines.count)]
        lines.append(
          offer.item.name, node: offer.node, quantity: offer.quantity, channel: channel,
          rest: offer.lineSupply)
        decidedAt = offer.decidedAt
      case .plan(let plan):
        if command.tokens.count > 1 {
          throw Refusal(
            .fieldOutOfRange, "tokens has \(command.tokens.count): a plan's token stands alone")
        }
        let channel = try plan.channel.bytes.withUnsafeBufferPointer {
          (bytes) throws(Refusal) -> UInt16 in
          try self.channel(of: BorrowedBytes(bytes), redeemedBy: command, token: index)
        }
        shipments = RedeemedShipment.shipments(of: plan, channel: channel, into: &lines)
        decidedAt = plan.decidedAt
      }
      if decidedAt > now {
        throw Refusal(.tokenInvalid, "tokens[\(index)] was given later than now, or elsewhere")
      }
      if lines.count > Limits.linesPerHold {
        throw Refusal(
          .tooManyRows, "the hold has more than \(Limits.linesPerHold) lines with its tokens")
      }
      redeemed += shipments
    }
    return redeemed
  }

  /// The channel that a token's lines claim for: its own, which a request may name too.
  private func channel(
    of token: BorrowedBytes, redeemedBy command: HoldCommand, token index: Int
  ) throws(Refusal) -> UInt16 {
    let named = command.lines.channel
    if !named.isEmpty, !same(named, token) {
      let made = token.isEmpty ? "for no channel" : "for channel \(token.name)"
      throw Refusal(
        .channelMismatch,
        "tokens[\(index)] was made \(made) and channel \(named.name) redeems it: ask for an offer"
          + " to that channel", key: named.name, row: Int32(index))
    }
    return try channelIndex(token)
  }

  private func resolve(_ lines: inout HeldLines, explicit command: HoldCommand) throws(Refusal) {
    for row in 0..<lines.count {
      let key = lines.keys[row]
      var token: UInt64 = 0
      key.bytes.withUnsafeBufferPointer { token = itemKeys.token(BorrowedBytes($0)) }
      observe(item: token)
      if token == 0 || positions.find(token) < 0 { throw unknownItem(key, row: row) }
      lines.tokens.append(token)
      if row < command.lines.count {
        let names = command.lines.nodeNames
        try key.bytes.withUnsafeBufferPointer { (bytes) throws(Refusal) in
          try checkQuantity(lines.quantities[row], key: BorrowedBytes(bytes), row: row)
        }
        let name = Int(command.lines.nodes[row])
        if name >= names.count { throw unnamedPlace(command.lines, row: row) }
        guard let node = network.nodeIndex(names[name]) else {
          throw unknownNode(names[name].name, row: row)
        }
        lines.nodes[row] = node
      } else if !hasNode(lines.nodes[row]) {
        throw Refusal(
          .offerChanged, "the node that was offered is no longer in the network", key: key,
          row: Int32(row))
      }
    }
  }

  private func hasNode(_ node: UInt16) -> Bool {
    Int(node) < network.nodes.count && network.nodes[Int(node)] != nil
  }

  private func checkTime(
    of shipment: RedeemedShipment, at now: UnixMilliseconds
  ) throws(Refusal) {
    // An order in the second of the order-by is in time, a moment later is not.
    let last = min(shipment.expiresUnixSeconds, shipment.orderByUnixSeconds)
    if now.milliseconds > last * 1000 {
      throw Refusal(
        .offerExpired,
        "the offer could be held until \(last) and it is \(now.seconds): ask for a new one",
        row: Int32(shipment.firstLine))
    }
  }

  // MARK: Ways

  private func redeem(
    _ shipment: RedeemedShipment, _ lines: HeldLines, wantsUpgrade: Bool, _ taken: TakenRoom,
    supply: DatedSupply?, at now: UnixMilliseconds
  ) throws(Refusal) -> PromisedShipment {
    var destination: UInt32?
    shipment.country.bytes.withUnsafeBufferPointer { country in
      shipment.postcode.bytes.withUnsafeBufferPointer { postcode in
        destination =
          network.destination(
            country: BorrowedBytes(country), postcode: BorrowedBytes(postcode))?.index
      }
    }
    guard let destination else {
      throw Refusal(
        .postcodeUnknown, "postcode \(shipment.postcode) of \(shipment.country) is in no zone",
        key: shipment.postcode)
    }
    var wanted = WantedWindow(
      node: shipment.node, destination: destination,
      terms: terms(
        for: shipment.firstLine..<(shipment.firstLine + shipment.lineCount),
        tokens: lines.tokens, quantities: lines.quantities, level: shipment.level,
        confidence: shipment.confidence),
      windowFromUnixSeconds: shipment.windowFromUnixSeconds,
      windowToUnixSeconds: shipment.windowToUnixSeconds)
    wanted.terms.releaseUnixSeconds = max(
      wanted.terms.releaseUnixSeconds, shipment.fromUnixSeconds)
    let way = try way(
      to: wanted, decidedAt: shipment.position, taken, row: shipment.firstLine, at: now)
    return PromisedShipment(
      node: shipment.node, level: shipment.level,
      restrictions: wanted.terms.tier.restrictions, confidence: shipment.confidence,
      firstLine: UInt16(shipment.firstLine), lineCount: UInt16(shipment.lineCount),
      country: shipment.country, postcode: shipment.postcode,
      windowFromUnixSeconds: way.offer.windowFromUnixSeconds,
      windowToUnixSeconds: way.offer.windowToUnixSeconds,
      deliveryDays: way.offer.deliveryDate.days,
      chance: chance(of: way.offer, wanted, lines.tokens[shipment.firstLine], supply, at: now),
      shipByUnixSeconds: way.offer.cutoffUnixSeconds, lane: way.lane, claims: way.claims,
      wantsUpgrade: wantsUpgrade)
  }

  /// The chance that is stated of a promise, in 1/65535: of its way, and of its units when they come
  /// later.
  private func chance(
    of offer: Offer, _ wanted: WantedWindow, _ item: UInt64, _ supply: DatedSupply?,
    at now: UnixMilliseconds
  ) -> UInt16 {
    guard let supply, let profiles else { return offer.confidence }
    var subject = OfferSubject(
      item: item, seller: nil, destination: wanted.destination, terms: wanted.terms)
    subject.terms.releaseUnixSeconds = needs(of: item).releaseUnixSeconds
    let chance = OfferProfiles(profiles, wanted.terms, pending: pendingChanges)
      .datedChance(
        supply, admittedFrom: admittedFrom(supply, profiles.schedule(.whole), at: now), subject,
        byUnixSeconds: offer.windowToUnixSeconds, at: now)
    return chance == .max ? 0 : chance
  }

  /// What lines that leave together need: every restriction, the longest handling, the last release.
  func terms(
    for lines: Range<Int>, tokens: [UInt64], quantities: [Int32], level: ServiceLevel,
    confidence: ConfidenceLevel
  ) -> PromiseTerms {
    var terms = PromiseTerms(level: level, confidence: confidence, quantity: 0)
    for line in lines {
      let needs = needs(of: tokens[line])
      terms.quantity += Int64(quantities[line])
      terms.tier.restrictions.formUnion(needs.restrictions)
      terms.handlingMinutes = max(terms.handlingMinutes, needs.handlingMinutes)
      terms.releaseUnixSeconds = max(terms.releaseUnixSeconds, needs.releaseUnixSeconds)
    }
    return terms
  }

  private func way(
    to wanted: WantedWindow, decidedAt position: Position, _ taken: TakenRoom, row: Int,
    at now: UnixMilliseconds
  ) throws(Refusal) -> PromisedWay {
    let sets = profilesThatMade(wanted.terms, at: position)
    if sets.isEmpty {
      throw Refusal(.networkNotReady, "no delivery profiles are published yet: ask again shortly")
    }
    var obstacle: Obstacle?
    for profiles in sets {
      let minute = max(
        profiles.orderMinute(now),
        profiles.orderMinute(ofUnixSeconds: wanted.terms.releaseUnixSeconds))
      guard let offer = profiles.offer(making: wanted, orderedAt: minute) else { continue }
      let decision = way(
        of: offer, wanted.terms, profiles, orderedAt: Int32(minute), taken)
      switch decision {
      case .way(let way): return way
      case .obstacle(let found): obstacle = obstacle ?? found
      }
    }
    throw refusal(obstacle, wanted, row: row, at: now)
  }

  private func refusal(
    _ obstacle: Obstacle?, _ wanted: WantedWindow, row: Int, at now: UnixMilliseconds
  ) -> Refusal {
    if case .full(let key)? = obstacle {
      let label = network.label(of: key)
      return Refusal(
        .capacityFull,
        "\(label.text) \(label.name) has room for \(max(0, free(key))) more units at"
          + " \(key.atUnixSeconds), \(wanted.terms.quantity) are wanted",
        key: label.name, row: Int32(row), availableUnits: max(0, free(key)))
    }
    let what: String
    var name = Name.empty
    switch obstacle {
    case .closed(let leg)?:
      what = "leg \(leg) is closed"
      name = leg
    case .delayed(let leg)?:
      what = "leg \(leg) leaves at another time"
      name = leg
    case .gone(let row)?:
      what = "\(row) is no longer in the network"
      name = row
    case .full?, nil: what = "the window is no longer made"
    }
    return Refusal(
      .offerChanged, "\(what): \(newDate(wanted, at: now))", key: name, row: Int32(row))
  }

  /// When the node would deliver instead.
  private func newDate(_ wanted: WantedWindow, at now: UnixMilliseconds) -> String {
    guard let offer = earliest(from: wanted.node, wanted.terms, wanted.destination, at: now) else {
      return "the node delivers there no more"
    }
    return "delivery would be on \(Self.text(offer.deliveryDate))"
  }

  /// The earliest offer of one node, whatever it has in stock.
  func earliest(
    from node: UInt16, _ terms: PromiseTerms, _ destination: UInt32, at now: UnixMilliseconds
  ) -> Offer? {
    guard let profiles = profileSet(terms) else { return nil }
    return withUnsafeTemporaryAllocation(of: Int64.self, capacity: 2) { numbers in
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 1) { nodes -> Offer? in
        nodes[0] = node
        numbers[0] = terms.quantity
        numbers[1] = admittedFrom(node, profiles, at: now)
        let decision = profiles.decideOffer(
          StockCandidates(
            nodes: Column(base: nodes.baseAddress, count: 1),
            available: Column(base: numbers.baseAddress, count: 1),
            admittedFromUnixSeconds: Column(base: numbers.baseAddress.map { $0 + 1 }, count: 1)),
          quantity: terms.quantity, destination: destination, now: now,
          handlingMinutes: terms.handlingMinutes, releaseUnixSeconds: terms.releaseUnixSeconds,
          pending: pendingChanges)
        if case .offer(let offer) = decision { return offer }
        return nil
      }
    }
  }

  /// yyyy-mm-dd.
  static func text(_ date: LocalDate) -> String {
    let civil = date.civil
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(civil.year)-\(two(civil.month))-\(two(civil.day))"
  }
}

extension OfferToken {
  /// What its line claims.
  fileprivate var lineSupply: LineSupply {
    guard let rest else { return .onHand }
    return LineSupply(
      source: rest.source, fromUnixSeconds: rest.fromUnixSeconds, confidence: confidence,
      decidedAt: decidedAt)
  }
}
