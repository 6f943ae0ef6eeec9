import PromisedInvariants
import PromisedModel

/// Rows put or loaded, made true.
extension State {
  func apply(_ rows: borrowing PutRows) {
    sellThrough.isStale = true
    switch copy rows {
    case .network(let rows): apply(network: rows)
    case .items(let rows): apply(items: rows)
    case .sellers(let rows): apply(sellers: rows)
    case .positions(let rows): apply(positions: rows)
    case .inbound(let rows): apply(inbound: rows)
    case .limits(let rows): apply(limits: rows)
    case .kits(let rows): apply(kits: rows)
    case .opportunity(let rows): apply(opportunity: rows)
    case .groups(let rows): apply(groups: rows)
    case .channelStock(let rows): apply(channelStock: rows)
    case .backorders(let rows): apply(backorders: rows)
    case .forecasts(let rows): apply(forecasts: rows)
    case .factors(let rows): apply(factors: rows)
    case .policies(let rows): apply(policies: rows)
    case .buildings(let rows): apply(buildings: rows)
    case .signals(let rows): apply(signals: rows)
    }
  }

  private func apply(items rows: ItemRows) {
    let sellers = rows.sellerNames.map { UInt32(sellerIndex($0)) }
    let categories = rows.categoryNames.map { categoryIndex($0) }
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        let token = itemKeys.insert(keys.key(row, at: &offset))
        setAttributes(
          ItemAttributes(
            releaseUnixSeconds: rows.releaseUnixSeconds.isEmpty ? 0 : rows.releaseUnixSeconds[row],
            handlingMinutes: rows.handlingMinutes[row], seller: sellers[Int(rows.sellers[row])],
            restrictions: ItemRestrictions(
              rawValue: rows.restrictions.isEmpty ? 0 : rows.restrictions[row]),
            storageType: rows.storageTypes[row], weightGrams: rows.weightsGrams[row],
            volumeMicroCubicFeet: rows.volumesMicroCubicFeet[row],
            demandPerDayMilli: rows.demandPerDayMilli[row],
            volumeCubicMillimetres: rows.volumesCubicMillimetres.isEmpty
              ? 0 : rows.volumesCubicMillimetres[row],
            demandVarianceRatioMilli: rows.demandVarianceRatioMilli[row],
            category: rows.categories.isEmpty ? 0 : categories[Int(rows.categories[row])]),
          token: token)
      }
    }
  }

  private func apply(sellers rows: [Seller]) {
    var hasMoved = false
    for seller in rows {
      let index = sellerKeys.insert(seller.name)
      if index == sellers.count {
        sellers.append(seller)
      } else {
        if sellers[index].marketplace != seller.marketplace { hasMoved = true }
        sellers[index] = seller
      }
      touch(.seller, UInt64(index))
    }
    if hasMoved { followMarketplaces() }
    // A name that was unknown is known now: whoever was told so must wait too.
    stamps.network = appliedPosition
  }

  private func apply(positions rows: PositionRows) {
    let nodes = rows.nodeNames.map { knownNode($0) }
    rows.keys.withKeyColumn { keys in
      var offset = 0
      var token: UInt64 = 0
      var slot = -1
      var previous = BorrowedBytes.empty
      for row in 0..<keys.count {
        let key = keys.key(row, at: &offset)
        if slot < 0 || !same(key, previous) {
          token = itemKeys.insert(key)
          slot = slotInserting(token)
          previous = key
          let following = rowsOfSameKey(keys, from: row, key: key, at: offset)
          willWrite(slot: slot)
          if positions.rowCount(slot) == 0 { positions.reserveRows(following, of: slot) }
        }
        setAmounts(
          rows.amounts(row), token: token, slot: slot, node: nodes[Int(rows.nodes[row])])
      }
    }
  }

  /// How many rows from `row` on name the same item one after another, so that its run is made
  /// large enough at once.
  private func rowsOfSameKey(_ keys: KeyColumn, from row: Int, key: BorrowedBytes, at start: Int)
    -> Int
  {
    var (offset, next) = (start, row + 1)
    while next < keys.count && next - row < 4096 {
      if !same(keys.key(next, at: &offset), key) { break }
      next += 1
    }
    return next - row
  }

  private func apply(inbound rows: InboundRows) {
    let nodes = rows.nodeNames.map { knownNode($0) }
    rows.keys.withKeyColumn { keys in
      rows.shipments.withKeyColumn { shipments in
        var (offset, shipmentOffset) = (0, 0)
        for row in 0..<keys.count {
          setInbound(
            shipment: shipments.key(row, at: &shipmentOffset),
            token: itemKeys.insert(keys.key(row, at: &offset)),
            node: nodes[Int(rows.nodes[row])], quantity: rows.quantities[row],
            eta: rows.etaUnixSeconds[row], stage: rows.stages[row],
            early: rows.earlyUnixSeconds.isEmpty ? 0 : rows.earlyUnixSeconds[row],
            late: rows.lateUnixSeconds.isEmpty ? 0 : rows.lateUnixSeconds[row])
        }
      }
    }
  }

  /// The rows of a kit stand one after another and replace what it was made of.
  private func apply(kits rows: KitRows) {
    rows.kits.withKeyColumn { kits in
      rows.components.withKeyColumn { components in
        var (kitOffset, componentOffset) = (0, 0)
        var (kit, parts): (UInt64, [KitComponent]) = (0, [])
        for row in 0..<kits.count {
          let token = itemKeys.insert(kits.key(row, at: &kitOffset))
          if token != kit {
            if kit != 0 { setKit(kit, parts) }
            (kit, parts) = (token, [])
          }
          let component = itemKeys.insert(components.key(row, at: &componentOffset))
          if rows.units[row] == 0 { continue }
          _ = slotInserting(component)
          parts.append(KitComponent(item: component, units: rows.units[row]))
        }
        if kit != 0 { setKit(kit, parts) }
      }
    }
  }

  private func setKit(_ kit: UInt64, _ parts: [KitComponent]) {
    if !parts.isEmpty { _ = slotInserting(kit) }
    kits.put(kit, parts)
    reviewSpecial(kit)
    touch(item: kit)
  }

  private func apply(opportunity rows: OpportunityRows) {
    let nodes = rows.nodeNames.map { knownNode($0) }
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        let token = itemKeys.insert(keys.key(row, at: &offset))
        if rows.values[row] != 0 { _ = slotInserting(token) }
        opportunity.put(item: token, node: nodes[Int(rows.nodes[row])], value: rows.values[row])
        touch(item: token)
      }
    }
  }

  func sellerIndex(_ name: Name) -> Int {
    guard let index = sellerKeys.find(name) else {
      invariant(false, "rows name a seller that does not exist")
      return 0
    }
    return index
  }

  func knownNode(_ name: Name) -> UInt16 {
    guard let node = nodeIndex(name) else {
      invariant(false, "rows name a node that does not exist")
      return 0
    }
    return node
  }
}
