import PromisedInvariants
import PromisedModel

extension PlanOffer {
  /// The rank of windows that are after the date asked for.
  static var lateRank: UInt32 { SourcingProblem.noWindow - 1 }

  /// Windows rank by their end, then their beginning, as offers do: 15 bits of minutes each reach
  /// beyond the horizon.
  init(_ decision: OfferDecision, _ profiles: ProfileSet, neededByDays: Int32) {
    switch decision {
    case .refused:
      offer = .none
      rank = SourcingProblem.noWindow
    case .offer(let offer):
      self.offer = offer
      func minute(_ seconds: Int64) -> UInt32 {
        UInt32(min(max((seconds - profiles.horizonBaseUnixSeconds) / 60, 0), 32_767))
      }
      rank = minute(offer.windowToUnixSeconds) << 15 | minute(offer.windowFromUnixSeconds)
      if neededByDays > 0 && offer.deliveryDate.days > neededByDays { rank = Self.lateRank }
    }
  }

  var isOffer: Bool { rank != SourcingProblem.noWindow }
}

extension Offer {
  /// In place of an offer that there is none of.
  fileprivate static var none: Offer {
    Offer(
      node: .max, destination: .max, windowFromUnixSeconds: 0, windowToUnixSeconds: 0,
      windowUTCOffsetSeconds: 0, deliveryDate: LocalDate(days: 0), orderByUnixSeconds: 0,
      orderByUTCOffsetSeconds: 0, cutoffUnixSeconds: 0, confidence: 0, entry: 0)
  }
}

/// What the plan of one level is about, beside the cart.
struct PlanTerms {
  var destination: UInt32
  /// Of the level and confidence; what one line may not travel on, none of the cart does, so that
  /// lines that are ready at different times still travel the same way in one box.
  var terms: PromiseTerms
  var profiles: OfferProfiles
  /// 0 = whenever.
  var neededByDays: Int32
  var now: UnixMilliseconds
}

extension State {
  /// What every node promises for every kind of item.
  func findPlanOffers(_ level: PlanTerms) {
    scratch.plan.offers.removeAll()
    scratch.plan.nodeColumn.removeAll()
    scratch.plan.unit[0] = 1
    scratch.plan.admitted.removeAll()
    for index in 0..<scratch.plan.nodes.count {
      let node = scratch.plan.nodes[index].node
      scratch.plan.nodeColumn.append(node)
      if hasLateNodes {
        scratch.plan.admitted.append(
          admittedFrom(node, level.profiles.catalogue.schedule(.whole), at: level.now))
      }
    }
    for row in 0..<scratch.plan.kinds.count {
      let kind = scratch.plan.kinds[row]
      for index in 0..<scratch.plan.nodes.count {
        let decision = level.profiles.set.decideOffer(
          planCandidate(index), quantity: 1, destination: level.destination, now: level.now,
          handlingMinutes: kind.handlingMinutes, releaseUnixSeconds: kind.releaseUnixSeconds,
          pending: level.profiles.pending)
        scratch.plan.offers.append(
          PlanOffer(decision, level.profiles.set, neededByDays: level.neededByDays))
      }
    }
  }

  /// A node as the only candidate, with a unit.
  private func planCandidate(_ centre: Int) -> StockCandidates {
    StockCandidates(
      nodes: Column(base: UnsafePointer(scratch.plan.nodeColumn.base + centre), count: 1),
      available: Column(base: UnsafePointer(scratch.plan.unit.base), count: 1),
      admittedFromUnixSeconds: scratch.plan.admitted.count == 0
        ? .empty : Column(base: UnsafePointer(scratch.plan.admitted.base + centre), count: 1))
  }

  private func planSubject(_ line: Int, _ level: PlanTerms) -> OfferSubject {
    let item = scratch.plan.lines[line]
    var terms = level.terms
    terms.handlingMinutes = scratch.plan.kinds[Int(item.kind)].handlingMinutes
    terms.releaseUnixSeconds = scratch.plan.kinds[Int(item.kind)].releaseUnixSeconds
    return OfferSubject(
      item: item.token, seller: item.attribute == 0 ? nil : attributes[Int(item.attribute)].seller,
      destination: level.destination, terms: terms)
  }

  func planOffer(_ line: Int, _ centre: Int) -> PlanOffer {
    let row = Int(scratch.plan.lines[line].kind)
    return scratch.plan.offers[row * scratch.plan.nodes.count + centre]
  }

