import PromisedInvariants
import PromisedModel

/// Offers of units that are not there yet.
///
/// A window is promised when P(delivered by its end) = Σ P(the units come at t) · u(t) reaches the
/// confidence asked for, where u(t) is the chance of the window for units that are there at t. That
/// is one probability: a quantile of the arrival plus a quantile of the way would promise too late
/// or too much, with no fixed sign. u is known at the confidences at which profiles are kept: units
/// that are there by the order time of a window at confidence c make it with a chance of c or more,
/// so that Σ (cᵢ − cᵢ₋₁) · P(come by orderᵢ) is a lower bound, exact where nothing on the way is
/// uncertain.
extension OfferProfiles {
  /// The best offer among candidates whose units come later: the earliest window, then what is known
  /// to come before what may only be sold, then the lower node index. The reasons as for units on
  /// hand.
  ///
  /// - Complexity: O(candidates × windows of a row × confidences).
  func decideDated(
    _ candidates: StockCandidates, _ subject: OfferSubject, at now: UnixMilliseconds
  ) -> OfferDecision {
    var best: (offer: Offer, rank: Int)?
    for index in 0..<candidates.nodes.count
    where candidates.available[index] >= subject.terms.quantity {
      guard let offer = datedOffer(candidates, index, subject, at: now) else { continue }
      let rank = SupplyCell(time: 0, node: offer.node, source: offer.supply).rank
      if let best, !offer.isBetter(than: best.offer),
        best.offer.isBetter(than: offer) || best.rank <= rank
      {
        continue
      }
      best = (offer, rank)
    }
    if let best { return .offer(best.offer) }
    return set.decideOffer(
      // Without the supply: why these nodes promise nothing from then on.
      StockCandidates(
        nodes: candidates.nodes, available: candidates.available,
        admittedFromUnixSeconds: candidates.admittedFromUnixSeconds),
      quantity: subject.terms.quantity, destination: subject.destination, now: now,
      handlingMinutes: subject.terms.handlingMinutes,
      releaseUnixSeconds: subject.terms.releaseUnixSeconds, pending: pending
    ).refusedOnly
  }

  /// Why units that come are not offered: SUPPLY_BEYOND_HORIZON when they would be, were they there
  /// now; else as for units on hand.
  func datedReason(
    _ candidates: StockCandidates, _ subject: OfferSubject, at now: UnixMilliseconds
  ) -> OfferDecision {
    let onHand = StockCandidates(nodes: candidates.nodes, available: candidates.available)
    let decision = catalogue.decideOffer(
      onHand, subject.terms, destination: subject.destination, now: now, pending: pending)
    if case .offer = decision { return .refused(.supplyBeyondHorizon) }
    return decision
  }

  private func datedOffer(
    _ candidates: StockCandidates, _ index: Int, _ subject: OfferSubject, at now: UnixMilliseconds
  ) -> Offer? {
    let supply = candidates.supplies[index]
    var search = DatedSearch(
      supply: supply, node: candidates.nodes[index], subject: subject, profiles: self, now: now,
      admitted: candidates.admittedFromUnixSeconds.count == 0
        ? 0 : candidates.admittedFromUnixSeconds[index])
    guard let found = search.earliest(subject.terms.confidence) else { return nil }
    var offer = found
    offer.supply = supply.source
    offer.availableFromUnixSeconds = supply.fromUnixSeconds
    return offer
  }

  /// The chance, in 1/65535, that an order for a supply is delivered by the end of a local date.
  func datedChance(
    _ supply: DatedSupply, admittedFrom admitted: Int64, _ subject: OfferSubject, byDays: Int32,
    at now: UnixMilliseconds
  ) -> UInt16 {
    let search = DatedSearch(
      supply: supply, node: supply.node, subject: subject, profiles: self, now: now,
      admitted: admitted)
    return search.chance { $0.days <= byDays }
  }

  /// The chance that it is delivered by the end of a window.
  func datedChance(
    _ supply: DatedSupply, admittedFrom admitted: Int64, _ subject: OfferSubject,
    byUnixSeconds end: Int64, at now: UnixMilliseconds
  ) -> UInt16 {
    let search = DatedSearch(
      supply: supply, node: supply.node, subject: subject, profiles: self, now: now,
      admitted: admitted)
    let minute = set.horizon.minute(of: end)
    return search.chance { $0.to <= minute }
  }

  /// The profiles that hold an offer's way.
  func holding(_ offer: Offer, _ terms: PromiseTerms) -> ProfileSet {
    guard offer.supply != 0, terms.confidence != nil,
      let layer = ConfidenceLevel(rawValue: offer.layer)
    else { return set }
    return catalogue.layer(terms.tier, layer)
  }
}

extension OfferDecision {
  /// A refusal: units that are there later make no offer, though ones that are there by then would.
  fileprivate var refusedOnly: OfferDecision {
    if case .offer = self { .refused(.confidenceNotReached) } else { self }
  }
}

/// The windows of one node for units that come to it, at every confidence.
private struct DatedSearch {
  /// The row of the node at one confidence.
  struct Layer {
    var level: ConfidenceLevel
    var set: ProfileSet
    var view: BlockView
    var row: (start: Int, end: Int)
    /// What its windows are made with at least.
    var floor: UInt16
    /// The next entry that is made by units that are there in time.
    var next: Int
  }

  let supply: DatedSupply
  let node: UInt16
  let subject: OfferSubject
  let now: UnixMilliseconds
  /// No order counts before.
  let countsFrom: Int64
  let barrier: UInt16
  var layers: [Layer] = []
  let schedule: ProfileSet

