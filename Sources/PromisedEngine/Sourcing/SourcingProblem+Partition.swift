extension SourcingProblem {
  /// The best partition of all parts into boxes, each at its best candidate with windows no later
  /// than `latest`. Two boxes may have the same candidate.
  mutating func bestPartition(_ measure: PlanMeasure, latest: UInt32) -> PlanFound {
    findBoxes(measure, latest: latest)
    let all = 1 << parts.count - 1
    if measure.takesWindow { partitionByWindow() } else { partitionByAssignment(measure) }
    return PlanFound(
      key: exact.planKey.base[all], second: exact.planSecond.base[all],
      tied: exact.planTied.base[all])
  }

  /// The best box of every set over the candidates.
  private mutating func findBoxes(_ measure: PlanMeasure, latest: UInt32) {
    let sets = 1 << parts.count
    let (key, second, tied) = (exact.boxKey.base, exact.boxSecond.base, exact.boxTied.base)
    key.update(repeating: ExactTables.none, count: sets)
    tied.update(repeating: false, count: sets)
    let (costMask, shift, perBox) = (measure.costMask, measure.costShift, measure.perBox)
    let window = exact.window.base
    var shape: Int32 = -1
    for candidate in 0..<exact.candidateCount {
      let mask = mask(candidate, latest: latest)
      if mask == 0 { continue }
      if measure.takesWindow {
        forEachBox(candidate, mask, &shape, windows: true) { set, cost in
          let own = (cost & costMask) &<< shift | perBox
          if own < key[set] || (own == key[set] && UInt64(window[set]) < second[set]) {
            key[set] = own
            second[set] = UInt64(window[set])
          }
        }
        continue
      }
      forEachBox(candidate, mask, &shape, windows: false) { set, cost in
        let own = cost &<< shift | perBox
        // Candidates ascend: of equals the first stays.
        if own < key[set] {
          key[set] = own
          second[set] = UInt64(candidate)
          tied[set] = false
        } else if own == key[set] {
          tied[set] = true
        }
      }
    }
  }

  /// By (key, window): keys add, of windows the later counts.
  private func partitionByWindow() {
    let (boxKey, boxWindow) = (exact.boxKey.base, exact.boxSecond.base)
    let (planKey, planWindow) = (exact.planKey.base, exact.planSecond.base)
    planKey[0] = 0
    planWindow[0] = 0
    for set in 1..<1 << parts.count {
      let low = set & -set
      let rest = set ^ low
      var best = boxKey[set]
      var window = boxWindow[set]
      var others = rest
      while others != 0 {
        // The box of the lowest part; `others` go into other boxes.
        let box = set ^ others
        let key = boxKey[box] + planKey[others]
        if key <= best && key < ExactTables.none {
          let later = max(boxWindow[box], planWindow[others])
          if key < best || later < window {
            best = key
            window = later
          }
        }
        others = (others - 1) & rest
      }
      planKey[set] = best
      planWindow[set] = window
    }
  }

  /// By (key, assignment). A plan is tied when another costs as much, whatever its boxes.
  private func partitionByAssignment(_ measure: PlanMeasure) {
    let (boxKey, boxCandidate) = (exact.boxKey.base, exact.boxSecond.base)
    let (planKey, planSecond) = (exact.planKey.base, exact.planSecond.base)
    let (spread, boxTied, tied) = (exact.spread.base, exact.boxTied.base, exact.planTied.base)
    let equals: UInt64 = measure == .cost ? 255 : 0
    planKey[0] = 0
    planSecond[0] = 0
    tied[0] = false
    for set in 1..<1 << parts.count {
      let rest = set & (set - 1)
      var best = boxKey[set]
      var box = set
      var isTied = boxTied[set]
      var others = rest
      while others != 0 {
        let own = set ^ others
        let key = boxKey[own] + planKey[others]
        if _slowPath(key <= best | equals) && key < ExactTables.none {
          if key >> 8 < best >> 8 {
            isTied = boxTied[own] || tied[others]
          } else {
            isTied = true
          }
          if key < best
            || (key == best
              && boxCandidate[own] * spread[own] | planSecond[others]
                < boxCandidate[box] * spread[box] | planSecond[set ^ box])
          {
            best = key
            box = own
          }
        }
        others = (others - 1) & rest
      }
      planKey[set] = best
      planSecond[set] = boxCandidate[box] * spread[box] | planSecond[set ^ box]
      tied[set] = isTied
    }
  }
}
