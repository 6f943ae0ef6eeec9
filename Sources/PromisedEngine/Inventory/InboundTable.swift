import PromisedInvariants
import PromisedModel

/// Expected supply of an item to a node by one shipment.
struct InboundRow: BitwiseCopyable {
  var item: UInt64
  var etaUnixSeconds: Int64
  /// Index into the shipment names.
  var shipment: UInt32
  var quantity: Int32
  /// Neighbours in the list of the item, as row + 1; 0 = none.
  var previous: UInt32
  var next: UInt32
  /// How long before and after the ETA, the median, 10 and 90 % have come.
  var earlySeconds: Int32
  var lateSeconds: Int32
  var node: UInt16
  var stage: UInt8

  var isDraft: Bool { stage == InboundStage.draft.rawValue }

  /// Whether the units can be counted on before `horizon`: those of an overdue shipment only once
  /// it is being received, because nobody has said when it comes. Drafts never.
  func isExpected(after now: Int64, upTo horizon: Int64) -> Bool {
    if isDraft || etaUnixSeconds > horizon { return false }
    return etaUnixSeconds > now || stage == InboundStage.receiving.rawValue
  }
}

/// Open inbound by (shipment, item, node), with a list per item.
struct InboundTable: ~Copyable {
  private var shipments = KeyTable()
  var rows = Store<InboundRow>()
  private var free = Store<UInt32>()
  private var byKey = SlotIndex()
  /// The first row of each item that has one.
  private var firsts = SlotIndex()

  var count: Int { byKey.count }
  /// Rows that are or were in use; a quantity of 0 marks a free one.
  var rowCount: Int { rows.count }

  func row(_ slot: Int) -> InboundRow { rows[slot] }

  /// The name of a shipment by its index.
  func shipmentName(_ index: UInt32) -> BorrowedBytes { shipments.name(Int(index)) }

  /// The index of a shipment's name, which is kept.
  mutating func shipmentIndex(_ name: BorrowedBytes) -> UInt32 { UInt32(shipments.insert(name)) }

  func shipmentName(_ row: InboundRow) -> BorrowedBytes { shipments.name(Int(row.shipment)) }

  /// The first row of an item's list, in no particular order; nil when there is none.
  func first(of item: UInt64) -> Int? { firsts.find(mix(item)) { rows[$0].item == item } }

  /// Has the line read that a search for an item's list begins with.
  @inline(__always)
  func prefetch(_ item: UInt64) { firsts.prefetch(mix(item)) }

  func next(after slot: Int) -> Int? {
    let next = rows[slot].next
    return next == 0 ? nil : Int(next) - 1
  }

  /// The row of a shipment's item to a node.
  func find(shipment: BorrowedBytes, item: UInt64, node: UInt16) -> Int? {
    guard let shipment = shipments.find(shipment) else { return nil }
    return find(UInt32(shipment), item, node)
  }

  /// Adds or replaces a row; quantity 0 removes it.
  mutating func put(
    shipment: BorrowedBytes, item: UInt64, node: UInt16, quantity: Int32, eta: Int64, stage: UInt8,
    early: Int32 = 0, late: Int32 = 0
  ) {
    let shipment = UInt32(shipments.insert(shipment))
    if let slot = find(shipment, item, node) {
      if quantity == 0 { return remove(slot) }
      let row = rows.at(slot)
      row.pointee.quantity = quantity
      row.pointee.etaUnixSeconds = eta
      row.pointee.stage = stage
      row.pointee.earlySeconds = early
      row.pointee.lateSeconds = late
      return
    }
    if quantity == 0 { return }
    let first = first(of: item)
    let row = InboundRow(
      item: item, etaUnixSeconds: eta, shipment: shipment, quantity: quantity, previous: 0,
      next: first.map { UInt32($0 + 1) } ?? 0, earlySeconds: early, lateSeconds: late, node: node,
      stage: stage)
    let slot: Int
    if free.count > 0 {
      slot = Int(free.removeLast())
      rows[slot] = row
    } else {
      slot = rows.append(row)
    }
    byKey.insert(Self.hash(shipment, item, node), slot: slot)
    if let first {
      rows.at(first).pointee.previous = UInt32(slot + 1)
      firsts.remove(mix(item), slot: first)
    }
    firsts.insert(mix(item), slot: slot)
  }

  mutating func remove(_ slot: Int) {
    let row = rows[slot]
    byKey.remove(Self.hash(row.shipment, row.item, row.node), slot: slot)
    if row.next != 0 { rows.at(Int(row.next) - 1).pointee.previous = row.previous }
    if row.previous != 0 {
      rows.at(Int(row.previous) - 1).pointee.next = row.next
    } else {
      firsts.remove(mix(row.item), slot: slot)
      if row.next != 0 { firsts.insert(mix(row.item), slot: Int(row.next) - 1) }
    }
    rows.at(slot).pointee.quantity = 0
    free.append(UInt32(slot))
  }

  /// Whether a row that is in use is found by its name and stands in the list of its item: its
  /// neighbours name it, and the first of the list is the one that the item leads to.
  func isLinked(_ slot: Int) -> Bool {
    let row = rows[slot]
    if find(row.shipment, row.item, row.node) != slot { return false }
    if row.next != 0 {
      let next = rows[Int(row.next) - 1]
      if next.item != row.item || next.previous != UInt32(slot + 1) { return false }
    }
    if row.previous == 0 { return first(of: row.item) == slot }
    let previous = rows[Int(row.previous) - 1]
    return previous.item == row.item && previous.next == UInt32(slot + 1)
  }

  private func find(_ shipment: UInt32, _ item: UInt64, _ node: UInt16) -> Int? {
    byKey.find(Self.hash(shipment, item, node)) {
      rows[$0].item == item && rows[$0].shipment == shipment && rows[$0].node == node
    }
  }

  private static func hash(_ shipment: UInt32, _ item: UInt64, _ node: UInt16) -> UInt64 {
    mix(mix(item) ^ (UInt64(shipment) << 16 | UInt64(node)))
  }
}
