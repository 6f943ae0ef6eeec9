import PromisedEngine
import PromisedInvariants
import PromisedModel

/// A threshold to look at.
struct DueThreshold {
  let watch: Watch
  let row: Int
  /// Why, and by the event at which position.
  let cause: ChangeCause
  let position: Position
}

/// The items that thresholds are about, and which of them are to be looked at again.
///
/// A change of stock costs a look into a table of counts, and what it leads to is queued by item,
/// not by threshold: so neither a busy item nor one that thousands watch costs the loop more than
/// it gives for a turn.
struct ThresholdTable {
  private struct Member {
    let watch: Watch
    var rows: [Int]
  }

  private struct WatchedItem {
    let token: UInt64
    var members: [Member] = []
    var promises = 0
    var cause = ChangeCause.other
    var position: Position = 0
    var isQueued = false
    /// It changed again while its thresholds were being looked at.
    var isAgain = false
    /// How far the look has come.
    var member = 0
    var row = 0
  }

  /// A look at many items because something changed that is of no single item.
  private struct Sweep {
    var next = 0
    var promisesOnly: Bool
    var cause: ChangeCause
    var position: Position
  }

  private var items: [WatchedItem] = []
  private var free: [Int] = []
  /// Where an item is; looked up only.
  private var places: [UInt64: Int] = [:]
  /// Watched items by 16 bits of their token's product: most changes are of none.
  private var marks = [UInt32](repeating: 0, count: 65_536)
  private var queue: [Int] = []
  private var queueHead = 0
  private var sweep: Sweep?
  /// The change to read next.
  var changeIndex: UInt64 = 0
  /// Thresholds of all watches.
  private(set) var count = 0

  private static func mark(_ token: UInt64) -> Int {
    Int((token &* 0x9e37_79b9_7f4a_7c15) >> 48)
  }

  // MARK: Who watches

  /// Adds the thresholds of a watch; each will be looked at.
  mutating func add(_ watch: Watch, at position: Position) {
    for (row, threshold) in watch.thresholds.enumerated() {
      let place = add(threshold.token, watch, row)
      if threshold.question != nil { items[place].promises += 1 }
      for part in threshold.parts { _ = add(part, watch, row) }
      count += 1
      enqueue(place, .other, position)
    }
  }

  private mutating func add(_ token: UInt64, _ watch: Watch, _ row: Int) -> Int {
    let place = place(of: token)
    if items[place].members.last?.watch === watch {
      items[place].members[items[place].members.count - 1].rows.append(row)
    } else {
      items[place].members.append(Member(watch: watch, rows: [row]))
    }
    return place
  }

  private mutating func place(of token: UInt64) -> Int {
    if let place = places[token] { return place }
    let place = free.popLast() ?? items.count
    if place == items.count {
      items.append(WatchedItem(token: token))
    } else {
      items[place] = WatchedItem(token: token)
    }
    places[token] = place
    marks[Self.mark(token)] += 1
    return place
  }

  /// Forgets the thresholds of a watch. Linear in who else watches its items.
  mutating func remove(_ watch: Watch) {
    for threshold in watch.thresholds {
      count -= 1
      if threshold.question != nil, let place = places[threshold.token] {
        items[place].promises -= 1
      }
      remove(threshold.token, watch)
      for part in threshold.parts { remove(part, watch) }
    }
  }

  private mutating func remove(_ token: UInt64, _ watch: Watch) {
    guard let place = places[token] else { return }
    items[place].members.removeAll { $0.watch === watch }
    // Whoever was being looked at may have moved: begin again.
    items[place].member = 0
    items[place].row = 0
    if !items[place].members.isEmpty { return }
    places[token] = nil
    marks[Self.mark(token)] -= 1
    // A place in the queue is given back when its turn comes.
    if !items[place].isQueued { free.append(place) }
  }

  // MARK: What changed

  private mutating func enqueue(_ place: Int, _ cause: ChangeCause, _ position: Position) {
    items[place].cause = cause
    items[place].position = position
    if items[place].isQueued {
      items[place].isAgain = items[place].member + items[place].row > 0
      return
    }
    items[place].isQueued = true
    queue.append(place)
  }

  /// Reads which watched items changed, at most `limit` changes of all items.
  mutating func readChanges(of state: State, limit: Int) {
    // Taken out, so that the reader may change the table.
    var index = changeIndex
    let before = index
    var changed: [Change] = []
    let isWhole = marks.withUnsafeBufferPointer { marks in
      state.readChanges(from: &index, limit: limit) { change in
        if marks[Self.mark(change.token)] != 0 { changed.append(change) }
      }
    }
    changeIndex = index
    for change in changed {
      if let place = places[change.token] { enqueue(place, change.cause, change.position) }
    }
    if !isWhole, before != index { recheck(promisesOnly: false, .other, state.appliedPosition) }
  }

  /// Whether changes were not read yet.
  func isBehind(_ state: State) -> Bool { changeIndex != state.changeCount }

  /// Has every threshold looked at again.
  mutating func recheckAll(_ cause: ChangeCause, at position: Position) {
    recheck(promisesOnly: false, cause, position)
  }

  /// Has every promise looked at again.
  mutating func recheckPromises(_ cause: ChangeCause, at position: Position) {
    recheck(promisesOnly: true, cause, position)
  }

  private mutating func recheck(
    promisesOnly: Bool, _ cause: ChangeCause, _ position: Position
  ) {
    let both = promisesOnly && sweep?.promisesOnly != false
    sweep = Sweep(promisesOnly: both, cause: cause, position: position)
  }

  private static var sweepStep: Int { 256 }

  /// Few enough are left to look at that there is time to say more of each.
  var isCalm: Bool { sweep == nil && queue.count - queueHead <= Self.sweepStep }

  /// Queues the next items of a sweep.
  private mutating func sweepOn() {
    guard var running = sweep else { return }
    var left = Self.sweepStep
    while left > 0, running.next < items.count {
      let place = running.next
      running.next += 1
      left -= 1
      if items[place].members.isEmpty { continue }
      if running.promisesOnly && items[place].promises == 0 { continue }
      // What is queued for a reason of its own keeps that.
      if items[place].isQueued && items[place].member + items[place].row == 0 { continue }
      enqueue(place, running.cause, running.position)
    }
    sweep = running.next < items.count ? running : nil
  }

  // MARK: Whose turn it is

  /// Whether something is left to look at.
  var hasWork: Bool { queueHead < queue.count || sweep != nil }

  /// The next threshold to look at, or nil.
  mutating func next() -> DueThreshold? {
    if queue.count - queueHead < Self.sweepStep { sweepOn() }
    while queueHead < queue.count {
      let place = queue[queueHead]
      while items[place].member < items[place].members.count {
        let member = items[place].members[items[place].member]
        if items[place].row < member.rows.count {
          let row = member.rows[items[place].row]
          items[place].row += 1
          return DueThreshold(
            watch: member.watch, row: row, cause: items[place].cause,
            position: items[place].position)
        }
        items[place].member += 1
        items[place].row = 0
      }
      finish(place)
    }
    queue.removeAll(keepingCapacity: true)
    queueHead = 0
    return nil
  }

  private mutating func finish(_ place: Int) {
    queueHead += 1
    let isAgain = items[place].isAgain
    items[place].isQueued = false
    items[place].isAgain = false
    items[place].member = 0
    items[place].row = 0
    if items[place].members.isEmpty {
      free.append(place)
    } else if isAgain {
      enqueue(place, items[place].cause, items[place].position)
    }
    if queueHead > 4096 {
      queue.removeFirst(queueHead)
      queueHead = 0
    }
  }
}
