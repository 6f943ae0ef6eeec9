import PromisedInvariants
import PromisedModel

/// The rows of each table as a snapshot holds them.
extension State {
  func exportItems(in slots: Range<Int>) -> ItemRows {
    var rows = ItemRows()
    var sellerPlaces: [UInt32: UInt32] = [:]
    var categoryPlaces: [UInt16: UInt32] = [:]
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ItemKeys.maximumByteCount) { key in
      for slot in slots {
        let token = positions.key(slot)
        let index = token == 0 ? 0 : Int(positions.attribute(slot))
        if index == 0 { continue }
        let item = attributes[index]
        append(token, to: &rows.keys, through: key)
        if sellerPlaces[item.seller] == nil {
          sellerPlaces[item.seller] = UInt32(rows.sellerNames.count)
          rows.sellerNames.append(sellers[Int(item.seller)].name)
        }
        rows.sellers.append(sellerPlaces[item.seller] ?? 0)
        rows.storageTypes.append(item.storageType)
        rows.volumesMicroCubicFeet.append(item.volumeMicroCubicFeet)
        rows.weightsGrams.append(item.weightGrams)
        rows.handlingMinutes.append(item.handlingMinutes)
        rows.demandPerDayMilli.append(item.demandPerDayMilli)
        rows.demandVarianceRatioMilli.append(item.demandVarianceRatioMilli)
        rows.releaseUnixSeconds.append(item.releaseUnixSeconds)
        rows.restrictions.append(item.restrictions.rawValue)
        rows.volumesCubicMillimetres.append(item.volumeCubicMillimetres)
        if categoryPlaces[item.category] == nil {
          categoryPlaces[item.category] = UInt32(rows.categoryNames.count)
          rows.categoryNames.append(categoryName(item.category).name)
        }
        rows.categories.append(categoryPlaces[item.category] ?? 0)
      }
    }
    // Most catalogues have none: an empty column says the same.
    if !rows.releaseUnixSeconds.contains(where: { $0 != 0 }) { rows.releaseUnixSeconds = [] }
    if !rows.restrictions.contains(where: { $0 != 0 }) { rows.restrictions = [] }
    if rows.categoryNames == [.empty] { (rows.categories, rows.categoryNames) = ([], []) }
    if !rows.volumesCubicMillimetres.contains(where: { $0 != 0 }) {
      rows.volumesCubicMillimetres = []
    }
    return rows
  }

  /// The items of the slots that have rows, and those that nothing else would bring back.
  func exportStock(in slots: Range<Int>) -> PositionBlock {
    var block = PositionBlock()
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ItemKeys.maximumByteCount) { key in
      for slot in slots {
        let token = positions.key(slot)
        if token == 0 { continue }
        let count = positions.rowCount(slot)
        if count == 0 && positions.attribute(slot) != 0 { continue }
        append(token, to: &block.keys, through: key)
        block.counts.append(UInt16(count))
        for place in 0..<count {
          let node = positions.nodes(slot)[place]
          let stock = amounts(of: positions.rows(slot)[place], token: token, node: node)
          block.nodes.append(node)
          block.onHand.append(stock.onHand)
          block.unfulfillable.append(stock.unfulfillable)
          block.researching.append(stock.researching)
          block.inTransfer.append(stock.inTransfer)
          block.inProcessing.append(stock.inProcessing)
          block.withheld.append(stock.withheld)
        }
      }
    }
    return block
  }

  private func append(
    _ token: UInt64, to keys: inout PackedKeys, through buffer: UnsafeMutableBufferPointer<UInt8>
  ) {
    guard let base = buffer.baseAddress else { return }
    let count = itemKeys.write(token, to: base)
    keys.append(UnsafeBufferPointer(start: base, count: count))
  }

  func exportInbound() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows = InboundRows()
    var nodePlaces: [UInt16: UInt32] = [:]
    for slot in 0..<inbound.rowCount {
      let row = inbound.row(slot)
      if row.quantity == 0 { continue }
      rows.shipments.append(inbound.shipmentName(row).buffer)
      rows.keys.append(itemKeys.name(row.item).bytes)
      if nodePlaces[row.node] == nil {
        nodePlaces[row.node] = UInt32(rows.nodeNames.count)
        rows.nodeNames.append(network.nodeName(row.node).name)
      }
      rows.nodes.append(nodePlaces[row.node] ?? 0)
      rows.quantities.append(row.quantity)
      rows.etaUnixSeconds.append(row.etaUnixSeconds)
      rows.stages.append(row.stage)
      rows.earlyUnixSeconds.append(
        row.earlySeconds == 0 ? 0 : row.etaUnixSeconds - Int64(row.earlySeconds))
      rows.lateUnixSeconds.append(
        row.lateSeconds == 0 ? 0 : row.etaUnixSeconds + Int64(row.lateSeconds))
      if rows.nodes.count == Self.blockRows {
        blocks.append(.put(.inbound(rows.withoutZeros)))
        rows = InboundRows()
        nodePlaces = [:]
      }
    }
    if !rows.nodes.isEmpty { blocks.append(.put(.inbound(rows.withoutZeros))) }
    return blocks
  }

  /// Ended holds in the order in which they will be forgotten, those kept for their delivery
  /// after the others; then the living by id. Last, since when units are missing to whom.
  func exportHolds() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows = HoldRows()
    var slots: [Int] = []
    for list in [HoldList.ended, .shipped] {
      var next = holds.firstEnded(in: list)
      while let slot = next {
        slots.append(slot)
        next = holds.nextEnded(after: slot)
      }
    }
    let living = (0..<holds.slotCount).filter {
      holds.isInUse($0) && holds.hold($0).forgetAt == 0
    }
    slots += living.sorted { holds.hold($0).id < holds.hold($1).id }
    for slot in slots {
      let hold = holds.hold(slot)
      rows.ids.append(hold.id)
      rows.states.append(hold.state)
      rows.owners.append(holds.owner(slot).buffer)
      rows.expiresAtMilliseconds.append(hold.expiresAt)
      rows.forgetAtMilliseconds.append(hold.forgetAt)
      rows.commitPositions.append(hold.committedAt)
      rows.lineCounts.append(hold.lineCount)
      rows.names.append(holds.name(slot).buffer)
      rows.areShipped.append(hold.list == HoldList.shipped.rawValue ? 1 : 0)
      for index in 0..<Int(hold.lineCount) {
        let line = holds.lines(slot)[index]
        rows.lineKeys.append(itemKeys.name(line.item).bytes)
        rows.lineNodes.append(line.node)
        rows.lineQuantities.append(line.quantity)
        rows.linePicked.append(line.picked)
        rows.lineShipped.append(line.shipped)
        rows.lineDues.append(line.dueUnixSeconds)
        rows.lineChannels.append(line.channel)
        rows.lineFlags.append(line.flags)
      }
      if rows.lineNodes.count >= Self.blockRows {
        blocks.append(.holds(rows))
        rows = HoldRows()
      }
    }
    if !rows.ids.isEmpty { blocks.append(.holds(rows)) }
    let short = exportShortfalls()
    if !short.holdIDs.isEmpty { blocks.append(.shortfalls(short)) }
    return blocks
  }

  private func exportShortfalls() -> ShortfallRows {
    var rows = ShortfallRows()
    for short in brokenLines() {
      rows.holdIDs.append(short.holdID)
      rows.lines.append(short.line)
      rows.sinceMilliseconds.append(short.sinceMilliseconds)
    }
    return rows
  }

  func exportCommands() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows = CommandRows()
    for age in 0..<commands.count {
      let command = commands.command(age)
      rows.keys.append(commands.key(command).buffer)
      rows.bodyDigests.append(command.bodyDigest)
      rows.rememberedAtMilliseconds.append(command.at)
      rows.positions.append(command.position)
      rows.codes.append(command.outcome.code)
      rows.rows.append(command.outcome.row)
      rows.holdIDs.append(command.outcome.holdID)
      rows.expiresAtMilliseconds.append(command.outcome.expiresAtMilliseconds)
      rows.availableUnits.append(command.outcome.availableUnits)
      rows.nextSupplyUnixSeconds.append(command.outcome.nextSupplyUnixSeconds)
      rows.reclaimed.append(command.outcome.reclaimed ? 1 : 0)
      rows.holdStates.append(command.outcome.holdState)
      rows.grantCounts.append(command.grantCount)
      rows.shipmentCounts.append(command.shipmentCount)
      for shipment in commands.shipments(command) { rows.shipments.append(shipment) }
      for line in commands.grants(command) {
        rows.grants.append(
          granted: line.granted, later: line.later, laterDue: line.laterDue,
          backordered: line.backordered)
      }
      if rows.bodyDigests.count == Self.blockRows {
        blocks.append(.commands(rows))
        rows = CommandRows()
      }
    }
    if !rows.bodyDigests.isEmpty { blocks.append(.commands(rows)) }
    return blocks
  }
}

extension InboundRows {
  /// Most shipments have no spread: an empty column says the same.
  fileprivate var withoutZeros: InboundRows {
    var rows = self
    if !earlyUnixSeconds.contains(where: { $0 != 0 }) { rows.earlyUnixSeconds = [] }
    if !lateUnixSeconds.contains(where: { $0 != 0 }) { rows.lateUnixSeconds = [] }
    return rows
  }
}
