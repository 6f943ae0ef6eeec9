import PromisedModel

/// How plans compare: the first number adds over boxes.
enum PlanMeasure {
  /// Nothing, one a box, or the cost; then the latest window.
  case feasible, boxesThenWindow, costThenWindow
  /// Cost then boxes, or boxes then cost; then the assignment.
  case cost, boxes

  var takesWindow: Bool {
    switch self {
    case .feasible, .boxesThenWindow, .costThenWindow: true
    case .cost, .boxes: false
    }
  }

  /// A box's share of the first number is `cost & costMask << costShift | perBox`. Costs lie below
  /// 2^49, so that those of 10 boxes stay below `ExactTables.none`.
  var costMask: UInt64 {
    switch self {
    case .feasible, .boxesThenWindow: 0
    case .costThenWindow, .cost, .boxes: .max
    }
  }

  var costShift: UInt64 { self == .cost ? 8 : 0 }

  var perBox: UInt64 {
    switch self {
    case .feasible, .costThenWindow: 0
    case .boxesThenWindow, .cost: 1
    case .boxes: 1 << 56
    }
  }

  func key(_ cost: UInt64) -> UInt64 { (cost & costMask) &<< costShift | perBox }
}

/// The best by a measure.
struct PlanFound {
  var key: UInt64
  var second: UInt64
  /// Other plans cost as much.
  var tied: Bool

  var isPlan: Bool { key < ExactTables.none }
}

/// The exact plan of up to 10 parts and 10 centres.
///
/// The best box of every set of parts, then the best partition of every set into boxes, where one
/// box holds the set's lowest part (set partition by dynamic programming: 3^parts / 2 steps). That
/// allows a centre two boxes, which together may take more of a shared component than there is, or
/// cost less than one where prices rise faster than weight. When the best partition has such a
/// pair, or more boxes than wanted, `SourcingProblem+Centres` decides; else it is the best of a
/// larger choice, and so the best.
///
/// A latest window cannot be minimised together with costs: the best plan of a subset depends on
/// the window of the rest. So the window is found first and then kept.
extension SourcingProblem {
  /// Sets `assigned`; false when there is no plan of whole parts.
  mutating func solveExact(_ request: SourcingRequest, candidates: UInt64) -> Bool {
    prepare(candidates)
    var found: PlanFound
    switch request.objective {
    case .earliest:
      found = bestPartition(.cost, latest: windowFloor())
    case .cost:
      found = bestPartition(.cost, latest: request.latestWindow)
      if found.isPlan && found.tied {
        let earliest = bestPartition(.costThenWindow, latest: request.latestWindow)
        if UInt32(earliest.second) < window(of: found.second) {
          found = bestPartition(.cost, latest: UInt32(earliest.second))
        }
      }
    case .fewestShipments:
      let fewest = bestPartition(.boxesThenWindow, latest: request.latestWindow)
      found =
        fewest.isPlan ? bestPartition(.boxes, latest: UInt32(fewest.second)) : fewest
    }
    let boxCount = request.objective == .fewestShipments ? found.key >> 56 : found.key & 255
    if !found.isPlan || boxCount != centreCount(of: found.second)
      || boxCount > max(0, request.shipmentLimit)
    {
      found = bestByCentres(request)
    }
    if !found.isPlan { return false }
    assigned.resize(to: parts.count)
    for part in 0..<parts.count {
      assigned.base[part] = exact.candidates.base[candidate(of: part, in: found.second)]
    }
    return true
  }

  /// The candidate that an assignment gives a part.
  @inline(__always)
  func candidate(of part: Int, in assignment: UInt64) -> Int {
    Int(assignment >> UInt64(4 * (Self.exactParts - 1 - part)) & 15)
  }

  private func centreCount(of assignment: UInt64) -> UInt64 {
    var used: UInt64 = 0
    for part in 0..<parts.count { used |= 1 << UInt64(candidate(of: part, in: assignment)) }
    return UInt64(used.nonzeroBitCount)
  }

  private func window(of assignment: UInt64) -> UInt32 {
    var latest: UInt32 = 0
    for part in 0..<parts.count {
      let centre = Int(exact.candidates.base[candidate(of: part, in: assignment)])
      latest = max(latest, window(part, centre))
    }
    return latest
  }

  /// No plan has an earlier promise: every part by its earliest centre.
  func windowFloor() -> UInt32 {
    var floor: UInt32 = 0
    for part in 0..<parts.count {
      var earliest = Self.noWindow
      for index in 0..<exact.candidateCount {
        let centre = Int(exact.candidates.base[index])
        if parts.base[part].allowed >> UInt64(centre) & 1 == 1 {
          earliest = min(earliest, window(part, centre))
        }
      }
      floor = max(floor, earliest)
    }
    return floor
  }

  /// Weights, volumes and shared components of every set.
  private mutating func prepare(_ candidates: UInt64) {
    exact.candidateCount = 0
    var rest = candidates
    while rest != 0 {
      exact.candidates.base[exact.candidateCount] = Int32(rest.trailingZeroBitCount)
      exact.candidateCount += 1
      rest &= rest - 1
    }
    let (grams, volume) = (exact.grams.base, exact.volume.base)
    let spread = exact.spread.base
    grams[0] = 0
    volume[0] = 0
    spread[0] = 0
    for part in 0..<parts.count {
      let item = parts.base[part]
      let place = UInt64(1) << UInt64(4 * (Self.exactParts - 1 - part))
      for set in 0..<1 << part {
        grams[1 << part | set] = grams[set] + item.grams
        volume[1 << part | set] = volume[set] + item.cubicMillimetres
        spread[1 << part | set] = spread[set] + place
      }
    }
    if shared.count > 0 { findShared() }
  }