  /// Fills the problem with the cart, what nodes hold of it and what they promise.
  func fillPlan(_ level: PlanTerms) {
    scratch.plan.problem.begin()
    scratch.plan.rates.removeAll()
    let centres = scratch.plan.nodes.count
    let zone = network.zone(of: level.destination)
    for index in 0..<centres {
      let node = scratch.plan.nodes[index].node
      scratch.plan.nodes.at(index).pointee.card = card(
        network.rate(origin: node, level: level.terms.tier.level, zone: zone) ?? -1)
    }
    for index in 0..<centres {
      let node = scratch.plan.nodes[index]
      scratch.plan.problem.addCentre(node: node.node, card: Int(node.card))
    }
    for index in 0..<scratch.plan.components.count {
      scratch.plan.problem.addComponent()
      fillStock(of: index)
    }
    for line in 0..<scratch.plan.lines.count {
      let item = scratch.plan.lines[line]
      scratch.plan.problem.addLine(
        quantity: item.quantity, unitGrams: item.grams,
        unitCubicMillimetres: item.cubicMillimetres)
      for use in 0..<Int(item.useCount) {
        let use = scratch.plan.uses[Int(item.firstUse) + use]
        scratch.plan.problem.addUse(component: Int(use.component), units: use.units)
      }
      for centre in 0..<centres {
        let offer = planOffer(line, centre)
        if !offer.isOffer { continue }
        scratch.plan.problem.setCell(
          line: line, centre: centre, window: offer.rank,
          opportunityValue: opportunity.count == 0
            ? 0 : opportunityValue(line, at: scratch.plan.nodes[centre].node))
      }
      if !overrides.isEmpty { overrule(line, level) }
    }
  }

  /// The problem's card of a rate, added when it is not there yet.
  private func card(_ rate: Int) -> Int32 {
    for index in 0..<scratch.plan.rates.count where scratch.plan.rates[index] == rate {
      return Int32(index)
    }
    scratch.plan.rates.append(rate)
    scratch.plan.breaks.removeAll()
    var terms = RateTerms(fixedCost: 0, stepGrams: 1000)
    if rate >= 0 {
      let row = network.rates[rate]
      for step in row.breaks {
        scratch.plan.breaks.append(RateBreak(upToGrams: Int64(step.grams), cost: step.cost))
      }
      terms.fixedCost = row.fixedCost
      terms.cubicMillimetresPerGram = Int64(row.cubicMillimetresPerGram)
      terms.stepCost = row.costPerFurtherKilogram
    }
    return Int32(
      scratch.plan.problem.addCard(
        RateCard(
          terms: terms,
          breaks: Column(
            base: UnsafePointer(scratch.plan.breaks.base), count: scratch.plan.breaks.count))))
  }

  /// Of a unit of a line: its own, and those of what it is made of.
  private func opportunityValue(_ line: Int, at node: UInt16) -> Money {
    let item = scratch.plan.lines[line]
    var sum = opportunity.value(item: item.token, node: node)
    for use in 0..<Int(item.useCount) {
      let use = scratch.plan.uses[Int(item.firstUse) + use]
      let component = scratch.plan.components[Int(use.component)].token
      if component == item.token { continue }
      let own = opportunity.value(item: component, node: node)
        .multipliedReportingOverflow(by: use.units)
      let next = sum.addingReportingOverflow(own.partialValue)
      if own.overflow || next.overflow { return .max }
      sum = next.partialValue
    }
    return sum
  }

  /// Nodes of a position and of the problem both ascend by their index.
  private func fillStock(of component: Int) {
    forEachPlanStock(of: component) { node, units in
      let centre = centreIndex(of: node)
      if centre < 0 { return }
      scratch.plan.problem.setAvailable(component: component, centre: centre, units: units)
    }
  }

  private func centreIndex(of node: UInt16) -> Int {
    var (low, high) = (0, scratch.plan.nodes.count)
    while low < high {
      let middle = (low + high) / 2
      if scratch.plan.nodes[middle].node < node { low = middle + 1 } else { high = middle }
    }
    return low < scratch.plan.nodes.count && scratch.plan.nodes[low].node == node ? low : -1
  }

  /// Takes the cells of a line away that an override blocks; where one forces nodes that can
  /// promise, all others.
  private func overrule(_ line: Int, _ level: PlanTerms) {
    let subject = planSubject(line, level)
    var (forced, blocked): (UInt64, UInt64) = (0, 0)
    for centre in 0..<scratch.plan.nodes.count {
      let offer = planOffer(line, centre)
      if !offer.isOffer { continue }
      guard
        let ruling = overrule(
          .offer(offer.offer), planCandidate(centre), subject, level.profiles, at: level.now)
      else { continue }
      if !ruling.blocked.isEmpty {
        blocked |= 1 << UInt64(centre)
      } else if !ruling.forced.isEmpty {
        forced |= 1 << UInt64(centre)
      }
    }
    let dropped = forced == 0 ? blocked : ~forced
    for centre in 0..<scratch.plan.nodes.count where dropped >> UInt64(centre) & 1 == 1 {
      scratch.plan.problem.setCell(
        line: line, centre: centre, window: SourcingProblem.noWindow)
    }
  }

  // MARK: The reply

