import PromisedInvariants
import PromisedModel

/// A living hold and the first instant at which lines of it are due.
struct DueHold: BitwiseCopyable {
  /// Unix seconds.
  var due: UInt32
  var id: UInt64
}

/// Holds with lines for later, the next due first: a heap. An entry may be out of date; every living
/// hold with lines for later has one that is not.
struct DueHolds: ~Copyable {
  fileprivate var heap = Store<DueHold>()
  /// The count at which what is out of date is dropped.
  fileprivate var crowd = 1024

  var count: Int { heap.count }

  /// The first due of all; nil = none is awaited.
  var next: UInt32? { heap.count == 0 ? nil : heap[0].due }

  /// Logarithmic.
  fileprivate mutating func push(_ entry: DueHold) {
    var place = heap.append(entry)
    while place > 0 {
      let parent = (place - 1) / 2
      if !Self.isLater(heap[parent], heap[place]) { return }
      (heap[parent], heap[place]) = (heap[place], heap[parent])
      place = parent
    }
  }

  /// Drops all that is due by then.
  fileprivate mutating func drop(through seconds: Int64) {
    while heap.count > 0 && Int64(heap[0].due) <= seconds {
      let last = heap.removeLast()
      if heap.count == 0 { return }
      heap[0] = last
      siftDown(heap.base, root: 0, count: heap.count, by: Self.isLater)
    }
  }

  fileprivate mutating func rebuild() {
    for root in stride(from: heap.count / 2 - 1, through: 0, by: -1) {
      siftDown(heap.base, root: root, count: heap.count, by: Self.isLater)
    }
    crowd = max(1024, heap.count * 2)
  }

  private static func isLater(_ left: DueHold, _ right: DueHold) -> Bool {
    (left.due, left.id) > (right.due, right.id)
  }
}

extension HoldTable {
  /// The first due of a living hold's lines that are for later; nil = all are of now.
  private func nextDue(_ slot: Int) -> UInt32? {
    if state(slot).isEnded { return nil }
    var next: UInt32?
    for line in 0..<Int(hold(slot).lineCount) {
      let due = lines(slot)[line].dueUnixSeconds
      if due != 0 { next = min(next ?? due, due) }
    }
    return next
  }

  /// Must be called after a hold has got lines for later, lives again or has lost its first due.
  mutating func awaitDue(_ slot: Int) {
    guard let due = nextDue(slot) else { return }
    if dues.heap.count >= dues.crowd { dropOutdated() }
    dues.push(DueHold(due: due, id: hold(slot).id))
  }

  private func isCurrent(_ entry: DueHold) -> Bool {
    guard let slot = find(entry.id) else { return false }
    return nextDue(slot) == entry.due
  }

  private mutating func dropOutdated() {
    var target = 0
    for place in 0..<dues.heap.count {
      let entry = dues.heap[place]
      if !isCurrent(entry) { continue }
      dues.heap[target] = entry
      target += 1
    }
    dues.heap.resize(to: target)
    dues.rebuild()
  }

  /// Living holds of which a line is due by an instant, in order of (due, id); valid until the next
  /// call of this or of `expired`. Linear in the answer.
  mutating func due(by seconds: Int64, into found: inout Store<UInt64>) {
    found.removeAll()
    guard let next = dues.next, Int64(next) <= seconds else { return }
    var entries = Store<DueHold>()
    var open = Store<Int>()
    open.append(0)
    while open.count > 0 {
      let place = open.removeLast()
      if place >= dues.heap.count || Int64(dues.heap[place].due) > seconds { continue }
      if isCurrent(dues.heap[place]) { entries.append(dues.heap[place]) }
      open.append(2 * place + 1)
      open.append(2 * place + 2)
    }
    heapSort(entries.base, count: entries.count) { ($0.due, $0.id) < ($1.due, $1.id) }
    for place in 0..<entries.count where place == 0 || entries[place].id != entries[place - 1].id {
      found.append(entries[place].id)
    }
  }

  mutating func dropDue(through seconds: Int64) { dues.drop(through: seconds) }
}

/// Lines for later whose time has come.
extension State {
  /// Holds with lines whose due is reached, in order of (due, id), or nil when there are none.
  ///
  /// The caller applies `Event.linesDue` with them after the expiries and before it reads anything at
  /// that time: from its due on a line claims of what is on hand, like any other, and when its supply
  /// has not come somebody's units are missing. The column is valid until the next call.
  package func dueHolds(at now: UnixMilliseconds) -> Column<UInt64>? {
    guard let next = holds.dues.next, Int64(next) <= now.seconds else { return nil }
    holds.due(by: now.seconds, into: &scratch.words)
    if scratch.words.count == 0 { return nil }
    return Column(base: UnsafePointer(scratch.words.base), count: scratch.words.count)
  }

  func apply(linesDue ids: Column<UInt64>) {
    holds.dropDue(through: appliedTime.seconds)
    for index in 0..<ids.count {
      guard let slot = holds.find(ids[index]), !holds.state(slot).isEnded else {
        invariant(false, "lines of an ended hold are due")
        continue
      }
      for line in 0..<Int(holds.hold(slot).lineCount) {
        let due = Int64(holds.lines(slot)[line].dueUnixSeconds)
        if due != 0 && due <= appliedTime.seconds { makeDue(line, of: slot) }
      }
      reviewShortfalls(of: slot)
      holds.awaitDue(slot)
      touch(.hold, ids[index])
    }
  }

  /// A line for later of a living hold claims of what is there from now on. The review is the
  /// caller's business.
  func makeDue(_ index: Int, of slot: Int) {
    let line = holds.lines(slot)[index]
    let isCommitted = holds.state(slot) == .committed
    let (allocated, picked) = isCommitted ? (line.quantity, line.picked) : (0, 0)
    claim(line, -line.quantity, allocated: -allocated)
    holds.lines(slot)[index].dueUnixSeconds = 0
    claim(holds.lines(slot)[index], line.quantity, allocated: allocated, picked: picked)
    if isCommitted { link(index, of: slot) }
  }

  /// Lines of a hold that claims nothing yet: what was for a time that has passed is of now.
  func forgetPastDues(of slot: Int) {
    for line in 0..<Int(holds.hold(slot).lineCount) {
      let due = Int64(holds.lines(slot)[line].dueUnixSeconds)
      if due != 0 && due <= appliedTime.seconds { holds.lines(slot)[line].dueUnixSeconds = 0 }
    }
  }
}