  /// Which sets find their shared components at which candidates.
  private mutating func findShared() {
    let sets = 1 << parts.count
    let (found, need) = (exact.found.base, exact.need.base)
    found.update(repeating: .max, count: sets)
    for index in 0..<shared.count {
      let component = shared.base[index]
      if isPlentiful(component) { continue }
      need[0] = 0
      for part in 0..<parts.count {
        let taken = taken(by: part, of: component)
        // At most 10 × 2^62 in all would overflow: a set that needs 2^60 finds it nowhere.
        for set in 0..<1 << part { need[1 << part | set] = min(need[set] + taken, 1 << 60) }
      }
      for candidate in 0..<exact.candidateCount {
        let centre = Int(exact.candidates.base[candidate])
        let held = min(available.base[Int(component) * centres.count + centre], 1 << 60 - 1)
        let bit = UInt16(1) << UInt16(candidate)
        for set in 1..<sets where need[set] > held { found[set] &= ~bit }
      }
    }
  }

  /// Whether every candidate holds as much of a component as all parts need together.
  private func isPlentiful(_ component: Int32) -> Bool {
    var all: Int64 = 0
    for part in 0..<parts.count { all = min(all + taken(by: part, of: component), 1 << 60) }
    for candidate in 0..<exact.candidateCount {
      let centre = Int(exact.candidates.base[candidate])
      if available.base[Int(component) * centres.count + centre] < all { return false }
    }
    return true
  }

  /// Units of a component in a part, below 2^60.
  func taken(by part: Int, of component: Int32) -> Int64 {
    let line = lines.base[Int(parts.base[part].line)]
    for use in 0..<Int(line.useCount) {
      let use = uses.base[Int(line.firstUse) + use]
      if use.component == component {
        return min(use.units.multipliedReportingOverflow(by: parts.base[part].quantity).0, 1 << 60)
      }
    }
    return 0
  }

  /// The parts that a candidate could ship in time, a bit each.
  func mask(_ candidate: Int, latest: UInt32) -> Int {
    let centre = Int(exact.candidates.base[candidate])
    var mask = 0
    for part in 0..<parts.count
    where parts.base[part].allowed >> UInt64(centre) & 1 == 1 && window(part, centre) <= latest {
      mask |= 1 << part
    }
    return mask
  }

  /// The weight breaks of every set for the cards of a shape, and the steps beyond the last one.
  /// Breaks of a set are no lower than those of a subset.
  private func findBreaks(_ card: SourcingCard) {
    let limits = breaks.base + Int(card.firstBreak)
    let volumes = breakVolumes.base + Int(card.firstBreak)
    let (grams, volume, index) = (exact.grams.base, exact.volume.base, exact.breakIndex.base)
    let count = UInt16(card.breakCount)
    let rates = rates(card)
    index[0] = 0
    for set in 1..<1 << parts.count {
      var step = index[set & (set - 1)]
      while step < count
        && (grams[set] > limits[Int(step)].upToGrams || volume[set] > volumes[Int(step)])
      {
        step += 1
      }
      index[set] = step
      if step == count {
        exact.steps.base[set] = rates.stepsBeyond(
          grams: grams[set], cubicMillimetres: volume[set])
      }
    }
  }

  private func rates(_ card: SourcingCard) -> RateCard {
    RateCard(
      terms: card.terms,
      breaks: Column(
        base: UnsafePointer(breaks.base + Int(card.firstBreak)), count: Int(card.breakCount)))
  }

  /// Every set of the parts in `mask` that a candidate can ship, ascending, with its cost. In the
  /// window measures `exact.window` of the set is filled.
  ///
  /// - Parameter shape: of the cards whose breaks are found; updated.
  @inline(__always)
  func forEachBox(
    _ candidate: Int, _ mask: Int, _ shape: inout Int32, windows: Bool,
    _ body: (Int, UInt64) -> Void
  ) {
    let centre = Int(exact.candidates.base[candidate])
    let card = cards.base[Int(centres.base[centre].card)]
    if card.shape != shape {
      findBreaks(card)
      shape = card.shape
    }
    let (value, index) = (exact.opportunity.base, exact.breakIndex.base)
    let (steps, count) = (breaks.base + Int(card.firstBreak), UInt16(card.breakCount))
    let stride = centres.count
    let own = opportunity.base + centre
    let bound = UInt64(RateCard.bound)
    let checksShared = shared.count > 0
    let rates = rates(card)
    value[0] = 0
    exact.window.base[0] = 0
    var set = mask & -mask
    while set != 0 {
      let rest = set & (set &- 1)
      let part = set.trailingZeroBitCount
      let values = value[rest] &+ own[part &* stride]
      value[set] = values
      if windows {
        exact.window.base[set] = max(exact.window.base[rest], window(part, centre))
      }
      // Shipping and opportunity each stay below the bound, their sum below 2^49.
      var shipping: UInt64
      if _fastPath(index[set] < count) {
        shipping = UInt64(bitPattern: steps[Int(index[set])].cost &+ card.terms.fixedCost)
      } else {
        let beyond = rates.costBeyond(steps: exact.steps.base[set])
        shipping = beyond.map { UInt64(bitPattern: $0) } ?? bound
      }
      let isFound = !checksShared || exact.found.base[set] >> UInt16(candidate) & 1 == 1
      if shipping < bound && UInt64(bitPattern: values) < bound && isFound {
        body(set, shipping &+ UInt64(bitPattern: values))
      }
      set = (set &- mask) & mask
    }
  }
}
