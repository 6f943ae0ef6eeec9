import PromisedInvariants
import PromisedModel

/// A live promise for which something is no longer as it was promised.
struct Threat {
  var slot: Int
  /// Which shipment of the hold.
  var number: Int
  var block: UInt32
  var cause: RiskCause
  var subject: Name
}

/// Who gives way first: what is not committed, latest first, then the latest commit.
struct ClaimOrder: Comparable {
  var committedAt: UInt64
  var holdID: UInt64

  static func < (left: Self, right: Self) -> Bool {
    let (first, second) = (left.committedAt &- 1, right.committedAt &- 1)
    return first == second ? left.holdID > right.holdID : first > second
  }
}

extension State {
  /// Live promises that something has happened to, by hold and shipment, with the first cause found
  /// in the order: stock, what comes, node gone, hours, legs, room. Whether they will be missed is
  /// not said yet.
  ///
  /// One pass over the promises, a second over all holds only when stock is short somewhere, and a
  /// third over the promises only when a bucket holds more than it takes.
  func threats(at now: UnixMilliseconds) -> (threats: [Threat], promises: Int) {
    var found: [Threat] = []
    var count = 0
    let short = uncoveredLines()
    let late = lateLines(at: now)
    let cut = cutClaims(at: now)
    let watchesDepartures = !board.isEmpty || replacedRevision > 0
    forEachNumberedPromise { slot, number, block in
      count += 1
      if let (cause, subject) = threat(
        slot, block, short: short, late: late, cut: cut[block], watchesDepartures, at: now)
      {
        found.append(
          Threat(slot: slot, number: number, block: block, cause: cause, subject: subject))
      }
    }
    found.sort {
      let (left, right) = (holds.hold($0.slot).id, holds.hold($1.slot).id)
      return (left, $0.number) < (right, $1.number)
    }
    return (found, count)
  }

  private func forEachNumberedPromise(_ body: (_ slot: Int, _ number: Int, _ block: UInt32) -> Void)
  {
    var (last, number) = (-1, 0)
    forEachLivePromise { slot, block in
      number = slot == last ? number + 1 : 0
      last = slot
      body(slot, number, block)
    }
  }

  private func threat(
    _ slot: Int, _ block: UInt32, short: [Int: UInt64], late: [Int: UInt64], cut: BucketKey?,
    _ watchesDepartures: Bool, at now: UnixMilliseconds
  ) -> (RiskCause, Name)? {
    let record = promises.record(block).pointee
    if record.deliveredAtUnixSeconds != 0 || hasLeft(record, of: slot) { return nil }
    let lines = holds.lines(slot)
    if let missing = short[slot] {
      for line in Int(record.firstLine)..<Int(record.firstLine + record.lineCount)
      where line < 64 ? missing & 1 << UInt64(line) != 0 : missing & 1 << 63 != 0 {
        return (.stockShort, itemKeys.name(lines[line].item))
      }
    }
    if let missing = late[slot] {
      for line in Int(record.firstLine)..<Int(record.firstLine + record.lineCount)
      where missing & 1 << UInt64(min(63, line)) != 0 && lines[line].dueUnixSeconds != 0 {
        return (.inboundLate, lateSubject(lines[line]))
      }
    }
    // Delivered, as far as anybody can tell.
    if record.windowToUnixSeconds < now.seconds { return nil }
    let node = Int(record.node)
    if node >= network.nodes.count || network.nodes[node] == nil {
      return (.nodeClosed, network.nodeName(record.node).name)
    }
    if record.shipByUnixSeconds > now.seconds, isClosed(record, of: slot) {
      return (.nodeClosed, network.nodeName(record.node).name)
    }
    if watchesDepartures {
      for claim in promises.claims(block) {
        if let threat = threat(to: BucketKey(claim), at: now) { return threat }
      }
    }
    return cut.map { (.capacityCut, network.label(of: $0).name) }
  }

  /// All units of a shipment were told to have left.
  private func hasLeft(_ record: PromiseRecord, of slot: Int) -> Bool {
    let lines = holds.lines(slot)
    for index in Int(record.firstLine)..<Int(record.firstLine + record.lineCount) {
      if lines[index].quantity > 0 && !lines[index].isHeading { return false }
    }
    return true
  }

  /// A departure that has not left and does not run as the timetable says.
  private func threat(to key: BucketKey, at now: UnixMilliseconds) -> (RiskCause, Name)? {
    if key.kind == BucketKind.nodeHour.rawValue || key.isPast(at: now.seconds) { return nil }
    let name = network.label(of: key).name
    guard let departure = network.departure(of: key), let days = network.localDays(of: key) else {
      return (.legClosed, name)
    }
    let status = board.status(departure, days: days)
    if status.isClosed {
      return (key.kind == BucketKind.wave.rawValue ? .nodeClosed : .legClosed, name)
    }
    return status.delayMinutes > 0 ? (.legDelayed, name) : nil
  }

