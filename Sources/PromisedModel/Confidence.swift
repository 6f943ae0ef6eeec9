/// The confidences at which promises are kept ready, in 1/65535 rounded up.
package enum ConfidenceLevel: UInt8, Sendable, CaseIterable, Comparable {
  case even = 0
  case likely = 1
  case high = 2
  /// What is promised unless something else is asked for.
  case usual = 3
  case nearlyCertain = 4

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// 0.5, 0.8, 0.9, 0.95, 0.99.
  package var probability: UInt16 {
    switch self {
    case .even: 32_768
    case .likely: 52_428
    case .high: 58_982
    case .usual: 62_259
    case .nearlyCertain: 64_880
    }
  }

  /// The lowest level at or above a probability in 1/65535; nil above 0.99.
  package init?(atLeast probability: UInt16) {
    for level in Self.allCases where level.probability >= probability {
      self = level
      return
    }
    return nil
  }
}

/// Where a stated chance comes from.
package enum ConfidenceSource: UInt8, Sendable, CaseIterable {
  /// Nothing on the way is uncertain, as far as it is declared.
  case certain = 0
  /// Distributions that were declared with the network.
  case declared = 1
  /// What was observed on the leg or lane itself.
  case learned = 2
  /// Mostly what was observed on its parents (the mode in the region, or everything).
  case learnedParent = 3
  /// Corrected by how promises of this kind turned out.
  case calibrated = 4
}
