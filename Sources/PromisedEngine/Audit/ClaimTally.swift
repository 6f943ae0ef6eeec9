import PromisedModel

/// Units that holds claim, as an audit counted them.
struct ClaimedUnits: BitwiseCopyable, Equatable {
  var reserved: Int64 = 0
  var allocated: Int64 = 0
  var picked: Int64 = 0
}

/// What of an item is claimed, and where.
struct ClaimKey: BitwiseCopyable, Equatable {
  enum Kind: UInt8 {
    /// Units that the row of a node reserves.
    case row = 0
    /// Units of a node due later, and of a group: no row reserves them.
    case dated = 1
    case pool = 2
    /// Units of a node that lines of a channel claim, whenever they are due.
    case channel = 3
  }

  var item: UInt64
  var due: UInt32 = 0
  var place: UInt16
  var channel: UInt16 = 0
  private var rawKind: UInt8

  var kind: Kind { Kind(rawValue: rawKind) ?? .row }

  init(item: UInt64, node: UInt16) {
    self.item = item
    place = node
    rawKind = Kind.row.rawValue
  }

  init(item: UInt64, node: UInt16, channel: UInt16) {
    self.init(item: item, node: node)
    self.channel = channel
    rawKind = Kind.channel.rawValue
  }

  init(_ row: ClaimRow) {
    self.init(item: row.item, node: row.place)
    due = row.due
    channel = row.channel
    rawKind = (row.isPool ? Kind.pool : Kind.dated).rawValue
  }

  var row: ClaimRow {
    ClaimRow(item: item, place: place, isPool: kind == .pool, due: due, channel: channel)
  }

  fileprivate var hash: UInt64 {
    mix(mix(item) ^ (UInt64(due) << 32 | UInt64(channel) << 16 | UInt64(place)) &+ UInt64(rawKind))
  }
}

/// One claim of a hold that was counted, of units or of a bucket.
struct CountedClaim: BitwiseCopyable {
  var key: ClaimKey
  var units: ClaimedUnits
  private var index: UInt32
  private var isBucket: Bool
  private var at: Int64

  init(key: ClaimKey, units: ClaimedUnits) {
    self.key = key
    self.units = units
    (index, isBucket, at) = (0, false, 0)
  }

  init(bucket: BucketKey, units: Int64) {
    key = ClaimKey(item: 0, node: UInt16(bucket.kind))
    self.units = ClaimedUnits(reserved: units)
    (index, isBucket, at) = (bucket.index, true, bucket.atUnixSeconds)
  }

  var bucket: BucketKey? {
    isBucket ? BucketKey(kind: UInt8(key.place), index: index, atUnixSeconds: at) : nil
  }
}

/// What a hold was counted with: a run of entries, and its state.
struct CountedHold: BitwiseCopyable {
  var first: UInt32 = 0
  var count: UInt32 = 0
  /// 0 = no hold.
  var state: UInt8 = 0
}

/// Claims by key, counted up from holds. Memory is that of the distinct keys.
struct ClaimTally: ~Copyable {
  struct Row: BitwiseCopyable {
    var key: ClaimKey
    var units: ClaimedUnits
  }

  private var index = SlotIndex(capacity: 1024)
  private var rows = Store<Row>(capacity: 1024)

  var count: Int { rows.count }

  func row(_ slot: Int) -> Row { rows[slot] }

  /// Expected constant time; zeros for what was never counted.
  func read(_ key: ClaimKey) -> ClaimedUnits {
    find(key).map { rows[$0].units } ?? ClaimedUnits()
  }

  mutating func add(_ units: ClaimedUnits, to key: ClaimKey) {
    let slot: Int
    if let found = find(key) {
      slot = found
    } else {
      slot = rows.append(Row(key: key, units: ClaimedUnits()))
      index.insert(key.hash, slot: slot)
    }
    rows.at(slot).pointee.units.reserved += units.reserved
    rows.at(slot).pointee.units.allocated += units.allocated
    rows.at(slot).pointee.units.picked += units.picked
  }

  mutating func removeAll() {
    index.removeAll()
    rows.removeAll()
  }

  private func find(_ key: ClaimKey) -> Int? { index.find(key.hash) { rows[$0].key == key } }
}

/// Claimed units by bucket, counted up from promises.
struct BucketTally: ~Copyable {
  struct Row: BitwiseCopyable {
    var key: BucketKey
    var claimed: Int64
  }

  private var index = SlotIndex(capacity: 64)
  private var rows = Store<Row>(capacity: 64)

  var count: Int { rows.count }

  func row(_ slot: Int) -> Row { rows[slot] }

  func read(_ key: BucketKey) -> Int64 { find(key).map { rows[$0].claimed } ?? 0 }

  mutating func add(_ units: Int64, to key: BucketKey) {
    let slot: Int
    if let found = find(key) {
      slot = found
    } else {
      slot = rows.append(Row(key: key, claimed: 0))
      index.insert(key.hash, slot: slot)
    }
    rows.at(slot).pointee.claimed += units
  }

  mutating func removeAll() {
    index.removeAll()
    rows.removeAll()
  }

  private func find(_ key: BucketKey) -> Int? {
    index.find(key.hash) { rows[$0].key == key }
  }
}
