// Items, sellers, stock rows and limits as they are put or loaded: owned columns, by name.

/// A handling and size class with its own storage limit.
package enum StorageType: UInt8, Sendable, CaseIterable {
  case standard = 1
  case oversize = 2
  case extraLarge = 3
  case apparel = 4
  case footwear = 5
  case aerosol = 6
  case flammable = 7

  /// The name on the wire and in import files.
  package var label: String {
    switch self {
    case .standard: "standard"
    case .oversize: "oversize"
    case .extraLarge: "extra-large"
    case .apparel: "apparel"
    case .footwear: "footwear"
    case .aerosol: "aerosol"
    case .flammable: "flammable"
    }
  }
}

/// Columns of items, upserted by key. All columns have `keys.count` rows.
package struct ItemRows: Sendable, Equatable {
  package var keys = PackedKeys()
  /// The distinct sellers of this batch; a row names one by index.
  package var sellerNames: [Name] = []
  package var sellers: [UInt32] = []
  package var storageTypes: [UInt8] = []
  /// Micro-cubic-feet of one unit, rounded up once; 1…10^12.
  package var volumesMicroCubicFeet: [Int64] = []
  package var weightsGrams: [Int32] = []
  /// Open minutes of handling on top of the node's processing time, 0…20160.
  package var handlingMinutes: [Int32] = []
  /// Mean units a day over the network, in thousandths; 0 = no rate known.
  package var demandPerDayMilli: [Int64] = []
  /// Variance over mean of a day's demand, in thousandths, at least 1000 (= Poisson).
  package var demandVarianceRatioMilli: [Int32] = []
  // Each of the columns below may be empty: 0 for every row.
  /// Not worked on before this instant; 0 = released.
  package var releaseUnixSeconds: [Int64] = []
  /// `ItemRestrictions`.
  package var restrictions: [UInt8] = []
  /// Cubic millimetres of one unit as packed for shipping, 0…10^13; 0 = not known.
  package var volumesCubicMillimetres: [Int64] = []
  /// Items that sell alike have the same: an index into `categoryNames`, whose name may be empty.
  package var categories: [UInt32] = []
  package var categoryNames: [Name] = []

  package init() {}
}

/// Columns of stock positions. All quantity columns have `keys.count` rows, 0…2^31−1.
package struct PositionRows: Sendable, Equatable {
  package var keys = PackedKeys()
  package var nodeNames: [Name] = []
  package var nodes: [UInt32] = []
  package var onHand: [Int32] = []
  package var unfulfillable: [Int32] = []
  package var researching: [Int32] = []
  package var inTransfer: [Int32] = []
  package var inProcessing: [Int32] = []
  package var withheld: [Int32] = []

  package init() {}
}

package enum InboundStage: UInt8, Sendable, CaseIterable {
  case draft = 1
  case working = 2
  case shipped = 3
  case receiving = 4
  /// Left one node of the network for another; only the feed makes and lowers it.
  case transfer = 5
}

/// Columns of expected supply, upserted by (shipment, item, node). Quantity 0 removes the row.
package struct InboundRows: Sendable, Equatable {
  package var shipments = PackedKeys()
  package var keys = PackedKeys()
  package var nodeNames: [Name] = []
  package var nodes: [UInt32] = []
  package var quantities: [Int32] = []
  /// The instant by which it has come with a chance of one half.
  package var etaUnixSeconds: [Int64] = []
  package var stages: [UInt8] = []
  // Each of the columns below may be empty, and a value 0: the same as `etaUnixSeconds`.
  /// By then it has come with a chance of 10 %.
  package var earlyUnixSeconds: [Int64] = []
  /// By then it has come with a chance of 90 %.
  package var lateUnixSeconds: [Int64] = []

  package init() {}
}

/// Who owns units. Key: `name`.
package struct Seller: Sendable, Equatable {
  package var name: Name
  package var title: Name
  package var marketplace: Name
  /// The local date on which it began to sell, days since 1970-01-01; 0 = not known, long ago.
  package var startDays: Int32
  /// An individual account, whose storage is fixed by policy; else a professional one.
  package var isIndividual: Bool

  package init(
    name: Name, title: Name, marketplace: Name, startDays: Int32 = 0, isIndividual: Bool = false
  ) {
    self.name = name
    self.title = title
    self.marketplace = marketplace
    self.startDays = startDays
    self.isIndividual = isIndividual
  }
}

package enum LimitKind: UInt8, Sendable, CaseIterable {
  case confirmed = 1
  case estimated = 2
  /// Explicitly unlimited: never the same as a limit of zero.
  case noLimit = 3
}

/// Columns of storage limits, upserted by (seller, storage type, month, kind).
package struct LimitRows: Sendable, Equatable {
  package var sellerNames: [Name] = []
  package var sellers: [UInt32] = []
  package var storageTypes: [UInt8] = []
  package var months: [UInt32] = []
  package var kinds: [UInt8] = []
  /// Micro-cubic-feet, 0…10^18; 0 with `noLimit`.
  package var limitsMicroCubicFeet: [Int64] = []
  // Each of the columns below may be empty: 0 for every row.
  /// `LimitCause`.
  package var causes: [UInt8] = []
  /// 0 = now, when it is put.
  package var announcedUnixSeconds: [Int64] = []
  /// Until when an estimate is not lowered; 0 = the end of its month.
  package var windowEndUnixSeconds: [Int64] = []
  /// 1 = an operator lowers a published limit, with cause and notice.
  package var forced: [UInt8] = []
  /// What the seller is told; a row without has length 0.
  package var notices = PackedKeys()

  package init() {}
}
