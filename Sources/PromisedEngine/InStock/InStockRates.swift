import PromisedModel

/// What an item's closed days say of how well it was in stock.
struct StockHistory: Equatable {
  /// Closed days that are kept, 0…28.
  var days = 0
  /// The share of them that something was available, 0…1.
  var share = 0.0
  /// Units a day while it was in stock.
  var velocity = 0.0
}

/// In-stock rates over items: Σ weight × share in stock / Σ weight, weighed by the velocity at which
/// they sell while there, evenly, and by views.
///
/// The velocity counts time in stock only: an item that was out half the time sold as little because
/// of it, and would else weigh less for being out.
struct InStockRates {
  private var weights = (demand: 0.0, time: 0.0, views: 0.0)
  private var sums = (demand: 0.0, time: 0.0, views: 0.0)

  mutating func add(_ history: StockHistory, views: Double) {
    if history.days == 0 { return }
    weights.demand += history.velocity
    weights.time += 1
    weights.views += views
    sums.demand += history.velocity * history.share
    sums.time += history.share
    sums.views += views * history.share
  }

  /// The rates in the order above; 0 where nothing weighs.
  var rates: (demand: Double, time: Double, views: Double) {
    (
      weights.demand > 0 ? sums.demand / weights.demand : 0,
      weights.time > 0 ? sums.time / weights.time : 0,
      weights.views > 0 ? sums.views / weights.views : 0
    )
  }

  mutating func add(_ history: StockHistory, views: Double, into reply: inout InStockReply) {
    add(history, views: views)
    reply.inStockShares.append(DemandDistribution.fixed(history.share))
    reply.historyDays.append(UInt32(history.days))
    if history.days > 0 { reply.ratedItems += 1 }
  }

  func finish(_ reply: inout InStockReply) {
    reply.rateByDemand = DemandDistribution.fixed(rates.demand)
    reply.rateByTime = DemandDistribution.fixed(rates.time)
    reply.rateByViews = DemandDistribution.fixed(rates.views)
  }
}

extension State {
  /// How an item stood in its closed days.
  func history(of slot: Int) -> StockHistory {
    let place = demandPlace(slot)
    if place < 0 { return StockHistory() }
    let item = demand.items.at(place).pointee
    var history = StockHistory(days: Int(item.keptDays))
    var (time, units) = (0, 0.0)
    for back in 1...Int32(28) where back <= Int32(item.keptDays) {
      let day = demand.items.day(place, item.day - back).pointee
      time += Int(day.inStock)
      units += Double(day.units)
    }
    if history.days == 0 { return history }
    history.share = Double(time) / Double(255 * history.days)
    history.velocity = time == 0 ? 0 : units / (Double(time) / 255)
    return history
  }
}

/// The zones asked for fast track, and by when a promise is fast.
struct FastTrack {
  var zones: Int
  var byUnixSeconds: Int64
}

extension State {
  /// Pairs of an item and a zone that one question may ask.
  private static var fastTrackPairs: Int { 1_000_000 }

  /// - Throws: NETWORK_NOT_READY; TOO_MANY_ROWS.
  func fastTrack(at now: UnixMilliseconds, items: Int) throws(Refusal) -> FastTrack {
    let zones = try answeringCatalogue(at: now).destinationCount
    if items * zones > Self.fastTrackPairs {
      throw Refusal(
        .tooManyRows,
        "fast track of \(items) items × \(zones) zones: at most \(Self.fastTrackPairs) pairs")
    }
    return FastTrack(zones: zones, byUnixSeconds: now.seconds + 86_400)
  }

  /// The share of zones that are promised a unit of the item within a day of now, in 1/65535, at
  /// the usual level and confidence; zones weigh evenly, because nobody counts their views.
  func share(_ fastTrack: FastTrack, _ slot: Int, at now: UnixMilliseconds) -> UInt32 {
    guard let profiles, fastTrack.zones > 0 else { return 0 }
    let count = positions.rowCount(slot)
    scratch.available.removeAll()
    for place in 0..<count { scratch.available.append(positions.rows(slot)[place].available) }
    let candidates = StockCandidates(
      nodes: Column(base: UnsafePointer(positions.nodes(slot)), count: count),
      available: Column(base: UnsafePointer(scratch.available.base), count: count))
    let index = Int(positions.attribute(slot))
    let item = index == 0 ? nil : attributes[index]
    let terms = PromiseTerms(
      restrictions: item?.restrictions ?? [], handlingMinutes: item?.handlingMinutes ?? 0,
      releaseUnixSeconds: item?.releaseUnixSeconds ?? 0)
    var fast = 0
    for zone in 0..<fastTrack.zones {
      let decision = profiles.decideOffer(
        candidates, terms, destination: UInt32(zone), now: now, pending: pendingChanges)
      if case .offer(let offer) = decision,
        offer.windowToUnixSeconds <= fastTrack.byUnixSeconds
      {
        fast += 1
      }
    }
    return DemandDistribution.fixed(Double(fast) / Double(fastTrack.zones))
  }
}
