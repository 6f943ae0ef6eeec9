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
  var decidedLimit: Int64 = 0
  var estimate: Int64 = 0

  init(seller: UInt32, month: UInt32, storageType: UInt8) {
    self.seller = seller
    self.month = month
    self.storageType = storageType
  }

  /// What counts for admission: what was decided, else the estimate, else nothing (kind 0).
  var effective: (kind: UInt8, limit: Int64) {
    if decided != 0 { return (decided, decidedLimit) }
    return hasEstimate ? (LimitKind.estimated.rawValue, estimate) : (0, 0)
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

  mutating func put(seller: UInt32, type: UInt8, month: UInt32, kind: LimitKind, limit: Int64) {
    let key = Self.key(seller, type, month)
    let slot: Int
    if let found = self.slot(key) {
      slot = found
    } else {
      slot = rows.append(LimitRow(seller: seller, month: month, storageType: type))
      index.insert(mix(key), slot: slot)
    }
    let row = rows.at(slot)
    if kind == .estimated {
      row.pointee.hasEstimate = true
      row.pointee.estimate = limit
    } else {
      row.pointee.decided = kind.rawValue
      row.pointee.decidedLimit = kind == .noLimit ? 0 : limit
    }
  }

  mutating func removeAll() {
    index.removeAll()
    rows.removeAll()
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
