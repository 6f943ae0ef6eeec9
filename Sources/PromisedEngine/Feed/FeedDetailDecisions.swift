import PromisedInvariants
import PromisedModel

/// Memory for rows of which more is said than their movement.
struct FeedScratch: ~Copyable {
  // Per accepted row, beside `Scratch.accepted`.
  var quantities = Store<Int64>()
  var occurred = Store<Int64>()
  var flags = Store<UInt8>()
  var destinations = Store<UInt32>()
  /// Counts of this batch so far.
  var counts = CountTable()
  var past = PastCounts()
  /// Units of holds that rows of this batch have shipped so far.
  var shipped: [ShippedFrom: Int64] = [:]
  var inbound = BatchInbound()
}

struct ShippedFrom: Hashable {
  var holdID: UInt64
  var item: UInt64
  var node: UInt16
}

/// Rows with an instant, a reference, a disposition, a hold, or of a kind that changes more than
/// one amount.
extension State {
  func beginDetails(of rows: borrowing FeedRows, _ context: FeedContext) {
    scratch.feed.quantities.removeAll()
    scratch.feed.occurred.removeAll()
    scratch.feed.flags.removeAll()
    scratch.feed.destinations.removeAll()
    scratch.feed.counts.removeAll()
    scratch.feed.shipped.removeAll()
    scratch.feed.inbound.removeAll()
    preparePastCounts(of: rows, context)
  }

  func decide(
    detailed row: FeedRow, of rows: borrowing FeedRows, in group: FeedGroup,
    _ context: inout FeedContext
  ) -> OutcomeCode {
    let token = scratch.tokens[row.index - group.start]
    if !ItemKeys.isPacked(token) && !Name.isValid(row.key.buffer) { return .keyInvalid }
    if row.node >= context.nodes.count || row.destination >= context.nodes.count {
      return .nodeUnknown
    }
    guard let kind = MovementKind(rawValue: row.rawKind) else { return .fieldOutOfRange }
    if let fault = formFault(of: row, kind) { return fault }
    let found = scratch.slots[row.index - group.start]
    observe(item: token)
    guard found >= 0, let node = context.nodes[row.node] else { return .rowParked }
    var destination = node
    if kind == .transferOut {
      guard let there = context.nodes[row.destination] else { return .rowParked }
      destination = there
    }
    var subject = FeedSubject(
      row: row, kind: kind, token: token, node: node, destination: destination,
      occurred: min(row.occurred, context.now), quantity: row.quantity)
    if row.occurred > 0 { context.lastOccurred = max(context.lastOccurred, subject.occurred) }
    return decide(&subject, slot: found, of: rows, &context)
  }

  private func decide(
    _ subject: inout FeedSubject, slot: Int, of rows: borrowing FeedRows,
    _ context: inout FeedContext
  ) -> OutcomeCode {
    let place: Int
    if let there = scratch.overlay.find(subject.token, subject.node) {
      place = there
    } else {
      place = scratch.overlay.insert(
        subject.token, subject.node,
        amounts(token: subject.token, slot: slot, node: subject.node))
    }
    if subject.kind.isCount {
      if let code = resolveCount(&subject, rows, context) { return code }
    } else if subject.occurred > 0 && subject.kind.movesOnHand {
      let last = lastCount(subject.token, subject.node)
      if subject.occurred <= last { subject.flags |= FeedRowFlags.isCounted }
    }
    let coming = inboundUnits(after: subject)
    if let coming, coming > Int64(Limits.unitsPerPosition) { return .quantityOverflow }
    let amounts = scratch.overlay.at(place)
    let before = amounts.pointee.onHand
    let code = amounts.pointee.move(
      subject.kind, by: subject.quantity, to: subject.row.disposition, from: subject.row.from,
      keepsOnHand: subject.isCounted)
    if code != .ok { return code }
    if let coming { scratch.feed.inbound.put(subject, units: coming) }
    let delta = Int64(amounts.pointee.onHand) - Int64(before)
    if delta != 0 && !subject.kind.isCount {
      scratch.feed.past.move(
        subject.token, subject.node, onHand: delta, at: context.instant(subject.occurred),
        isOfBatch: true)
    }
    accept(subject)
    return outcome(of: subject, context)
  }

  private func accept(_ subject: FeedSubject) {
    scratch.nodes[subject.row.index] = subject.node
    scratch.accepted.append(UInt32(subject.row.index))
    scratch.feed.quantities.append(subject.quantity)
    scratch.feed.occurred.append(subject.occurred)
    scratch.feed.flags.append(subject.flags)
    scratch.feed.destinations.append(
      subject.kind == .transferOut ? UInt32(subject.destination) : 0)
  }

  /// The outcome of a row that was taken.
  private func outcome(of subject: FeedSubject, _ context: FeedContext) -> OutcomeCode {
    if subject.kind == .shipment && subject.row.holdID != 0 {
      let from = ShippedFrom(
        holdID: subject.row.holdID, item: subject.token, node: subject.node)
      let before = scratch.feed.shipped[from] ?? 0
      let first = consumption(before, from, at: context.now)
      let then = consumption(before + subject.quantity, from, at: context.now)
      // A shipment of nothing consumes nothing of a hold that claims there either.
      let most = subject.quantity > 0 ? then : consumption(before + 1, from, at: context.now)
      if most.units == first.units { return .holdNotClaiming }
      scratch.feed.shipped[from] = then.units
      scratch.feed.past.move(
        subject.token, subject.node, allocated: first.allocated - then.allocated,
        picked: first.picked - then.picked, at: context.instant(subject.occurred),
        isOfBatch: true)
    }
    return subject.isCounted ? .alreadyCounted : .ok
  }

