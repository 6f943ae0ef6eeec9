import PromisedInvariants
import PromisedModel

/// One promise: the earliest delivery window that an item can make, and what it takes.
package struct Offer: BitwiseCopyable, Equatable {
  /// The fulfilment centre.
  package var node: UInt16
  package var destination: UInt32
  package var windowFromUnixSeconds: Int64
  package var windowToUnixSeconds: Int64
  /// Seconds east of UTC at the place of delivery when the window begins, and its date there.
  package var windowUTCOffsetSeconds: Int32
  package var deliveryDate: LocalDate
  /// Whoever orders no later than this makes the window.
  package var orderByUnixSeconds: Int64
  /// Seconds east of UTC at the fulfilment centre at that time.
  package var orderByUTCOffsetSeconds: Int32
  /// When it leaves the fulfilment centre.
  package var cutoffUnixSeconds: Int64
  /// Chance of delivery by the window's end in 1/65535; 0 = nothing on the way is declared to be
  /// uncertain, or, on schedule only, the chance is not stated.
  package var confidence: UInt16
  /// `SupplySource` of units that are not there yet; 0 = they are on hand.
  package var supply: SupplySource.RawValue = 0
  /// Of dated supply, the `ConfidenceLevel` of the profiles that made it: those hold its entry.
  var layer: ConfidenceLevel.RawValue = 0
  /// Where the profile set that made it holds its entry.
  var entry: UInt32
  /// From when the units are there; 0 = now.
  package var availableFromUnixSeconds: Int64 = 0
}

package enum OfferDecision: Equatable {
  case offer(Offer)
  /// What is nearest to an offer, as the decision says.
  case refused(OutcomeCode)
}

/// Where an item could come from: parallel columns of nodes, of units available there now, and of
/// when a node takes on new orders.
package struct StockCandidates {
  package var nodes: Column<UInt16>
  package var available: Column<Int64>
  /// UTC seconds from which an order counts there, because the node is full until then; empty = now,
  /// everywhere.
  package var admittedFromUnixSeconds: Column<Int64>
  /// Where the units come from when they are not there yet; empty = they are on hand everywhere.
  var supplies: Column<DatedSupply>

  package init(
    nodes: Column<UInt16>, available: Column<Int64>,
    admittedFromUnixSeconds: Column<Int64> = .empty
  ) {
    self.init(
      nodes: nodes, available: available, admittedFromUnixSeconds: admittedFromUnixSeconds,
      supplies: .empty)
  }

  init(
    nodes: Column<UInt16>, available: Column<Int64>, admittedFromUnixSeconds: Column<Int64>,
    supplies: Column<DatedSupply>
  ) {
    invariant(nodes.count == available.count, "a candidate needs a node and a quantity")
    invariant(
      admittedFromUnixSeconds.count == 0 || admittedFromUnixSeconds.count == nodes.count,
      "admission is said for every candidate or for none")
    invariant(
      supplies.count == 0 || supplies.count == nodes.count,
      "supply is said for every candidate or for none")
    self.nodes = nodes
    self.available = available
    self.admittedFromUnixSeconds = admittedFromUnixSeconds
    self.supplies = supplies
  }
}

