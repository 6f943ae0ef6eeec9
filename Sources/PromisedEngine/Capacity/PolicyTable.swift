import PromisedModel

/// Policies by marketplace and by seller, and which months clocks show.
struct PolicyTable {
  private(set) var rows: [CapacityPolicy] = []
  // Places in `rows`. Looked up, never walked.
  private var byMarketplace: [Name: Int] = [:]
  private var bySeller: [Name: Int] = [:]
  private let standard = CapacityPolicy.standard

  var isEmpty: Bool { rows.isEmpty }

  /// Whether any overage is charged.
  var chargesOverage: Bool { rows.contains { $0.chargesOverage } }

  mutating func put(_ policy: CapacityPolicy) {
    let place: Int?
    if policy.seller.isEmpty {
      place = byMarketplace[policy.marketplace]
      if place == nil { byMarketplace[policy.marketplace] = rows.count }
    } else {
      place = bySeller[policy.seller]
      if place == nil { bySeller[policy.seller] = rows.count }
    }
    if let place { rows[place] = policy } else { rows.append(policy) }
  }

  /// The seller's own, else its marketplace's, else the standard.
  func policy(of seller: Seller) -> CapacityPolicy {
    if rows.isEmpty { return standard }
    if let place = bySeller[seller.name] { return rows[place] }
    return policy(ofMarketplace: seller.marketplace)
  }

  func policy(ofMarketplace name: Name) -> CapacityPolicy {
    byMarketplace[name].map { rows[$0] } ?? standard
  }

  mutating func removeAll() { self = PolicyTable() }
}

/// The running month of a marketplace, between two instants of its zone.
struct MarketClock {
  var marketplace: Name
  var month: Month
  var fromSeconds: Int64
  var toSeconds: Int64
}

/// Which month it is for each seller, kept so that counting a sale looks up no zone.
struct MarketClocks {
  private struct Range: BitwiseCopyable {
    var month: Month
    var fromSeconds: Int64
    var toSeconds: Int64
  }

  private var marketplaces: [Name] = []
  /// By marketplace: apart from the names, so that a month is told without counting references.
  private var ranges: [Range] = []
  /// Per seller, its clock's place + 1; 0 = not looked up yet.
  private var places: [UInt32] = []

  mutating func removeAll() {
    marketplaces.removeAll()
    ranges.removeAll()
    places.removeAll()
  }

  /// The month at an instant for a seller, when its clock was read for that month before.
  @inline(__always)
  func known(of seller: Int, at seconds: Int64) -> Month? {
    if seller >= places.count || places[seller] == 0 { return nil }
    let range = ranges[Int(places[seller]) - 1]
    return seconds >= range.fromSeconds && seconds < range.toSeconds ? range.month : nil
  }

  /// The month at an instant for a seller; `read` reads the clock of a marketplace anew.
  mutating func month(
    of seller: Int, marketplace: Name, at seconds: Int64, _ read: (Name) -> MarketClock
  ) -> Month {
    while places.count <= seller { places.append(0) }
    if places[seller] == 0 {
      var place = marketplaces.firstIndex(of: marketplace)
      if place == nil {
        marketplaces.append(marketplace)
        ranges.append(Self.range(read(marketplace)))
        place = ranges.count - 1
      }
      places[seller] = UInt32(place ?? 0) + 1
    }
    let place = Int(places[seller]) - 1
    if seconds < ranges[place].fromSeconds || seconds >= ranges[place].toSeconds {
      ranges[place] = Self.range(read(marketplaces[place]))
    }
    return ranges[place].month
  }

  private static func range(_ clock: MarketClock) -> Range {
    Range(month: clock.month, fromSeconds: clock.fromSeconds, toSeconds: clock.toSeconds)
  }
}
