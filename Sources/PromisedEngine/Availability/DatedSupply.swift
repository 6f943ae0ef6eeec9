import PromisedInvariants
import PromisedModel

/// Units that come to a node: from when a claim may have them, and when they will have come.
package struct DatedSupply: BitwiseCopyable {
  var node: UInt16
  /// `SupplySource`: inbound, pre-order or backorder.
  var source: SupplySource.RawValue
  /// They have come by then with the chance asked for.
  var fromUnixSeconds: Int64
  /// Units that a claim for then may take while every later claim keeps its supply.
  var units: Int64
  // When they come, as of `ArrivalDistribution`; all equal where nothing is said to be uncertain.
  var earlyUnixSeconds: Int64
  var medianUnixSeconds: Int64
  var lateUnixSeconds: Int64

  var arrival: ArrivalDistribution {
    ArrivalDistribution(
      median: medianUnixSeconds, early: earlyUnixSeconds, late: lateUnixSeconds)
  }
}

/// A node and an instant at which something comes to it.
struct SupplyCell: BitwiseCopyable {
  var time: Int64
  /// Units that a claim for then may take: its own, and what components make.
  var own: Int64 = 0
  var made: Int64 = .max
  var node: UInt16
  var source: SupplySource.RawValue

  var units: Int64 { own + (made == .max ? 0 : made) }

  /// What is known to come goes before what was only allowed to be sold.
  var rank: Int {
    switch SupplySource(rawValue: source) {
    case nil, .onHand: -1
    case .inbound: 0
    case .preorder: 1
    default: 2
    }
  }
}

/// What an offer of units that are not there yet is made from.
struct DatedScratch: ~Copyable {
  var cells = Store<SupplyCell>(capacity: 64)
  /// The candidates: parallel, by node.
  var supplies = Store<DatedSupply>(capacity: 16)
  var nodes = Store<UInt16>(capacity: 16)
  var available = Store<Int64>(capacity: 16)
  var admitted = Store<Int64>(capacity: 16)

  mutating func removeAll() {
    supplies.removeAll()
    nodes.removeAll()
    available.removeAll()
    admitted.removeAll()
  }

  /// Valid until the next search.
  var candidates: StockCandidates {
    let count = nodes.count
    return StockCandidates(
      nodes: Column(base: UnsafePointer(nodes.base), count: count),
      available: Column(base: UnsafePointer(available.base), count: count),
      admittedFromUnixSeconds: Column(base: UnsafePointer(admitted.base), count: count),
      supplies: Column(base: UnsafePointer(supplies.base), count: count))
  }
}

extension InboundRow {
  /// When its units can be counted on with a chance; overdue ones that are being received, within a
  /// day. Never before the ETA, from which on claims count them.
  func supplyTime(at confidence: ConfidenceLevel?, now: Int64) -> Int64 {
    if etaUnixSeconds <= now { return now + Limits.receivingSeconds }
    guard let confidence else { return etaUnixSeconds }
    return max(etaUnixSeconds, arrival.quantile(confidence.probability))
  }
}

/// Where units can be had that are not on hand: inbound, pre-orders, backorders with a lead time.
extension State {
  /// Whether anything is known of an item, or of what it is made of, that is not on hand. A few
  /// lookups.
  func hasDatedSupply(_ token: UInt64) -> Bool {
    if inbound.first(of: token) != nil || backorders.first(of: token) != nil { return true }
    for part in kits.components(of: token)
    where inbound.first(of: part.item) != nil || backorders.first(of: part.item) != nil {
      return true
    }
    return false
  }

