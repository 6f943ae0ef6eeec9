import PromisedInvariants
import PromisedModel

extension SourcingProblem {
  /// Decides the plan. Allocates nothing once the memory has its size.
  ///
  /// After `planned` the shipments can be read; after `short` and `late` the units missing per line.
  ///
  /// - Complexity: 3^parts / 2 + 2^parts × centres for up to 10 parts and 10 centres; about
  ///   lines × centres × rounds beyond.
  package mutating func solve(_ request: SourcingRequest) -> SourcingOutcome {
    boxes.list.removeAll()
    boxes.allotments.removeAll()
    boxes.shortUnits.removeAll()
    boxes.shortUnits.resize(to: lines.count)
    totalCost = 0
    lowerBound = 0
    window = 0
    isExact = false
    let permitted = request.permittedCentres & Self.bits(centres.count)
    if let outcome = makeParts(request, permitted) { return outcome }
    if parts.count == 0 { return .short }
    return decide(request, permitted)
  }

  private mutating func decide(
    _ request: SourcingRequest, _ permitted: UInt64
  ) -> SourcingOutcome {
    var candidates: UInt64 = 0
    for index in 0..<parts.count { candidates |= parts.base[index].allowed }
    if parts.count <= Self.exactParts {
      let reduced = reduce(candidates)
      if solveExact(request, candidates: reduced) {
        isExact = reduced == candidates
        emit()
        lowerBound = isExact ? totalCost : min(totalCost, costBound())
        return .planned
      }
      // Without a limit: the lines exceed together what each of them finds. With one, it decides
      // which of the two reasons holds.
      if reduced == candidates && request.shipmentLimit < parts.count {
        var unlimited = request
        unlimited.shipmentLimit = .max
        if solveExact(unlimited, candidates: reduced) { return .tooManyShipments }
      }
    }
    return solveBySearch(request, permitted)
  }

  /// The lowest `count` bits.
  static func bits(_ count: Int) -> UInt64 { count >= 64 ? .max : (1 << UInt64(count)) - 1 }

  // MARK: Parts

  /// Turns lines into parts; an outcome when that cannot be.
  private mutating func makeParts(
    _ request: SourcingRequest, _ permitted: UInt64
  ) -> SourcingOutcome? {
    parts.removeAll()
    opportunity.removeAll()
    let stride = centres.count
    units.resize(to: stride)
    var refusal: SourcingOutcome?
    for line in 0..<lines.count {
      let total = findUnits(
        line, available.base, latest: request.latestWindow, permitted: permitted)
      let wanted = lines.base[line].quantity
      let planned = min(total, wanted)
      if planned < wanted {
        boxes.shortUnits.base[line] = wanted - planned
        if request.policy != .fillAvailable {
          let everywhere = findUnits(
            line, available.base, latest: Self.noWindow, permitted: permitted)
          if everywhere < wanted {
            refusal = .short
          } else if refusal != .short {
            // Of several reasons the one that is nearest to the stock is named.
            refusal = .late
          }
          continue
        }
        if planned == 0 { continue }
      }
      if !appendParts(line, planned, latest: request.latestWindow) {
        if request.policy != .fillAvailable { refusal = refusal ?? .unshippable }
        boxes.shortUnits.base[line] = wanted
      }
    }
    return refusal
  }

  /// Fills `units` with what each permitted centre has of a line in time; answers the sum.
  mutating func findUnits(
    _ line: Int, _ stock: UnsafeMutablePointer<Int64>, latest: UInt32, permitted: UInt64
  ) -> Int64 {
    let stride = centres.count
    let row = cells.base + line * stride
    let uses = uses.base + Int(lines.base[line].firstUse)
    let useCount = Int(lines.base[line].useCount)
    var total: Int64 = 0
    for centre in 0..<stride {
      var least: Int64 = 0
      if row[centre].window <= latest && permitted >> UInt64(centre) & 1 == 1 && useCount > 0 {
        least = .max
        for use in 0..<useCount {
          let held = stock[Int(uses[use].component) * stride + centre]
          least = min(least, uses[use].units == 1 ? held : held / uses[use].units)
        }
      }
      units.base[centre] = least
      let sum = total.addingReportingOverflow(least)
      total = sum.overflow ? .max : sum.partialValue
    }
    return total
  }

