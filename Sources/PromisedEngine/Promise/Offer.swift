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
  /// Chance of delivery by the window's end in 1/65535; 0 = not stated.
  package var confidence: UInt16
  /// Where the profile set that made it holds its entry.
  var entry: UInt32
}

package enum OfferDecision: Equatable {
  case offer(Offer)
  /// `noStock`, `cutoffPassed`, `noRoute` or `nodeClosed`.
  case refused(OutcomeCode)
}

/// Where an item could come from: parallel columns of nodes and of units available there now.
package struct StockCandidates {
  package var nodes: Column<UInt16>
  package var available: Column<Int64>

  package init(nodes: Column<UInt16>, available: Column<Int64>) {
    invariant(nodes.count == available.count, "a candidate needs a node and a quantity")
    self.nodes = nodes
    self.available = available
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
  /// - Complexity: O(candidates × log entries of a row).
  package func decideOffer(
    _ candidates: StockCandidates, quantity: Int64, destination: UInt32, now: UnixMilliseconds,
    handlingMinutes: Int32
  ) -> OfferDecision {
    let minute = orderMinute(now)
    var best: (window: UInt16, node: UInt16, entry: Int)?
    for index in 0..<candidates.nodes.count where candidates.available[index] >= quantity {
      let node = candidates.nodes[index]
      let row = row(node: node, destination: destination)
      if row.start == row.end { continue }
      let found =
        handlingMinutes == 0
        ? firstEntry(row, orderedAt: minute)
        : firstEntry(row, node: node, orderedAt: minute, handlingMinutes: handlingMinutes)
      guard found < row.end else { continue }
      let entry = entries.base[found]
      if entry.orderBy == ProfileEntry.unpublished { continue }
      if let standing = best, (standing.window, standing.node) <= (entry.window, node) { continue }
      best = (entry.window, node, found)
    }
    guard let best else {
      return .refused(reason(candidates, quantity, destination, minute))
    }
    return .offer(
      offer(best.entry, node: best.node, destination: destination, handling: handlingMinutes))
  }

  /// The minute from which an order counts, rounded up: an order-by is a whole minute, and an order
  /// a second after it is late. Minute 0 means "before the horizon" in the entries.
  private func orderMinute(_ now: UnixMilliseconds) -> UInt16 {
    let elapsed = now.milliseconds.subtractingReportingOverflow(horizon.base * 1000)
    let overflowed = now.milliseconds < 0 ? Int64.min : Int64.max
    let minute = elapsed.overflow ? overflowed : ceilDivide(elapsed.partialValue, 60_000)
    return UInt16(min(max(minute, 1), Int64(UInt16.max) - 1))
  }

  /// The first entry of a row whose order-by is at or after a minute; `end` if none.
  @inline(__always)
  private func firstEntry(_ row: (start: Int, end: Int), orderedAt minute: UInt16) -> Int {
    let entries = entries.base
    // Halving without a branch on the comparison: its outcome is a coin toss to the processor.
    var base = row.start
    var count = row.end - row.start
    while count > 1 {
      let half = count / 2
      base = entries[base + half - 1].orderBy < minute ? base + half : base
      count -= half
    }
    return entries[base].orderBy < minute ? base + 1 : base
  }

  private func firstEntry(
    _ row: (start: Int, end: Int), node: UInt16, orderedAt minute: UInt16, handlingMinutes: Int32
  ) -> Int {
    guard
      let ready = openings.readyFunction(node: node)?.ready(
        at: Int32(minute), processing: openings.processing.base[Int(node)] + handlingMinutes)
    else { return row.end }
    return firstEntry(row, cutoffFrom: ready)
  }

  private func offer(
    _ index: Int, node: UInt16, destination: UInt32, handling: Int32
  ) -> Offer {
    let entry = entries.base[index]
    let window = window(entry, destination: destination)
    var orderBy = Int32(entry.orderBy)
    if handling > 0 {
      let latest = openings.readyFunction(node: node)?.latestOrder(
        for: Int32(entry.cutoff), processing: openings.processing.base[Int(node)] + handling)
      invariant(latest != nil, "an offer was found that nobody can order")
      orderBy = latest ?? 0
    }
    return Offer(
      node: node, destination: destination,
      windowFromUnixSeconds: horizon.unixSeconds(window.from),
      windowToUnixSeconds: horizon.unixSeconds(window.to),
      windowUTCOffsetSeconds: window.offset, deliveryDate: LocalDate(days: window.days),
      orderByUnixSeconds: horizon.unixSeconds(orderBy),
      orderByUTCOffsetSeconds: offsets.offset(node: node, minute: orderBy),
      cutoffUnixSeconds: horizon.unixSeconds(Int32(entry.cutoff)), confidence: entry.confidence,
      entry: UInt32(index))
  }

  private func reason(
    _ candidates: StockCandidates, _ quantity: Int64, _ destination: UInt32, _ minute: UInt16
  ) -> OutcomeCode {
    var holdsStock = false
    var hasClosed = false
    for index in 0..<candidates.nodes.count where candidates.available[index] >= quantity {
      holdsStock = true
      let node = candidates.nodes[index]
      let row = row(node: node, destination: destination)
      if row.start == row.end { continue }
      if openings.readyFunction(node: node)?.opens(after: Int32(minute)) == true {
        return .cutoffPassed
      }
      hasClosed = true
    }
    if !holdsStock { return .noStock }
    return hasClosed ? .nodeClosed : .noRoute
  }
}
