import PromisedInvariants
import PromisedModel

/// Everything the service knows, and every decision over it: a deterministic machine.
///
/// One thread owns it. `decide` reads and answers an event or a refusal; `apply` makes an event
/// true and cannot fail; `answer` reads. Time is an argument of each. The reading path fills no
/// caches; it writes only scratch memory, the observed position and the reply.
///
/// The caller's turn, for each command: `expiredHolds(at:)` and its event first, then `dueHolds(at:)`
/// and its event, then `recall`, then `decide`, then `apply` with the position of the event's record.
package final class State {
  // Stock.
  var itemKeys = ItemKeys()
  var positions = PositionTable()
  /// Index 0 is unused: an item without attributes has index 0.
  var attributes = Store<ItemAttributes>(zeroed: 1)
  var breakdowns = BreakdownTable()
  var inbound = InboundTable()
  var kits = KitTable()
  var opportunity = OpportunityTable()
  /// What changed the units on hand since the first event.
  var movements = MovementTotals()

  // For whom: groups of nodes, channels, units beyond the stock, claims that no row reserves.
  var groups = GroupTable()
  var channels = ChannelTable()
  var backorders = ItemLists<BackorderRow>()
  var claims = ItemLists<ClaimRow>()

  // Sellers and their storage.
  var sellerKeys = KeyTable()
  var sellers: [Seller] = []
  var usage = UsageTable()
  var limits = LimitTable()
  var limitChanges = LimitChangeTable()
  var policies = PolicyTable()
  var buildings = BuildingTable()
  var inboundPlans = InboundPlanTable()
  var auctions = AuctionTable()
  var removals = RemovalTable()
  var signals = SignalTable()
  var overage = OverageTable()
  var sales = SalesTable()
  /// What sellers are expected to sell. No part of the state: worked out from it again and again.
  var sellThrough = SellThroughPass()
  /// Which month it is where; derived.
  var clocks = MarketClocks()
  /// No day passes and no plan expires before, UTC seconds; derived.
  var nextCapacityDay = Int64.max

  // Claims and commands.
  var holds = HoldTable()
  /// Committed lines by position, and what is missing to them.
  var allocations = AllocationTable()
  /// What was promised with holds, and what that takes room in.
  var promises = PromiseTable()
  var buckets = BucketTable()
  /// When the next closed bucket is looked at again.
  var nextReview = Int64.max
  /// Room came free since the upgrade pass was last begun. No part of the state.
  var hasFreedRoom = false
  var commands: CommandMemory
  var sourceKeys = KeyTable()
  var sources = Store<FeedSource>()
  /// Rows of batches that were nothing but repeats, per source, since the start. No part of the
  /// state: such a batch is not logged.
  var repeatedBatches = Store<UInt64>()
  var journal: StockJournal
  /// What changed positions beside the feed.
  var serviceJournal = ServiceJournal()
  /// When a load last stated stock, in milliseconds; 0 = never.
  var stockLoadedAt: Int64 = 0
  var counts = CountTable()
  var parked = ParkedTable()
  var parkedFailures = ParkedFailures()
  var lastReversal = FeedReversalReply()
  /// When each node was heard of last, in milliseconds, by its index; 0 = never.
  var heardAt = Store<Int64>()
  /// A node of the network has a rule for its silence. Follows from the network.
  var hasSilenceRules = false

  // The network the promises are made from.
  package internal(set) var network = NetworkTables()
  /// The titles of nodes, by node index through `titlesByNode`, so that answers can lend them.
  var titles = KeyTable()
  var titlesByNode = Store<UInt32>()
  /// What answers offers; nil before the first publication and after the network was replaced.
  package internal(set) var profiles: ProfileCatalogue?
  /// Changes of departures that `profiles` do not know yet.
  package internal(set) var pendingChanges: PendingChanges?
  /// What answered before, to tell what a publication changed; nil until the second one.
  var previous: PreviousProfiles?
  /// The publication of `profiles`: the last one is applied before its profiles answer.
  var answering: ProfilePublication?
  /// Sets that answered lately, for tokens made from them.
  var recentProfiles = RecentProfiles()
  /// How departures stand by the numbered changes, and the waves of each node: from the network.
  var board = DepartureBoard()
  var stationWaves: [[UInt32]] = []
  /// The network's revision after it was last replaced as a whole.
  var replacedRevision: UInt64 = 0

  /// The network's revision that the last publication was built from; nil = another network.
  var publishedRevision: UInt64?

  /// The delivery profiles that answer, by what they were built from.
  package internal(set) var publication = ProfilePublication(epoch: 0, horizonBaseUnixSeconds: 0)

  /// What operators decided over the system's head.
  var overrides = OverrideTable()

  // What sells.
  var demand = DemandLearner()
  /// Names of the categories 1, 2, … of `demand`.
  var categoryKeys = KeyTable()
  /// Where the pass stands that closes ended days, and when it began, UTC seconds.
  var demandCursor = 0
  var demandPassBegan: Int64 = 0

  /// Forecasts made elsewhere, and the names of their regions.
  var forecasts = ForecastTable()
  var regionKeys = KeyTable()

  // What was observed.
  var learned = LearnedTable()
  var outcomes = OutcomeTable()
  var calibration = Calibration()
  /// When the first observation was made that profiles do not know yet; 0 = none.
  var firstUnadopted: Int64 = 0

  // Loads.
  var load: OpenLoad?
  var lastLoad: CommittedLoad?

  // Reading.
  var stamps = Stamps()
  /// What changed last, for watchers; filled by `touch(item:)`.
  var changes: ChangeRing
  /// The last event that changed which nodes a group has, as far as it is known.
  var groupsChangedAt: Position = 0
  var scratch = Scratch()
  var sweep: Sweep?
  /// Chunks of the position table are left to copy: writes must ask first.
  var isSweeping = false
  /// Items and positions of a chunk, more or less: what one `nextExportBlock` works on.
  var chunkRows = 65_536
  /// The standing audit. No part of the state.
  var audit = Audit()

  /// The last position that is on disk, as whoever writes the log says; no part of the state.
  package var durablePosition: Position = 0
  /// Position and time of the last event applied.
  package internal(set) var appliedPosition: Position = 0
  package internal(set) var appliedTime = UnixMilliseconds(0)

  /// An empty state that remembers at most `idempotencyKeys` commands, the last `changes` changed
  /// items and at most `journalRows` changes of stock; the last two are powers of two, of 4,096 or
  /// more.
  package init(
    idempotencyKeys: Int = Limits.idempotencyKeys, changes: Int = Limits.changeRingEntries,
    journalRows: Int = Limits.journalRows
  ) {
    commands = CommandMemory(limit: idempotencyKeys)
    self.changes = ChangeRing(capacity: changes)
    journal = StockJournal(limit: journalRows)
  }

  package var counters: StateCounters {
    StateCounters(
      items: positions.itemCount, positions: positions.positionCount, openHolds: holds.heldCount,
      allocations: holds.committedCount, rememberedCommands: commands.count,
      nodes: network.nodeCount, sellers: sellers.count, sources: sourceKeys.count,
      inboundRows: inbound.count, parkedRows: parked.count, journalRows: journal.count,
      shortPositions: allocations.shortCount, shortUnits: allocations.shortUnits)
  }

  /// Makes room for `items` items and `positions` positions in all without further growth.
  package func reserve(items: Int, positions count: Int) {
    finishSweep()
    positions.reserve(items: items, positions: count)
    attributes.reserve(items + 1)
  }
}

