/// The exact plan where a centre has one box: candidates are taken one after another, each with any
/// set of the parts that are left. 3^parts × centres steps, and so many for every number of boxes
/// that is allowed when that number binds.
extension SourcingProblem {
  mutating func bestByCentres(_ request: SourcingRequest) -> PlanFound {
    let limit = max(0, request.shipmentLimit)
    if limit == 0 { return PlanFound(key: ExactTables.none, second: 0, tied: false) }
    let first: PlanMeasure
    switch request.objective {
    case .earliest: first = .feasible
    case .cost: first = .costThenWindow
    case .fewestShipments: first = .boxesThenWindow
    }
    let earliest = bestByCentres(first, latest: request.latestWindow, limit: limit)
    if !earliest.isPlan { return earliest }
    return bestByCentres(
      request.objective == .fewestShipments ? .boxes : .cost, latest: UInt32(earliest.second),
      limit: limit)
  }

  private mutating func bestByCentres(
    _ measure: PlanMeasure, latest: UInt32, limit: Int
  ) -> PlanFound {
    let sets = 1 << parts.count
    let binds = limit < min(parts.count, exact.candidateCount)
    // Without a limit that binds all plans lie in one layer, else in one per number of boxes.
    let layers = binds ? limit + 1 : 1
    let size = layers * sets
    exact.layerKey.resize(to: size)
    exact.layerSecond.resize(to: size)
    exact.nextKey.resize(to: size)
    exact.nextSecond.resize(to: size)
    exact.layerKey.base.update(repeating: ExactTables.none, count: size)
    exact.layerSecond.base.update(repeating: 0, count: size)
    exact.layerKey.base[0] = 0
    var shape: Int32 = -1
    for candidate in 0..<exact.candidateCount {
      let mask = mask(candidate, latest: latest)
      if mask == 0 { continue }
      exact.nextKey.base.update(from: exact.layerKey.base, count: size)
      exact.nextSecond.base.update(from: exact.layerSecond.base, count: size)
      forEachBox(candidate, mask, &shape, windows: measure.takesWindow) { set, cost in
        if binds {
          for layer in 1..<layers {
            extend(
              candidate, set, cost, measure, from: (layer - 1) * sets, to: layer * sets,
              onlyEmpty: layer == 1)
          }
        } else {
          extend(candidate, set, cost, measure, from: 0, to: 0, onlyEmpty: false)
        }
      }
      swap(&exact.layerKey, &exact.nextKey)
      swap(&exact.layerSecond, &exact.nextSecond)
    }
    var found = PlanFound(key: ExactTables.none, second: 0, tied: false)
    for layer in 0..<layers {
      let key = exact.layerKey.base[layer * sets + sets - 1]
      let second = exact.layerSecond.base[layer * sets + sets - 1]
      if key < found.key || (key == found.key && second < found.second) {
        found = PlanFound(key: key, second: second, tied: false)
      }
    }
    return found
  }

  /// Adds a box of the candidate to every plan of the layer at `from`.
  private func extend(
    _ candidate: Int, _ set: Int, _ cost: UInt64, _ measure: PlanMeasure, from: Int, to: Int,
    onlyEmpty: Bool
  ) {
    let (key, second) = (exact.layerKey.base + from, exact.layerSecond.base + from)
    let (nextKey, nextSecond) = (exact.nextKey.base + to, exact.nextSecond.base + to)
    let takesWindow = measure.takesWindow
    let own = measure.key(cost)
    let ownSecond =
      takesWindow ? UInt64(exact.window.base[set]) : UInt64(candidate) * exact.spread.base[set]
    let rest = onlyEmpty ? 0 : (1 << parts.count - 1) ^ set
    var others = rest
    while true {
      let sum = own + key[others]
      if sum < ExactTables.none && sum <= nextKey[set | others] {
        let joined = takesWindow ? max(ownSecond, second[others]) : ownSecond | second[others]
        if sum < nextKey[set | others] || joined < nextSecond[set | others] {
          nextKey[set | others] = sum
          nextSecond[set | others] = joined
        }
      }
      if others == 0 { break }
      others = (others - 1) & rest
    }
  }
}
