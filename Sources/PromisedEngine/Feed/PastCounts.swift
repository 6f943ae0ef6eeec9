import PromisedInvariants
import PromisedModel

/// The counts of a batch, and what happened at their positions since the instant of each.
///
/// A count leaves out what its source does not count: allocated units, or picked ones. Those of its
/// own instant are added, not those of now.
struct PastCounts: ~Copyable {
  private struct Place: Hashable {
    var item: UInt64
    var node: UInt16
  }

  /// Counts of one position, by their instants; sums over what happened after each.
  private struct Counted {
    var instants: [Int64]
    var onHand: LaterSums
    var allocated: LaterSums
    var picked: LaterSums
    /// When on hand was stated last by what is logged already.
    var stated = Int64.min
    /// What rows of the batch changed so far.
    var batchAllocated: Int64 = 0
    var batchPicked: Int64 = 0

    init(_ instants: [Int64]) {
      self.instants = instants
      onHand = LaterSums(count: instants.count)
      allocated = onHand
      picked = onHand
    }

    /// How many counts are of an instant before this one.
    func rank(_ instant: Int64) -> Int {
      var (low, high) = (0, instants.count)
      while low < high {
        let middle = (low + high) / 2
        if instants[middle] < instant { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  private var wanted: [Place: [Int64]] = [:]
  private var places: [Place: Int] = [:]
  private var counted: [Counted] = []
  /// A bit per hash of a counted position, so that most of the journal is passed over unhashed.
  private var filter = Store<UInt64>(zeroed: 1024)
  private(set) var earliest = Int64.max

  var isEmpty: Bool { wanted.isEmpty && counted.isEmpty }

  mutating func removeAll() {
    if isEmpty { return }
    wanted.removeAll()
    places.removeAll()
    counted.removeAll()
    filter = Store(zeroed: 1024)
    earliest = .max
  }

  mutating func append(item: UInt64, node: UInt16, instant: Int64) {
    wanted[Place(item: item, node: node), default: []].append(instant)
    let bit = hash(item: item, node: node) & 0xffff
    filter[Int(bit >> 6)] |= 1 << (bit & 63)
    earliest = min(earliest, instant)
  }

  /// All counts are appended. n log n in them.
  mutating func fold() {
    for (place, instants) in wanted {
      var distinct: [Int64] = []
      for instant in instants.sorted() where distinct.last != instant { distinct.append(instant) }
      places[place] = counted.count
      counted.append(Counted(distinct))
    }
    wanted.removeAll()
  }

  // MARK: What happened

  /// Takes one change of on hand that the feed told before the batch.
  @inline(__always)
  mutating func take(_ entry: JournalEntry) {
    if !entry.isOnHand || entry.isReversed || entry.occurredMilliseconds <= earliest { return }
    guard isWanted(entry.item, entry.node) else { return }
    if entry.kind == MovementKind.count.rawValue {
      state(entry.item, entry.node, at: entry.occurredMilliseconds)
    } else {
      move(entry.item, entry.node, onHand: Int64(entry.delta), at: entry.occurredMilliseconds)
    }
  }

  /// Takes one change that no row of the feed made.
  mutating func take(_ entry: ServiceEntry) {
    if entry.occurred <= earliest || !isWanted(entry.item, entry.node) { return }
    if entry.isStated { state(entry.item, entry.node, at: entry.occurred) }
    move(
      entry.item, entry.node, onHand: Int64(entry.onHand), allocated: Int64(entry.allocated),
      picked: Int64(entry.picked), at: entry.occurred)
  }

  @inline(__always)
  private func isWanted(_ item: UInt64, _ node: UInt16) -> Bool {
    let bit = hash(item: item, node: node) & 0xffff
    return filter.base[Int(bit >> 6)] >> (bit & 63) & 1 == 1
  }

  private mutating func state(_ item: UInt64, _ node: UInt16, at instant: Int64) {
    guard let place = places[Place(item: item, node: node)] else { return }
    counted[place].stated = max(counted[place].stated, instant)
  }

  /// A change at a position. Logarithmic in its counts.
  ///
  /// - Parameter isOfBatch: a row of the batch makes it, which is not applied yet.
  mutating func move(
    _ item: UInt64, _ node: UInt16, onHand: Int64 = 0, allocated: Int64 = 0, picked: Int64 = 0,
    at occurred: Int64, isOfBatch: Bool = false
  ) {
    if counted.isEmpty { return }
    guard let place = places[Place(item: item, node: node)] else { return }
    let rank = counted[place].rank(occurred)
    if onHand != 0 { counted[place].onHand.add(onHand, before: rank) }
    if allocated != 0 { counted[place].allocated.add(allocated, before: rank) }
    if picked != 0 { counted[place].picked.add(picked, before: rank) }
    if isOfBatch {
      counted[place].batchAllocated += allocated
      counted[place].batchPicked += picked
    }
  }

  // MARK: Answers

  /// Whether on hand was stated after an instant.
  func isOutdated(_ item: UInt64, _ node: UInt16, instant: Int64) -> Bool {
    place(item, node).map { counted[$0].stated > instant } ?? false
  }

  /// Units that came on hand after an instant that was appended, less those that left.
  func moved(_ item: UInt64, _ node: UInt16, after instant: Int64) -> Int64 {
    guard let place = place(item, node) else { return 0 }
    return counted[place].onHand.sum(from: counted[place].rank(instant))
  }

  /// Units that were allocated and picked at an instant that was appended, less those that are now.
  func claimed(
    _ item: UInt64, _ node: UInt16, at instant: Int64
  ) -> (allocated: Int64, picked: Int64) {
    guard let place = place(item, node) else { return (0, 0) }
    let counted = counted[place]
    let rank = counted.rank(instant)
    return (
      counted.batchAllocated - counted.allocated.sum(from: rank),
      counted.batchPicked - counted.picked.sum(from: rank)
    )
  }

  private func place(_ item: UInt64, _ node: UInt16) -> Int? {
    counted.isEmpty ? nil : places[Place(item: item, node: node)]
  }
}

/// Sums over what was added behind each of `count` places: a binary indexed tree.
private struct LaterSums {
  private var tree: [Int64]
  private var total: Int64 = 0

  init(count: Int) { tree = Array(repeating: 0, count: count + 2) }

  /// Adds to the places before `rank`.
  mutating func add(_ value: Int64, before rank: Int) {
    total += value
    var index = rank + 1
    while index < tree.count {
      tree[index] += value
      index += index & -index
    }
  }

  /// What was added to a place.
  func sum(from place: Int) -> Int64 {
    var (index, sum) = (place + 1, total)
    while index > 0 {
      sum -= tree[index]
      index -= index & -index
    }
    return sum
  }
}

extension State {
  /// One pass over what the journals have of the time since the earliest count of the batch.
  func preparePastCounts(of rows: borrowing FeedRows, _ context: FeedContext) {
    scratch.feed.past.removeAll()
    let occurred = rows.details.occurredMilliseconds
    let exceptsPicked = rows.kinds.contains(MovementKind.countWithoutPicked.rawValue)
    if occurred.isEmpty && !rows.isNetOfAllocations && !exceptsPicked { return }
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        let key = keys.key(row, at: &offset)
        guard let kind = MovementKind(rawValue: rows.kinds[row]), kind.isCount,
          rows.sequence(row) > context.applied, Int(rows.nodes[row]) < context.nodes.count,
          let node = context.nodes[Int(rows.nodes[row])]
        else { continue }
        let token = itemKeys.token(key)
        if token == 0 { continue }
        scratch.feed.past.append(
          item: token, node: node, instant: context.instant(occurred.value(row)))
      }
    }
    if scratch.feed.past.isEmpty { return }
    scratch.feed.past.fold()
    let earliest = scratch.feed.past.earliest
    if earliest >= context.now { return }
    let second = floorDivide(earliest, 1000)
    var index = journal.index(before: second)
    while index < journal.end {
      scratch.feed.past.take(journal[index])
      index += 1
    }
    index = serviceJournal.index(before: second)
    while index < serviceJournal.end {
      scratch.feed.past.take(serviceJournal[index])
      index += 1
    }
  }
}