  /// Adds a line's parts, as `units` says what centres have: whole where one has it all, else split.
  /// False, and nothing added, when a part can ship from nowhere for its weight or volume.
  mutating func appendParts(_ line: Int, _ quantity: Int64, latest: UInt32) -> Bool {
    var holders: UInt64 = 0
    for centre in 0..<centres.count where units.base[centre] >= quantity {
      holders |= 1 << UInt64(centre)
    }
    if holders != 0 { return appendPart(line, quantity, holders) }
    let first = parts.count
    var rest = quantity
    let threshold = splitWindow(line, quantity, latest: latest)
    while rest > 0 {
      let centre = largestHolder(line, latest: threshold)
      invariant(centre >= 0, "a split line has too few units")
      let share = min(rest, units.base[centre])
      if !appendPart(line, share, 1 << UInt64(centre)) {
        parts.resize(to: first)
        opportunity.resize(to: first * centres.count)
        return false
      }
      units.base[centre] = 0
      rest -= share
    }
    return true
  }

  /// The earliest window at which as few centres as can be hold the quantity together.
  private mutating func splitWindow(_ line: Int, _ quantity: Int64, latest: UInt32) -> UInt32 {
    let fewest = centresNeeded(line, quantity, latest: latest)
    var best = latest
    for centre in 0..<centres.count where units.base[centre] > 0 {
      let window = cells.base[line * centres.count + centre].window
      if window < best && centresNeeded(line, quantity, latest: window) == fewest {
        best = window
      }
    }
    return best
  }

  /// How many centres, largest first, hold the quantity; `Int.max` when all together do not.
  private mutating func centresNeeded(_ line: Int, _ quantity: Int64, latest: UInt32) -> Int {
    var taken: UInt64 = 0
    var rest = quantity
    var count = 0
    while rest > 0 {
      let centre = largestHolder(line, latest: latest, except: taken)
      if centre < 0 { return .max }
      taken |= 1 << UInt64(centre)
      rest -= min(rest, units.base[centre])
      count += 1
    }
    return count
  }

  /// The centre with most units of a line; between equals the earlier window, then the lower centre.
  private func largestHolder(_ line: Int, latest: UInt32, except: UInt64 = 0) -> Int {
    var best = -1
    let row = cells.base + line * centres.count
    for centre in 0..<centres.count
    where except >> UInt64(centre) & 1 == 0 && units.base[centre] > 0
      && row[centre].window <= latest
    {
      if best < 0 || units.base[centre] > units.base[best]
        || (units.base[centre] == units.base[best] && row[centre].window < row[best].window)
      {
        best = centre
      }
    }
    return best
  }

  /// Adds units that ship from one of the holders; false when no card of theirs takes them.
  private mutating func appendPart(_ line: Int, _ quantity: Int64, _ holders: UInt64) -> Bool {
    let item = lines.base[line]
    let grams = item.unitGrams.multipliedReportingOverflow(by: quantity)
    let volume = item.unitCubicMillimetres.multipliedReportingOverflow(by: quantity)
    if grams.overflow || grams.partialValue >= RateCard.bound || volume.overflow
      || volume.partialValue >= RateCard.bound
    {
      return false
    }
    let stride = centres.count
    let first = parts.count * stride
    opportunity.resize(to: first + stride)
    var allowed: UInt64 = 0
    var base: Int64 = 0
    for centre in 0..<stride where holders >> UInt64(centre) & 1 == 1 {
      let card = cards.at(Int(centres.base[centre].card))
      let value = cells.base[line * stride + centre].opportunityValue
        .multipliedReportingOverflow(by: quantity)
      if grams.partialValue > card.pointee.maximumGrams
        || volume.partialValue > card.pointee.maximumCubicMillimetres || value.overflow
        || value.partialValue.magnitude >= UInt64(RateCard.bound / 2)
      {
        continue
      }
      opportunity.base[first + centre] = value.partialValue
      base = min(base, value.partialValue)
      allowed |= 1 << UInt64(centre)
    }
    if allowed == 0 {
      opportunity.resize(to: first)
      return false
    }
    if base < 0 {
      for centre in 0..<stride { opportunity.base[first + centre] -= base }
    }
    parts.append(
      SourcingPart(
        line: Int32(line), quantity: quantity, grams: grams.partialValue,
        cubicMillimetres: volume.partialValue, allowed: allowed, opportunityBase: base))
    return true
  }

