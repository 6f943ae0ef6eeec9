import PromisedInvariants

/// What a centre ships so far.
struct SourcingLoad: BitwiseCopyable, Equatable {
  var grams: Int64 = 0
  var cubicMillimetres: Int64 = 0
  var opportunity: Int64 = 0
  var count: Int32 = 0
}

/// Memory of the search.
struct SearchTables: ~Copyable {
  /// By centre: what it ships so far, and the key of that box; 0 = no box.
  var loads = Store<SourcingLoad>()
  var keys = Store<Int64>()
  /// By component × centre: units that the plan leaves.
  var left = Store<Int64>()
  /// Of the lower bound: by part × centre the part's share, by part its price, by centre its slack.
  var shares = Store<Int64>()
  var prices = Store<Int64>()
  var slack = Store<Int64>()
}

/// Plans of many parts or centres: greedy by cost per part, then moves, merges and swaps until none
/// of them gains. Deterministic; the effort is bounded.
extension SourcingProblem {
  /// Parts and components that candidate changes of one search look at.
  static var searchEffort: Int { 600_000 }

  mutating func solveBySearch(
    _ request: SourcingRequest, _ permitted: UInt64
  ) -> SourcingOutcome {
    var measure: PlanMeasure = request.objective == .fewestShipments ? .boxes : .cost
    var latest = request.latestWindow
    if request.objective == .earliest { latest = min(latest, partWindowFloor()) }
    var isRepaired = false
    if !greedy(measure, latest: latest) {
      latest = request.latestWindow
      if !greedy(measure, latest: latest) {
        if let outcome = assignInTurn(request, permitted, measure) { return outcome }
        isRepaired = true
      }
    }
    improve(measure, latest: latest)
    if usedCentres() > request.shipmentLimit && measure != .boxes {
      // Fewer shipments first, whatever they cost.
      measure = .boxes
      recount(measure)
      improve(measure, latest: latest)
    }
    if usedCentres() > request.shipmentLimit { return .tooManyShipments }
    emit()
    // Parts that were split in turn could have been split otherwise.
    lowerBound = isRepaired ? min(totalCost, valueBound()) : min(totalCost, costBound())
    return .planned
  }

  private func partWindowFloor() -> UInt32 {
    var floor: UInt32 = 0
    for part in 0..<parts.count {
      var earliest = Self.noWindow
      for centre in 0..<centres.count
      where parts.base[part].allowed >> UInt64(centre) & 1 == 1 {
        earliest = min(earliest, window(part, centre))
      }
      floor = max(floor, earliest)
    }
    return floor
  }

  private func usedCentres() -> Int {
    var count = 0
    for centre in 0..<centres.count where search.loads.base[centre].count > 0 { count += 1 }
    return count
  }

  // MARK: Loads

  private mutating func clearSearch() {
    let stride = centres.count
    search.loads.removeAll()
    search.loads.resize(to: stride)
    search.keys.removeAll()
    search.keys.resize(to: stride)
    search.left.resize(to: available.count)
    search.left.base.update(from: available.base, count: available.count)
    assigned.resize(to: parts.count)
    assigned.base.update(repeating: -1, count: parts.count)
  }

  /// The key of a box, or nil when its card refuses it.
  func key(_ load: SourcingLoad, at centre: Int, _ measure: PlanMeasure) -> Int64? {
    if load.count == 0 { return 0 }
    guard
      let shipping = card(Int(centres.base[centre].card)).cost(
        grams: load.grams, cubicMillimetres: load.cubicMillimetres),
      load.opportunity < RateCard.bound
    else { return nil }
    return Int64(bitPattern: measure.key(UInt64(shipping + load.opportunity)))
  }

  func adding(_ part: Int, to load: SourcingLoad, at centre: Int) -> SourcingLoad {
    let item = parts.base[part]
    return SourcingLoad(
      grams: load.grams + item.grams,
      cubicMillimetres: load.cubicMillimetres + item.cubicMillimetres,
      opportunity: load.opportunity + opportunity.base[part * centres.count + centre],
      count: load.count + 1)
  }

  func removing(_ part: Int, from load: SourcingLoad, at centre: Int) -> SourcingLoad {
    let item = parts.base[part]
    return SourcingLoad(
      grams: load.grams - item.grams,
      cubicMillimetres: load.cubicMillimetres - item.cubicMillimetres,
      opportunity: load.opportunity - opportunity.base[part * centres.count + centre],
      count: load.count - 1)
  }

  /// Takes a part's components at a centre, or gives them back.
  func take(_ part: Int, at centre: Int, sign: Int64 = 1) {
    let item = parts.base[part]
    let line = lines.base[Int(item.line)]
    for use in 0..<Int(line.useCount) {
      let use = uses.base[Int(line.firstUse) + use]
      search.left.base[Int(use.component) * centres.count + centre] -=
        sign * use.units * item.quantity
    }
  }

  func finds(_ part: Int, at centre: Int) -> Bool {
    let item = parts.base[part]
    let line = lines.base[Int(item.line)]
    for use in 0..<Int(line.useCount) {
      let use = uses.base[Int(line.firstUse) + use]
      // Below 2^62: quantities and units are at most 2^31.
      let left = search.left.base[Int(use.component) * centres.count + centre]
      if left < use.units * item.quantity { return false }
    }
    return true
  }

  func mayShip(_ part: Int, from centre: Int, latest: UInt32) -> Bool {
    parts.base[part].allowed >> UInt64(centre) & 1 == 1 && window(part, centre) <= latest
  }