extension ProfileSet {
  /// The best offer among nodes that hold the whole quantity: the earliest window (by its end, then
  /// its start), then the lower node index. Allocates nothing.
  ///
  /// When there is none, the reason names what is nearest to an offer:
  /// - `noStock`: no candidate holds the quantity.
  /// - `cutoffPassed`: a candidate with routes is open again, but no promise within the horizon can
  ///   still be made.
  /// - `nodeClosed`: those with routes do not open any more in the horizon.
  /// - `noRoute`: nothing goes from any of them to the destination.
  ///
  /// - Parameters:
  ///   - quantity: 1 or more; taken from one node.
  ///   - handlingMinutes: 0…20160 open minutes on top of each node's own processing.
  ///   - releaseUnixSeconds: an order counts from then, if that is later than now.
  ///   - pending: changes of departures that these profiles do not know yet; what they might have
  ///     made impossible is not offered.
  /// - Complexity: O(candidates × log entries of a row).
  package func decideOffer(
    _ candidates: StockCandidates, quantity: Int64, destination: UInt32, now: UnixMilliseconds,
    handlingMinutes: Int32, releaseUnixSeconds: Int64 = 0, pending: PendingChanges? = nil
  ) -> OfferDecision {
    let minute = max(orderMinute(now), orderMinute(ofUnixSeconds: releaseUnixSeconds))
    let view = view(destination)
    let barrier = pending?.barrier(destination) ?? 0
    let admitted = candidates.admittedFromUnixSeconds
    let isPlain = handlingMinutes == 0 && barrier == 0 && admitted.count == 0
    // Rows of different nodes lie far apart: all are asked for before the first is waited for.
    for index in 0..<candidates.nodes.count {
      view.prefetch(rank: rank(of: candidates.nodes[index]))
    }
    // (window, node) in one number: its minimum needs no branch, so that the processor reads the
    // rows of all candidates at once instead of waiting for each comparison.
    var best = UInt32.max
    for index in 0..<candidates.nodes.count where candidates.available[index] >= quantity {
      let node = candidates.nodes[index]
      let window: UInt16
      if isPlain {
        window = earliestWindow(rank(of: node), view, orderedAt: minute)
      } else {
        let from =
          admitted.count == 0 ? minute : max(minute, orderMinute(ofUnixSeconds: admitted[index]))
        let ordered =
          handlingMinutes == 0
          ? from : equivalentMinute(node, orderedAt: from, handlingMinutes: handlingMinutes)
        window =
          barrier == 0
          ? earliestWindow(rank(of: node), view, orderedAt: ordered)
          : earliestWindow(rank(of: node), view, orderedAt: ordered, leavingAfter: barrier)
      }
      best = min(best, UInt32(window) << 16 | UInt32(node))
    }
    let window = UInt16(truncatingIfNeeded: best >> 16)
    if window == ProfileHead.none {
      return .refused(reason(candidates, quantity, view, minute))
    }
    return .offer(
      offer(
        window, node: UInt16(truncatingIfNeeded: best), destination: destination, view,
        handling: handlingMinutes))
  }

  /// The earliest window an order with the node's own processing makes, or `ProfileHead.none`.
  @inline(__always)
  private func earliestWindow(
    _ rank: UInt16, _ view: BlockView, orderedAt minute: UInt16
  ) -> UInt16 {
    if minute >= ProfileHead.firstMinute, let head = view.head(rank: rank) {
      let passed = ProfileHead.passed(head, minute)
      if passed < ProfileHead.depth { return head[ProfileHead.depth + passed] }
    }
    let row = view.row(rank: rank)
    return publishedWindow(firstEntry(row, view, orderedAt: minute), row, view)
  }

  /// The same among entries that leave the node after a minute.
  private func earliestWindow(
    _ rank: UInt16, _ view: BlockView, orderedAt minute: UInt16, leavingAfter barrier: UInt16
  ) -> UInt16 {
    let row = view.row(rank: rank)
    let index = max(
      firstEntry(row, view, orderedAt: minute),
      view.firstEntry(row, cutoffFrom: Int32(barrier) + 1))
    return publishedWindow(index, row, view)
  }

  /// The latest order minute that without handling is at the dock just when this order is with it:
  /// from there on both make the same cutoffs, because `ready` and `latestOrder` are a Galois
  /// connection. A minute that no order-by reaches when the horizon ends before.
  func equivalentMinute(
    _ node: UInt16, orderedAt minute: UInt16, handlingMinutes: Int32
  ) -> UInt16 {
    guard let function = frame.readyFunction(node: node) else { return .max - 1 }
    let processing = frame.openings.processing.base[Int(node)]
    guard
      let ready = function.ready(at: Int32(minute), processing: processing + handlingMinutes),
      let latest = function.latestOrder(for: ready, processing: processing)
    else { return .max - 1 }
    return UInt16(clamping: latest)
  }

  @inline(__always)
  private func publishedWindow(
    _ index: Int, _ row: (start: Int, end: Int), _ view: BlockView
  ) -> UInt16 {
    if index == row.end { return ProfileHead.none }
    let entry = view.entries[index]
    return entry.orderBy == ProfileEntry.unpublished ? ProfileHead.none : entry.window
  }

