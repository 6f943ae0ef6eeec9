import PromisedModel

/// Which candidates an override fits, by index instead of by name.
struct OverrideScope {
  /// 0 = any item.
  var item: UInt64 = 0
  /// nil = any node.
  var node: UInt16?
  /// nil = any zone.
  var zone: UInt32?
  /// nil = any seller.
  var seller: UInt32?
  /// It names something that is no longer there: it fits nothing.
  var isLost = false
}

/// What overrides tell apart besides places.
struct NamedScopes {
  var items: Set<UInt64> = []
  var hasSellers = false
}

/// The overrides of operators in order of their ids, and how often each was consulted.
///
/// Expiry is judged by whoever reads. A row that has expired is kept for a day, so that it can be
/// listed, unless its place is needed.
struct OverrideTable {
  private(set) var rows: [Override] = []
  /// Beside `rows`.
  private(set) var scopes: [OverrideScope] = []
  // What happened since the start, beside `rows`; no part of the logged state.
  private(set) var consulted: [UInt64] = []
  private(set) var differed: [UInt64] = []

  /// No row expires before.
  private var earliestExpiry = Int64.max

  // Places of rows by the narrowest of their scopes. Looked up, never walked.
  private var byItem: [UInt64: [Int]] = [:]
  private var byZone: [UInt32: [Int]] = [:]
  private var others: [Int] = []

  /// How long an expired row is kept.
  static var keptSeconds: Int64 { 86_400 }

  var isEmpty: Bool { rows.isEmpty }

  func liveCount(at now: UnixMilliseconds) -> Int {
    rows.reduce(0) { $0 + ($1.isLive(at: now) ? 1 : 0) }
  }

  func place(of id: UInt64) -> Int? {
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < rows.count && rows[low].id == id ? low : nil
  }

  /// Adds a row with an id above all others.
  mutating func append(_ row: Override, _ scope: OverrideScope) {
    rows.append(row)
    consulted.append(0)
    differed.append(0)
    earliestExpiry = min(earliestExpiry, row.expiresUnixSeconds)
    enter(scope)
  }

  /// The caller resolves the scopes afterwards.
  mutating func remove(at place: Int) {
    rows.remove(at: place)
    consulted.remove(at: place)
    differed.remove(at: place)
  }

  /// Drops rows that expired a day ago, and the oldest expired ones beyond `limit` rows; whether
  /// there were any. Then the caller resolves the scopes.
  mutating func forgetExpired(at now: UnixMilliseconds, limit: Int) -> Bool {
    var surplus = rows.count - limit
    let latest = surplus > 0 ? now.seconds : now.seconds - Self.keptSeconds
    if earliestExpiry > latest { return false }
    earliestExpiry = .max
    var kept = 0
    for place in rows.indices {
      let row = rows[place]
      let isPast = row.expiresUnixSeconds <= now.seconds - Self.keptSeconds
      if isPast || (surplus > 0 && !row.isLive(at: now)) {
        surplus -= 1
        continue
      }
      earliestExpiry = min(earliestExpiry, row.expiresUnixSeconds)
      rows[kept] = row
      consulted[kept] = consulted[place]
      differed[kept] = differed[place]
      kept += 1
    }
    if kept == rows.count { return false }
    rows.removeSubrange(kept...)
    consulted.removeSubrange(kept...)
    differed.removeSubrange(kept...)
    return true
  }

  /// Looks all scopes up again, after the rows or the network changed. Linear in the rows.
  mutating func resolve(_ scope: (Override) -> OverrideScope) {
    scopes = []
    byItem = [:]
    byZone = [:]
    others = []
    for row in rows { enter(scope(row)) }
  }

  private mutating func enter(_ scope: OverrideScope) {
    let place = scopes.count
    scopes.append(scope)
    if scope.isLost { return }
    if scope.item != 0 {
      byItem[scope.item, default: []].append(place)
    } else if let zone = scope.zone {
      byZone[zone, default: []].append(place)
    } else {
      others.append(place)
    }
  }

  /// Appends the places of live rows that may fit an item of a seller in a zone, ascending within
  /// each kind of scope; nodes and legs are for the caller to compare.
  func appendFitting(
    item: UInt64, seller: UInt32?, zone: UInt32, at now: UnixMilliseconds, to places: inout [Int]
  ) {
    func consider(_ place: Int) {
      let scope = scopes[place]
      if scope.zone != nil && scope.zone != zone { return }
      if scope.seller != nil && scope.seller != seller { return }
      if rows[place].isLive(at: now) { places.append(place) }
    }
    if let list = byItem[item] { for place in list { consider(place) } }
    if let list = byZone[zone] { for place in list { consider(place) } }
    for place in others { consider(place) }
  }

  /// The items that live overrides name, and whether one names a seller.
  func namedScopes(at now: UnixMilliseconds) -> NamedScopes {
    var named = NamedScopes()
    for (place, scope) in scopes.enumerated() where rows[place].isLive(at: now) {
      if scope.item != 0 { named.items.insert(scope.item) }
      if scope.seller != nil { named.hasSellers = true }
    }
    return named
  }

  mutating func count(_ place: Int, differed isOther: Bool) {
    consulted[place] &+= 1
    if isOther { differed[place] &+= 1 }
  }

  func row(_ place: Int) -> OverrideRow {
    var row = OverrideRow()
    row.override = rows[place]
    row.consulted = consulted[place]
    row.differed = differed[place]
    return row
  }
}

extension Override {
  /// From its expiry on it is as if it were not there.
  func isLive(at now: UnixMilliseconds) -> Bool {
    let end = expiresUnixSeconds.multipliedReportingOverflow(by: 1000)
    return end.overflow || now.milliseconds < end.partialValue
  }
}
