import PromisedInvariants
import PromisedModel

/// What volume above the limit costs.
package enum Overage {
  /// The mean over the days of a month, micro-cubic-feet, rounded down.
  package static func mean(excessDays: Int64, of month: Month) -> Int64 {
    excessDays / Int64(month.dayCount)
  }

  /// The fee in 1/10,000 of the currency, rounded down: the mean excess in cubic feet times the fee
  /// per cubic foot and month.
  package static func fee(excessDays: Int64, of month: Month, perCubicFoot: Int64) -> Int64 {
    let product = Int128(excessDays) * Int128(perCubicFoot)
    return Int64(clamping: product / (Int128(month.dayCount) * 1_000_000))
  }
}

/// Excess volume by (seller, storage type, month), and which days of whom were counted.
struct OverageTable {
  private struct Key: Hashable {
    var seller: Name
    var type: UInt8
    var month: UInt32
  }

  private(set) var rows: [OverageRow] = []
  /// Marketplaces in order of their first count.
  private(set) var counted: [CountedDay] = []
  // Looked up, never walked.
  private var places: [Key: Int] = [:]

  func lastDay(of marketplace: Name) -> Int32? {
    counted.first { $0.marketplace == marketplace }?.days
  }

  mutating func setLastDay(_ days: Int32, of marketplace: Name) {
    if let place = counted.firstIndex(where: { $0.marketplace == marketplace }) {
      counted[place].days = days
    } else {
      counted.append(CountedDay(marketplace: marketplace, days: days))
    }
  }

  mutating func add(_ excess: Int64, days: Int32, seller: Name, type: UInt8, month: UInt32) {
    let key = Key(seller: seller, type: type, month: month)
    let place: Int
    if let found = places[key] {
      place = found
    } else {
      place = rows.count
      places[key] = place
      var row = OverageRow()
      (row.seller, row.storageType, row.month) = (seller, type, month)
      rows.append(row)
    }
    let sum = Int128(rows[place].excessDays) + Int128(excess) * Int128(days)
    rows[place].excessDays = Int64(clamping: sum)
    rows[place].days += days
  }

  mutating func restore(_ stored: [OverageRow], _ days: [CountedDay]) {
    rows += stored
    for (place, row) in rows.enumerated() {
      places[Key(seller: row.seller, type: row.storageType, month: row.month)] = place
    }
    counted += days
  }

  /// Forgets months before one. Linear when there are any.
  mutating func forget(before month: UInt32) {
    if !rows.contains(where: { $0.month < month }) { return }
    let (kept, days) = (rows.filter { $0.month >= month }, counted)
    self = OverageTable()
    restore(kept, days)
  }
}

extension State {
  /// Whether a day has passed where days are counted, or a plan has expired: then the caller logs
  /// and applies `capacityDayPassed`.
  package func isCapacityDayDue(at now: UnixMilliseconds) -> Bool { now.seconds >= nextCapacityDay }

  /// States when that is the next time. Days are counted where overage is charged.
  func planCapacityDay() {
    nextCapacityDay = inboundPlans.earliestExpiry
    if !policies.chargesOverage { return }
    for marketplace in network.marketplaces {
      guard let last = overage.lastDay(of: marketplace.name) else { continue }
      let next = start(of: LocalDate(days: last + 1), marketplace: marketplace.name)
      nextCapacityDay = min(nextCapacityDay, next)
    }
  }

  /// Begins to count days where that has not begun.
  func beginCountingDays() {
    if !policies.chargesOverage { return }
    for marketplace in network.marketplaces where overage.lastDay(of: marketplace.name) == nil {
      let today = localDate(at: appliedTime.seconds, marketplace: marketplace.name)
      overage.setLastDay(today.days, of: marketplace.name)
    }
  }

  /// Counts the days that have begun since the last count, with what is on hand now, and ends plans
  /// that have expired. Linear in sellers and plans, once a day.
  func applyCapacityDayPassed() {
    expirePlans()
    beginCountingDays()
    if policies.chargesOverage {
      for marketplace in network.marketplaces { countDays(of: marketplace.name) }
    }
    inboundPlans.forget(endedBefore: appliedTime.seconds - Limits.endedPlanSeconds)
    planCapacityDay()
  }

  /// Days of a gap that are counted at most.
  private static var countedDays: Int32 { 62 }

  private func countDays(of marketplace: Name) {
    let today = localDate(at: appliedTime.seconds, marketplace: marketplace).days
    guard let last = overage.lastDay(of: marketplace), today > last else { return }
    // The days from the one that was running at the last count to yesterday.
    var day = max(last, today - Self.countedDays)
    while day < today {
      let month = Month(LocalDate(days: day))
      let end = min(today, month.next.firstDay.days)
      count(month, days: end - day, marketplace: marketplace)
      day = end
    }
    overage.setLastDay(today, of: marketplace)
    var oldest = Month(LocalDate(days: today))
    for _ in 0..<24 { oldest = oldest.previous }
    overage.forget(before: oldest.yyyymm)
  }

  private func count(_ month: Month, days: Int32, marketplace: Name) {
    for seller in 0..<sellers.count where sellers[seller].marketplace == marketplace {
      let policy = policies.policy(of: sellers[seller])
      if !policy.chargesOverage { continue }
      for type: UInt8 in 1...7 {
        let used = usage.read(seller: seller, type: type).onHand
        if used <= 0 { continue }
        guard let limit = overageLimit(of: seller, type: type, month, policy) else { continue }
        let excess = used - limit
        if excess <= 0 { continue }
        overage.add(
          Usage.clamped(excess), days: days, seller: sellers[seller].name, type: type,
          month: month.yyyymm)
        touch(.seller, UInt64(seller))
      }
    }
  }

  /// The highest limit of the month; nil = none holds.
  private func overageLimit(
    of seller: Int, type: UInt8, _ month: Month, _ policy: CapacityPolicy
  ) -> Int128? {
    let row = limits.find(seller: UInt32(seller), type: type, month: month.yyyymm)
    let effective = effectiveLimit(row, policy, of: seller, in: month, today: month.firstDay)
    if effective.kind == 0 || effective.kind == LimitKind.noLimit.rawValue { return nil }
    return Int128(max(effective.limit, row?.highest ?? 0)) + Int128(row?.granted ?? 0)
  }
}