  /// The keys of all boxes by another measure.
  func recount(_ measure: PlanMeasure) {
    for centre in 0..<centres.count {
      search.keys.base[centre] = key(search.loads.base[centre], at: centre, measure) ?? 0
    }
  }

  // MARK: Beginning

  /// Opens the box that costs least per part it takes, with all it can take, until all are placed.
  private mutating func greedy(_ measure: PlanMeasure, latest: UInt32) -> Bool {
    clearSearch()
    var placed = 0
    var closed: UInt64 = 0
    while placed < parts.count {
      var best = (centre: -1, key: Int64(0), count: 0)
      for centre in 0..<centres.count where closed >> UInt64(centre) & 1 == 0 {
        let count = fill(centre, measure, latest: latest)
        if count == 0 { continue }
        let key = search.keys.base[centre]
        empty(centre)
        let cheaper =
          measure == .boxes
          ? (best.count, key) < (count, best.key) || (best.count == count && key < best.key)
          : isLess(key, count, best.key, best.count)
        if best.centre < 0 || cheaper { best = (centre, key, count) }
      }
      if best.centre < 0 { return false }
      placed += fill(best.centre, measure, latest: latest)
      closed |= 1 << UInt64(best.centre)
    }
    return true
  }

  /// a / m < b / n
  private func isLess(_ a: Int64, _ m: Int, _ b: Int64, _ n: Int) -> Bool {
    let left = a.multipliedFullWidth(by: Int64(n))
    let right = b.multipliedFullWidth(by: Int64(m))
    return left.high == right.high ? left.low < right.low : left.high < right.high
  }

  /// Gives a centre without a box all unplaced parts that it can take, in their order.
  private mutating func fill(_ centre: Int, _ measure: PlanMeasure, latest: UInt32) -> Int {
    var load = SourcingLoad()
    var boxKey: Int64 = 0
    for part in 0..<parts.count
    where assigned.base[part] < 0 && mayShip(part, from: centre, latest: latest)
      && finds(part, at: centre)
    {
      let fuller = adding(part, to: load, at: centre)
      guard let key = key(fuller, at: centre, measure) else { continue }
      take(part, at: centre)
      assigned.base[part] = Int32(centre)
      load = fuller
      boxKey = key
    }
    search.loads.base[centre] = load
    search.keys.base[centre] = boxKey
    return Int(load.count)
  }

  private mutating func empty(_ centre: Int) {
    for part in 0..<parts.count where Int(assigned.base[part]) == centre {
      take(part, at: centre, sign: -1)
      assigned.base[part] = -1
    }
    search.loads.base[centre] = SourcingLoad()
    search.keys.base[centre] = 0
  }

  /// Lines in their order, each whole where what the earlier ones left allows it, else split over
  /// what is left: for carts whose lines want the same components.
  private mutating func assignInTurn(
    _ request: SourcingRequest, _ permitted: UInt64, _ measure: PlanMeasure
  ) -> SourcingOutcome? {
    parts.removeAll()
    opportunity.removeAll()
    clearSearch()
    var outcome: SourcingOutcome?
    for line in 0..<lines.count {
      let total = findUnits(
        line, search.left.base, latest: request.latestWindow, permitted: permitted)
      let wanted = lines.base[line].quantity
      let planned = min(total, wanted)
      boxes.shortUnits.base[line] = wanted - planned
      if planned < wanted && request.policy != .fillAvailable {
        outcome = .short
        continue
      }
      if planned == 0 { continue }
      let first = parts.count
      let isPlaced =
        appendParts(line, planned, latest: request.latestWindow)
        && placeParts(from: first, measure)
      if isPlaced { continue }
      if request.policy != .fillAvailable { return outcome ?? .unshippable }
      boxes.shortUnits.base[line] = wanted
    }
    if let outcome { return outcome }
    return parts.count == 0 ? .short : nil
  }

  /// Places parts where they add least; undone and false when one finds no place.
  private mutating func placeParts(from first: Int, _ measure: PlanMeasure) -> Bool {
    assigned.resize(to: parts.count)
    for part in first..<parts.count { assigned.base[part] = -1 }
    for part in first..<parts.count {
      var best = (centre: -1, gain: Int64.max)
      for centre in 0..<centres.count
      where parts.base[part].allowed >> UInt64(centre) & 1 == 1 && finds(part, at: centre) {
        let load = adding(part, to: search.loads.base[centre], at: centre)
        guard let key = key(load, at: centre, measure) else { continue }
        let gain = key - search.keys.base[centre]
        if gain < best.gain { best = (centre, gain) }
      }
      if best.centre < 0 {
        for placed in first..<part { move(placed, to: -1, measure) }
        parts.resize(to: first)
        opportunity.resize(to: first * centres.count)
        assigned.resize(to: first)
        return false
      }
      move(part, to: best.centre, measure)
    }
    return true
  }

  /// Moves a part to a centre; −1 = nowhere. The boxes must be such that their cards take them.
  func move(_ part: Int, to centre: Int, _ measure: PlanMeasure) {
    let old = Int(assigned.base[part])
    if old >= 0 {
      take(part, at: old, sign: -1)
      let load = removing(part, from: search.loads.base[old], at: old)
      search.loads.base[old] = load
      search.keys.base[old] = key(load, at: old, measure) ?? 0
    }
    assigned.base[part] = Int32(centre)
    if centre < 0 { return }
    take(part, at: centre)
    let load = adding(part, to: search.loads.base[centre], at: centre)
    search.loads.base[centre] = load
    search.keys.base[centre] = key(load, at: centre, measure) ?? 0
  }
}
