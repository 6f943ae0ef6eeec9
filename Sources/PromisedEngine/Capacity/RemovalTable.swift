import PromisedInvariants
import PromisedModel

/// Removal orders with what is pending of them, in order of arrival.
struct RemovalTable {
  private struct Place: Hashable {
    var item: UInt64
    var node: UInt16
  }

  private(set) var rows: [RemovalRow] = []
  // Looked up, never walked.
  private var byOrder: [Name: Int] = [:]
  private var pendingByPlace: [Place: Int64] = [:]
  private var pendingByItem: [UInt64: Int64] = [:]

  func order(_ name: Name) -> RemovalRow? { byOrder[name].map { rows[$0] } }

  func pending(item: UInt64, node: UInt16) -> Int64 {
    pendingByPlace.isEmpty ? 0 : pendingByPlace[Place(item: item, node: node)] ?? 0
  }

  func pending(of item: UInt64) -> Int64 {
    pendingByItem.isEmpty ? 0 : pendingByItem[item] ?? 0
  }

  /// Adds units to a line of an order, or takes them away; an order without units is forgotten.
  mutating func add(_ units: Int32, order: Name, item: Name, token: UInt64, node: UInt16) {
    let at = Place(item: token, node: node)
    pendingByPlace[at, default: 0] += Int64(units)
    if pendingByPlace[at] == 0 { pendingByPlace[at] = nil }
    pendingByItem[token, default: 0] += Int64(units)
    if pendingByItem[token] == 0 { pendingByItem[token] = nil }
    let place: Int
    if let found = byOrder[order] {
      place = found
    } else {
      place = rows.count
      byOrder[order] = place
      var row = RemovalRow()
      row.order = order
      rows.append(row)
    }
    if let line = rows[place].lines.firstIndex(where: { $0.item == item && $0.node == node }) {
      rows[place].lines[line].units += units
      if rows[place].lines[line].units == 0 { rows[place].lines.remove(at: line) }
    } else {
      rows[place].lines.append(RemovalLine(item: item, node: node, units: units))
    }
    if rows[place].lines.isEmpty { forget(place) }
  }

  private mutating func forget(_ place: Int) {
    byOrder[rows[place].order] = nil
    rows.remove(at: place)
    for (name, other) in byOrder where other > place { byOrder[name] = other - 1 }
  }
}

extension State {
  /// Orders units to leave, ships or keeps them.
  ///
  /// - Throws: KEY_INVALID, FIELD_MISSING, FIELD_OUT_OF_RANGE, ROW_INVALID for the form;
  ///   NODE_UNKNOWN, ITEM_UNKNOWN; INSUFFICIENT_STOCK for more than is on hand and not ordered away,
  ///   or more than the order waits for.
  package func decide(_ command: RemovalCommand, at now: UnixMilliseconds) throws(Refusal) -> Event
  {
    if !isValid(command.order) { throw invalidKey("order", row: -1) }
    let lines = try resolve(command.lines, needsETA: false)
    let order = removals.order(command.order)
    if command.action == .order && order == nil && removals.rows.count >= Limits.openPlans {
      throw Refusal(.tooManyRows, "\(Limits.openPlans) removal orders are open")
    }
    for line in lines {
      var most = Int64(amounts(token: line.token, slot: line.slot, node: line.node).onHand)
      if command.action == .order {
        most -= removals.pending(item: line.token, node: line.node)
      } else {
        let pending = order?.lines.first { $0.item == line.item && $0.node == line.node }?.units
        most = command.action == .ship ? min(most, Int64(pending ?? 0)) : Int64(pending ?? 0)
      }
      if Int64(line.quantity) > most {
        throw Refusal(
          .insufficientStock,
          "\(line.quantity) of item \(line.item) in node \(network.nodeName(line.node).name): "
            + "\(max(0, most)) can be the order's", key: line.item, row: line.row,
          availableUnits: max(0, most))
      }
    }
    var event = RemovalRow()
    event.order = command.order
    event.action = command.action
    event.lines = lines.map {
      RemovalLine(item: $0.item, node: $0.node, units: $0.quantity)
    }
    return .removalChanged(command.key, event)
  }

  func apply(removalChanged row: RemovalRow, key: CommandKey) {
    movements.cause = MovementKind.adjustment.rawValue
    for line in row.lines {
      let token = token(of: line.item)
      let slot = slotInserting(token)
      let units = row.action == .order ? line.units : -line.units
      removals.add(units, order: row.order, item: line.item, token: token, node: line.node)
      account(UnitChange(pendingRemoval: Int64(units)), slot: slot)
      if row.action != .ship { continue }
      // What cannot be sold leaves first.
      var stock = amounts(token: token, slot: slot, node: line.node)
      stock.onHand -= line.units
      stock.unfulfillable -= min(stock.unfulfillable, line.units)
      setAmounts(stock, token: token, slot: slot, node: line.node)
      note(token: token, node: line.node, onHand: -line.units)
    }
    remember(key, RememberedOutcome(code: .ok))
  }

  /// Units that an order waits for.
  package func pendingUnits(ofRemoval order: Name) -> UInt64 {
    removals.order(order)?.lines.reduce(0) { $0 + UInt64(max(0, $1.units)) } ?? 0
  }
}
