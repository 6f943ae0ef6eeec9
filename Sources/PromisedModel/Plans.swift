// Whole carts: the question and its answer.

package enum PlanObjective: UInt8, Sendable, CaseIterable {
  /// The earliest last window, then the lowest cost.
  case earliest = 1
  /// The lowest cost among plans that meet the date.
  case cost = 2
  case fewestShipments = 3
}

package enum FillPolicy: UInt8, Sendable, CaseIterable {
  /// All lines whole, or no plan.
  case fillOrKill = 1
  /// What can be filled now; the rest is reported short.
  case fillAvailable = 2
}

/// One cart to one destination.
package struct PlanQuery {
  /// 1…256 lines.
  package var items: KeyColumn
  /// Per line, 1…2·10^9.
  package var quantities: Column<Int32>
  package var country: BorrowedBytes
  package var postcode: BorrowedBytes
  /// The service levels to plan for, each once; empty = standard only.
  package var levels: Column<UInt8>
  package var confidence: ConfidenceLevel
  package var objective: PlanObjective
  package var policy: FillPolicy
  /// All lines from one node, or no plan.
  package var shipsTogether: Bool
  /// Delivered by the end of this local date; 0 = whenever.
  package var neededByDays: Int32
  /// 1…256; 0 = no limit.
  package var maximumShipments: Int32
  /// The slowest level that is fast enough for a line may carry it: boxes may differ in level.
  package var mixesLevels: Bool
  /// Who asks; empty = no channel.
  package var channel: BorrowedBytes

  package init(
    items: KeyColumn, quantities: Column<Int32>, country: BorrowedBytes, postcode: BorrowedBytes,
    levels: Column<UInt8> = .empty, confidence: ConfidenceLevel = .usual,
    objective: PlanObjective = .earliest, policy: FillPolicy = .fillOrKill,
    shipsTogether: Bool = false, neededByDays: Int32 = 0, maximumShipments: Int32 = 0,
    mixesLevels: Bool = false, channel: BorrowedBytes = .empty
  ) {
    self.items = items
    self.quantities = quantities
    self.country = country
    self.postcode = postcode
    self.levels = levels
    self.confidence = confidence
    self.objective = objective
    self.policy = policy
    self.shipsTogether = shipsTogether
    self.neededByDays = neededByDays
    self.maximumShipments = maximumShipments
    self.mixesLevels = mixesLevels
    self.channel = channel
  }
}

/// Units of one line in one box.
package struct PlannedLine: BitwiseCopyable, Sendable, Equatable {
  package var line: UInt16
  package var quantity: Int32

  package init(line: UInt16, quantity: Int32) {
    self.line = line
    self.quantity = quantity
  }
}

/// Items leaving one node together.
package struct PlannedShipment: Sendable, Equatable {
  package var node: UInt16 = 0
  package var level: ServiceLevel = .standard
  package var lines: [PlannedLine] = []
  package var windowFromUnixSeconds: Int64 = 0
  package var windowToUnixSeconds: Int64 = 0
  package var windowUTCOffsetSeconds: Int32 = 0
  package var deliveryDays: Int32 = 0
  package var orderByUnixSeconds: Int64 = 0
  package var shipByUnixSeconds: Int64 = 0
  /// In 1/65535; 0 = not stated.
  package var chance: UInt16 = 0
  package var cost: Money = 0
  /// What the silence of the node means now; `ignore` = it is not silent.
  package var silence: SilencePolicy = .ignore

  package init() {}
}

/// A line that cannot be filled, or not whole.
package struct ShortLine: Sendable, Equatable {
  package var line: UInt16 = 0
  package var code: OutcomeCode = .noStock
  package var available: Int64 = 0
  package var nextSupplyUnixSeconds: Int64 = 0

  package init() {}
}

/// The plan of one service level.
package struct CartPlan: Sendable, Equatable {
  package var level: ServiceLevel
  /// `ok`, or why there is no plan.
  package var code: OutcomeCode
  package var shipments: [PlannedShipment] = []
  package var shortLines: [ShortLine] = []
  package var cost: Money = 0
  /// No plan costs less than this; equal to `cost` when the plan is exact.
  package var costLowerBound: Money = 0
  package var isExact = false
  package var cacheUntilUnixSeconds: Int64 = 0
  package var expiresUnixSeconds: Int64 = 0
  package var token: [UInt8] = []

  package init(level: ServiceLevel, code: OutcomeCode) {
    self.level = level
    self.code = code
  }
}

package struct PlanReply: Sendable {
  /// In the order of the levels asked for.
  package var plans: [CartPlan] = []
  package var profileEpoch: UInt64 = 0
  package var postcodeExact = false

  package init() {}

  package mutating func removeAll() {
    plans.removeAll(keepingCapacity: true)
    profileEpoch = 0
    postcodeExact = false
  }
}
