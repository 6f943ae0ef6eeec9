import PromisedInvariants
import PromisedModel

/// What a promise takes room in: a departure of a leg, an hour of a node, a wave.
struct BucketKey: BitwiseCopyable, Hashable {
  var kind: BucketKind.RawValue
  var index: UInt32
  var atUnixSeconds: Int64

  init(kind: BucketKind.RawValue, index: UInt32, atUnixSeconds: Int64) {
    self.kind = kind
    self.index = index
    self.atUnixSeconds = atUnixSeconds
  }

  init(_ claim: BucketClaim) {
    self.init(kind: claim.kind, index: claim.index, atUnixSeconds: claim.atUnixSeconds)
  }

  var hash: UInt64 {
    mix(UInt64(bitPattern: atUnixSeconds) ^ mix(UInt64(kind) << 32 | UInt64(index)))
  }

  /// Nothing can be claimed or given back any more: it has left, or the hour is over.
  func isPast(at nowSeconds: Int64) -> Bool {
    let lasts: Int64 = kind == BucketKind.nodeHour.rawValue ? 3600 : 0
    return atUnixSeconds &+ lasts <= nowSeconds
  }

  /// An order for lists that must not depend on where a bucket stands.
  static func precedes(_ left: BucketKey, _ right: BucketKey) -> Bool {
    (left.atUnixSeconds, left.kind, left.index) < (right.atUnixSeconds, right.kind, right.index)
  }
}

struct Bucket: BitwiseCopyable {
  var key: BucketKey
  /// Units of live claims, 0 or more.
  var claimed: Int64
  /// Units claimed in the stretch of five minutes that begins at `stretchStart`, and in the one
  /// before: what the rate of conversions is measured by.
  var stretchStart: Int64
  var current: Int64
  var previous: Int64
  /// When it was closed to new offers; 0 = it is open. A node's hour that is closed moves the minute
  /// from which the node takes on orders.
  var closedAtUnixSeconds: Int64

  static var stretchSeconds: Int64 { 300 }

  var isClosed: Bool { closedAtUnixSeconds != 0 }

  /// Units claimed per second in thousandths, over the stretch before and this one so far.
  func ratePerSecondMilli(at nowSeconds: Int64) -> Int64 {
    var (recent, earlier) = (current, previous)
    let elapsed = nowSeconds - stretchStart
    if elapsed >= 2 * Self.stretchSeconds { return 0 }
    if elapsed >= Self.stretchSeconds { (recent, earlier) = (0, current) }
    let units = min(recent + earlier, Int64.max / 1000)
    return units * 1000 / (Self.stretchSeconds + elapsed % Self.stretchSeconds)
  }

  mutating func count(_ units: Int64, at nowSeconds: Int64) {
    let start = nowSeconds - nowSeconds % Self.stretchSeconds
    if start != stretchStart {
      previous = start == stretchStart + Self.stretchSeconds ? current : 0
      current = 0
      stretchStart = start
    }
    current += units
  }
}

/// Claimed units by bucket. A bucket appears with its first claim and is forgotten once it is past.
struct BucketTable: ~Copyable {
  private var index = SlotIndex()
  private var slots = Store<Bucket>()
  private var freeSlots = Store<UInt32>()
  private(set) var closedCount = 0
  /// Node hours among them.
  private(set) var closedHourCount = 0
  private var nextForget = Int64.min

  var count: Int { index.count }
  /// Slots that are or were in use; `isInUse` tells which.
  var slotCount: Int { slots.count }

  func isInUse(_ slot: Int) -> Bool { slots[slot].key.kind != 0 }
  func bucket(_ slot: Int) -> Bucket { slots[slot] }
  func at(_ slot: Int) -> UnsafeMutablePointer<Bucket> { slots.at(slot) }

  func find(_ key: BucketKey) -> Int? { index.find(key.hash) { slots[$0].key == key } }

  func claimed(_ key: BucketKey) -> Int64 { find(key).map { slots[$0].claimed } ?? 0 }

  /// The slot of a bucket, added empty when it is new.
  mutating func insert(_ key: BucketKey) -> Int {
    if let slot = find(key) { return slot }
    let bucket = Bucket(
      key: key, claimed: 0, stretchStart: 0, current: 0, previous: 0, closedAtUnixSeconds: 0)
    let slot: Int
    if freeSlots.count > 0 {
      slot = Int(freeSlots.removeLast())
      slots[slot] = bucket
    } else {
      slot = slots.append(bucket)
    }
    index.insert(key.hash, slot: slot)
    return slot
  }

  mutating func setClosed(_ slot: Int, at seconds: Int64) {
    let bucket = slots.at(slot)
    let change = (seconds == 0 ? 0 : 1) - (bucket.pointee.isClosed ? 1 : 0)
    closedCount += change
    if bucket.pointee.key.kind == BucketKind.nodeHour.rawValue { closedHourCount += change }
    bucket.pointee.closedAtUnixSeconds = seconds
  }

  /// Drops past buckets. Linear in the table, at most once in an hour of the logged time.
  mutating func forget(at nowSeconds: Int64) {
    if nowSeconds < nextForget { return }
    nextForget = nowSeconds + 3600
    for slot in 0..<slots.count where isInUse(slot) {
      let key = slots[slot].key
      if !key.isPast(at: nowSeconds) { continue }
      setClosed(slot, at: 0)
      index.remove(key.hash, slot: slot)
      slots.at(slot).pointee.key.kind = 0
      freeSlots.append(UInt32(slot))
    }
  }

  mutating func removeAll() {
    index.removeAll()
    slots.removeAll()
    freeSlots.removeAll()
    closedCount = 0
    closedHourCount = 0
    nextForget = .min
  }
}
