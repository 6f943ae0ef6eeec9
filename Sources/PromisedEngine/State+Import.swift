import PromisedInvariants
import PromisedModel

/// A snapshot's blocks back into an empty state.
extension State {
  /// Takes one block in. The network and the sellers come before what names them; the export's
  /// order does.
  package func importBlock(_ block: borrowing StateBlock) {
    switch copy block {
    case .sizes(let items, let positions):
      reserve(items: Int(clamping: items), positions: Int(clamping: positions))
    case .put(let rows): apply(rows)
    case .positions(let block): importStock(block)
    case .holds(let rows): importHolds(rows)
    case .commands(let rows): importCommands(rows)
    case .sources(let rows): importSources(rows)
    case .publication(let value, let isOfNetwork):
      publication = value
      // The network comes before; a load that is open keeps its own.
      publishedRevision = isOfNetwork ? network.revision : nil
    case .overrides(let rows): importOverrides(rows)
    case .learned(let rows): importLearned(rows)
    case .outcomes(let rows): importOutcomes(rows)
    case .load(let description): load = OpenLoad(description, on: network)
    case .loadChunk(let rows): load?.append(rows)
    case .lastLoad(let load): lastLoad = load
    case .promises(let rows): importPromises(rows)
    case .departureChanges(let numbers, let changes, let last):
      importChanges(numbers, changes, last: last)
    case .buckets(let rows): importBuckets(rows)
    case .feedStanding(let standing): importStanding(standing)
    case .journal(let rows): importJournal(rows)
    case .serviceJournal(let rows): importServiceJournal(rows)
    case .countInstants(let rows): importCounts(rows)
    case .parked(let rows): for row in rows { park(row, number: nil) }
    case .limits(let rows): importLimits(rows)
    case .limitChanges(let rows): importChanges(rows)
    case .plans(let rows): for row in rows { inboundPlans.append(row) }
    case .bids(let rows): for row in rows { auctions.append(row) }
    case .clearings(let rows): for row in rows { auctions.append(row) }
    case .removals(let rows): importRemovals(rows)
    case .overages(let rows, let days): overage.restore(rows, days)
    case .sales(let rows): importSales(rows)
    case .demandPool(let rows): importDemand(rows)
    case .demandItems(let rows): importDemand(rows)
    case .movements(let rows): movements.restore(rows)
    case .shortfalls(let rows): allocations.restored = rows
    }
  }

  /// Ends an import: `position` and `time` are those of the last event the snapshot holds.
  package func finishImport(position: Position, time: UnixMilliseconds) {
    appliedPosition = position
    appliedTime = time
    durablePosition = position
    recomputeUsage()
    finishCapacityImport()
    recomputeBuckets()
    restoreAllocations()
    // Everything in a snapshot is durable.
    stamps = Stamps()
    stamps.since = position
    changes.reset(since: position)
  }

  private func importStock(_ block: PositionBlock) {
    block.keys.withKeyColumn { keys in
      var offset = 0
      var row = 0
      for item in 0..<keys.count {
        let token = itemKeys.insert(keys.key(item, at: &offset))
        let slot = slotInserting(token)
        let count = Int(block.counts[item])
        positions.reserveRows(count, of: slot)
        for _ in 0..<count {
          importRow(row, of: block, token: token, slot: slot)
          row += 1
        }
      }
      invariant(row == block.nodes.count, "a position block's counts do not add up")
    }
  }

  @inline(__always)
  private func importRow(_ row: Int, of block: PositionBlock, token: UInt64, slot: Int) {
    let node = block.nodes[row]
    let stock = StockAmounts(
      onHand: block.onHand[row], unfulfillable: block.unfulfillable[row],
      researching: block.researching[row], inTransfer: block.inTransfer[row],
      inProcessing: block.inProcessing[row], withheld: block.withheld[row])
    let place = positions.rowInserting(slot, node: node)
    place.pointee.onHand = stock.onHand
    place.pointee.encumbered = Int32(stock.encumbered)
    if stock.encumbered == 0 { return }
    var parts = breakdowns.read(item: token, node: node)
    parts.unfulfillable = stock.unfulfillable
    parts.researching = stock.researching
    parts.inTransfer = stock.inTransfer
    parts.inProcessing = stock.inProcessing
    parts.withheld = stock.withheld
    breakdowns.write(parts)
  }

  private func importCommands(_ rows: CommandRows) {
    rows.keys.withKeyColumn { keys in
      var (offset, line, shipment) = (0, 0, 0)
      for row in 0..<keys.count {
        var outcome = RememberedOutcome(
          code: .ok, row: rows.rows[row], holdID: rows.holdIDs[row],
          expiresAtMilliseconds: rows.expiresAtMilliseconds[row],
          availableUnits: rows.availableUnits[row],
          nextSupplyUnixSeconds: rows.nextSupplyUnixSeconds[row],
          reclaimed: rows.reclaimed[row] == 1, holdState: rows.holdStates[row])
        outcome.code = rows.codes[row]
        let lines = line..<(line + Int(rows.grantCounts[row]))
        line = lines.upperBound
        let shipments = shipment..<(shipment + Int(rows.shipmentCounts[row]))
        shipment = shipments.upperBound
        commands.remember(
          CommandKey(bytes: keys.key(row, at: &offset), bodyDigest: rows.bodyDigests[row]),
          outcome: outcome, at: rows.rememberedAtMilliseconds[row], position: rows.positions[row],
          grants: rows.grants[lines], shipments: shipments.map { rows.shipments[$0] })
      }
    }
  }
}
