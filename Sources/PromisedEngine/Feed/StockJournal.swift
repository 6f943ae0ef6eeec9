import PromisedInvariants
import PromisedModel

/// What of a position an entry of the journal changed.
enum JournalAmount: UInt8, CaseIterable {
  case onHand = 0
  case unfulfillable = 1
  case researching = 2
  case inTransfer = 3
  case inProcessing = 4
  case withheld = 5
  /// Units under way to the node; the entry's sequence is then the index of the shipment's name.
  case inbound = 6
  /// Units that a receipt counted for an inbound plan; the sequence as with inbound.
  case received = 7
}

/// One amount that a feed row changed: half a cache line.
struct JournalEntry: BitwiseCopyable {
  var item: UInt64
  /// Milliseconds at which it happened × 65,536, and the bits below.
  var when: UInt64
  var sequence: UInt64
  var delta: Int32
  var node: UInt16
  /// Index of the source.
  var source: UInt16

  @inline(__always)
  var occurredMilliseconds: Int64 { Int64(bitPattern: when) >> 16 }

  var kind: UInt8 { UInt8(when & 31) }
  var amount: JournalAmount { JournalAmount(rawValue: UInt8(when >> 5 & 7)) ?? .onHand }
  var cause: UInt8 { UInt8(when >> 8 & 7) }
  var isReversed: Bool { when & Self.reversed != 0 }
  /// Belongs to the row of the entry before.
  var continues: Bool { when & Self.continuing != 0 }
  /// An allocation was consumed with it, which nothing gives back.
  var isFinal: Bool { when & Self.final != 0 }
  /// A count that said when it was made: what happened before is in it.
  var isCountOfInstant: Bool { when & Self.ofInstant != 0 }
  var isInbound: Bool { when >> 5 & 7 == UInt64(JournalAmount.inbound.rawValue) }
  var isReceived: Bool { when >> 5 & 7 == UInt64(JournalAmount.received.rawValue) }
  /// The sequence is the index of a shipment's name.
  var namesShipment: Bool { isInbound || isReceived }
  var isOnHand: Bool { when & (7 << 5) == 0 }

  static var reversed: UInt64 { 1 << 11 }
  static var continuing: UInt64 { 1 << 12 }
  static var final: UInt64 { 1 << 13 }
  static var ofInstant: UInt64 { 1 << 14 }

  @inline(__always)
  static func bits(_ kind: MovementKind, at milliseconds: Int64) -> UInt64 {
    UInt64(bitPattern: milliseconds << 16) | UInt64(kind.rawValue)
  }
}

/// The first entry logged in a second.
struct JournalMark: BitwiseCopyable {
  var second: Int64
  var index: UInt64
}

/// Recent changes of stock in the order in which they were logged, forgotten by age and beyond
/// `Limits.journalRows`.
///
/// Entries are numbered from 0 without end; `first..<end` are kept. An entry cannot have happened
/// after it was logged, so those that happened after an instant all stand behind the mark of its
/// second.
struct StockJournal: ~Copyable {
  private var entries = ChunkedQueue<JournalEntry>()
  private var marks = Store<JournalMark>()
  private var firstMark = 0
  /// Everything logged in this second or later is kept.
  private(set) var sinceSecond: Int64 = 0
  private let limit: Int

  init(limit: Int = Limits.journalRows) { self.limit = limit }

  var first: UInt64 { entries.first }
  var end: UInt64 { entries.end }
  var count: Int { entries.count }

  @inline(__always)
  subscript(index: UInt64) -> JournalEntry { entries.at(index).pointee }

  @inline(__always)
  func at(_ index: UInt64) -> UnsafeMutablePointer<JournalEntry> { entries.at(index) }

  /// The index up to which entries must be forgotten so that `wanted` more fit.
  func overflow(for wanted: Int) -> UInt64 {
    let most = UInt64(max(0, limit - wanted))
    return end - first > most ? end - most : first
  }

  /// The index up to which entries were logged before `second`.
  func index(before second: Int64) -> UInt64 {
    var (low, high) = (firstMark, marks.count)
    while low < high {
      let middle = (low + high) / 2
      if marks[middle].second < second { low = middle + 1 } else { high = middle }
    }
    return low < marks.count ? max(first, marks[low].index) : end
  }

  /// Makes room for `wanted` entries; `overflow` were forgotten before.
  mutating func reserve(_ wanted: Int) { entries.reserve(wanted) }

  /// What follows is logged in this second.
  mutating func begin(_ second: Int64) {
    if marks.count > firstMark && marks[marks.count - 1].second >= second { return }
    marks.append(JournalMark(second: second, index: end))
  }

  /// Adds an entry; `reserve` made room.
  @inline(__always)
  mutating func append(_ entry: JournalEntry) { entries.append(entry) }

  /// Forgets entries before `index`.
  mutating func forget(before index: UInt64) {
    entries.forget(before: index)
    while firstMark < marks.count && marks[firstMark].index < index {
      sinceSecond = max(sinceSecond, marks[firstMark].second + 1)
      let isOver = firstMark + 1 == marks.count || marks[firstMark + 1].index <= index
      if !isOver { break }
      firstMark += 1
    }
    if firstMark > 1024 && firstMark * 2 > marks.count { compact() }
  }

  private mutating func compact() {
    var kept = Store<JournalMark>(capacity: marks.count - firstMark)
    for index in firstMark..<marks.count { kept.append(marks[index]) }
    swap(&marks, &kept)
    firstMark = 0
  }

  /// The marks of what is kept, and how many entries each has.
  func eachMark(_ body: (Int64, UInt64) -> Void) {
    for place in firstMark..<marks.count {
      let start = max(first, marks[place].index)
      let next = place + 1 < marks.count ? marks[place + 1].index : end
      if next > start { body(marks[place].second, next - start) }
    }
  }

  /// Takes the standing of an exported journal, whose entries follow.
  mutating func restore(since second: Int64, marks pairs: some Sequence<(Int64, UInt64)>) {
    invariant(end == 0, "a journal is restored over another")
    sinceSecond = second
    var index: UInt64 = 0
    for (second, count) in pairs {
      marks.append(JournalMark(second: second, index: index))
      index += count
    }
  }
}
