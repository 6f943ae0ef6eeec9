// Inbound plans, bids, removals: what is asked, what was decided, and how it is kept.

package enum AdmissionMode: UInt8, Sendable, CaseIterable {
  /// Every line as asked, or nothing.
  case whole = 1
  /// Each line cut to the units that fit after the lines before it.
  case cut = 2
}

/// Lines of a plan: columns of `keys.count` rows.
package struct PlanLines: Sendable, Equatable {
  package var keys = PackedKeys()
  package var nodeNames: [Name] = []
  package var nodes: [UInt32] = []
  /// 1…2·10^9.
  package var quantities: [Int32] = []
  package var etaUnixSeconds: [Int64] = []

  package init() {}
}

/// Hold storage for an inbound plan, under whose name its units will arrive.
package struct AdmitCommand {
  package var key: CommandKey
  package var seller: Name
  /// Also the shipment that a feed or a receipt names.
  package var plan: Name
  package var lines: PlanLines
  package var mode: AdmissionMode
  /// The network's own replenishment; see `CapacityPolicy.replenishmentBypasses`.
  package var isReplenishment: Bool

  package init(
    key: CommandKey, seller: Name, plan: Name, lines: PlanLines, mode: AdmissionMode = .whole,
    isReplenishment: Bool = false
  ) {
    self.key = key
    self.seller = seller
    self.plan = plan
    self.lines = lines
    self.mode = mode
    self.isReplenishment = isReplenishment
  }
}

/// What an admission would answer, without one.
package struct WhatIfQuery {
  package var seller: Name
  package var lines: PlanLines
  package var mode: AdmissionMode
  package var isReplenishment: Bool

  package init(
    seller: Name, lines: PlanLines, mode: AdmissionMode = .cut, isReplenishment: Bool = false
  ) {
    self.seller = seller
    self.lines = lines
    self.mode = mode
    self.isReplenishment = isReplenishment
  }
}

/// Units of a plan have arrived.
package struct ReceiveCommand {
  package var key: CommandKey
  package var plan: Name
  /// The receipt's own name, once a plan: received again under it changes nothing, however late.
  /// Empty = only the key tells repeats apart.
  package var receipt: Name
  /// `etaUnixSeconds` is not used.
  package var lines: PlanLines

  package init(key: CommandKey, plan: Name, receipt: Name, lines: PlanLines) {
    self.key = key
    self.plan = plan
    self.receipt = receipt
    self.lines = lines
  }
}

package struct CloseCommand {
  package var key: CommandKey
  package var plan: Name
  package var reason: Name

  package init(key: CommandKey, plan: Name, reason: Name) {
    self.key = key
    self.plan = plan
    self.reason = reason
  }
}

package enum PlanState: UInt8, Sendable, CaseIterable {
  case open = 1
  /// Everything that was open has arrived.
  case received = 2
  case closed = 3
  /// Nothing was sent in time.
  case expired = 4

  package var label: String { "\(self)" }
}

package struct PlanLineRow: Sendable, Equatable {
  package var item: Name
  package var node: UInt16
  /// 0 = it arrived without having been planned.
  package var admitted: Int32
  /// By receipts and rows of the feed that named the plan, what came beyond the admitted units too.
  package var received: Int64
  package var etaUnixSeconds: Int64

  package init(item: Name, node: UInt16, admitted: Int32, received: Int64, etaUnixSeconds: Int64) {
    self.item = item
    self.node = node
    self.admitted = admitted
    self.received = received
    self.etaUnixSeconds = etaUnixSeconds
  }
}

/// A plan as an event brings it and as a snapshot keeps it.
package struct PlanRow: Sendable, Equatable {
  /// The position of its event; 0 in the event itself.
  package var id: UInt64 = 0
  package var name: Name = .empty
  package var seller: Name = .empty
  package var state = PlanState.open
  package var isReplenishment = false
  package var createdUnixSeconds: Int64 = 0
  package var expiresUnixSeconds: Int64 = 0
  /// 0 while it is open.
  package var endedUnixSeconds: Int64 = 0
  package var reason: Name = .empty
  package var receipts: [Name] = []
  package var lines: [PlanLineRow] = []

  package init() {}
}

package struct PlanReceivedEvent: Sendable, Equatable {
  package var id: UInt64 = 0
  package var receipt: Name = .empty
  /// `admitted` and the ETA are not used.
  package var lines: [PlanLineRow] = []

  package init() {}
}

// MARK: Extra capacity

package struct BidCommand {
  package var key: CommandKey
  package var bid: BidRow

  package init(key: CommandKey, bid: BidRow) {
    self.key = key
    self.bid = bid
  }
}

package enum BidState: UInt8, Sendable, CaseIterable {
  case open = 1
  case granted = 2
  /// The round was cleared without it.
  case lost = 3

  package var label: String { "\(self)" }
}

/// A request for storage beyond the limit of a month.
package struct BidRow: Sendable, Equatable {
  /// The position of its event; 0 before.
  package var id: UInt64 = 0
  package var seller: Name = .empty
  package var storageType: UInt8 = 1
  package var month: UInt32 = 0
  /// Micro-cubic-feet wanted, and the least that is taken; 0 = all or nothing.
  package var volume: Int64 = 0
  package var minimum: Int64 = 0
  /// The most that is paid, in 1/10,000 of the currency per cubic foot.
  package var maximumFee: Int64 = 0
  package var placedUnixMilliseconds: Int64 = 0
  package var state = BidState.open
  package var granted: Int64 = 0

  package init() {}
}

