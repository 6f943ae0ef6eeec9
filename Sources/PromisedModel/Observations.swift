// What happened, and how promises turned out.

package enum ObservationKind: UInt8, Sendable, CaseIterable {
  /// A departure of leg `subject` on local date `days` arrived `minutes` late (0…10,080).
  case legDelay = 1
  /// An order at node `subject` took `minutes` open minutes beyond the node's processing time.
  case handling = 2
  /// A parcel handed to the lane (`subject` = origin node, `service`, `zone`) on local date `days`
  /// was delivered after `minutes` = transit working days (0…60).
  case transit = 3
  /// The shipment `shipment` of hold `holdID` was delivered at `atUnixSeconds`.
  case delivery = 4
}

/// Columns of observations, all of `kinds.count` rows; columns a kind does not use hold 0 or empty.
package struct ObservationRows: Sendable, Equatable {
  package var kinds: [UInt8] = []
  package var subjects = PackedKeys()
  package var services = PackedKeys()
  package var zones = PackedKeys()
  package var days: [Int32] = []
  package var minutes: [Int32] = []
  package var holdIDs: [UInt64] = []
  package var shipments: [UInt16] = []
  package var atUnixSeconds: [Int64] = []

  package init() {}
}

/// What `Accuracy` groups by.
package enum AccuracyGrouping: UInt8, Sendable, CaseIterable {
  case all = 0
  case lane = 1
  case node = 2
  /// Of the promised date, Monday first.
  case weekday = 3
  case month = 4
  /// The confidence promised.
  case band = 5
}

package struct AccuracyQuery: Sendable, Equatable {
  package var grouping: AccuracyGrouping
  /// Promised dates from and to, both included; 0 = no bound.
  package var fromDays: Int32
  package var toDays: Int32

  package init(grouping: AccuracyGrouping, fromDays: Int32 = 0, toDays: Int32 = 0) {
    self.grouping = grouping
    self.fromDays = fromDays
    self.toDays = toDays
  }
}

/// How the promises of one group turned out.
package struct AccuracyRow: Sendable, Equatable {
  package var group: Name = .empty
  package var delivered: UInt64 = 0
  package var onTime: UInt64 = 0
  /// Mean of the chances stated, in 1/65535.
  package var meanChance: UInt16 = 0
  /// Share on time in 1/65535, and the 95 % Wilson interval around it.
  package var coverage: UInt16 = 0
  package var coverageLow: UInt16 = 0
  package var coverageHigh: UInt16 = 0
  /// Mean of promised minus delivered date in thousandths of a day.
  package var meanDaysEarlyMilli: Int64 = 0
  /// Promised and past their window, not reported delivered.
  package var overdue: UInt64 = 0

  package init() {}
}
