// What was decided, as the log holds it. Applying an event cannot fail.

/// A profile set that answers from now on: built from the network as it stands at this event.
package struct ProfilePublication: Sendable, Equatable {
  package var epoch: UInt64
  /// UTC midnight from which the profile's minutes count.
  package var horizonBaseUnixSeconds: Int64
  /// The number of the last change of departures that they know.
  package var changeSequence: UInt64

  package init(epoch: UInt64, horizonBaseUnixSeconds: Int64, changeSequence: UInt64 = 0) {
    self.epoch = epoch
    self.horizonBaseUnixSeconds = horizonBaseUnixSeconds
    self.changeSequence = changeSequence
  }
}

package enum Event {
  case held(HeldEvent)
  case holdChanged(HoldChangedEvent)
  /// Holds whose expiry is reached, in order of (expiry, id).
  case holdsExpired(Column<UInt64>)
  /// Living holds with lines whose due is reached, in order of (due, id): these claim of what is on
  /// hand from now on.
  case linesDue(Column<UInt64>)
  /// A command that was decided with no; remembered under its key.
  case refused(CommandKey, RememberedOutcome)
  case fed(FeedEvent)
  /// Rows put directly; an empty key wants no idempotency.
  case put(CommandKey, PutRows)
  case loadBegan(LoadDescription)
  case loadChunk(number: UInt32, PutRows)
  case loadCommitted
  case loadAborted
  case profilePublished(ProfilePublication)
  /// Observations that were learned.
  case observed(CommandKey, ObservationRows)
  /// Profiles are built with what was learned so far from now on.
  case learningAdopted
  /// An override, whose id is the position of its event.
  case overridePut(CommandKey, Override)
  /// The override with this id is there no more.
  case overrideRemoved(CommandKey, UInt64)
  /// Departures closed, delayed or reopened; an empty key wants no idempotency.
  case departuresChanged(CommandKey, [DepartureChange])
  /// Promises that got another shipment, in this order; an empty key wants no idempotency.
  case promisesMoved(CommandKey, [PromiseMovedEvent])
  /// Rows of a source's range undone, newest first.
  case feedReversed(FeedReversal)
  case holdExtended(HoldExtendedEvent)
  case holdAmended(HoldAmendedEvent)
  /// Lines were picked, found missing or shipped.
  case holdFulfilled(HoldFulfilledEvent)
  /// An inbound plan that was admitted; its id is the position of its event.
  case planAdmitted(CommandKey, PlanRow)
  case planReceived(CommandKey, PlanReceivedEvent)
  /// Its open units do not come, and why.
  case planClosed(CommandKey, id: UInt64, reason: Name)
  /// A bid, whose id is the position of its event.
  case bidPlaced(CommandKey, BidRow)
  /// A round of bids; its id is the position of its event.
  case bidsCleared(CommandKey, ClearingRow)
  case removalChanged(CommandKey, RemovalRow)
  /// A day has passed where days are counted, or plans have expired: by the event's time.
  case capacityDayPassed
}

/// Rows of the state as a snapshot holds them; importing every block of a snapshot rebuilds the
/// state. Amounts reserved are not stored: they follow from the holds.
package enum StateBlock {
  /// How many items and positions follow, so that an import makes room once. Comes first.
  case sizes(items: UInt64, positions: UInt64)
  case put(PutRows)
  case positions(PositionBlock)
  case holds(HoldRows)
  case commands(CommandRows)
  case sources(SourceRows)
  /// The publication that answers; `isOfNetwork`: the network is still the one it was built from.
  case publication(ProfilePublication, isOfNetwork: Bool)
  /// The load that is open, before its chunks.
  case load(LoadDescription)
  /// A chunk of the open load, in order.
  case loadChunk(PutRows)
  /// The load committed last, which is answered committed when it is asked for again.
  case lastLoad(CommittedLoad)
  /// In order of their ids; also those that have expired and are still listed.
  case overrides([Override])
  case learned(LearnedRows)
  case outcomes(OutcomeRows)
  /// Promises of holds, by hold and shipment; the holds come before.
  case promises([PromiseRow])
  /// The numbered list of changes of departures, and the last number ever given.
  case departureChanges([UInt64], [DepartureChange], last: UInt64)
  /// What of a bucket does not follow from the promises.
  case buckets([BucketRow])
  /// Recent changes of stock, oldest first; the sources and the standing come before.
  case journal(JournalRows)
  /// Recent changes of positions by anything but the feed, oldest first.
  case serviceJournal(ServiceJournalRows)
  /// When positions were counted last, in the order in which they were told.
  case countInstants(CountRows)
  /// Rows that wait for their item or node, in the order in which they came.
  case parked([ParkedRow])
  case feedStanding(FeedStanding)
  // Seller storage, each in the order of its table.
  case limits([LimitStateRow])
  case limitChanges([LimitChangeRow])
  case plans([PlanRow])
  case bids([BidRow])
  case clearings([ClearingRow])
  case removals([RemovalRow])
  case overages([OverageRow], [CountedDay])
  case sales([SalesRow])
  /// What items that sell have in common; before them.
  case demandPool(DemandPoolRows)
  case demandItems(DemandItemRows)
  /// Units that came on hand and left, by what moved them.
  case movements(MovementTotalRows)
  /// By hold and line; the holds come before.
  case shortfalls(ShortfallRows)
}

