import PromisedModel

/// A digest of a whole state: equal states have equal digests, whatever their history.
package struct StateDigest: Sendable, Hashable {
  package var high: UInt64
  package var low: UInt64
}

/// Sums up digests of rows, so that their order does not matter.
struct DigestSum: ~Copyable {
  private var high: UInt64 = 0
  private var low: UInt64 = 0
  private var row: UInt64 = 0

  /// Begins a row of a table.
  mutating func begin(_ table: UInt64) { row = mix(table &+ 0x51ed_270b_0000_0001) }

  mutating func add(_ value: some FixedWidthInteger) {
    row = mix(row ^ UInt64(truncatingIfNeeded: value)) &+ 0x9e37_79b9_7f4a_7c15
  }

  mutating func add(_ bytes: BorrowedBytes) { add(hash(bytes)) }

  mutating func add(_ name: Name) {
    var value: UInt64 = 0
    name.bytes.withUnsafeBufferPointer { value = hash(BorrowedBytes($0)) }
    add(value)
  }

  /// Ends the row.
  mutating func end() {
    let (sum, carry) = low.addingReportingOverflow(mix(row ^ 0x1357_9bdf_0246_8ace))
    low = sum
    high = high &+ mix(row) &+ (carry ? 1 : 0)
  }

  var digest: StateDigest { StateDigest(high: high, low: low) }
}

extension State {
  /// The digest of everything but scratch memory. Linear in the state.
  package func digest() -> StateDigest {
    var sum = DigestSum()
    digestStock(&sum)
    digestSellers(&sum)
    digestClaims(&sum)
    digestFeed(&sum)
    digestPromises(&sum)
    digestNetwork(&sum)
    digestOverrides(&sum)
    digestLearned(&sum)
    digestDemand(&sum)
    digestForecasts(&sum)
    digestFactors(&sum)
    digestSourcing(&sum)
    digestCapacity(&sum)
    digestDistribution(&sum)
    let moved = movements.rows
    for index in moved.causes.indices {
      sum.begin(134)
      sum.add(moved.causes[index])
      sum.add(moved.high[index])
      sum.add(moved.low[index])
      sum.end()
    }
    sum.begin(20)
    sum.add(publication.epoch)
    sum.add(publication.horizonBaseUnixSeconds)
    sum.add(isPublicationOfNetwork ? 1 : 0)
    if let lastLoad {
      sum.add(lastLoad.description.id)
      sum.add(lastLoad.committedAt.milliseconds)
    }
    if let load {
      sum.add(load.description.id)
      sum.add(load.description.force ? 1 : 0)
      sum.add(load.nextChunk)
    }
    sum.end()
    return sum.digest
  }

  private func digestStock(_ sum: inout DigestSum) {
    for slot in 0..<positions.totalSlots {
      let token = positions.key(slot)
      if token == 0 { continue }
      sum.begin(1)
      sum.add(token)
      let index = Int(positions.attribute(slot))
      if index != 0 {
        let item = attributes[index]
        sum.add(item.volumeMicroCubicFeet)
        sum.add(item.demandPerDayMilli)
        sum.add(sellers[Int(item.seller)].name)
        sum.add(item.weightGrams)
        sum.add(item.handlingMinutes)
        sum.add(item.demandVarianceRatioMilli)
        sum.add(item.storageType)
        sum.add(item.releaseUnixSeconds)
        sum.add(item.restrictions.rawValue)
        sum.add(item.volumeCubicMillimetres)
      }
      sum.end()
      for place in 0..<positions.rowCount(slot) {
        digest(
          positions.rows(slot)[place], token: token, node: positions.nodes(slot)[place], &sum)
      }
    }
    for slot in 0..<inbound.rowCount {
      let row = inbound.row(slot)
      if row.quantity == 0 { continue }
      sum.begin(3)
      sum.add(inbound.shipmentName(row))
      sum.add(row.item)
      sum.add(row.node)
      sum.add(row.quantity)
      sum.add(row.etaUnixSeconds)
      sum.add(row.earlySeconds)
      sum.add(row.lateSeconds)
      sum.add(row.stage)
      sum.end()
    }
  }

