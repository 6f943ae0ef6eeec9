import PromisedInvariants
import PromisedModel

/// The limits of a seller for a storage type in a month.
struct LimitRow: BitwiseCopyable {
  var seller: UInt32
  var month: UInt32
  var storageType: UInt8
  /// `confirmed` or `noLimit`, whichever was put last; 0 = neither.
  var decided: UInt8 = 0
  var hasEstimate = false
  var decidedCause: UInt8 = 0
  var estimateCause: UInt8 = 0
  var decidedLimit: Int64 = 0
  var estimate: Int64 = 0
  /// Extra capacity that bids were granted.
  var granted: Int64 = 0
  var decidedUnixSeconds: Int64 = 0
  var estimatedUnixSeconds: Int64 = 0
  /// Until when the estimate is not lowered.
  var windowEndUnixSeconds: Int64 = 0

  init(seller: UInt32, month: UInt32, storageType: UInt8) {
    self.seller = seller
    self.month = month
    self.storageType = storageType
  }

  /// What was decided, else the estimate, else nothing (kind 0).
  var effective: (kind: UInt8, limit: Int64) {
    if decided != 0 { return (decided, decidedLimit) }
    return hasEstimate ? (LimitKind.estimated.rawValue, estimate) : (0, 0)
  }

  /// The higher of what was decided and what was estimated; nil = no limit, or none announced.
  var highest: Int64? {
    if decided == LimitKind.noLimit.rawValue { return nil }
    if decided == 0 { return hasEstimate ? estimate : nil }
    return hasEstimate ? max(decidedLimit, estimate) : decidedLimit
  }
}

/// Limits by (seller, storage type, month).
struct LimitTable: ~Copyable {
  private var index = SlotIndex()
  private var rows = Store<LimitRow>()

  var count: Int { rows.count }

  func row(_ slot: Int) -> LimitRow { rows[slot] }

  func find(seller: UInt32, type: UInt8, month: UInt32) -> LimitRow? {
    slot(Self.key(seller, type, month)).map { rows[$0] }
  }

  /// The row, added when there is none; valid until the next one is added.
  mutating func inserting(
    seller: UInt32, type: UInt8, month: UInt32
  ) -> UnsafeMutablePointer<LimitRow> {
    let key = Self.key(seller, type, month)
    if let found = slot(key) { return rows.at(found) }
    let slot = rows.append(LimitRow(seller: seller, month: month, storageType: type))
    index.insert(mix(key), slot: slot)
    return rows.at(slot)
  }

  /// Forgets what was announced; what bids were granted stays.
  mutating func removeAnnounced() {
    var granted: [LimitRow] = []
    for slot in sortedSlots() where rows[slot].granted != 0 { granted.append(rows[slot]) }
    index.removeAll()
    rows.removeAll()
    for old in granted {
      inserting(seller: old.seller, type: old.storageType, month: old.month).pointee.granted =
        old.granted
    }
  }

  /// Slots in the order of (seller, storage type, month).
  func sortedSlots() -> [Int] {
    (0..<rows.count).sorted { Self.key(rows[$0]) < Self.key(rows[$1]) }
  }

  private func slot(_ key: UInt64) -> Int? {
    index.find(mix(key)) { Self.key(rows[$0]) == key }
  }

  private static func key(_ row: LimitRow) -> UInt64 {
    key(row.seller, row.storageType, row.month)
  }

  /// A month takes 20 bits (999912 < 2^20), a storage type 3.
  private static func key(_ seller: UInt32, _ type: UInt8, _ month: UInt32) -> UInt64 {
    UInt64(seller) << 24 | UInt64(type) << 20 | UInt64(month)
  }
}
