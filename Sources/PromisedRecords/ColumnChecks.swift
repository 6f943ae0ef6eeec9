import PromisedModel

// Applying an event and importing a block trust their columns: as many rows in each, counts that
// add up, indexes within the names beside them. Bytes that pass their digest may still have been
// written by a version with a bug, so reading checks it.

extension PutRows {
  func checkColumns() throws(RecordError) {
    switch self {
    case .network, .sellers: return
    case .items(let rows): try rows.checkColumns()
    case .positions(let rows): try rows.checkColumns()
    case .inbound(let rows): try rows.checkColumns()
    case .limits(let rows): try rows.checkColumns()
    case .kits(let rows):
      try require([rows.components.count, rows.units.count], rows: rows.kits.count, "kit columns")
    case .forecasts(let rows): try rows.checkColumns()
    case .factors(let rows): try rows.checkColumns()
    case .opportunity(let rows):
      try require(
        [rows.nodes.count, rows.values.count], rows: rows.keys.count, "opportunity columns")
      try require(rows.nodes, below: rows.nodeNames.count, "opportunity node")
    case .policies(let rows): try rows.checkColumns()
    case .buildings(let rows): try rows.checkColumns()
    case .signals(let rows): try rows.checkColumns()
    case .groups(let rows): try rows.checkColumns()
    case .channelStock(let rows): try rows.checkColumns()
    case .backorders(let rows): try rows.checkColumns()
    }
  }
}

extension StateBlock {
  func checkColumns() throws(RecordError) {
    switch self {
    case .put(let rows), .loadChunk(let rows): try rows.checkColumns()
    case .positions(let block): try block.checkColumns()
    case .holds(let rows): try rows.checkColumns()
    case .commands(let rows): try rows.checkColumns()
    case .sources(let rows): try rows.checkColumns()
    case .journal(let rows): try rows.checkColumns()
    case .serviceJournal(let rows): try rows.checkColumns()
    case .countInstants(let rows): try rows.checkColumns()
    case .parked(let rows):
      try require(rows.map(\.kind), are: MovementKind.init, "parked kind")
    case .feedStanding(let standing): try standing.checkColumns()
    case .shortfalls(let rows): try rows.checkColumns()
    case .learned(let rows): try rows.checkColumns()
    case .outcomes(let rows): try rows.checkColumns()
    case .overrides(let rows):
      // A row's place is found by its id.
      for (row, next) in zip(rows, rows.dropFirst()) where row.id >= next.id {
        throw .malformed("override ids")
      }
    case .departureChanges(let numbers, let changes, let last):
      try require([changes.count], rows: numbers.count, "departure changes")
      for (index, number) in numbers.enumerated()
      where number > last || number <= (index == 0 ? 0 : numbers[index - 1]) {
        throw .malformed("departure change number")
      }
    case .limits(let rows):
      try requireStorageTypes(rows.map(\.storageType))
      for row in rows where row.decided > 3 || Month(yyyymm: row.month) == nil {
        throw .malformed("limit row")
      }
    case .limitChanges: return
    case .plans(let rows):
      try requireAscending(rows.map(\.id), "plan ids")
      for row in rows { try row.checkLines() }
    case .bids(let rows):
      try requireAscending(rows.map(\.id), "bid ids")
      try requireStorageTypes(rows.map(\.storageType))
    case .clearings(let rows): try requireStorageTypes(rows.map(\.storageType))
    case .removals(let rows):
      for row in rows where row.lines.contains(where: { $0.units <= 0 }) {
        throw .malformed("removal units")
      }
    case .overages(let rows, _): try requireStorageTypes(rows.map(\.storageType))
    case .sales(let rows):
      try requireStorageTypes(rows.map(\.storageType))
      for row in rows where Month(yyyymm: row.month) == nil { throw .malformed("sales month") }
    case .movements(let rows):
      try require([rows.high.count, rows.low.count], rows: rows.causes.count, "movement totals")
      for (cause, next) in zip(rows.causes, rows.causes.dropFirst()) where cause >= next {
        throw .malformed("movement causes")
      }
    case .demandPool(let rows): try rows.checkColumns()
    case .demandItems(let rows): try rows.checkColumns()
    case .sizes, .publication, .load, .lastLoad, .promises, .buckets: return
    }
  }
}

extension ItemRows {
  fileprivate func checkColumns() throws(RecordError) {
    try require(
      [
        sellers.count, storageTypes.count, volumesMicroCubicFeet.count, weightsGrams.count,
        handlingMinutes.count, demandPerDayMilli.count, demandVarianceRatioMilli.count,
      ], rows: keys.count, "item columns")
    // Each of these may be absent: 0 for every row.
    for count in [
      releaseUnixSeconds.count, restrictions.count, volumesCubicMillimetres.count,
      categories.count,
    ] where count > 0 {
      try require([count], rows: keys.count, "item columns")
    }
    for value in restrictions where value & ~ItemRestrictions.all.rawValue != 0 {
      throw .malformed("item restrictions")
    }
    try require(sellers, below: sellerNames.count, "item seller")
    try require(categories, below: categoryNames.count, "item category")
    try require(storageTypes, are: StorageType.init, "item storage type")
  }
}

