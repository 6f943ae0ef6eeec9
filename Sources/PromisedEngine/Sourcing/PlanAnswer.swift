import PromisedInvariants
import PromisedModel

extension State {
  /// Plans for a cart, one per service level asked for.
  ///
  /// A plan that cannot be made holds why: NO_STOCK, NEEDED_BY_MISSED, OVERRIDE_BLOCKS,
  /// TOO_MANY_SHIPMENTS or what `ProfileCatalogue.decideOffer` says, and its short lines. All levels
  /// are decided on one state and one publication of profiles.
  ///
  /// A kit is made of its components where they are: what a node holds of a kit is what it can make
  /// of them. The cost of a shipment is that of its box by the rates plus the opportunity value of
  /// its units; where no rate fits a box costs nothing.
  ///
  /// - Throws: FIELD_MISSING, TOO_MANY_ROWS, COLUMN_LENGTH_MISMATCH, FIELD_OUT_OF_RANGE;
  ///   NETWORK_NOT_READY before profiles are published, and when time has run past those that are;
  ///   ITEM_UNKNOWN with its row; POSTCODE_UNKNOWN.
  /// - Complexity: of one offer per (kind of item, node), then of `SourcingProblem.solve`, per
  ///   level.
  package func answer(_ query: PlanQuery, at now: UnixMilliseconds, into reply: inout PlanReply)
    throws(Refusal)
  {
    try checkForm(of: query)
    observeNetwork()
    guard let profiles else {
      throw Refusal(.networkNotReady, "no delivery profiles are published yet: ask again shortly")
    }
    if now.seconds >= profiles.horizonBaseUnixSeconds + Int64(Limits.promisedDays) * 86_400 {
      throw Refusal(
        .networkNotReady, "the delivery profiles end before now and are being built: ask again")
    }
    guard let found = network.destination(country: query.country, postcode: query.postcode) else {
      throw Refusal(
        .postcodeUnknown,
        "postcode \(query.postcode.name) of \(query.country.name) is in no zone",
        key: query.postcode.name)
    }
    reply.profileEpoch = publication.epoch
    reply.postcodeExact = found.exact
    let channel = try channelIndex(query.channel)
    try findLines(of: query)
    findPlanStock(channel: channel, at: now)
    findPlanNodes()
    let levelCount = max(1, query.levels.count)
    for index in 0..<levelCount {
      let level =
        query.levels.isEmpty ? .standard : ServiceLevel(rawValue: query.levels[index]) ?? .standard
      if index > 0 { findPlanStock(channel: channel, at: now) }
      var plan = plan(
        query, level, destination: found.index, channel: channel, profiles, at: now)
      finish(&plan, query, at: now)
      reply.plans.append(plan)
    }
  }

  private func checkForm(of query: PlanQuery) throws(Refusal) {
    let count = query.items.count
    if count == 0 || query.postcode.isEmpty {
      throw Refusal(.fieldMissing, "name at least one item, and a postcode")
    }
    if count > Limits.linesPerHold {
      throw Refusal(.tooManyRows, "\(count) lines: at most \(Limits.linesPerHold)")
    }
    if !areWithin(query.items) || (!query.quantities.isEmpty && query.quantities.count != count) {
      throw Refusal(.columnLengthMismatch, "item_key_lengths and quantities must fit the items")
    }
    for row in 0..<query.quantities.count
    where query.quantities[row] < 1 || query.quantities[row] > Limits.unitsPerPosition {
      throw Refusal(
        .fieldOutOfRange,
        "quantities[\(row)] is \(query.quantities[row]): 1 to \(Limits.unitsPerPosition)",
        row: Int32(row))
    }
    var seen: UInt64 = 0
    for index in 0..<query.levels.count {
      let level = query.levels[index]
      if ServiceLevel(rawValue: level) == nil || seen >> UInt64(level) & 1 == 1 {
        throw Refusal(.fieldOutOfRange, "levels[\(index)] is \(level): 1 to 4, each once")
      }
      seen |= 1 << UInt64(level)
    }
    if query.maximumShipments < 0 || query.maximumShipments > Limits.linesPerHold {
      throw Refusal(
        .fieldOutOfRange,
        "max_shipments is \(query.maximumShipments): 0 to \(Limits.linesPerHold)")
    }
    if query.neededByDays < 0 {
      throw Refusal(
        .fieldOutOfRange, "needed_by_days is \(query.neededByDays): 0 to \(Int32.max)")
    }
  }

  // MARK: The cart

  private func findLines(of query: PlanQuery) throws(Refusal) {
    scratch.plan.lines.removeAll()
    scratch.plan.components.removeAll()
    scratch.plan.componentIndex.removeAll()
    scratch.plan.uses.removeAll()
    scratch.plan.kinds.removeAll()
    scratch.plan.restrictions = []
    var offset = 0
    for row in 0..<query.items.count {
      let key = query.items.key(row, at: &offset)
      let token = itemKeys.token(key)
      observe(item: token)
      let slot = token == 0 ? -1 : positions.find(token)
      if slot < 0 { throw unknownItem(key.name, row: row) }
      var line = PlanLine(
        token: token, quantity: query.quantities.isEmpty ? 1 : Int64(query.quantities[row]),
        attribute: Int32(positions.attribute(slot)), kind: 0, grams: 0, cubicMillimetres: 0,
        firstUse: Int32(scratch.plan.uses.count), useCount: 0)
      let known = attributes[Int(line.attribute)]
      var kind = PlanKind(known)
      scratch.plan.restrictions.formUnion(known.restrictions)
      line.grams = Int64(max(0, known.weightGrams))
      line.cubicMillimetres = known.packedCubicMillimetres
      appendUses(of: &line, slot, &kind)
      line.useCount = Int32(scratch.plan.uses.count) - line.firstUse
      line.kind = kindRow(kind)
      scratch.plan.lines.append(line)
    }
  }

