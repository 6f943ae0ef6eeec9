import PromisedBytes
import PromisedModel

/// The stored number of each kind of snapshot block; never reused.
package enum StateBlockKind: UInt16, Sendable, CaseIterable {
  case put = 1
  case positions = 2
  case holds = 3
  case commands = 4
  case sources = 5
  case publication = 6
  case load = 7
  case loadChunk = 8
  case lastLoad = 9
  case sizes = 10
  case learned = 13
  case overrides = 14
  case outcomes = 15
  case promises = 11
  case departureChanges = 12
  case buckets = 16
  case journal = 17
  case countInstants = 18
  case parked = 19
  case feedStanding = 20
  case serviceJournal = 21
  case limits = 35
  case limitChanges = 36
  case plans = 37
  case bids = 38
  case clearings = 39
  case removals = 40
  case overages = 41
  case sales = 42
  case demandPool = 29
  case demandItems = 30
  case movements = 34
  case shortfalls = 22
}

extension StateBlock {
  package var recordKind: StateBlockKind {
    switch self {
    case .put: .put
    case .positions: .positions
    case .holds: .holds
    case .commands: .commands
    case .sources: .sources
    case .publication: .publication
    case .load: .load
    case .loadChunk: .loadChunk
    case .lastLoad: .lastLoad
    case .sizes: .sizes
    case .overrides: .overrides
    case .learned: .learned
    case .outcomes: .outcomes
    case .promises: .promises
    case .departureChanges: .departureChanges
    case .buckets: .buckets
    case .journal: .journal
    case .serviceJournal: .serviceJournal
    case .countInstants: .countInstants
    case .parked: .parked
    case .feedStanding: .feedStanding
    case .limits: .limits
    case .limitChanges: .limitChanges
    case .plans: .plans
    case .bids: .bids
    case .clearings: .clearings
    case .removals: .removals
    case .overages: .overages
    case .sales: .sales
    case .demandPool: .demandPool
    case .demandItems: .demandItems
    case .movements: .movements
    case .shortfalls: .shortfalls
    }
  }

  /// Rows of the block, for the snapshot's directory.
  package var rowCount: Int {
    switch self {
    case .put(let rows), .loadChunk(let rows): rows.rowCount
    case .positions(let rows): rows.nodes.count
    case .holds(let rows): rows.ids.count
    case .commands(let rows): rows.bodyDigests.count
    case .sources(let rows): rows.sources.count
    case .overrides(let rows): rows.count
    case .learned(let rows): rows.kinds.count
    case .outcomes(let rows): rows.nodes.count
    case .promises(let rows): rows.count
    case .departureChanges(_, let changes, _): changes.count
    case .buckets(let rows): rows.count
    case .journal(let rows): rows.nodes.count
    case .serviceJournal(let rows): rows.nodes.count
    case .countInstants(let rows): rows.nodes.count
    case .parked(let rows): rows.count
    case .limits(let rows): rows.count
    case .limitChanges(let rows): rows.count
    case .plans(let rows): rows.count
    case .bids(let rows): rows.count
    case .clearings(let rows): rows.count
    case .removals(let rows): rows.count
    case .overages(let rows, _): rows.count
    case .sales(let rows): rows.count
    case .demandPool: 1
    case .demandItems(let rows): rows.keys.count
    case .movements(let rows): rows.causes.count
    case .shortfalls(let rows): rows.holdIDs.count
    case .publication, .load, .lastLoad, .sizes, .feedStanding: 1
    }
  }

  /// Appends the block's fields. O(rows).
  package consuming func write(to writer: inout FieldWriter) {
    do throws(RecordError) {
      try writer.stateBlock(&self)
    } catch {
      fatalError("unwritable block: \(error)")
    }
  }

  /// Reads a block of `kind`; throws on anything no writer produces.
  package init(
    kind: StateBlockKind, _ bytes: UnsafeRawBufferPointer
  ) throws(RecordError) {
    var reader = FieldReader(bytes)
    self = kind.blank
    try reader.stateBlock(&self)
    try reader.finish()
    try checkColumns()
  }
}