  // MARK: Candidates

  /// At most `exactCentres` of the candidates: half of them those that hold most parts, the others
  /// by turns the best of each part, by window, then cost alone, then the lower centre.
  func reduce(_ candidates: UInt64) -> UInt64 {
    if candidates.nonzeroBitCount <= Self.exactCentres { return candidates }
    var chosen: UInt64 = 0
    while chosen.nonzeroBitCount < Self.exactCentres / 2 {
      var best = (centre: -1, count: 0, window: UInt32.max)
      for centre in 0..<centres.count where (candidates & ~chosen) >> UInt64(centre) & 1 == 1 {
        var count = 0
        var window: UInt32 = 0
        for part in 0..<parts.count where parts.base[part].allowed >> UInt64(centre) & 1 == 1 {
          count += 1
          window = max(window, self.window(part, centre))
        }
        if count > best.count || (count == best.count && window < best.window) {
          best = (centre, count, window)
        }
      }
      chosen |= 1 << UInt64(best.centre)
    }
    while true {
      for part in 0..<parts.count {
        let rest = parts.base[part].allowed & ~chosen
        if rest == 0 { continue }
        chosen |= 1 << UInt64(bestAlone(part, among: rest))
        if chosen.nonzeroBitCount == Self.exactCentres { return chosen }
      }
    }
  }

  private func bestAlone(_ part: Int, among centres: UInt64) -> Int {
    var best = (centre: -1, window: UInt32.max, cost: Int64.max)
    for centre in 0..<self.centres.count where centres >> UInt64(centre) & 1 == 1 {
      let item = parts.base[part]
      let window = window(part, centre)
      let shipping = card(Int(self.centres.base[centre].card)).cost(
        grams: item.grams, cubicMillimetres: item.cubicMillimetres)
      let cost = shipping.map { $0 + opportunity.base[part * self.centres.count + centre] } ?? .max
      if best.centre < 0 || (window, cost) < (best.window, best.cost) {
        best = (centre, window, cost)
      }
    }
    return best.centre
  }

  @inline(__always)
  func window(_ part: Int, _ centre: Int) -> UInt32 {
    cells.base[Int(parts.base[part].line) * centres.count + centre].window
  }

  // MARK: The answer

  /// Writes the shipments of `assigned`.
  mutating func emit() {
    totalCost = 0
    window = 0
    for centre in 0..<centres.count {
      var box = SourcedBox(
        centre: Int32(centre), node: centres.base[centre].node,
        first: Int32(boxes.allotments.count), count: 0, window: 0, shippingCost: 0,
        opportunityCost: 0, billedGrams: 0)
      var grams: Int64 = 0
      var volume: Int64 = 0
      for part in 0..<parts.count where Int(assigned.base[part]) == centre {
        let item = parts.base[part]
        boxes.allotments.append(Allotment(line: item.line, quantity: item.quantity))
        box.count += 1
        box.window = max(box.window, window(part, centre))
        box.opportunityCost +=
          opportunity.base[part * centres.count + centre] + item.opportunityBase
        grams += item.grams
        volume += item.cubicMillimetres
      }
      if box.count == 0 { continue }
      let card = card(Int(centres.base[centre].card))
      let cost = card.cost(grams: grams, cubicMillimetres: volume)
      invariant(cost != nil, "a plan holds a shipment that its card refuses")
      box.shippingCost = cost ?? 0
      box.billedGrams = card.billedGrams(grams: grams, cubicMillimetres: volume) ?? 0
      totalCost += box.shippingCost + box.opportunityCost
      window = max(window, box.window)
      boxes.list.append(box)
    }
  }
}