  /// The last count of a position, this batch's counts included.
  private func lastCount(_ token: UInt64, _ node: UInt16) -> Int64 {
    max(counts.instant(token, node), scratch.feed.counts.instant(token, node))
  }

  /// Turns what was counted into what is on hand now; answers why it cannot be told.
  private func resolveCount(
    _ subject: inout FeedSubject, _ rows: borrowing FeedRows, _ context: FeedContext
  ) -> OutcomeCode? {
    // A batch that says when things happened says it of every count.
    let saysWhen = !rows.details.occurredMilliseconds.isEmpty
    if saysWhen && subject.occurred == 0 { subject.occurred = context.now }
    let (token, node) = (subject.token, subject.node)
    let instant = context.instant(subject.occurred)
    if instant < context.now {
      if instant < lastCount(token, node) { return .alreadyCounted }
      if isBeyondJournals(instant) { return .countTooOld }
      if scratch.feed.past.isOutdated(token, node, instant: instant) { return .alreadyCounted }
    }
    var units = subject.quantity + scratch.feed.past.moved(token, node, after: instant)
    if subject.row.isNetOfAllocations {
      units += Int64(breakdowns.read(item: token, node: node).allocated)
      units += scratch.feed.past.claimed(token, node, at: instant).allocated
    } else if subject.kind == .countWithoutPicked {
      units += Int64(breakdowns.read(item: token, node: node).picked)
      units += scratch.feed.past.claimed(token, node, at: instant).picked
    }
    if units < 0 { return .onHandNegative }
    if units > Int64(Limits.unitsPerPosition) { return .quantityOverflow }
    subject.kind = .count
    subject.quantity = units
    if saysWhen {
      scratch.feed.counts.put(
        subject.token, subject.node, instant: subject.occurred, toldAt: context.now)
    }
    return nil
  }

  /// Whether something of what happened since an instant may be forgotten, or was stated by a load.
  private func isBeyondJournals(_ instant: Int64) -> Bool {
    let second = floorDivide(instant, 1000)
    return second < max(journal.sinceSecond, serviceJournal.sinceSecond)
      || instant <= stockLoadedAt
  }

  /// The rows of an event of which more is said than their movement.
  func keepDetailed(of rows: borrowing FeedRows, in event: inout FeedEvent) {
    let count = scratch.accepted.count
    let details = rows.details
    var kept = FeedDetails()
    func pick<Value>(_ column: [Value]) -> [Value] {
      column.isEmpty ? [] : (0..<count).map { column[Int(scratch.accepted[$0])] }
    }
    let wasPicky = count != rows.keys.count
    event.keys = wasPicky ? pickKeys(rows.keys) : rows.keys
    event.kinds = pick(rows.kinds)
    event.nodes = (0..<count).map { scratch.nodes[Int(scratch.accepted[$0])] }
    event.quantities = (0..<count).map { scratch.feed.quantities[$0] }
    for row in 0..<count where event.kinds[row] == MovementKind.countWithoutPicked.rawValue {
      event.kinds[row] = MovementKind.count.rawValue
    }
    if wasPicky || !details.sequences.isEmpty {
      kept.sequences = (0..<count).map { rows.sequence(Int(scratch.accepted[$0])) }
    }
    if !details.occurredMilliseconds.isEmpty {
      kept.occurredMilliseconds = (0..<count).map { scratch.feed.occurred[$0] }
    }
    if details.references.count > 0 { kept.references = pickKeys(details.references) }
    if !details.destinations.isEmpty {
      kept.destinations = (0..<count).map { scratch.feed.destinations[$0] }
    }
    kept.etaUnixSeconds = pick(details.etaUnixSeconds)
    kept.earlyUnixSeconds = pick(details.earlyUnixSeconds)
    kept.lateUnixSeconds = pick(details.lateUnixSeconds)
    kept.stages = pick(details.stages)
    kept.dispositions = pick(details.dispositions)
    kept.fromDispositions = pick(details.fromDispositions)
    kept.causes = pick(details.causes)
    kept.holdIDs = pick(details.holdIDs)
    event.details = kept
    if (0..<count).contains(where: { scratch.feed.flags[$0] != 0 }) {
      event.flags = (0..<count).map { scratch.feed.flags[$0] }
    }
  }

  private func pickKeys(_ keys: PackedKeys) -> PackedKeys {
    var picked = PackedKeys()
    keys.withKeyColumn { column in
      var (offset, next) = (0, 0)
      for index in 0..<column.count where next < scratch.accepted.count {
        let key = column.key(index, at: &offset)
        if Int(scratch.accepted[next]) != index { continue }
        next += 1
        picked.append(key.buffer)
      }
    }
    return picked
  }
}

/// A row that is being decided.
struct FeedSubject {
  var row: FeedRow
  var kind: MovementKind
  var token: UInt64
  var node: UInt16
  var destination: UInt16
  /// Milliseconds, not after now; 0 = as it is told.
  var occurred: Int64
  /// Of a count: what is on hand now.
  var quantity: Int64
  var flags: UInt8 = 0

  var isCounted: Bool { flags & FeedRowFlags.isCounted != 0 }
}

extension MovementKind {
  var isCount: Bool { self == .count || self == .countWithoutPicked }

  /// The conditions stay as they are.
  @inline(__always)
  var movesOnHandOnly: Bool {
    switch self {
    case .receipt, .shipment, .adjustment, .count: true
    default: false
    }
  }

  /// On hand rises or falls by it.
  var movesOnHand: Bool {
    switch self {
    case .receipt, .shipment, .adjustment, .transferOut, .transferIn, .returned, .inboundReceipt,
      .shortPick:
      true
    default: false
    }
  }
}