/// Positions grouped by item, in table order: row counts per item, then one row per position.
package struct PositionBlock: Sendable, Equatable {
  package var keys = PackedKeys()
  package var counts: [UInt16] = []
  package var nodes: [UInt16] = []
  package var onHand: [Int32] = []
  // Mostly zero; they compress to almost nothing.
  package var unfulfillable: [Int32] = []
  package var researching: [Int32] = []
  package var inTransfer: [Int32] = []
  package var inProcessing: [Int32] = []
  package var withheld: [Int32] = []

  package init() {}
}

package enum HoldState: UInt8, Sendable, CaseIterable {
  case held = 1
  case committed = 2
  case released = 3
  case expired = 4
  /// All of it left.
  case consumed = 5
}

package struct HoldRows: Sendable, Equatable {
  package var ids: [UInt64] = []
  package var states: [UInt8] = []
  package var owners = PackedKeys()
  package var expiresAtMilliseconds: [Int64] = []
  /// When an ended hold is forgotten; 0 while it lives.
  package var forgetAtMilliseconds: [Int64] = []
  /// The position of the commit; 0 = not committed.
  package var commitPositions: [UInt64] = []
  package var lineCounts: [UInt16] = []
  package var lineKeys = PackedKeys()
  package var lineNodes: [UInt16] = []
  package var lineQuantities: [Int32] = []
  // Mostly zero; they compress to almost nothing.
  package var linePicked: [Int32] = []
  package var lineShipped: [Int32] = []
  /// Unix seconds, 0 = now.
  package var lineDues: [UInt32] = []
  package var lineChannels: [UInt16] = []
  /// Bit 0: a pool line, whose node is a group's index; bit 1: backordered; bit 2: a kit that the
  /// lines after it make; bit 3: a component.
  package var lineFlags: [UInt8] = []
  /// The caller's own ids; empty = none.
  package var names = PackedKeys()
  /// 1: kept until its delivery can be told, although it ended.
  package var areShipped: [UInt8] = []

  package init() {}
}

/// Since when units of committed lines are missing. How many follows from stock and holds.
package struct ShortfallRows: Sendable, Equatable {
  package var holdIDs: [UInt64] = []
  package var lines: [UInt16] = []
  package var sinceMilliseconds: [Int64] = []

  package init(
    holdIDs: [UInt64] = [], lines: [UInt16] = [], sinceMilliseconds: [Int64] = []
  ) {
    self.holdIDs = holdIDs
    self.lines = lines
    self.sinceMilliseconds = sinceMilliseconds
  }
}

/// Remembered commands, oldest first.
package struct CommandRows: Sendable, Equatable {
  package var holdStates: [UInt8] = []
  /// How many lines were granted by a command that may grant less than was asked; then the lines.
  package var grantCounts: [UInt16] = []
  package var grants = GrantRows()
  /// How many promised shipments each answer listed; then the shipments.
  package var shipmentCounts: [UInt16] = []
  package var shipments = AnsweredShipmentRows()
  package var keys = PackedKeys()
  package var bodyDigests: [UInt64] = []
  package var rememberedAtMilliseconds: [Int64] = []
  package var positions: [UInt64] = []
  package var codes: [UInt16] = []
  package var rows: [Int32] = []
  package var holdIDs: [UInt64] = []
  package var expiresAtMilliseconds: [Int64] = []
  package var availableUnits: [Int64] = []
  package var nextSupplyUnixSeconds: [Int64] = []
  /// 1 = a commit that claimed again.
  package var reclaimed: [UInt8] = []

  package init() {}
}

/// Totals of movements since the first event, by cause in ascending order: the number of a movement
/// kind, or 0 for what was put or loaded. A total is `high`·2^64 + `low`.
package struct MovementTotalRows: Sendable, Equatable {
  package var causes: [UInt8] = []
  package var high: [Int64] = []
  package var low: [UInt64] = []

  package init() {}
}
