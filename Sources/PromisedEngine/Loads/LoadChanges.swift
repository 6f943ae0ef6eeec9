import PromisedInvariants
import PromisedModel

/// Loads, made true.
extension State {
  func apply(loadBegan description: LoadDescription) {
    if let load {
      invariant(
        load.description.isSameLoad(as: description), "a load begins while another is open")
      load.description.force = description.force
    } else {
      load = OpenLoad(description, on: network)
    }
    stamps.loads = appliedPosition
  }

  func apply(loadChunk number: UInt32, _ rows: PutRows) {
    invariant(load?.nextChunk == number, "a chunk of a load is out of order")
    load?.append(rows)
    stamps.loads = appliedPosition
  }

  func applyLoadAborted() {
    invariant(load != nil, "no load is open")
    load = nil
    stamps.loads = appliedPosition
  }

  func applyLoadCommitted() {
    guard let load else { return invariant(false, "no load is open") }
    invariant(load.nextChunk == load.description.chunkCount, "chunks of a load are missing")
    if load.description.mode == .replace {
      clear()
      replaceNetwork(with: load.takeNetwork())
    }
    let sizes = load.sizes
    reserve(
      items: self.positions.itemCount + sizes.items,
      positions: self.positions.positionCount + sizes.positions)
    if load.description.mode == .replace { stockLoadedAt = appliedTime.milliseconds }
    for chunk in load.chunks {
      if case .network = chunk, load.description.mode == .replace { continue }
      if case .positions = chunk { stockLoadedAt = appliedTime.milliseconds }
      apply(chunk)
    }
    lastLoad = CommittedLoad(description: load.description, committedAt: appliedTime)
    self.load = nil
    stamps.loads = appliedPosition
    stamps.network = appliedPosition
  }

  /// What a replacing load does not name: no stock, no inbound, no limits, no policies, no declared
  /// buildings, no kits, no opportunity values, no nodes of groups, no channel stock, no backorders.
  /// Items, sellers, claims, plans, bids, granted capacity and signals stay.
  private func clear() {
    for slot in 0..<positions.totalSlots {
      let token = positions.key(slot)
      if token == 0 { continue }
      for place in 0..<positions.rowCount(slot) {
        let row = positions.rows(slot)[place]
        if row.onHand == 0 && row.encumbered == 0 { continue }
        setAmounts(
          StockAmounts(), token: token, slot: slot, node: positions.nodes(slot)[place])
      }
    }
    for slot in 0..<inbound.rowCount {
      let row = inbound.row(slot)
      if row.quantity == 0 { continue }
      removeInbound(slot)
    }
    limits.removeAnnounced()
    policies.removeAll()
    buildings.clearDeclared()
    for slot in 0..<opportunity.slotCount { touch(item: opportunity.row(slot).item) }
    clearDistribution()
    opportunity.removeAll()
    for seller in 0..<sellers.count { touch(.seller, UInt64(seller)) }
  }
}