  /// Why a line is not, or not wholly, in the plan.
  func shortLine(_ line: Int, _ level: PlanTerms) -> ShortLine {
    let item = scratch.plan.lines[line]
    var short = ShortLine()
    short.line = UInt16(line)
    short.available = scratch.plan.problem.unitsEverywhere(line: line)
    if short.available < item.quantity {
      short.code = .noStock
      for use in 0..<Int(item.useCount) {
        let component = Int(scratch.plan.uses[Int(item.firstUse) + use].component)
        let token = scratch.plan.components[component].token
        let next = nextSupply(of: token, node: nil, after: level.now.seconds).eta
        // A kit can be more than before only when something of it comes.
        if next > 0 && (short.nextSupplyUnixSeconds == 0 || next < short.nextSupplyUnixSeconds) {
          short.nextSupplyUnixSeconds = next
        }
      }
      return short
    }
    short.code = .noRoute
    for centre in 0..<scratch.plan.nodes.count
    where scratch.plan.problem.unitsEverywhere(line: line, centre: centre) > 0 {
      let offer = planOffer(line, centre)
      if offer.isOffer && offer.rank != PlanOffer.lateRank {
        // It could, but an override says no, or the rest is elsewhere.
        if scratch.plan.problem.isBlocked(line: line, centre: centre) {
          short.code = .overrideBlocks
        }
        continue
      }
      if offer.isOffer {
        short.code = .neededByMissed
        break
      }
      if short.code != .noRoute { continue }
      let decision = level.profiles.decideWithReason(
        planCandidate(centre), planSubject(line, level), at: level.now)
      if case .refused(let reason) = decision { short.code = reason }
    }
    return short
  }

  func appendShipments(to plan: inout CartPlan, at now: UnixMilliseconds) {
    for index in 0..<scratch.plan.problem.boxCount {
      let box = scratch.plan.problem.box(index)
      let centre = Int(box.centre)
      var shipment = PlannedShipment()
      shipment.node = box.node
      shipment.level = plan.level
      shipment.silence = silence(of: box.node, at: now)
      shipment.cost = box.shippingCost + box.opportunityCost
      shipment.orderByUnixSeconds = .max
      for place in Int(box.first)..<Int(box.first + box.count) {
        let allotment = scratch.plan.problem.allotment(place)
        shipment.lines.append(
          PlannedLine(line: UInt16(allotment.line), quantity: Int32(clamping: allotment.quantity)))
        let offer = planOffer(Int(allotment.line), centre)
        // The box is promised by its latest line. A line that could be sooner could be ordered
        // later and still be in the box.
        if offer.rank != box.window { continue }
        shipment.windowFromUnixSeconds = offer.offer.windowFromUnixSeconds
        shipment.windowToUnixSeconds = offer.offer.windowToUnixSeconds
        shipment.windowUTCOffsetSeconds = offer.offer.windowUTCOffsetSeconds
        shipment.deliveryDays = offer.offer.deliveryDate.days
        shipment.shipByUnixSeconds = offer.offer.cutoffUnixSeconds
        shipment.chance = offer.offer.confidence
        shipment.orderByUnixSeconds = min(
          shipment.orderByUnixSeconds, offer.offer.orderByUnixSeconds)
      }
      plan.shipments.append(shipment)
    }
    plan.cost = scratch.plan.problem.totalCost
    plan.costLowerBound = scratch.plan.problem.lowerBound
    plan.isExact = scratch.plan.problem.isExact
  }

  /// Until when the plan holds, and its token.
  func finish(_ plan: inout CartPlan, _ query: PlanQuery, at now: UnixMilliseconds) {
    if plan.shipments.isEmpty { return }
    let orderBy = plan.shipments.reduce(Int64.max) { min($0, $1.orderByUnixSeconds) }
    plan.cacheUntilUnixSeconds = OfferLifetime.cacheUntil(orderBy: orderBy, decidedAt: now)
    plan.expiresUnixSeconds = OfferLifetime.expires(orderBy: orderBy, decidedAt: now)
    if query.quantities.isEmpty { return }
    plan.token = PlanToken(query, plan, position: appliedPosition, decidedAt: now).encode()
  }
}

extension PlanKind {
  init(_ known: ItemAttributes) {
    handlingMinutes = known.handlingMinutes
    // Beyond the year 9999 nothing is promised, and nothing overflows.
    releaseUnixSeconds = min(max(0, known.releaseUnixSeconds), 253_402_300_799)
  }
}

extension ItemAttributes {
  /// The volume of a unit as packed, or, when that is not known, as it is stored: 28.32 mm³ are a
  /// millionth of a cubic foot. At most what a rate can bill.
  var packedCubicMillimetres: Int64 {
    if volumeCubicMillimetres > 0 { return min(volumeCubicMillimetres, RateCard.bound) }
    let product = volumeMicroCubicFeet.multipliedFullWidth(by: 28_316_847)
    if product.high != 0 || product.low > UInt64(Int64.max / 2) { return RateCard.bound }
    return min((Int64(product.low) + 999_999) / 1_000_000, RateCard.bound)
  }
}
