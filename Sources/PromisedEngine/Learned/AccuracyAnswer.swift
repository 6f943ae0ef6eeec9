import PromisedModel

/// Promised against delivered.
extension State {
  /// A row per group that has outcomes, in order of the group's number; `all` has one also without.
  ///
  /// - Throws: FIELD_OUT_OF_RANGE when `fromDays` is after `toDays`.
  /// - Complexity: O(outcomes kept + live promises).
  package func answer(_ query: AccuracyQuery, at now: UnixMilliseconds) throws(Refusal)
    -> [AccuracyRow]
  {
    if query.toDays != 0, query.fromDays > query.toDays {
      throw Refusal(
        .fieldOutOfRange, "from_days \(query.fromDays) is after to_days \(query.toDays)")
    }
    observeEverything()
    var groups: [Int64: AccuracyCount] = [:]
    outcomes.forEach { outcome in
      guard query.includes(outcome.promisedDays) else { return }
      groups[query.grouping.group(of: outcome), default: AccuracyCount()].add(outcome)
    }
    forEachLivePromise { promised in
      guard query.includes(promised.deliveryDays), promised.windowToUnixSeconds < now.seconds
      else { return }
      let group = query.grouping.group(
        of: PromiseOutcome(
          promisedDays: promised.deliveryDays, deliveredDays: 0, node: promised.node,
          lane: promised.lane, chance: promised.chance, level: promised.level.rawValue,
          confidence: promised.confidence.rawValue, isOnTime: false))
      groups[group, default: AccuracyCount()].overdue += 1
    }
    if query.grouping == .all, groups.isEmpty { groups[0] = AccuracyCount() }
    // The dictionary is looked up; its rows come out in the order of their groups.
    return groups.keys.sorted().map { group in
      (groups[group] ?? AccuracyCount()).row(named: name(of: group, query.grouping))
    }
  }

  private func name(of group: Int64, _ grouping: AccuracyGrouping) -> Name {
    switch grouping {
    case .all: return Name("all")
    case .lane:
      guard group < network.lanes.count else { return Name("own legs") }
      let key = network.lanes[Int(group)].key
      let parts = [
        network.nodeNames.name(Int(key.origin)), network.serviceNames.name(Int(key.service)),
        network.zoneNames.name(Int(key.zone)),
      ]
      return Name(parts.map(\.description).joined(separator: " "))
    case .node: return network.nodeName(UInt16(truncatingIfNeeded: group)).name
    case .weekday:
      let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
      return Name(names[Int(group)])
    case .month:
      let month = group % 100
      return Name("\(group / 100)-\(month < 10 ? "0" : "")\(month)")
    case .band:
      let names = ["0.5", "0.8", "0.9", "0.95", "0.99"]
      return Name(names[Int(group)])
    }
  }
}

extension AccuracyQuery {
  func includes(_ days: Int32) -> Bool {
    (fromDays == 0 || days >= fromDays) && (toDays == 0 || days <= toDays)
  }
}

extension AccuracyGrouping {
  func group(of outcome: PromiseOutcome) -> Int64 {
    switch self {
    case .all: 0
    case .lane: Int64(outcome.lane)
    case .node: Int64(outcome.node)
    case .weekday: Int64(LocalDate(days: outcome.promisedDays).weekday)
    case .month: Int64(Month(LocalDate(days: outcome.promisedDays)).yyyymm)
    case .band: Int64(outcome.confidence)
    }
  }
}

/// Outcomes of one group, counted.
struct AccuracyCount {
  var delivered: UInt64 = 0
  var onTime: UInt64 = 0
  var overdue: UInt64 = 0
  private var chances: UInt64 = 0
  private var daysEarly: Int64 = 0

  mutating func add(_ outcome: PromiseOutcome) {
    delivered += 1
    onTime += outcome.isOnTime ? 1 : 0
    chances += UInt64(outcome.chance)
    daysEarly += Int64(outcome.promisedDays) - Int64(outcome.deliveredDays)
  }

  func row(named name: Name) -> AccuracyRow {
    var row = AccuracyRow()
    row.group = name
    row.delivered = delivered
    row.onTime = onTime
    row.overdue = overdue
    guard delivered > 0 else {
      row.coverageHigh = 65_535
      return row
    }
    row.meanChance = UInt16(chances / delivered)
    row.coverage = UInt16(onTime * 65_535 / delivered)
    (row.coverageLow, row.coverageHigh) = WilsonInterval.bounds(onTime, of: delivered)
    row.meanDaysEarlyMilli = daysEarly * 1000 / Int64(delivered)
    return row
  }
}

/// The 95 % interval of a share from counts, in whole numbers.
enum WilsonInterval {
  /// In 1/65535, low rounded down and high rounded up; `total` is 1…2^20.
  ///
  /// Source: Wilson, "Probable Inference" (1927), with z = 1.959964:
  /// (k + z²/2 ± z·√(k·(n − k)/n + z²/4)) / (n + z²).
  static func bounds(_ count: UInt64, of total: UInt64) -> (low: UInt16, high: UInt16) {
    // Thousandths throughout: z² = 3.841, z = 1.960.
    let (k, n) = (Int64(count) * 1000, Int64(total) * 1000)
    let square: Int64 = 3841
    let variance = k * Int64(total - count) * 1000 / Int64(total) + square * 250
    let spread = 1960 * squareRoot(variance) / 1000
    let middle = k + square / 2
    // The formula ends exactly there with all or none; thousandths do not.
    let low = count == 0 ? 0 : max(0, (middle - spread) * 65_535 / (n + square))
    let high =
      count == total
      ? 65_535 : min(65_535, ((middle + spread) * 65_535 + n + square - 1) / (n + square))
    return (UInt16(low), UInt16(high))
  }

  /// ⌊√value⌋ of a value of 0 or more, by Newton's method from above.
  static func squareRoot(_ value: Int64) -> Int64 {
    if value < 2 { return max(0, value) }
    var root = Int64(1) << ((65 - value.leadingZeroBitCount) / 2)
    while true {
      let next = (root + value / root) / 2
      if next >= root { return root }
      root = next
    }
  }
}
