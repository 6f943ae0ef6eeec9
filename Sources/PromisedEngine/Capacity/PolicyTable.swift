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
  private var clocks: [MarketClock] = []
  /// Per seller, its clock's place + 1; 0 = not looked up yet.
  private var places: [UInt32] = []

  mutating func removeAll() {
    clocks.removeAll()
    places.removeAll()
  }

  /// The month at an instant for a seller; `read` reads the clock of a marketplace anew.
  mutating func month(
    of seller: Int, marketplace: Name, at seconds: Int64, _ read: (Name) -> MarketClock
  ) -> Month {
    while places.count <= seller { places.append(0) }
    if places[seller] == 0 {
      var place = clocks.firstIndex { $0.marketplace == marketplace }
      if place == nil {
        clocks.append(read(marketplace))
        place = clocks.count - 1
      }
      places[seller] = UInt32(place ?? 0) + 1
    }
    let place = Int(places[seller]) - 1
    if seconds < clocks[place].fromSeconds || seconds >= clocks[place].toSeconds {
      clocks[place] = read(clocks[place].marketplace)
    }
    return clocks[place].month
  }
}
