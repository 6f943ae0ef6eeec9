/// Changes of a plan that is possible: one part to another centre, a whole box to another, two parts
/// for each other.
extension SourcingProblem {
  /// Changes that gain, until none does or the effort is spent.
  mutating func improve(_ measure: PlanMeasure, latest: UInt32) {
    var effort = Self.searchEffort
    var gains = true
    while gains && effort > 0 {
      gains = false
      for part in 0..<parts.count where effort > 0 {
        if moveOne(part, measure, latest: latest, &effort) { gains = true }
      }
      for centre in 0..<centres.count where search.loads.base[centre].count > 0 && effort > 0 {
        if mergeBox(centre, measure, latest: latest, &effort) { gains = true }
      }
      for part in 0..<parts.count where effort > 0 {
        for other in part + 1..<max(parts.count, part + 1) where effort > 0 {
          if swapTwo(part, other, measure, latest: latest, &effort) { gains = true }
        }
      }
    }
  }

  private mutating func moveOne(
    _ part: Int, _ measure: PlanMeasure, latest: UInt32, _ effort: inout Int
  ) -> Bool {
    let old = Int(assigned.base[part])
    let without = removing(part, from: search.loads.base[old], at: old)
    // With rates that fall as weight rises, less may cost more; never is less refused.
    guard let lighter = key(without, at: old, measure) else { return false }
    var best = (centre: -1, change: Int64(0))
    for centre in 0..<centres.count
    where centre != old && mayShip(part, from: centre, latest: latest) && finds(part, at: centre) {
      effort -= lookups(part)
      let load = adding(part, to: search.loads.base[centre], at: centre)
      guard let heavier = key(load, at: centre, measure) else { continue }
      let change = lighter - search.keys.base[old] + heavier - search.keys.base[centre]
      if change < best.change { best = (centre, change) }
    }
    if best.centre < 0 { return false }
    move(part, to: best.centre, measure)
    return true
  }

  /// A change looks at every component of what it moves.
  private func lookups(_ part: Int) -> Int {
    1 + Int(lines.base[Int(parts.base[part].line)].useCount)
  }

  /// Moves all parts of a box to one other centre.
  private mutating func mergeBox(
    _ old: Int, _ measure: PlanMeasure, latest: UInt32, _ effort: inout Int
  ) -> Bool {
    let before = search.keys.base[old]
    for centre in 0..<centres.count where centre != old {
      effort -= parts.count
      let target = search.keys.base[centre]
      if moveAll(from: old, to: centre, measure, latest: latest) {
        if search.keys.base[centre] < before + target { return true }
      }
      moveBack(from: centre, to: old, measure)
    }
    return false
  }

  /// Parts that move are marked by the complement of their old centre in `search.prices`.
  private mutating func moveAll(
    from old: Int, to centre: Int, _ measure: PlanMeasure, latest: UInt32
  ) -> Bool {
    search.prices.resize(to: parts.count)
    search.prices.base.update(repeating: 0, count: parts.count)
    for part in 0..<parts.count where Int(assigned.base[part]) == old {
      let load = adding(part, to: search.loads.base[centre], at: centre)
      if !mayShip(part, from: centre, latest: latest) || !finds(part, at: centre)
        || key(load, at: centre, measure) == nil
      {
        return false
      }
      move(part, to: centre, measure)
      search.prices.base[part] = 1
    }
    return true
  }

  private mutating func moveBack(from centre: Int, to old: Int, _ measure: PlanMeasure) {
    for part in 0..<parts.count
    where search.prices.base[part] == 1 && Int(assigned.base[part]) == centre {
      move(part, to: old, measure)
    }
  }

  private mutating func swapTwo(
    _ part: Int, _ other: Int, _ measure: PlanMeasure, latest: UInt32, _ effort: inout Int
  ) -> Bool {
    let (first, second) = (Int(assigned.base[part]), Int(assigned.base[other]))
    if first == second || !mayShip(part, from: second, latest: latest)
      || !mayShip(other, from: first, latest: latest)
    {
      return false
    }
    effort -= lookups(part) + lookups(other)
    let firstLoad = adding(
      other, to: removing(part, from: search.loads.base[first], at: first), at: first)
    let secondLoad = adding(
      part, to: removing(other, from: search.loads.base[second], at: second), at: second)
    guard let firstKey = key(firstLoad, at: first, measure),
      let secondKey = key(secondLoad, at: second, measure),
      firstKey + secondKey < search.keys.base[first] + search.keys.base[second]
    else { return false }
    // Units are looked for with both parts taken out.
    take(part, at: first, sign: -1)
    take(other, at: second, sign: -1)
    let isFound = finds(part, at: second) && finds(other, at: first)
    take(part, at: first)
    take(other, at: second)
    if !isFound { return false }
    move(part, to: -1, measure)
    move(other, to: first, measure)
    move(part, to: second, measure)
    return true
  }
}