/// Sizes for a status answer.
package struct StateCounters: Sendable, Equatable {
  package var items: Int
  package var positions: Int
  /// Holds that are held: neither committed, released nor expired.
  package var openHolds: Int
  /// Holds that are committed.
  package var allocations: Int
  package var rememberedCommands: Int
  package var nodes: Int
  package var sellers: Int
  package var sources: Int
  package var inboundRows: Int
  /// Feed rows that wait for an item or node.
  package var parkedRows: Int
  /// Recent changes of stock that are kept.
  package var journalRows: Int
  /// Positions whose allocations are not covered, and the units missing to them.
  package var shortPositions: Int
  package var shortUnits: Int64
}

/// Memory that decisions and answers write to; kept, so that a steady stream allocates nothing.
struct Scratch: ~Copyable {
  /// Bytes of packed keys that an answer names.
  var keyBytes = Store<UInt8>(capacity: 4096)
  var nodes = Store<UInt16>(capacity: Limits.linesPerHold)
  var slots = Store<Int>(capacity: Limits.linesPerHold)
  var tokens = Store<UInt64>(capacity: Limits.linesPerHold)
  var words = Store<UInt64>(capacity: 64)
  /// Rows of a feed batch that change stock.
  var accepted = Store<UInt32>(capacity: Limits.batchRows)
  var overlay = StockOverlay()
  var feed = FeedScratch()
  var nodeIndexes = NodeIndexes()
  var available = Store<Int64>(capacity: 256)
  var destinations = Store<OfferDestination>(capacity: 256)
  var steps = GrowableColumn<PathStep>(capacity: 32)
  var plan = PlanScratch()
  /// The item that is decided on, over time, and the claims of the command that is decided.
  var model = SupplyModel()
  var wishes = Store<ClaimWish>(capacity: Limits.linesPerHold)
  var times = Store<Int64>(capacity: 256)
  var candidates = Store<UInt16>(capacity: 256)
  var groups = Store<UInt16>(capacity: 16)
  var admitted = Store<Int64>(capacity: 256)
  var dated = DatedScratch()
  var changed = ChangedItems()
  var passage = FirstPassage()
  /// γ of demand as learned; not a number where it was not looked up yet.
  var sizeExponent = Double.nan
  // Lines of a hold that redeems tokens.
  var lineBytes = Store<UInt8>(capacity: 256)
  var lengths = Store<UInt32>(capacity: Limits.linesPerHold)
  var quantities = Store<Int32>(capacity: Limits.linesPerHold)
  var token = Store<UInt8>(zeroed: Limits.offerTokenBytes)
  /// Room by month of the seller and type at hand.
  var rooms = Store<MonthRoom>(zeroed: CapacityHorizon.months)
  /// The free room of all buildings by storage type; −1 = not declared, −2 = not looked up yet.
  var networkFree = Store<Int64>(zeroed: 8)
}