  init(
    supply: DatedSupply, node: UInt16, subject: OfferSubject, profiles: OfferProfiles,
    now: UnixMilliseconds, admitted: Int64
  ) {
    self.supply = supply
    self.node = node
    self.subject = subject
    self.now = now
    // A node that takes orders on when the units are there says nothing of units that are sooner.
    countsFrom = max(
      now.seconds, admitted > supply.fromUnixSeconds ? admitted : 0,
      subject.terms.releaseUnixSeconds)
    barrier = profiles.pending?.barrier(subject.destination) ?? 0
    schedule = profiles.set
    if subject.terms.confidence == nil { return }
    for level in ConfidenceLevel.allCases {
      let set = profiles.catalogue.layer(subject.terms.tier, level)
      let view = set.view(subject.destination)
      let row = view.row(rank: set.rank(of: node))
      let isCalibrated =
        profiles.catalogue.image.adopted
        .calibrated(subject.terms.tier.level, level) != level
      layers.append(
        Layer(
          level: level, set: set, view: view, row: row,
          floor: isCalibrated ? level.probability : 0, next: 0))
      layers[layers.count - 1].next = first(of: set, view, row)
    }
  }

  /// The first entry of a row that units at the supply's instant make.
  private func first(of set: ProfileSet, _ view: BlockView, _ row: (start: Int, end: Int)) -> Int {
    var minute = set.orderMinute(ofUnixSeconds: max(countsFrom, supply.fromUnixSeconds))
    if subject.terms.handlingMinutes > 0 {
      minute = set.equivalentMinute(
        node, orderedAt: minute, handlingMinutes: subject.terms.handlingMinutes)
    }
    var index = set.firstEntry(row, view, orderedAt: minute)
    if barrier > 0 { index = max(index, view.firstEntry(row, cutoffFrom: Int32(barrier) + 1)) }
    return index
  }

  // MARK: Windows

  /// The earliest window with the confidence; nil = by the timetable.
  mutating func earliest(_ confidence: ConfidenceLevel?) -> Offer? {
    guard let confidence else {
      let view = schedule.view(subject.destination)
      let row = view.row(rank: schedule.rank(of: node))
      let index = first(of: schedule, view, row)
      if index >= row.end || view.entries[index].orderBy == ProfileEntry.unpublished { return nil }
      return offer(schedule, view, index)
    }
    while let window = nextWindow() {
      let chance = chance { ($0.to, $0.from) <= (window.to, window.from) }
      if chance >= confidence.probability, let made = making(window) {
        var offer = offer(made.set, made.view, made.next)
        // Every unit comes and every way is sure: nothing is uncertain.
        offer.confidence = chance == .max ? 0 : chance
        offer.layer = made.level.rawValue
        return offer
      }
      for index in layers.indices where isAt(window, layers[index]) { layers[index].next += 1 }
    }
    return nil
  }

  /// The earliest of the windows that any layer makes next.
  private func nextWindow() -> DeliveryWindow? {
    var best: DeliveryWindow?
    for layer in layers {
      guard let window = window(of: layer) else { continue }
      if let best, (best.to, best.from) <= (window.to, window.from) { continue }
      best = window
    }
    return best
  }

  private func window(of layer: Layer) -> DeliveryWindow? {
    if layer.next >= layer.row.end { return nil }
    let entry = layer.view.entries[layer.next]
    if entry.orderBy == ProfileEntry.unpublished { return nil }
    return layer.view.windows[Int(entry.window)]
  }

  private func isAt(_ window: DeliveryWindow, _ layer: Layer) -> Bool {
    guard let next = self.window(of: layer) else { return false }
    return next.to == window.to && next.from == window.from
  }

  /// The surest layer that makes just this window.
  private func making(_ window: DeliveryWindow) -> Layer? {
    layers.last { isAt(window, $0) }
  }

  private func offer(_ set: ProfileSet, _ view: BlockView, _ index: Int) -> Offer {
    set.offer(
      view.entries[index].window, node: node, destination: subject.destination, view,
      handling: subject.terms.handlingMinutes)
  }

  // MARK: Chances

  /// P(delivered in a window that counts), in 1/65535; those that count are the earliest ones.
  func chance(_ counts: (DeliveryWindow) -> Bool) -> UInt16 {
    var sum: UInt64 = 0
    var reached: UInt64 = 0
    var latest = Int64.max
    for layer in layers {
      var found: (entry: ProfileEntry, orderBy: Int32)?
      for index in stride(from: layer.row.end - 1, through: layer.row.start, by: -1) {
        let entry = layer.view.entries[index]
        if entry.orderBy == ProfileEntry.unpublished || entry.orderBy == ProfileEntry.never
          || entry.cutoff <= barrier && barrier > 0
          || !counts(layer.view.windows[Int(entry.window)])
        {
          continue
        }
        found = layer.set.orderBy(entry, node, subject.terms).map { (entry, $0) }
        break
      }
      guard let found else { continue }
      // In a confident layer no stated chance means that nothing is uncertain.
      let stated = layer.floor > 0 ? layer.floor : found.entry.confidence
      let chance = stated == 0 ? UInt64(UInt16.max) : UInt64(stated)
      if chance <= reached { continue }
      // What is surer is not made later.
      latest = min(latest, layer.set.horizon.unixSeconds(found.orderBy))
      sum += (chance - reached) * UInt64(hasCome(by: latest))
      reached = chance
    }
    return UInt16(sum / 65_535)
  }

  /// P(the units have come and an order counts by an instant | not here yet), in 1/65535.
  private func hasCome(by instant: Int64) -> UInt16 {
    if instant < countsFrom { return 0 }
    if supply.earlyUnixSeconds == supply.lateUnixSeconds {
      return instant >= supply.fromUnixSeconds ? .max : 0
    }
    return supply.arrival.probability(by: instant, notBy: now.seconds)
  }
}