package struct ClearCommand {
  package var key: CommandKey
  package var marketplace: Name
  package var storageType: UInt8
  package var month: UInt32
  /// Micro-cubic-feet that are given away.
  package var volume: Int64
  /// Show what would come out, and keep nothing.
  package var isTrial: Bool

  package init(
    key: CommandKey, marketplace: Name, storageType: UInt8, month: UInt32, volume: Int64,
    isTrial: Bool
  ) {
    self.key = key
    self.marketplace = marketplace
    self.storageType = storageType
    self.month = month
    self.volume = volume
    self.isTrial = isTrial
  }
}

/// Everything a round was decided from and what came out: enough to compute it by hand.
package struct ClearingRow: Sendable, Equatable {
  /// The position of its event; 0 before.
  package var id: UInt64 = 0
  package var marketplace: Name = .empty
  package var storageType: UInt8 = 1
  package var month: UInt32 = 0
  package var volume: Int64 = 0
  /// What everybody granted pays, in 1/10,000 of the currency per cubic foot; 0 = nobody was.
  package var price: Int64 = 0
  package var clearedUnixSeconds: Int64 = 0
  package var creditPermille: Int32 = 0
  /// Highest fee first, then the earliest, then the lowest id.
  package var bids: [BidRow] = []

  package init() {}
}

// MARK: Removals

package enum RemovalAction: UInt8, Sendable, CaseIterable {
  /// Units shall leave: they count no more.
  case order = 1
  /// Units have left.
  case ship = 2
  /// Units shall stay after all.
  case cancel = 3
}

package struct RemovalLine: Sendable, Equatable {
  package var item: Name
  package var node: UInt16
  package var units: Int32

  package init(item: Name, node: UInt16, units: Int32) {
    self.item = item
    self.node = node
    self.units = units
  }
}

package struct RemovalCommand {
  package var key: CommandKey
  package var order: Name
  package var action: RemovalAction
  package var lines: PlanLines

  package init(key: CommandKey, order: Name, action: RemovalAction, lines: PlanLines) {
    self.key = key
    self.order = order
    self.action = action
    self.lines = lines
  }
}

/// A removal order with what is pending of it; in an event, what one action moves.
package struct RemovalRow: Sendable, Equatable {
  package var order: Name = .empty
  package var action = RemovalAction.order
  package var lines: [RemovalLine] = []

  package init() {}
}

// MARK: As snapshots keep it

/// A seller's limit for a storage type in a month with all that is known of it.
package struct LimitStateRow: Sendable, Equatable {
  package var seller: Name = .empty
  package var storageType: UInt8 = 1
  package var month: UInt32 = 0
  /// `LimitKind`, confirmed or no limit; 0 = only estimated.
  package var decided: UInt8 = 0
  package var decidedLimit: Int64 = 0
  package var decidedCause: UInt8 = 0
  package var decidedUnixSeconds: Int64 = 0
  package var hasEstimate = false
  package var estimate: Int64 = 0
  package var estimateCause: UInt8 = 0
  package var estimatedUnixSeconds: Int64 = 0
  /// Until when the estimate is not lowered.
  package var windowEndUnixSeconds: Int64 = 0
  package var granted: Int64 = 0

  package init() {}
}

/// One change of a limit.
package struct LimitChangeRow: Sendable, Equatable {
  package var seller: Name = .empty
  package var storageType: UInt8 = 1
  package var month: UInt32 = 0
  package var kind: UInt8 = 1
  /// Micro-cubic-feet; −1 = none before, −2 = no limit.
  package var before: Int64 = -1
  package var after: Int64 = 0
  package var cause: UInt8 = 0
  /// An operator cut it.
  package var isForced = false
  /// It went down although the seller had sold more.
  package var isQuestionable = false
  package var announcedUnixSeconds: Int64 = 0
  package var atUnixSeconds: Int64 = 0
  package var notice: Name = .empty

  package init() {}
}

/// Volume above the limit, summed over the days of a month.
package struct OverageRow: Sendable, Equatable {
  package var seller: Name = .empty
  package var storageType: UInt8 = 1
  package var month: UInt32 = 0
  package var days: Int32 = 0
  /// Micro-cubic-feet times days.
  package var excessDays: Int64 = 0

  package init() {}
}

/// Volume sold by month: the running month and the two before.
package struct SalesRow: Sendable, Equatable {
  package var seller: Name = .empty
  package var storageType: UInt8 = 1
  package var month: UInt32 = 0
  package var sold: Int64 = 0
  package var soldBefore: Int64 = 0
  package var soldTwoBefore: Int64 = 0

  package init() {}
}

/// The last day of a marketplace whose overage was counted.
package struct CountedDay: Sendable, Equatable {
  package var marketplace: Name
  package var days: Int32

  package init(marketplace: Name, days: Int32) {
    self.marketplace = marketplace
    self.days = days
  }
}