  /// Fills `scratch.dated` with a candidate per node that gets the quantity later: from the earliest
  /// instant at which a claim may have it whole while every claim made keeps its supply.
  ///
  /// Shipments count from when they have come with the confidence asked for, so that what this finds
  /// a hold of the same instant, which counts them from their ETA, is granted. Pre-orders count from
  /// their date, backorders with a lead time from that on; of one instant, what is known to come
  /// goes before what may only be sold. Nodes whose silence withholds their stock are passed over.
  ///
  /// - Parameter only: of this node alone; nil = of all.
  /// - Complexity: n log n in what is known of the item and its components, and per instant what
  ///   `claimable` takes; at most the earliest `Limits.datedInstants` of them are looked at, and no
  ///   more than `Limits.datedWork` cells of open demand.
  func findDatedSupply(
    of token: UInt64, quantity: Int64, channel: UInt16, confidence: ConfidenceLevel?,
    only: UInt16? = nil, at now: UnixMilliseconds
  ) {
    scratch.dated.removeAll()
    scratch.dated.cells.removeAll()
    listCells(of: token, confidence, only: only, at: now)
    let parts = kits.components(of: token)
    for part in parts {
      observe(item: part.item)
      listCells(of: part.item, confidence, only: only, at: now)
    }
    sortCells()
    if scratch.dated.cells.count == 0 { return }
    scratch.model.work = 0
    for use in [BackorderUse.none, .preorders, .all] {
      judgeCells(of: token, parts, use, channel: channel, confidence, at: now)
    }
    chooseCells(quantity: quantity)
    for index in 0..<scratch.dated.supplies.count {
      spread(scratch.dated.supplies.at(index), token, parts, confidence, at: now.seconds)
    }
  }

  private func listCells(
    of token: UInt64, _ confidence: ConfidenceLevel?, only: UInt16?, at now: UnixMilliseconds
  ) {
    func append(_ node: UInt16, _ source: SupplySource, _ time: Int64) {
      if let only, node != only { return }
      // An instant that no claim can name.
      if time <= now.seconds || time > Int64(UInt32.max) { return }
      if hasSilenceRules && isWithheldForSilence(node, at: now) { return }
      scratch.dated.cells.append(SupplyCell(time: time, node: node, source: source.rawValue))
    }
    var next = inbound.first(of: token)
    while let found = next {
      let row = inbound.row(found)
      next = inbound.next(after: found)
      if !row.isExpected(after: now.seconds, upTo: .max) { continue }
      append(row.node, .inbound, row.supplyTime(at: confidence, now: now.seconds))
    }
    next = backorders.first(of: token)
    while let found = next {
      let row = backorders.row(found)
      next = backorders.next(after: found)
      if !row.isOpen(at: now.seconds) { continue }
      if row.isPreorder {
        append(row.node, .preorder, row.fromUnixSeconds)
      } else if row.leadDays > 0 {
        append(row.node, .backorder, now.seconds + Int64(row.leadDays) * 86_400)
      }
    }
  }

  /// Each node's instants once, the earliest of all; ascending by node, then time.
  private func sortCells() {
    let base = scratch.dated.cells.base
    heapSort(base, count: scratch.dated.cells.count) {
      ($0.time, $0.rank, $0.node) < ($1.time, $1.rank, $1.node)
    }
    if scratch.dated.cells.count > Limits.datedInstants {
      scratch.dated.cells.resize(to: Limits.datedInstants)
    }
    heapSort(base, count: scratch.dated.cells.count) {
      ($0.node, $0.time, $0.rank) < ($1.node, $1.time, $1.rank)
    }
    var kept = 0
    for index in 0..<scratch.dated.cells.count {
      let cell = base[index]
      if kept > 0, base[kept - 1].node == cell.node, base[kept - 1].time == cell.time,
        base[kept - 1].source == cell.source
      {
        continue
      }
      base[kept] = cell
      kept += 1
    }
    scratch.dated.cells.resize(to: kept)
  }

