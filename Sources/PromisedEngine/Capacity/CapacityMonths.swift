import PromisedInvariants
import PromisedModel

/// How far ahead storage is promised.
enum CapacityHorizon {
  /// This month and the eleven after it.
  static var months: Int { 12 }
}

/// Months and days where a seller sells.
extension State {
  /// The month of an instant for a seller.
  func month(ofSeconds seconds: Int64, seller: UInt32) -> UInt32 {
    month(
      at: UnixMilliseconds(seconds * 1000), marketplace: sellers[Int(seller)].marketplace
    ).yyyymm
  }

  /// The rules of a marketplace's zone; nil when a replacing load has dropped it.
  func zoneRules(ofMarketplace name: Name) -> TimeZoneRules? {
    var zone: Name?
    name.bytes.withUnsafeBufferPointer {
      zone = network.marketplace(BorrowedBytes($0))?.timeZone
    }
    return zone.flatMap { network.timeZone($0) }
  }

  func localDate(at seconds: Int64, marketplace: Name) -> LocalDate {
    if let rules = zoneRules(ofMarketplace: marketplace) { return rules.localDate(at: seconds) }
    return LocalDate(days: Int32(clamping: floorDivide(seconds, 86_400)))
  }

  /// The first instant of a local date.
  func start(of date: LocalDate, marketplace: Name) -> Int64 {
    if let rules = zoneRules(ofMarketplace: marketplace) { return rules.startOfDay(date) }
    return Int64(date.days) * 86_400
  }

  func start(of month: Month, marketplace: Name) -> Int64 {
    start(of: month.firstDay, marketplace: marketplace)
  }

  func clock(of marketplace: Name, at seconds: Int64) -> MarketClock {
    let month = Month(localDate(at: seconds, marketplace: marketplace))
    return MarketClock(
      marketplace: marketplace, month: month,
      fromSeconds: start(of: month, marketplace: marketplace),
      toSeconds: start(of: month.next, marketplace: marketplace))
  }

  /// The running month of a seller at the time of the event that is applied.
  @inline(__always)
  func runningMonth(of seller: Int) -> Month {
    clocks.known(of: seller, at: appliedTime.seconds) ?? readMonth(of: seller)
  }

  @inline(never)
  private func readMonth(of seller: Int) -> Month {
    clocks.month(of: seller, marketplace: sellers[seller].marketplace, at: appliedTime.seconds) {
      clock(of: $0, at: appliedTime.seconds)
    }
  }

  /// Zones, or where sellers sell, have changed: what is due belongs to other months. Linear in the
  /// state, and rare.
  func followMarketplaces() {
    clocks.removeAll()
    if positions.itemCount > 0 { recomputeUsage() }
    planCapacityDay()
  }
}