  private func kindRow(_ kind: PlanKind) -> Int32 {
    for row in 0..<scratch.plan.kinds.count where scratch.plan.kinds[row] == kind {
      return Int32(row)
    }
    return Int32(scratch.plan.kinds.append(kind))
  }

  /// What a unit of a line takes from stock: itself, or what the kit is made of. A kit takes as long
  /// as its slowest component; it weighs what they weigh when it has no weight of its own.
  private func appendUses(of line: inout PlanLine, _ slot: Int, _ kind: inout PlanKind) {
    let parts = kits.components(of: line.token)
    if parts.isEmpty {
      scratch.plan.uses.append(ComponentUse(component: component(line.token, slot), units: 1))
      return
    }
    var (grams, volume): (Int64, Int64) = (0, 0)
    for part in parts {
      observe(item: part.item)
      let slot = positions.find(part.item)
      scratch.plan.uses.append(
        ComponentUse(component: component(part.item, slot), units: Int64(part.units)))
      let known = attributes[slot < 0 ? 0 : Int(positions.attribute(slot))]
      scratch.plan.restrictions.formUnion(known.restrictions)
      let own = PlanKind(known)
      kind.handlingMinutes = max(kind.handlingMinutes, own.handlingMinutes)
      kind.releaseUnixSeconds = max(kind.releaseUnixSeconds, own.releaseUnixSeconds)
      // Below 2^31 × 10,000 each.
      grams = min(grams + Int64(max(0, known.weightGrams)) * Int64(part.units), 1 << 31)
      volume = min(volume + known.packedCubicMillimetres * Int64(part.units), RateCard.bound)
    }
    if line.grams == 0 { line.grams = grams }
    if line.cubicMillimetres == 0 { line.cubicMillimetres = volume }
  }

  private func component(_ token: UInt64, _ slot: Int) -> Int32 {
    let components = scratch.plan.components.base
    if let known = scratch.plan.componentIndex.find(
      mix(token), where: { components[$0].token == token })
    {
      return Int32(known)
    }
    let index = scratch.plan.components.append(PlanComponent(token: token, slot: slot))
    scratch.plan.componentIndex.insert(mix(token), slot: index)
    return Int32(index)
  }

  /// The nodes that hold something of the cart, ascending; those with most components when there
  /// are more than a problem takes.
  private func findPlanNodes() {
    scratch.plan.nodes.removeAll()
    for index in 0..<scratch.plan.components.count {
      forEachPlanStock(of: index) { node, _ in
        scratch.plan.nodes.append(PlanNode(node: node, count: 1))
      }
    }
    let base = scratch.plan.nodes.base
    heapSort(base, count: scratch.plan.nodes.count) { $0.node < $1.node }
    var kept = 0
    for index in 0..<scratch.plan.nodes.count {
      if kept > 0 && base[kept - 1].node == base[index].node {
        base[kept - 1].count += 1
      } else {
        base[kept] = base[index]
        kept += 1
      }
    }
    if kept > SourcingProblem.centreLimit {
      heapSort(base, count: kept) { ($1.count, $0.node) < ($0.count, $1.node) }
      kept = SourcingProblem.centreLimit
      heapSort(base, count: kept) { $0.node < $1.node }
    }
    scratch.plan.nodes.resize(to: kept)
  }

  // MARK: A level

  private func plan(
    _ query: PlanQuery, _ level: ServiceLevel, destination: UInt32, channel: UInt16,
    _ catalogue: ProfileCatalogue, at now: UnixMilliseconds
  ) -> CartPlan {
    let terms = PromiseTerms(
      level: level, restrictions: scratch.plan.restrictions, confidence: query.confidence)
    let planTerms = PlanTerms(
      destination: destination, terms: terms,
      profiles: OfferProfiles(catalogue, terms, pending: pendingChanges),
      neededByDays: query.neededByDays, now: now)
    findPlanOffers(planTerms)
    fillPlan(planTerms)
    var request = SourcingRequest(objective: query.objective, policy: query.policy)
    request.latestWindow = PlanOffer.lateRank - 1
    if query.maximumShipments > 0 { request.shipmentLimit = Int(query.maximumShipments) }
    if query.shipsTogether { request.shipmentLimit = 1 }
    var outcome = scratch.plan.problem.solve(request)
    if outcome == .planned && !isClaimable(channel: channel, at: now) {
      restrainPlanStock(channel: channel, at: now)
      fillPlan(planTerms)
      outcome = scratch.plan.problem.solve(request)
    }
    var plan = CartPlan(level: level, code: .ok)
    let everyLine = outcome == .unshippable
    for line in 0..<scratch.plan.lines.count
    where everyLine || scratch.plan.problem.shortUnits(line: line) > 0 {
      if outcome == .tooManyShipments { break }
      plan.shortLines.append(shortLine(line, planTerms))
    }
    switch outcome {
    case .planned: appendShipments(to: &plan, at: now)
    case .tooManyShipments: plan.code = .tooManyShipments
    case .short: plan.code = .noStock
    case .late, .unshippable:
      plan.code = plan.shortLines.first { $0.code != .noStock }?.code ?? .noRoute
    }
    return plan
  }
}