  /// The minute from which an order counts, rounded up: an order-by is a whole minute, and an order
  /// a second after it is late. Minute 0 means "before the horizon" in the entries.
  func orderMinute(_ now: UnixMilliseconds) -> UInt16 {
    let elapsed = now.milliseconds.subtractingReportingOverflow(horizon.base * 1000)
    let overflowed = now.milliseconds < 0 ? Int64.min : Int64.max
    let minute = elapsed.overflow ? overflowed : ceilDivide(elapsed.partialValue, 60_000)
    return UInt16(min(max(minute, 1), Int64(UInt16.max) - 1))
  }

  func orderMinute(ofUnixSeconds seconds: Int64) -> UInt16 {
    let limit = Int64.max / 1000
    return orderMinute(UnixMilliseconds(min(max(seconds, -limit), limit) * 1000))
  }

  /// The first entry of a row whose order-by is at or after a minute; `end` if none.
  ///
  /// Orders are placed in the first two days of the horizon, so that the wanted entry is nearly
  /// always among the first few, in one cache line; the rest is searched by halving.
  @inline(__always)
  func firstEntry(
    _ row: (start: Int, end: Int), _ view: BlockView, orderedAt minute: UInt16
  ) -> Int {
    let entries = view.entries
    var low = row.start
    let near = min(row.end, low + 6)
    while low < near {
      if entries[low].orderBy >= minute { return low }
      low += 1
    }
    var high = row.end
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].orderBy < minute { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func offer(
    _ windowIndex: UInt16, node: UInt16, destination: UInt32, _ view: BlockView, handling: Int32
  ) -> Offer {
    let index = entry(making: windowIndex, view.row(rank: rank(of: node)), view)
    let entry = view.entries[index]
    let window = view.windows[Int(windowIndex)]
    var orderBy = Int32(entry.orderBy)
    if handling > 0 {
      let latest = frame.readyFunction(node: node)?.latestOrder(
        for: Int32(entry.cutoff), processing: frame.openings.processing.base[Int(node)] + handling)
      invariant(latest != nil, "an offer was found that nobody can order")
      orderBy = latest ?? 0
    }
    return Offer(
      node: node, destination: destination,
      windowFromUnixSeconds: horizon.unixSeconds(window.from),
      windowToUnixSeconds: horizon.unixSeconds(window.to),
      windowUTCOffsetSeconds: window.offset, deliveryDate: LocalDate(days: window.days),
      orderByUnixSeconds: horizon.unixSeconds(orderBy),
      orderByUTCOffsetSeconds: frame.offsets.offset(node: node, minute: orderBy),
      cutoffUnixSeconds: horizon.unixSeconds(Int32(entry.cutoff)), confidence: entry.confidence,
      entry: UInt32(index))
  }

  /// The entry of a window within a row; windows ascend there, each once.
  private func entry(
    making window: UInt16, _ row: (start: Int, end: Int), _ view: BlockView
  ) -> Int {
    let entries = view.entries
    var low = row.start
    let near = min(row.end, low + 6)
    while low < near, entries[low].window < window { low += 1 }
    if low < near { return low }
    var high = row.end
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].window < window { low = middle + 1 } else { high = middle }
    }
    invariant(low < row.end && entries[low].window == window, "an offer without its entry")
    return low
  }

  private func reason(
    _ candidates: StockCandidates, _ quantity: Int64, _ view: BlockView, _ minute: UInt16
  ) -> OutcomeCode {
    var holdsStock = false
    var hasClosed = false
    for index in 0..<candidates.nodes.count where candidates.available[index] >= quantity {
      holdsStock = true
      let node = candidates.nodes[index]
      let row = view.row(rank: rank(of: node))
      if row.start == row.end { continue }
      if frame.readyFunction(node: node)?.opens(after: Int32(minute)) == true {
        return .cutoffPassed
      }
      hasClosed = true
    }
    if !holdsStock { return .noStock }
    return hasClosed ? .nodeClosed : .noRoute
  }
}
