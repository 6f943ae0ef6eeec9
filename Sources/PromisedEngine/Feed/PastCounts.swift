import PromisedModel

/// Counts of a batch that were made before now, and what moved since each.
struct PastCounts: ~Copyable {
  private struct Place: Hashable {
    var item: UInt64
    var node: UInt16
  }

  private struct Count {
    var row: Int
    var instant: Int64
    /// Units that left with an allocation are known to the count's source as allocated or picked.
    var skipsFinal: Bool
    var sum: Int64
  }

  private var counts: [Count] = []
  private var byPlace: [Place: [Int]] = [:]
  private var byRow: [Int: Int] = [:]
  /// A bit per hash of a counted position, so that most of the journal is passed over unhashed.
  private var filter = Store<UInt64>(zeroed: 1024)
  private(set) var earliest = Int64.max

  var isEmpty: Bool { counts.isEmpty }

  mutating func removeAll() {
    if counts.isEmpty { return }
    counts.removeAll()
    byPlace.removeAll()
    byRow.removeAll()
    filter = Store(zeroed: 1024)
    earliest = .max
  }

  mutating func append(
    row: Int, item: UInt64, node: UInt16, instant: Int64, skipsFinal: Bool
  ) {
    byRow[row] = counts.count
    byPlace[Place(item: item, node: node), default: []].append(counts.count)
    counts.append(Count(row: row, instant: instant, skipsFinal: skipsFinal, sum: 0))
    let bit = hash(item: item, node: node) & 0xffff
    filter[Int(bit >> 6)] |= 1 << (bit & 63)
    earliest = min(earliest, instant)
  }

  /// Takes one change of on hand that was logged before the batch.
  @inline(__always)
  mutating func take(_ entry: JournalEntry) {
    if !entry.isOnHand || entry.isReversed || entry.occurredMilliseconds <= earliest { return }
    let bit = hash(item: entry.item, node: entry.node) & 0xffff
    if filter.base[Int(bit >> 6)] >> (bit & 63) & 1 == 0 { return }
    if entry.kind == MovementKind.count.rawValue { return }
    move(
      entry.item, entry.node, by: Int64(entry.delta), at: entry.occurredMilliseconds, row: -1,
      isFinal: entry.isFinal)
  }

  /// A movement of on hand, of the batch's row or from before (row −1).
  mutating func move(
    _ item: UInt64, _ node: UInt16, by delta: Int64, at occurred: Int64, row: Int, isFinal: Bool
  ) {
    if counts.isEmpty { return }
    guard let there = byPlace[Place(item: item, node: node)] else { return }
    for index in there where counts[index].row > row && counts[index].instant < occurred {
      if !(isFinal && counts[index].skipsFinal) { counts[index].sum += delta }
    }
  }

  /// What moved since the count in a row.
  func sum(row: Int) -> Int64 { byRow[row].map { counts[$0].sum } ?? 0 }
}

extension State {
  /// One pass over what the journal has of the time since the earliest count of the batch.
  func preparePastCounts(of rows: borrowing FeedRows, _ context: FeedContext) {
    scratch.feed.past.removeAll()
    let occurred = rows.details.occurredMilliseconds
    if occurred.isEmpty { return }
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        let key = keys.key(row, at: &offset)
        guard occurred[row] > 0, occurred[row] < context.now,
          let kind = MovementKind(rawValue: rows.kinds[row]), kind.isCount,
          rows.sequence(row) > context.applied, Int(rows.nodes[row]) < context.nodes.count,
          let node = context.nodes[Int(rows.nodes[row])]
        else { continue }
        let token = itemKeys.token(key)
        if token == 0 { continue }
        scratch.feed.past.append(
          row: row, item: token, node: node, instant: occurred[row],
          skipsFinal: rows.isNetOfAllocations || kind == .countWithoutPicked)
      }
    }
    if scratch.feed.past.isEmpty { return }
    let second = floorDivide(scratch.feed.past.earliest, 1000)
    var index = journal.index(before: second)
    while index < journal.end {
      scratch.feed.past.take(journal[index])
      index += 1
    }
  }
}