extension StateBlockKind {
  var blank: StateBlock {
    switch self {
    case .put: .put(.sellers([]))
    case .positions: .positions(PositionBlock())
    case .holds: .holds(HoldRows())
    case .commands: .commands(CommandRows())
    case .sources: .sources(SourceRows())
    case .publication:
      .publication(
        ProfilePublication(epoch: 0, horizonBaseUnixSeconds: 0), isOfNetwork: false)
    case .load:
      .load(LoadDescription(id: .empty, mode: .merge, chunkCount: 0, force: false))
    case .loadChunk: .loadChunk(.sellers([]))
    case .lastLoad:
      .lastLoad(
        CommittedLoad(
          description: LoadDescription(id: .empty, mode: .merge, chunkCount: 0, force: false),
          committedAt: UnixMilliseconds(0)))
    case .sizes: .sizes(items: 0, positions: 0)
    case .overrides: .overrides([])
    case .learned: .learned(LearnedRows())
    case .outcomes: .outcomes(OutcomeRows())
    case .promises: .promises([])
    case .departureChanges: .departureChanges([], [], last: 0)
    case .buckets: .buckets([])
    case .journal: .journal(JournalRows())
    case .serviceJournal: .serviceJournal(ServiceJournalRows())
    case .countInstants: .countInstants(CountRows())
    case .parked: .parked([])
    case .feedStanding: .feedStanding(FeedStanding())
    case .limits: .limits([])
    case .limitChanges: .limitChanges([])
    case .plans: .plans([])
    case .bids: .bids([])
    case .clearings: .clearings([])
    case .removals: .removals([])
    case .overages: .overages([], [])
    case .sales: .sales([])
    case .demandPool: .demandPool(DemandPoolRows())
    case .demandItems: .demandItems(DemandItemRows())
    case .movements: .movements(MovementTotalRows())
    case .shortfalls: .shortfalls(ShortfallRows())
    }
  }
}

extension FieldCoder where Self: ~Copyable {
  mutating func stateBlock(_ block: inout StateBlock) throws(RecordError) {
    switch block {
    case .put(var rows):
      try put(&rows)
      block = .put(rows)
    case .positions(var rows):
      try positionBlock(&rows)
      block = .positions(rows)
    case .holds(var rows):
      try holds(&rows)
      block = .holds(rows)
    case .commands(var rows):
      try commands(&rows)
      block = .commands(rows)
    case .sources(var rows):
      try sources(&rows)
      block = .sources(rows)
    case .publication(var value, var isOfNetwork):
      try publication(&value)
      try flag(&isOfNetwork)
      block = .publication(value, isOfNetwork: isOfNetwork)
    case .load(var description):
      try load(&description)
      block = .load(description)
    case .loadChunk(var rows):
      try put(&rows)
      block = .loadChunk(rows)
    case .lastLoad(var committed):
      try load(&committed.description)
      try number(&committed.committedAt.milliseconds)
      block = .lastLoad(committed)
    case .sizes(var items, var positions):
      try number(&items)
      try number(&positions)
      block = .sizes(items: items, positions: positions)
    case .learned(var rows):
      try learned(&rows)
      block = .learned(rows)
    case .outcomes(var rows):
      try outcomes(&rows)
      block = .outcomes(rows)
    case .overrides(var rows):
      try list(&rows, blank: Override()) { (row, coder) throws(RecordError) in
        try coder.override(&row)
      }
      block = .overrides(rows)
    case .promises(var rows):
      try promiseRows(&rows)
      block = .promises(rows)
    case .departureChanges(var numbers, var changes, var last):
      try column(&numbers)
      try departureChanges(&changes)
      try number(&last)
      block = .departureChanges(numbers, changes, last: last)
    case .buckets(var rows):
      try bucketRows(&rows)
      block = .buckets(rows)
    case .journal(var rows):
      try journal(&rows)
      block = .journal(rows)
    case .serviceJournal(var rows):
      try serviceJournal(&rows)
      block = .serviceJournal(rows)
    case .countInstants(var rows):
      try countInstants(&rows)
      block = .countInstants(rows)
    case .parked(var rows):
      try parkedRows(&rows)
      block = .parked(rows)
    case .feedStanding(var standing):
      try feedStanding(&standing)
      block = .feedStanding(standing)
    case .limits(var rows):
      try limitStates(&rows)
      block = .limits(rows)
    case .limitChanges(var rows):
      try limitChanges(&rows)
      block = .limitChanges(rows)
    case .plans(var rows):
      try inboundPlans(&rows)
      block = .plans(rows)
    case .bids(var rows):
      try bids(&rows)
      block = .bids(rows)
    case .clearings(var rows):
      try clearings(&rows)
      block = .clearings(rows)
    case .removals(var rows):
      try removals(&rows)
      block = .removals(rows)
    case .overages(var rows, var days):
      try overages(&rows, &days)
      block = .overages(rows, days)
    case .sales(var rows):
      try sales(&rows)
      block = .sales(rows)
    case .demandPool(var rows):
      try demandPool(&rows)
      block = .demandPool(rows)
    case .demandItems(var rows):
      try demandItems(&rows)
      block = .demandItems(rows)
    case .movements(var rows):
      try column(&rows.causes)
      try column(&rows.high)
      try column(&rows.low)
      block = .movements(rows)
    case .shortfalls(var rows):
      try column(&rows.holdIDs)
      try column(&rows.lines)
      try column(&rows.sinceMilliseconds)
      block = .shortfalls(rows)
    }
  }

