import PromisedInvariants
import PromisedModel

/// Parked rows that failed when they were driven again: the last of them.
struct ParkedFailures {
  private(set) var rows: [(row: ParkedRow, code: UInt16)] = []

  mutating func append(_ row: ParkedRow, _ code: UInt16) {
    if rows.count == Limits.parkedFailures { rows.removeFirst() }
    rows.append((row, code))
  }
}

/// Rows that wait for their item or node.
extension State {
  func park(_ row: ParkedRow, number: UInt64?) {
    sources.at(sourceInserting(row.source)).pointee.parked += 1
    keepParked(row, number: number)
  }

  private func keepParked(_ row: ParkedRow, number: UInt64?) {
    parked.park(row, until: wait(of: row), number: number)
  }

  /// The first name of a row that is not known. What has all its names waits for its node, which
  /// is the case of none that was decided.
  private func wait(of row: ParkedRow) -> ParkedTable.Wait {
    var token: UInt64 = 0
    row.item.bytes.withUnsafeBufferPointer { token = itemKeys.token(BorrowedBytes($0)) }
    if token == 0 || positions.find(token) < 0 { return .item }
    if nodeIndex(row.node) == nil { return .node(row.node) }
    return .node(row.destination)
  }

  /// Drives rows again whose names have become known, in the order in which they came: part of
  /// applying what made them known. A row that fails is counted and listed.
  func driveParked() {
    let taken = parked.takeReady()
    var start = 0
    while start < taken.count {
      var end = start + 1
      while end < taken.count && end - start < Limits.batchRows
        && taken[end].row.source == taken[start].row.source
        && taken[end].row.isNetOfAllocations == taken[start].row.isNetOfAllocations
        && taken[end].row.sequence > taken[end - 1].row.sequence
      { end += 1 }
      drive(taken[start..<end])
      start = end
    }
  }

  private func drive(_ taken: ArraySlice<(number: UInt64, row: ParkedRow)>) {
    guard let first = taken.first else { return }
    var rows = FeedRows()
    rows.source = first.row.source
    for (_, row) in taken { rows.append(row) }
    var reply = FeedReply()
    var event = FeedEvent()
    event.source = rows.source
    decide(rows, after: 0, at: appliedTime, event: &event, reply: &reply)
    let index = sourceInserting(rows.source)
    sources.at(index).pointee.parked -= UInt64(taken.count)
    sources.at(index).pointee.driven += UInt64(event.nodes.count)
    sources.at(index).pointee.failed += UInt64(event.refusedRows)
    applyRows(of: event, source: UInt16(index))
    for (place, (number, row)) in taken.enumerated() {
      switch OutcomeCode(rawValue: UInt16(truncatingIfNeeded: reply.codes[place])) {
      case .ok, .alreadyCounted, .holdNotClaiming: continue
      case .rowParked: park(row, number: number)
      default: parkedFailures.append(row, UInt16(truncatingIfNeeded: reply.codes[place]))
      }
    }
    touch(.source, UInt64(index))
  }

  /// A node's rows need wait no longer.
  func release(nodes: [Node]) {
    if parked.count == 0 { return }
    for node in nodes { parked.became(node: node.name) }
  }
}
