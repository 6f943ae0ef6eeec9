import PromisedModel

/// How far claims on an item in a node may go beyond its supply.
struct BackorderRow: ItemListRow {
  var item: UInt64
  /// A pre-order's first date; 0 for a backorder.
  var fromUnixSeconds: Int64
  /// 0 = without end.
  var untilUnixSeconds: Int64
  var cap: Int32
  /// Days after which the units of a backorder are there; 0 = nobody says.
  var leadDays: Int32
  var previous: UInt32 = 0
  var next: UInt32 = 0
  var node: UInt16
  /// `BackorderKind`.
  var kind: UInt8

  init(
    item: UInt64, node: UInt16, kind: UInt8 = 0, cap: Int32 = 0, from: Int64 = 0,
    until: Int64 = 0, leadDays: Int32 = 0
  ) {
    self.item = item
    self.node = node
    self.kind = kind
    self.cap = cap
    self.leadDays = leadDays
    fromUnixSeconds = from
    untilUnixSeconds = until
  }

  var keyHash: UInt64 { UInt64(node) }

  func hasKey(of other: BackorderRow) -> Bool { node == other.node }

  var isPreorder: Bool { kind == BackorderKind.preorder.rawValue }

  /// Whether it takes new claims.
  func isOpen(at now: Int64) -> Bool { untilUnixSeconds == 0 || now < untilUnixSeconds }
}

extension ItemLists where Row == BackorderRow {
  /// Adds or replaces a row; a cap of 0 removes it.
  mutating func put(_ row: BackorderRow) {
    if let slot = find(row) { remove(slot) }
    if row.cap > 0 { _ = insert(row) }
  }
}