  /// The node is not open long enough between the order and its departure, as its calendar is now.
  private func isClosed(_ record: PromiseRecord, of slot: Int) -> Bool {
    guard let profiles = profileSet(terms(of: record, slot)),
      let function = profiles.readyFunction(node: record.node),
      let node = network.nodes[Int(record.node)],
      record.orderedAtUnixSeconds >= profiles.horizonBaseUnixSeconds
    else { return false }
    let processing = node.processingMinutes + terms(of: record, slot).handlingMinutes
    let latest = function.latestOrder(
      for: profiles.horizon.minute(of: record.shipByUnixSeconds), processing: processing)
    guard let latest else { return true }
    return profiles.horizon.unixSeconds(latest) + 60 <= record.orderedAtUnixSeconds
  }

  // MARK: Stock

  /// Per hold, the lines whose units are not there: bit n for line n, bit 63 for all from 63 on.
  private func uncoveredLines() -> [Int: UInt64] {
    struct Place: Hashable {
      var item: UInt64
      var node: UInt16
    }
    var missing: [Place: Int64] = [:]
    forEachLivePromise { slot, block in
      let record = promises.record(block).pointee
      for index in Int(record.firstLine)..<Int(record.firstLine + record.lineCount) {
        let line = holds.lines(slot)[index]
        if !line.isAtPosition { continue }
        let position = positions.find(line.item)
        guard position >= 0, let row = positions.row(position, node: line.node),
          row.pointee.available < 0
        else { continue }
        missing[Place(item: line.item, node: line.node)] = -row.pointee.available
      }
    }
    var short: [Int: UInt64] = [:]
    func mark(_ slot: Int, _ line: Int) {
      short[slot, default: 0] |= 1 << UInt64(min(63, line))
    }
    // Whom units are missing to among those that are committed is recorded.
    for line in brokenLines() { mark(line.slot, Int(line.line)) }
    if missing.isEmpty { return short }
    // Every other claim on those units, also of holds that promise nothing: who came last gives way
    // first.
    var claims: [(order: ClaimOrder, slot: Int, line: Int)] = []
    for slot in 0..<holds.slotCount where holds.isInUse(slot) && holds.state(slot) == .held {
      let hold = holds.hold(slot)
      for index in 0..<Int(hold.lineCount) {
        let line = holds.lines(slot)[index]
        if !line.isAtPosition || missing[Place(item: line.item, node: line.node)] == nil {
          continue
        }
        claims.append(
          (ClaimOrder(committedAt: hold.committedAt, holdID: hold.id), slot, index))
      }
    }
    claims.sort { $0.order == $1.order ? $0.line > $1.line : $0.order < $1.order }
    for claim in claims {
      let line = holds.lines(claim.slot)[claim.line]
      let place = Place(item: line.item, node: line.node)
      guard let units = missing[place], units > 0 else { continue }
      missing[place] = units - Int64(line.quantity)
      mark(claim.slot, claim.line)
    }
    return short
  }

  // MARK: Room

  /// Promises that have to give way in buckets that hold more than they take, with the bucket.
  private func cutClaims(at now: UnixMilliseconds) -> [UInt32: BucketKey] {
    var excess: [Int: Int64] = [:]
    for slot in 0..<buckets.slotCount where buckets.isInUse(slot) {
      let bucket = buckets.bucket(slot)
      let capacity = capacity(of: bucket.key)
      if capacity > 0, bucket.claimed > capacity, !bucket.key.isPast(at: now.seconds) {
        excess[slot] = bucket.claimed - capacity
      }
    }
    if excess.isEmpty { return [:] }
    var claims: [(order: ClaimOrder, block: UInt32, bucket: Int, units: Int64)] = []
    forEachLivePromise { slot, block in
      let hold = holds.hold(slot)
      for claim in promises.claims(block) {
        guard let bucket = buckets.find(BucketKey(claim)), excess[bucket] != nil else { continue }
        claims.append(
          (
            ClaimOrder(committedAt: hold.committedAt, holdID: hold.id), block, bucket,
            Int64(claim.units)
          ))
      }
    }
    claims.sort {
      $0.order == $1.order
        ? BucketKey.precedes(buckets.bucket($0.bucket).key, buckets.bucket($1.bucket).key)
        : $0.order < $1.order
    }
    var cut: [UInt32: BucketKey] = [:]
    for claim in claims {
      guard let units = excess[claim.bucket], units > 0 else { continue }
      excess[claim.bucket] = units - claim.units
      if cut[claim.block] == nil { cut[claim.block] = buckets.bucket(claim.bucket).key }
    }
    return cut
  }
}