  private mutating func positionBlock(_ rows: inout PositionBlock) throws(RecordError) {
    try keys(&rows.keys)
    try column(&rows.counts)
    try column(&rows.nodes)
    try column(&rows.onHand)
    try column(&rows.unfulfillable)
    try column(&rows.researching)
    try column(&rows.inTransfer)
    try column(&rows.inProcessing)
    try column(&rows.withheld)
  }

  private mutating func holds(_ rows: inout HoldRows) throws(RecordError) {
    try column(&rows.ids)
    try column(&rows.states)
    try keys(&rows.owners)
    try column(&rows.expiresAtMilliseconds)
    try column(&rows.forgetAtMilliseconds)
    try column(&rows.commitPositions)
    try column(&rows.lineCounts)
    try keys(&rows.lineKeys)
    try column(&rows.lineNodes)
    try column(&rows.lineQuantities)
    try column(&rows.linePicked)
    try column(&rows.lineShipped)
    try column(&rows.lineDues)
    try column(&rows.lineChannels)
    try column(&rows.lineFlags)
    try keys(&rows.names)
    try column(&rows.areShipped)
  }

  private mutating func commands(_ rows: inout CommandRows) throws(RecordError) {
    try keys(&rows.keys)
    try column(&rows.bodyDigests)
    try column(&rows.rememberedAtMilliseconds)
    try column(&rows.positions)
    try column(&rows.codes)
    try column(&rows.rows)
    try column(&rows.holdIDs)
    try column(&rows.expiresAtMilliseconds)
    try column(&rows.availableUnits)
    try column(&rows.nextSupplyUnixSeconds)
    try column(&rows.reclaimed)
    try column(&rows.holdStates)
    try column(&rows.grantCounts)
    try grants(&rows.grants)
    try column(&rows.shipmentCounts)
    try answeredShipments(&rows.shipments)
  }
}

extension PutRows {
  /// Rows of any kind.
  package var rowCount: Int {
    switch self {
    case .network(let rows):
      rows.marketplaces.count + rows.calendars.count + rows.nodes.count + rows.waves.count
        + rows.zones.count + rows.lanes.count + rows.legs.count + rows.rates.count
    case .items(let rows): rows.keys.count
    case .sellers(let rows): rows.count
    case .positions(let rows): rows.keys.count
    case .inbound(let rows): rows.keys.count
    case .limits(let rows): rows.sellers.count
    case .kits(let rows): rows.kits.count
    case .opportunity(let rows): rows.keys.count
    case .forecasts(let rows): rows.keys.count
    case .factors(let rows): rows.categories.count
    case .policies(let rows): rows.count
    case .buildings(let rows): rows.nodes.count
    case .signals(let rows): rows.keys.count
    case .groups(let rows): rows.names.count
    case .channelStock(let rows): rows.keys.count
    case .backorders(let rows): rows.keys.count
    }
  }
}
