import PromisedInvariants
import PromisedModel

/// Holds of a snapshot back into the state.
extension State {
  func importHolds(_ rows: HoldRows) {
    rows.owners.withKeyColumn { owners in
      rows.names.withKeyColumn { names in
        rows.lineKeys.withKeyColumn { keys in
          var (ownerOffset, nameOffset, keyOffset, line) = (0, 0, 0, 0)
          for index in 0..<rows.ids.count {
            guard let state = HoldState(rawValue: rows.states[index]) else {
              return invariant(false, "a snapshot's hold has no state")
            }
            let count = Int(rows.lineCounts[index])
            let slot = holds.insert(
              id: rows.ids[index], owner: owners.key(index, at: &ownerOffset),
              name: names.key(index, at: &nameOffset),
              expiresAt: rows.expiresAtMilliseconds[index], state: state, lineCount: count,
              forgetAt: rows.forgetAtMilliseconds[index],
              committedAt: rows.commitPositions[index],
              list: rows.areShipped[index] == 1 ? .shipped : .ended)
            for place in 0..<count {
              let item = itemKeys.insert(keys.key(line, at: &keyOffset))
              let imported = rows.line(line, item: item)
              holds.lines(slot)[place] = imported
              if !state.isEnded {
                let isCommitted = state == .committed
                claim(
                  imported, imported.quantity, allocated: isCommitted ? imported.quantity : 0,
                  picked: isCommitted ? imported.picked : 0, isNoted: false)
              }
              line += 1
            }
            holds.awaitDue(slot)
          }
        }
      }
    }
  }

  /// Enters what is committed into the allocation index, oldest first, and finds what is missing:
  /// both follow from holds and stock, except since when.
  func restoreAllocations() {
    var slots = (0..<holds.slotCount).filter {
      holds.isInUse($0) && holds.state($0) == .committed
    }
    slots.sort { holds.hold($0).committedAt < holds.hold($1).committedAt }
    for slot in slots { indexAllocations(of: slot) }
    for slot in slots { reviewShortfalls(of: slot) }
    let restored = allocations.restored
    for row in 0..<restored.holdIDs.count {
      guard let slot = holds.find(restored.holdIDs[row]), holds.hold(slot).allocations != 0,
        restored.lines[row] < holds.hold(slot).lineCount
      else { continue }
      let entry = AllocationTable.entry(
        of: Int(restored.lines[row]), in: holds.hold(slot).allocations)
      allocations.at(entry).pointee.sinceMilliseconds = restored.sinceMilliseconds[row]
    }
    allocations.restored = ShortfallRows()
  }
}

extension HoldRows {
  fileprivate func line(_ row: Int, item: UInt64) -> HoldLine {
    HoldLine(
      item: item, quantity: lineQuantities[row], picked: linePicked[row],
      shipped: lineShipped[row], dueUnixSeconds: lineDues[row], node: lineNodes[row],
      channel: lineChannels[row], flags: lineFlags[row])
  }
}
