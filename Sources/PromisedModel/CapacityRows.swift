// What operators and sellers say about storage: policies, buildings, signals, and why a limit is
// what it is.

/// Why a limit was announced or changed: stored by number, shown by label.
package enum LimitCause: UInt8, Sendable, CaseIterable {
  case notStated = 0
  case forecast = 1
  case salesHistory = 2
  case performance = 3
  case networkCapacity = 4
  case sellerRequest = 5
  case correction = 6
  /// The only cause under which a published limit may be lowered, with `force` and a notice.
  case operatorCut = 7

  /// The name in answers and import files.
  package var label: String {
    switch self {
    case .notStated: "not-stated"
    case .forecast: "forecast"
    case .salesHistory: "sales-history"
    case .performance: "performance"
    case .networkCapacity: "network-capacity"
    case .sellerRequest: "seller-request"
    case .correction: "correction"
    case .operatorCut: "operator-cut"
    }
  }
}

/// The rules of a marketplace, or of one seller in it, that decide what no announced limit does.
///
/// Key: marketplace and seller; exactly one of them is named. A seller's own row replaces the whole
/// row of its marketplace. Without any, `standard` holds.
package struct CapacityPolicy: Sendable, Equatable {
  package var marketplace: Name
  package var seller: Name
  /// Whether on-hand volume above the limit costs a fee.
  package var chargesOverage = false
  /// In 1/10,000 of the currency per cubic foot and month, 0…10^9.
  package var overageFee: Int64 = 100_000
  /// What an individual account may store of each type, micro-cubic-feet; 0 = limits as announced.
  package var individualLimit: Int64 = 15_000_000
  /// For how many weeks from its start a new professional seller has no limit, 0…520.
  package var newSellerWeeks: Int32 = 39
  /// Plans that replenish by the network's own order are admitted beyond the seller's limit.
  package var replenishmentBypasses = false
  /// A plan of which nothing was sent ends so many days after its last ETA, 1…366.
  package var planDays: Int32 = 30
  /// A bid asks for at most this share of the limit in thousandths, or `maximumAsk`, whichever is
  /// greater.
  package var maximumAskPermille: Int32 = 200
  /// Micro-cubic-feet.
  package var maximumAsk: Int64 = 2_000_000_000
  /// What a unit of currency in sales gives back of a reservation fee, in thousandths.
  package var creditPermille: Int32 = 150
  /// The share of the free room of all buildings that is advised to one seller, in thousandths.
  package var networkSharePermille: Int32 = 1000
  /// What the storage types 1…7 are called here; empty = their standard labels.
  package var typeNames: [Name] = []

  package init(marketplace: Name = .empty, seller: Name = .empty) {
    self.marketplace = marketplace
    self.seller = seller
  }

  package static var standard: CapacityPolicy { CapacityPolicy() }
}

/// Columns of what buildings can store, upserted by (node, storage type).
package struct BuildingRows: Sendable, Equatable {
  package var nodeNames: [Name] = []
  package var nodes: [UInt32] = []
  package var storageTypes: [UInt8] = []
  /// Micro-cubic-feet that can be used, 0…10^18; 0 = the building does not take the type.
  package var usableVolumes: [Int64] = []
  /// Thousandths of the usable volume from which on there is a warning, an alarm; 0…2000, the first
  /// not above the second.
  package var warningPermille: [UInt16] = []
  package var alarmPermille: [UInt16] = []

  package init() {}
}

package enum SignalKind: UInt8, Sendable, CaseIterable {
  case launch = 1
  case promotion = 2
  case seasonal = 3
  case discontinuation = 4
  case other = 5

  package var label: String { "\(self)" }
}

/// Columns of what sellers expect that no model can know: units sold in a month beyond the usual.
/// Upserted by (seller, item, month); low and high 0 with confidence 0 removes.
package struct SignalRows: Sendable, Equatable {
  package var sellerNames: [Name] = []
  package var sellers: [UInt32] = []
  package var keys = PackedKeys()
  /// yyyymm.
  package var months: [UInt32] = []
  package var kinds: [UInt8] = []
  /// Units beyond the usual rate, −10^9…10^9, low not above high.
  package var lows: [Int64] = []
  package var highs: [Int64] = []
  /// Thousandths, 0…1000: how sure the seller is.
  package var confidences: [UInt16] = []
  // What the service adds when it takes a signal; empty in a request.
  /// The item's rate when the signal came, units a day in thousandths.
  package var baselinesPerDayMilli: [Int64] = []
  package var putUnixSeconds: [Int64] = []
  /// Units sold in the month so far.
  package var sold: [Int64] = []
  /// The range as it was when the month began, which it is scored by; of a snapshot only.
  package var scoredLows: [Int64] = []
  package var scoredHighs: [Int64] = []

  package init() {}
}
