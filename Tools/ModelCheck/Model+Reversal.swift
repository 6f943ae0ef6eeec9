/// Rows that are undone.
extension Model {
  /// Undoes a source's rows by opposite changes, newest first.
  mutating func reverse(source: Int, from first: UInt64, through last: UInt64) -> Answer {
    if marks[source] == 0 { return .refused(.feedNotKept) }
    var reversed: UInt64 = 0
    var kept: [KeptRow] = []
    for index in movements.indices.reversed() where movements[index].source == source {
      let movement = movements[index]
      if movement.sequence < first && !movement.wasParked { break }
      if !(first...last).contains(movement.sequence) || movement.isReversed { continue }
      if let fault = fault(undoing: movement) {
        kept.insert(KeptRow(sequence: movement.sequence, code: UInt32(fault.rawValue)), at: 0)
        continue
      }
      undo(movement)
      movements[index].isReversed = true
      reversed += 1
    }
    return .reversed(reversed, kept: kept)
  }

  /// Why a row cannot be undone: each of its changes in turn, on hand first.
  private func fault(undoing movement: Movement) -> Code? {
    if movement.isFinal { return .cannotBeUndone }
    let stock = self[movement.place]
    let onHand = stock.onHand - movement.deltas[0]
    if onHand < 0 { return .onHandNegative }
    if onHand > Self.mostUnits { return .quantityOverflow }
    for index in 0..<5 {
      let units = stock.conditions[index] - movement.deltas[index + 1]
      if units < 0 { return .cannotBeUndone }
      if units > Self.mostUnits { return .quantityOverflow }
    }
    if let inbound = movement.inbound {
      let there = read(movement.place.item).inbound(inbound.reference, to: inbound.node)
      // What was only said anew is not remembered, nor when units that are gone were expected.
      if movement.kind == 14 && inbound.units == 0 { return .cannotBeUndone }
      if inbound.units != 0 {
        guard let there else { return .cannotBeUndone }
        let units = there.units - inbound.units
        if units < 0 || units > Self.mostUnits { return .cannotBeUndone }
      }
    }
    let encumbered =
      stock.encumbered - movement.deltas.wrappedSum() + movement.deltas[0]
    return encumbered > Self.mostUnits ? .quantityOverflow : nil
  }

  private mutating func undo(_ movement: Movement) {
    self[movement.place].move(by: -movement.deltas[0])
    for index in 0..<5 { self[movement.place].conditions[index] -= movement.deltas[index + 1] }
    guard let inbound = movement.inbound, inbound.units != 0 else { return }
    edit(movement.place.item) {
      guard var row = $0.inbound(inbound.reference, to: inbound.node) else { return }
      row.units -= inbound.units
      $0.put(row)
    }
  }
}