  /// Works out the units of the cells that rest on one use of what may be sold beyond the supply.
  private func judgeCells(
    of token: UInt64, _ parts: UnsafeBufferPointer<KitComponent>, _ use: BackorderUse,
    channel: UInt16, _ confidence: ConfidenceLevel?, at now: UnixMilliseconds
  ) {
    func isMeant(_ cell: SupplyCell) -> Bool {
      switch SupplySource(rawValue: cell.source) {
      case .inbound: use == .none
      case .preorder: use == .preorders
      default: use == .all
      }
    }
    var isAsked = false
    for index in 0..<scratch.dated.cells.count {
      isAsked = isAsked || isMeant(scratch.dated.cells[index])
    }
    if !isAsked { return }
    func judge(_ item: UInt64, _ take: (UnsafeMutablePointer<SupplyCell>, Int64) -> Void) {
      fillModel(
        of: item, positions.find(item), node: nil, backorders: use, arrivals: confidence,
        at: now.seconds)
      for index in 0..<scratch.dated.cells.count where isMeant(scratch.dated.cells[index]) {
        let cell = scratch.dated.cells.at(index)
        // What took too long to work out is not offered.
        let units =
          scratch.model.work > Limits.datedWork
          ? 0
          : scratch.model.nodeLimit(
            cell.pointee.node, due: UInt32(clamping: cell.pointee.time), channel: channel)
        take(cell, max(0, units))
      }
    }
    judge(token) { $0.pointee.own = $1 }
    for part in parts {
      judge(part.item) { $0.pointee.made = min($0.pointee.made, $1 / Int64(part.units)) }
    }
  }

  /// The earliest cell of each node with the quantity becomes a candidate.
  private func chooseCells(quantity: Int64) {
    for index in 0..<scratch.dated.cells.count {
      let cell = scratch.dated.cells[index]
      if cell.units < quantity { continue }
      let count = scratch.dated.nodes.count
      if count > 0 && scratch.dated.nodes[count - 1] == cell.node { continue }
      scratch.dated.supplies.append(
        DatedSupply(
          node: cell.node, source: cell.source, fromUnixSeconds: cell.time, units: cell.units,
          earlyUnixSeconds: cell.time, medianUnixSeconds: cell.time, lateUnixSeconds: cell.time))
      scratch.dated.nodes.append(cell.node)
      scratch.dated.available.append(cell.units)
    }
  }

  /// Says when the shipments that a supply counts on will have come: a distribution that is nowhere
  /// earlier than any of theirs. They are taken to be late together, which leaves fewer surprises
  /// than to take them as independent and cannot promise more.
  private func spread(
    _ supply: UnsafeMutablePointer<DatedSupply>, _ token: UInt64,
    _ parts: UnsafeBufferPointer<KitComponent>, _ confidence: ConfidenceLevel?, at now: Int64
  ) {
    if supply.pointee.source != SupplySource.inbound.rawValue { return }
    guard let confidence else { return }
    let by = supply.pointee.fromUnixSeconds
    var (early, median, late, last) = (Int64.min, Int64.min, Int64.min, Int64.min)
    func take(_ item: UInt64) {
      var next = inbound.first(of: item)
      while let found = next {
        let row = inbound.row(found)
        next = inbound.next(after: found)
        if row.node != supply.pointee.node || !row.isExpected(after: now, upTo: .max)
          || row.etaUnixSeconds <= now || row.supplyTime(at: confidence, now: now) > by
        {
          continue
        }
        let arrival = row.arrival
        early = max(early, arrival.earlyUnixSeconds)
        median = max(median, arrival.medianUnixSeconds)
        late = max(late, arrival.lateUnixSeconds)
        last = max(last, arrival.lastUnixSeconds)
      }
    }
    take(token)
    for part in parts { take(part.item) }
    if median == .min { return }
    // Its end follows from the median and the 90 % point: that is moved until the end is late enough.
    late = max(late, median + ceilDivide((last - median) * 4, 5))
    supply.pointee.earlyUnixSeconds = early
    supply.pointee.medianUnixSeconds = median
    supply.pointee.lateUnixSeconds = late
    supply.pointee.fromUnixSeconds = max(
      by, supply.pointee.arrival.quantile(confidence.probability))
  }
}