  private func digest(_ row: StockRow, token: UInt64, node: UInt16, _ sum: inout DigestSum) {
    sum.begin(2)
    sum.add(token)
    sum.add(node)
    sum.add(row.onHand)
    sum.add(row.reserved)
    let parts = breakdowns.read(item: token, node: node)
    sum.add(parts.allocated)
    sum.add(parts.picked)
    sum.add(parts.short)
    sum.add(parts.unfulfillable)
    sum.add(parts.researching)
    sum.add(parts.inTransfer)
    sum.add(parts.inProcessing)
    sum.add(parts.withheld)
    sum.end()
  }

  private func digestSellers(_ sum: inout DigestSum) {
    for (index, seller) in sellers.enumerated() {
      sum.begin(4)
      sum.add(seller.name)
      sum.add(seller.title)
      sum.add(seller.marketplace)
      sum.add(seller.startDays)
      sum.add(seller.isIndividual ? 1 : 0)
      sum.end()
      for type in StorageType.allCases {
        let used = usage.read(seller: index, type: type.rawValue)
        if used == Usage() { continue }
        sum.begin(5)
        sum.add(seller.name)
        sum.add(type.rawValue)
        sum.add(used.available)
        sum.add(used.unfulfillable)
        sum.add(used.reserved)
        sum.add(used.openInbound)
        sum.add(used.drafts)
        sum.add(used.pendingRemoval)
        usage.forEachDue(seller: index, type: type.rawValue) { due in
          sum.add(due.month)
          sum.add(due.open)
          sum.add(due.drafts)
        }
        sum.end()
      }
    }
  }

  private func digestClaims(_ sum: inout DigestSum) {
    for slot in 0..<holds.slotCount where holds.isInUse(slot) {
      let hold = holds.hold(slot)
      sum.begin(7)
      sum.add(hold.id)
      sum.add(hold.state)
      sum.add(hold.list == HoldList.shipped.rawValue ? 1 : 0)
      sum.add(holds.owner(slot))
      sum.add(holds.name(slot))
      sum.add(hold.expiresAt)
      sum.add(hold.forgetAt)
      sum.add(hold.committedAt)
      for index in 0..<Int(hold.lineCount) {
        let line = holds.lines(slot)[index]
        sum.add(line.item)
        sum.add(line.node)
        sum.add(line.quantity)
        sum.add(line.picked)
        sum.add(line.shipped)
        sum.add(line.dueUnixSeconds)
        sum.add(line.channel)
        sum.add(line.flags)
        if hold.allocations != 0 {
          let entry = allocations.at(AllocationTable.entry(of: index, in: hold.allocations)).pointee
          sum.add(entry.short)
          sum.add(entry.short == 0 ? 0 : entry.sinceMilliseconds)
        }
      }
      sum.end()
    }
    for age in 0..<commands.count {
      let command = commands.command(age)
      sum.begin(8)
      sum.add(age)
      sum.add(commands.key(command))
      sum.add(command.bodyDigest)
      sum.add(command.at)
      sum.add(command.position)
      sum.add(command.outcome.code)
      sum.add(command.outcome.row)
      sum.add(command.outcome.holdID)
      sum.add(command.outcome.expiresAtMilliseconds)
      sum.add(command.outcome.availableUnits)
      sum.add(command.outcome.nextSupplyUnixSeconds)
      sum.add(command.outcome.reclaimed ? 1 : 0)
      sum.add(command.outcome.holdState)
      for row in commands.shipments(command) {
        sum.add(row.windowFromUnixSeconds)
        sum.add(row.windowToUnixSeconds)
        sum.add(row.shipByUnixSeconds)
        sum.add(row.deliveryDays)
        for value in [row.node, row.lineCount, row.chance] { sum.add(value) }
        sum.add(row.level)
      }
      for line in commands.grants(command) {
        sum.add(line.granted)
        sum.add(line.later)
        sum.add(line.laterDue)
        sum.add(line.backordered)
      }
      sum.end()
    }
  }
}
