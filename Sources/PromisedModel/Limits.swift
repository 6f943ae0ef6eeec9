/// The limits of the service in one place; Protocol/README.md is their law and a test compares.
package enum Limits {
  /// Bytes of a frame after its 10-byte header.
  package static var frameBytes: Int { 4_194_304 }
  /// A longer frame up to here is skipped and answered; beyond it the connection closes.
  package static var skippedFrameBytes: Int { 16_777_216 }
  package static var inFlightPerConnection: Int { 4096 }
  package static var pendingOutputBytes: Int { 8_388_608 }
  /// Fields of a message outside packed columns.
  package static var fieldsPerMessage: Int { 4096 }
  package static var nestingDepth: Int { 4 }
  /// Arena for one message: 64 KiB + 24 × frame length, never above the hard stop.
  package static var arenaBaseBytes: Int { 65_536 }
  package static var arenaBytesPerFrameByte: Int { 24 }
  package static var arenaHardStopBytes: Int { 67_108_864 }
  package static var linesPerHold: Int { 256 }
  /// Bytes of an offer's token.
  package static var offerTokenBytes: Int { 272 }
  /// How long a page may show an offer, and how long its token can be redeemed.
  package static var offerCacheSeconds: Int64 { 60 }
  package static var offerLifetimeSeconds: Int64 { 900 }
  /// Rows (items × destinations × levels) of one offer request.
  package static var offerRows: Int { 4096 }
  /// Items of one availability, in-stock or headroom request.
  package static var queryItems: Int { 4096 }
  /// Rows of one feed batch or load chunk.
  package static var batchRows: Int { 65_536 }
  /// Components of one kit.
  package static var componentsPerKit: Int { 64 }
  /// Weight breaks of one rate.
  package static var breaksPerRate: Int { 256 }
  /// Outcomes of one delay or handling distribution.
  package static var delayOutcomes: Int { 256 }
  /// Lines of one cart to plan.
  package static var planLines: Int { 256 }
  /// Tokens that one hold redeems, and bytes of each: a plan's names as many lines as a hold has,
  /// with the longest keys.
  package static var tokensPerHold: Int { 64 }
  package static var tokenBytes: Int { 24_576 }
  /// Pairs of one page of changed promises.
  package static var changedPairs: Int { 100_000 }
  /// Promises at risk of one answer.
  package static var riskRows: Int { 10_000 }
  /// Broken allocations of one page.
  package static var shortfallRows: Int { 10_000 }
  package static var defaultDeadlineMilliseconds: Int64 { 30_000 }
  package static var holdDefaultSeconds: Int64 { 600 }
  package static var holdMaximumSeconds: Int64 { 86_400 }
  /// How long a command's key is remembered, in logged time.
  package static var idempotencyMilliseconds: Int64 { 600_000 }
  package static var idempotencyKeys: Int { 4_194_304 }
  /// How long an ended hold can still be asked for.
  package static var endedHoldMilliseconds: Int64 { 600_000 }
  /// How long a hold that left with promises is kept for the report of its delivery: 14 days.
  package static var shippedHoldMilliseconds: Int64 { 1_209_600_000 }
  /// Overrides that are live at once, and how long one may last: a year.
  package static var overrides: Int { 10_000 }
  package static var overrideSeconds: Int64 { 31_536_000 }
  /// Items whose promises are compared when a publication is.
  package static var comparedItems: Int { 10_000_000 }
  /// Lines of an inbound plan, a receipt or a removal.
  package static var linesPerPlan: Int { 4096 }
  /// Inbound plans that are open at once, signals of all sellers, removal orders.
  package static var openPlans: Int { 1_000_000 }
  /// Open bids of one storage type and month: their clearing must fit an answer; and all that are
  /// kept.
  package static var bidsPerRound: Int { 20_000 }
  package static var bids: Int { 200_000 }
  /// Sellers of one page of headroom.
  package static var headroomSellers: Int { 10_000 }
  /// Changes of limits that are kept, the latest.
  package static var limitChanges: Int { 1_000_000 }
  /// How long an ended plan can still be asked for: 400 days.
  package static var endedPlanSeconds: Int64 { 34_560_000 }
  /// Items whose days are kept; one that comes later is forecast by its category alone.
  package static var activeItems: Int { 1_048_576 }
  /// Categories of items that sell alike; items of a further one are in none.
  package static var itemCategories: Int { 4096 }
  /// Changed items that are remembered for watchers; a power of two.
  package static var changeRingEntries: Int { 1_048_576 }
  /// Streams that a client has open on one connection.
  package static var streamsPerConnection: Int { 64 }
  /// Batches of a streaming feed that wait for their answer.
  package static var applyStreamCredit: Int { 64 }
  /// Watches and waiting polls of the server.
  package static var watches: Int { 10_000 }
  /// Frames of a watch that are not acknowledged.
  package static var watchCredit: Int { 64 }
  /// Changed items of a batch of a watch.
  package static var watchItems: Int { 1000 }
  /// Nodes that one watch names.
  package static var watchNodes: Int { 1024 }
  /// The longest wait of a poll.
  package static var watchPollMilliseconds: Int64 { 30_000 }
  /// How long a watch may leave changes without giving credit.
  package static var watchStallMilliseconds: Int64 { 60_000 }
  package static var thresholdsPerWatch: Int { 1000 }
  package static var thresholds: Int { 100_000 }
  /// Seasons and events that are known at once.
  package static var demandFactors: Int { 256 }
  /// Levels and values of all demand forecasts together: half a gibibyte.
  package static var forecastNumbers: Int { 67_108_864 }
  /// Periods, days of a period, and levels of one forecast.
  package static var forecastPeriods: UInt8 { 53 }
  package static var forecastPeriodDays: UInt8 { 28 }
  package static var forecastLevels: Int { 16 }
  /// Regions with a forecast of one item, besides the whole network.
  package static var forecastRegions: Int { 16 }
  package static var nodes: Int { 65_000 }
  /// Differences that the report of an audit describes.
  package static var auditViolations: Int { 100 }
  package static var promisedDays: Int { 14 }
  package static var scanSlackDays: Int { 4 }
  /// The longest delay of a departure or of handling, and the longest transit.
  package static var delayMinutes: Int32 { 10_080 }
  package static var transitDays: Int { 60 }
  /// How long after its last date a change of departures is still known.
  package static var departureChangeDays: Int32 { 30 }
  /// Outcomes of promises that are kept to tell accuracy from.
  package static var promiseOutcomes: Int { 1_048_576 }
  /// Distribution groups that have nodes, and names of groups ever given.
  package static var groups: Int { 500 }
  package static var groupNames: Int { 5000 }
  package static var channels: Int { 1000 }
  /// Open demands of groups of one item, each by its group, due and channel.
  package static var poolDemands: Int { 8 }
  /// Claims of one item for later or of groups, each by its place, due and channel.
  package static var datedClaims: Int { 4096 }
  /// Instants at which units of an item come that an offer looks at: the earliest, and what their
  /// open demand of groups may cost: cells of (node, set of demands) looked at.
  package static var datedInstants: Int { 256 }
  package static var datedWork: Int { 2_000_000 }
  /// The longest lead time of a backorder.
  package static var leadDays: Int32 { 3650 }
  /// What is overdue and being received is counted on within this time.
  package static var receivingSeconds: Int64 { 86_400 }
  /// Pairs of one question for available-to-promise by date, steps of each, and its days.
  package static var atpPairs: Int { 4096 }
  package static var atpSteps: Int { 64 }
  package static var atpDays: Int32 { 365 }
  /// What one such question may cost: cells of (node, set of demands) looked at.
  package static var atpWork: Int { 100_000_000 }
  /// Terms that one InStock question may sum: less than a tenth of a second.
  package static var inStockWork: Int { 40_000_000 }
  package static var unitsPerPosition: Int32 { 2_000_000_000 }
  /// Sources of the feed.
  package static var feedSources: Int { 10_000 }
  /// Recent changes of stock that are kept, and for how long, in logged time.
  package static var journalRows: Int { 4_194_304 }
  package static var journalSeconds: Int64 { 86_400 }
  /// Recent changes of positions by anything but the feed that are kept, as long as the journal.
  package static var serviceJournalRows: Int { 1_048_576 }
  /// Positions whose last count is kept, as long as the journal.
  package static var countInstants: Int { 1_048_576 }
  /// Feed rows that wait for an item or a node to become known, and their bytes: `parkedRowBytes`
  /// and the keys of each.
  package static var parkedRows: Int { 1_000_000 }
  package static var parkedBytes: Int { 268_435_456 }
  package static var parkedRowBytes: Int { 192 }
  /// Parked rows that failed when they were driven again, of which the last are listed.
  package static var parkedFailures: Int { 1000 }
  /// The widest spread of an arrival on either side of its median.
  package static var arrivalSpreadSeconds: Int64 { 315_360_000 }
}
