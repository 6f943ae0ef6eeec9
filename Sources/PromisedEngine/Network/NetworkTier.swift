import PromisedModel

/// Which rows an order may use: those of its service level and of slower ones, unless they refuse
/// what the item is.
package struct NetworkTier: Sendable, Hashable {
  package var level: ServiceLevel
  package var restrictions: ItemRestrictions

  package init(level: ServiceLevel, restrictions: ItemRestrictions) {
    self.level = level
    self.restrictions = restrictions
  }

  /// Every row.
  static var whole: NetworkTier { NetworkTier(level: .twoHour, restrictions: []) }
  /// Every combination, by `index`.
  static var all: [NetworkTier] {
    ServiceLevel.allCases.flatMap { level in
      (0...ItemRestrictions.all.rawValue).map {
        NetworkTier(level: level, restrictions: ItemRestrictions(rawValue: $0))
      }
    }
  }

  /// Its place among `all`; restrictions that no row can name are left out.
  @inline(__always)
  var index: Int {
    let known = restrictions.rawValue & ItemRestrictions.all.rawValue
    return Int(level.rawValue - 1) * 4 + Int(known)
  }

  func admits(_ leg: LegRow) -> Bool { admits(leg.level, leg.mode, leg.refuses) }
  func admits(_ lane: LaneRow) -> Bool { admits(lane.level, lane.mode, lane.refuses) }
  func admits(_ wave: WaveRow) -> Bool { wave.level <= level }

  private func admits(
    _ rowLevel: ServiceLevel, _ mode: TransportMode, _ refuses: ItemRestrictions
  ) -> Bool {
    rowLevel <= level && Self.refused(mode, refuses).isDisjoint(with: restrictions)
  }

  /// Air never takes dangerous goods.
  private static func refused(
    _ mode: TransportMode, _ refuses: ItemRestrictions
  ) -> ItemRestrictions {
    mode == .air ? refuses.union(.hazmat) : refuses
  }

  /// The distinct tiers of a network, and for each of `all` which of them it is: tiers that admit
  /// the same rows are one. O(rows).
  static func distinct(_ image: NetworkImage) -> (tiers: [NetworkTier], indexes: [Int]) {
    // Rows that no tier tells apart are one kind: a kind is what the slowest level, the restrictions
    // and the mode make of a row.
    var kinds: Set<Kind> = []
    for leg in image.legs {
      kinds.insert(Kind(level: leg.level, refuses: refused(leg.mode, leg.refuses)))
    }
    for lane in image.lanes {
      kinds.insert(Kind(level: lane.level, refuses: refused(lane.mode, lane.refuses)))
    }
    for wave in image.waves { kinds.insert(Kind(level: wave.level, refuses: [])) }
    var tiers: [NetworkTier] = []
    var admitted: [Set<Kind>] = []
    var indexes: [Int] = []
    for tier in all {
      let own = kinds.filter {
        $0.level <= tier.level && $0.refuses.isDisjoint(with: tier.restrictions)
      }
      if let known = admitted.firstIndex(of: own) {
        indexes.append(known)
      } else {
        indexes.append(tiers.count)
        tiers.append(tier)
        admitted.append(own)
      }
    }
    return (tiers, indexes)
  }

  private struct Kind: Hashable {
    var level: ServiceLevel
    var refuses: ItemRestrictions
  }
}