extension PositionRows {
  fileprivate func checkColumns() throws(RecordError) {
    try require([nodes.count, onHand.count], rows: keys.count, "position columns")
    // Each of these may be absent: 0 for every row.
    for column in [unfulfillable, researching, inTransfer, inProcessing, withheld]
    where !column.isEmpty {
      try require([column.count], rows: keys.count, "position columns")
    }
    try require(nodes, below: nodeNames.count, "position node")
  }
}

extension InboundRows {
  fileprivate func checkColumns() throws(RecordError) {
    try require(
      [shipments.count, nodes.count, quantities.count, etaUnixSeconds.count, stages.count],
      rows: keys.count, "inbound columns")
    for count in [earlyUnixSeconds.count, lateUnixSeconds.count] where count > 0 {
      try require([count], rows: keys.count, "inbound columns")
    }
    try require(nodes, below: nodeNames.count, "inbound node")
    try require(stages, are: InboundStage.init, "inbound stage")
  }
}

extension LimitRows {
  fileprivate func checkColumns() throws(RecordError) {
    try require(
      [storageTypes.count, months.count, kinds.count, limitsMicroCubicFeet.count],
      rows: sellers.count, "limit columns")
    try require(sellers, below: sellerNames.count, "limit seller")
    try require(storageTypes, are: StorageType.init, "limit storage type")
    try require(kinds, are: LimitKind.init, "limit kind")
    // Each of these may be absent: 0 for every row.
    for count in [
      causes.count, announcedUnixSeconds.count, windowEndUnixSeconds.count, forced.count,
      notices.count,
    ] where count > 0 {
      try require([count], rows: sellers.count, "limit columns")
    }
    for month in months where Month(yyyymm: month) == nil { throw .malformed("limit month") }
  }
}

extension PositionBlock {
  fileprivate func checkColumns() throws(RecordError) {
    try require([counts.count], rows: keys.count, "position counts")
    try require(
      [
        onHand.count, unfulfillable.count, researching.count, inTransfer.count,
        inProcessing.count, withheld.count,
      ], rows: nodes.count, "position columns")
    try require([counts.reduce(0) { $0 + Int($1) }], rows: nodes.count, "position counts")
  }
}

extension HoldRows {
  fileprivate func checkColumns() throws(RecordError) {
    try require(
      [
        states.count, owners.count, expiresAtMilliseconds.count, forgetAtMilliseconds.count,
        commitPositions.count, lineCounts.count, names.count, areShipped.count,
      ], rows: ids.count, "hold columns")
    try require(
      [
        lineNodes.count, lineQuantities.count, linePicked.count, lineShipped.count,
        lineDues.count, lineChannels.count, lineFlags.count,
        lineCounts.reduce(0) { $0 + Int($1) },
      ],
      rows: lineKeys.count, "hold lines")
    try require(states, are: HoldState.init, "hold state")
    for flag in areShipped where flag > 1 { throw .malformed("hold shipped") }
    for line in 0..<lineKeys.count {
      let (left, picked) = (lineQuantities[line], linePicked[line])
      if picked < 0 || picked > left || lineShipped[line] < 0 || lineFlags[line] > 15 {
        throw .malformed("hold line")
      }
    }
  }
}

extension ShortfallRows {
  fileprivate func checkColumns() throws(RecordError) {
    try require([lines.count, sinceMilliseconds.count], rows: holdIDs.count, "shortfall columns")
  }
}

extension CommandRows {
  fileprivate func checkColumns() throws(RecordError) {
    try require(
      [
        bodyDigests.count, rememberedAtMilliseconds.count, positions.count, codes.count,
        rows.count, holdIDs.count, expiresAtMilliseconds.count, availableUnits.count,
        nextSupplyUnixSeconds.count, reclaimed.count, holdStates.count, grantCounts.count,
        shipmentCounts.count,
      ], rows: keys.count, "command columns")
    let told = shipments
    try require(
      [
        told.windowFromUnixSeconds.count, told.windowToUnixSeconds.count,
        told.shipByUnixSeconds.count, told.deliveryDays.count, told.lineCounts.count,
        told.chances.count, told.levels.count, shipmentCounts.reduce(0) { $0 + Int($1) },
      ], rows: told.count, "answered shipments")
    try grants.checkColumns()
    try require(
      [grantCounts.reduce(0) { $0 + Int($1) }], rows: grants.count, "command grants")
    for flag in reclaimed where flag > 1 { throw .malformed("command reclaimed") }
  }
}

extension GrantRows {
  func checkColumns() throws(RecordError) {
    try require([later.count, laterDues.count, backordered.count], rows: count, "grant columns")
  }
}

func require(_ counts: [Int], rows: Int, _ what: String) throws(RecordError) {
  for count in counts where count != rows { throw .malformed(what) }
}

func require(
  _ indexes: [UInt32], below count: Int, _ what: String
) throws(RecordError) {
  for index in indexes where Int(index) >= count { throw .malformed(what) }
}

func require<Value>(
  _ raw: [UInt8], are known: (UInt8) -> Value?, _ what: String
) throws(RecordError) {
  for value in raw where known(value) == nil { throw .malformed(what) }
}
