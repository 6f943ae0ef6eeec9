import PromisedInvariants
import PromisedModel

/// What changed a position and is no row of the feed: units that orders, plans, removals or an operator
/// moved, and units that became or ceased to be allocated or picked.
struct ServiceEntry: BitwiseCopyable {
  var item: UInt64
  /// Milliseconds at which it happened.
  var occurred: Int64
  var loggedSecond: Int64
  /// Changes of units.
  var onHand: Int32 = 0
  var allocated: Int32 = 0
  var picked: Int32 = 0
  var node: UInt16
  /// On hand was stated, not moved.
  var isStated = false
}

/// The changes that the journal of the feed does not have, as long as it keeps its own: without them
/// a count at an instant would undo what was shipped since.
///
/// Entries are numbered from 0 without end; `first..<end` are kept. They stand in the order in which
/// they were logged, and none can have happened after that.
struct ServiceJournal: ~Copyable {
  private var entries = ChunkedQueue<ServiceEntry>()
  /// Everything logged in this second or later is kept.
  private(set) var sinceSecond: Int64 = 0
  private let limit: Int

  init(limit: Int = Limits.serviceJournalRows) { self.limit = limit }

  var first: UInt64 { entries.first }
  var end: UInt64 { entries.end }
  var count: Int { entries.count }

  @inline(__always)
  subscript(index: UInt64) -> ServiceEntry { entries.at(index).pointee }

  /// The index up to which entries were logged before `second`. Logarithmic.
  func index(before second: Int64) -> UInt64 {
    var (low, high) = (first, end)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].loggedSecond < second { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Adds an entry, and forgets what is too old by its time, or too much. Constant time on average.
  mutating func append(_ entry: ServiceEntry) {
    let oldest = entry.loggedSecond - Limits.journalSeconds
    while count > 0, count == limit || self[first].loggedSecond < oldest {
      sinceSecond = max(sinceSecond, self[first].loggedSecond + 1)
      entries.forget(before: first + 1)
    }
    entries.reserve(1)
    entries.append(entry)
  }

  /// Takes the standing of an exported journal, whose entries follow.
  mutating func restore(since second: Int64) { sinceSecond = second }
}

extension State {
  /// Notes a change of a position that no row of the feed made.
  ///
  /// - Parameter instant: when it happened, in milliseconds; 0 = now.
  func note(
    token: UInt64, node: UInt16, onHand: Int32 = 0, allocated: Int32 = 0, picked: Int32 = 0,
    isStated: Bool = false, at instant: Int64 = 0
  ) {
    if onHand == 0 && allocated == 0 && picked == 0 && !isStated { return }
    let now = appliedTime.milliseconds
    serviceJournal.append(
      ServiceEntry(
        item: token, occurred: instant == 0 ? now : instant, loggedSecond: floorDivide(now, 1000),
        onHand: onHand, allocated: allocated, picked: picked, node: node, isStated: isStated))
  }

  /// Notes that an operator has stated what is on hand: an older count is outdated.
  func noteStated(_ rows: borrowing PutRows) {
    guard case .positions(let stated) = copy rows else { return }
    let nodes = stated.nodeNames.map { nodeIndex($0) }
    stated.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        let token = itemKeys.token(keys.key(row, at: &offset))
        guard token != 0, let node = nodes[Int(stated.nodes[row])] else { continue }
        note(token: token, node: node, isStated: true)
      }
    }
  }

  // MARK: Snapshots

  func exportServiceJournal() -> [StateBlock] {
    var blocks: [StateBlock] = []
    var rows = ServiceJournalRows()
    for index in serviceJournal.first..<serviceJournal.end {
      let entry = serviceJournal[index]
      rows.keys.append(itemKeys.name(entry.item).bytes)
      rows.nodes.append(entry.node)
      rows.occurredMilliseconds.append(entry.occurred)
      rows.loggedSeconds.append(entry.loggedSecond)
      rows.onHand.append(entry.onHand)
      rows.allocated.append(entry.allocated)
      rows.picked.append(entry.picked)
      rows.stated.append(entry.isStated ? 1 : 0)
      if rows.nodes.count == Self.blockRows {
        blocks.append(.serviceJournal(rows))
        rows = ServiceJournalRows()
      }
    }
    if !rows.nodes.isEmpty { blocks.append(.serviceJournal(rows)) }
    return blocks
  }

  func importServiceJournal(_ rows: ServiceJournalRows) {
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        serviceJournal.append(
          ServiceEntry(
            item: itemKeys.insert(keys.key(row, at: &offset)),
            occurred: rows.occurredMilliseconds[row], loggedSecond: rows.loggedSeconds[row],
            onHand: rows.onHand[row], allocated: rows.allocated[row], picked: rows.picked[row],
            node: rows.nodes[row], isStated: rows.stated[row] == 1))
      }
    }
  }

  func digestServiceJournal(_ sum: inout DigestSum) {
    sum.begin(45)
    sum.add(serviceJournal.sinceSecond)
    sum.add(stockLoadedAt)
    sum.end()
    for index in serviceJournal.first..<serviceJournal.end {
      let entry = serviceJournal[index]
      sum.begin(46)
      sum.add(index - serviceJournal.first)
      sum.add(entry.item)
      sum.add(entry.occurred)
      sum.add(entry.loggedSecond)
      for units in [entry.onHand, entry.allocated, entry.picked] { sum.add(units) }
      sum.add(entry.node)
      sum.add(entry.isStated ? 1 : 0)
      sum.end()
    }
  }
}
