// What is asked about storage, and what is answered.

/// What stops a seller from sending more.
package enum Binding: UInt32, Sendable, CaseIterable {
  case nothing = 0
  case sellerLimit = 1
  case building = 2
  /// Advice only: the free room of all buildings is less than the limit leaves.
  case network = 3
  /// The building does not take the storage type.
  case restriction = 4
  /// No limit is confirmed for the month.
  case notConfirmed = 5
}

/// Where the units come from that an optimistic answer expects to be sold: a sum of these, 0 = nothing
/// is known.
package enum SellThroughSources {
  /// The declared rates of items.
  package static var declaredRates: UInt32 { 1 }
  /// Quantile forecasts that were put.
  package static var forecasts: UInt32 { 2 }
  /// The service's own forecaster.
  package static var embedded: UInt32 { 4 }
  /// What the seller signalled, at the weight its earlier signals deserve.
  package static var signals: UInt32 { 8 }
}

/// What became of a line, and what would make it fit.
package struct LineVerdict: Sendable, Equatable {
  package var code = OutcomeCode.ok
  /// Units that are admitted.
  package var admitted: Int32 = 0
  /// Units that would fit.
  package var fitting: Int64 = 0
  package var binding = Binding.nothing
  /// yyyymm of the ETA.
  package var month: UInt32 = 0
  /// The first later month in which the whole line fits the seller's limit; 0 = none.
  package var fittingMonth: UInt32 = 0
  /// A building with room for the whole line, where the asked one has none; empty = none.
  package var fittingNode: Name = .empty
  /// It goes beyond what is estimated for a later month: advice.
  package var isBeyondEstimate = false

  package init() {}
}

/// Room left in a month after a plan.
package struct RoomRow: Sendable, Equatable {
  package var storageType: UInt8
  package var month: UInt32
  /// Micro-cubic-feet; −1 = no limit, −2 = none confirmed.
  package var room: Int64

  package init(storageType: UInt8, month: UInt32, room: Int64) {
    self.storageType = storageType
    self.month = month
    self.room = room
  }
}

package struct AdmissionReply: Sendable, Equatable {
  package var planID: UInt64 = 0
  package var state = PlanState.open
  package var isRepeated = false
  package var expiresUnixSeconds: Int64 = 0
  package var lines: [LineVerdict] = []
  package var rooms: [RoomRow] = []

  package init() {}
}

/// A plan with what is still open of each line.
package struct PlanStatusReply: Sendable, Equatable {
  package var plan = PlanRow()
  package var isRepeated = false
  package var nodeNames: [Name] = []
  package var open: [Int64] = []

  package init() {}
}

package struct UtilizationRow: Sendable, Equatable {
  package var node: Name
  package var storageType: UInt8
  /// −1 = not declared.
  package var usable: Int64
  package var stored: Int64
  package var inbound: Int64
  /// Stored and inbound in thousandths of usable; 0 where none is declared.
  package var permille: Int64
  /// 0 normal, 1 warning, 2 alarm.
  package var band: UInt32

  package init(
    node: Name, storageType: UInt8, usable: Int64, stored: Int64, inbound: Int64, permille: Int64,
    band: UInt32
  ) {
    self.node = node
    self.storageType = storageType
    self.usable = usable
    self.stored = stored
    self.inbound = inbound
    self.permille = permille
    self.band = band
  }
}

package enum CapacityReport: UInt8, Sendable, CaseIterable {
  case nearLimits = 1
  case plans = 2
  case limitChanges = 3
  /// Limits that went down although the seller had sold more.
  case questionableChanges = 4
  case bids = 5
  case clearings = 6
  case signals = 7
  case overage = 8
  case removals = 9
  case policies = 10

  /// The word on the command line.
  package var label: String {
    switch self {
    case .nearLimits: "near-limits"
    case .plans: "plans"
    case .limitChanges: "limit-changes"
    case .questionableChanges: "questionable"
    case .bids: "bids"
    case .clearings: "clearings"
    case .signals: "signals"
    case .overage: "overage"
    case .removals: "removals"
    case .policies: "policies"
    }
  }
}

package struct ReportQuery {
  package var report: CapacityReport
  /// Only of this seller; empty = all.
  package var seller: Name
  /// For near-limits: used from this share of the limit on, in thousandths.
  package var thresholdPermille: Int32
  package var pageToken: BorrowedBytes
  package var pageSize: Int32

  package init(
    report: CapacityReport, seller: Name = .empty, thresholdPermille: Int32 = 850,
    pageToken: BorrowedBytes = .empty, pageSize: Int32 = 100
  ) {
    self.report = report
    self.seller = seller
    self.thresholdPermille = thresholdPermille
    self.pageToken = pageToken
    self.pageSize = pageSize
  }
}

/// A round as it was cleared, or would be, with the ledger of those who were granted.
package struct ClearingReply: Sendable, Equatable {
  package var clearing = ClearingRow()
  /// Beside the bids: reservation fee, credit and what is paid, in 1/10,000 of the currency.
  package var fees: [Int64] = []
  package var credits: [Int64] = []
  package var nets: [Int64] = []

  package init() {}
}
