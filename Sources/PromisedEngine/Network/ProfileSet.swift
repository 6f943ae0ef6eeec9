import CMemory
import PromisedInvariants
import PromisedModel

/// One promise: who orders by `orderBy` leaves the node by `cutoff` and is delivered in `window`.
///
/// Invariant of a row: cutoffs strictly ascend, windows strictly ascend, order-by times do not
/// descend, and whoever departs later than an entry cannot make its window.
struct ProfileEntry: BitwiseCopyable {
  /// Minute of the departure from the node.
  var cutoff: UInt16
  /// Index among the destination's windows, which stand in order of (end, start).
  var window: UInt16
  /// Latest order minute with the node's own processing; `never` = before the horizon,
  /// `unpublished` = serves as the tail of other paths only.
  var orderBy: UInt16
  /// Chance of delivery by the window's end in 1/65535; 0 = not stated.
  var confidence: UInt16

  static var never: UInt16 { 0 }
  static var unpublished: UInt16 { .max }
}

/// How an entry goes on: by a leg to its destination, by a lane, or by being delivered in a wave.
struct Via: BitwiseCopyable {
  var rawValue: UInt32

  static var laneBit: UInt32 { 0x8000_0000 }
  static var wave: Via { Via(rawValue: .max) }
  static func lane(_ index: UInt32) -> Via { Via(rawValue: index | laneBit) }
  static func leg(_ index: UInt32) -> Via { Via(rawValue: index) }

  var isWave: Bool { rawValue == .max }
  var isLane: Bool { rawValue & Self.laneBit != 0 && !isWave }
  var index: Int { Int(rawValue & ~Self.laneBit) }
}

/// A delivery window of a destination, in minutes since the horizon base.
struct DeliveryWindow: BitwiseCopyable, Equatable {
  var from: Int32
  var to: Int32
  /// The window's own place: seconds east of UTC at its start, and its local date there.
  var offset: Int32
  var days: Int32
}

/// All delivery promises of a network for a horizon. Immutable, shared between threads.
///
/// A row belongs to a destination and a node; rows stand by destination, then by the rank of the
/// node among those that anything departs from:
///
///     rows[destination × rankCount + rank] … rows[… + 1]   →   entries, ascending, vias beside them
///
/// The common question is answered from the row's head: 16 bytes at a place that follows from the
/// indexes alone, so that a candidate costs one cache line. All other questions search the row.
package final class ProfileSet: Sendable {
  package let image: NetworkImage
  package let horizon: Horizon
  package let destinationCount: Int

  /// By node index; `noRank` = no row.
  let ranks: OwnedBuffer<UInt16>
  let rankCount: Int
  let rows: OwnedBuffer<UInt32>
  let entries: OwnedBuffer<ProfileEntry>
  let vias: OwnedBuffer<Via>
  /// Heads in the order of `rows`, eight numbers each; empty in vast sparse networks.
  let heads: OwnedBuffer<UInt16>

  let windowStarts: OwnedBuffer<UInt32>
  let windows: OwnedBuffer<DeliveryWindow>

  let openings: NodeOpenings
  let offsets: ZoneOffsets

  static var noRank: UInt16 { .max }

  init(
    image: NetworkImage, horizon: Horizon, ranks: consuming OwnedBuffer<UInt16>, rankCount: Int,
    rows: consuming OwnedBuffer<UInt32>, entries: consuming OwnedBuffer<ProfileEntry>,
    vias: consuming OwnedBuffer<Via>, windowStarts: consuming OwnedBuffer<UInt32>,
    windows: consuming OwnedBuffer<DeliveryWindow>, openings: consuming NodeOpenings,
    offsets: consuming ZoneOffsets
  ) {
    self.image = image
    self.horizon = horizon
    destinationCount = windowStarts.count - 1
    self.ranks = ranks
    self.rankCount = rankCount
    // Before the buffers move into the object.
    heads = ProfileHead.heads(
      rows: rows, slotCount: (windowStarts.count - 1) * rankCount, entries: entries)
    self.rows = rows
    self.entries = entries
    self.vias = vias
    self.windowStarts = windowStarts
    self.windows = windows
    self.openings = openings
    self.offsets = offsets
  }

  package var horizonBaseUnixSeconds: Int64 { horizon.base }
  package var entryCount: Int { entries.count }
  package var windowCount: Int { windows.count }

  /// Memory held, without the image.
  package var byteCount: Int {
    (ranks.count + heads.count) * 2 + (rows.count + vias.count) * 4 + entries.count * 8
      + windows.count * 16
  }

  /// A digest of all rows, to compare two builds: equal networks give equal digests.
  package var digest: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01b3 }
    for index in 0..<rows.count { mix(UInt64(rows.base[index])) }
    for index in 0..<entries.count {
      let entry = entries.base[index]
      mix(
        UInt64(entry.cutoff) << 48 | UInt64(entry.window) << 32
          | UInt64(entry.orderBy) << 16 | UInt64(entry.confidence))
      mix(UInt64(vias.base[index].rawValue))
    }
    for index in 0..<windows.count {
      let window = windows.base[index]
      mix(UInt64(UInt32(bitPattern: window.from)) << 32 | UInt64(UInt32(bitPattern: window.to)))
    }
    return hash
  }

  /// The bounds of a row in `entries`; empty for nodes and destinations the build did not know.
  @inline(__always)
  func row(node: UInt16, destination: UInt32) -> (start: Int, end: Int) {
    guard Int(node) < ranks.count, Int(destination) < destinationCount else { return (0, 0) }
    let rank = ranks.base[Int(node)]
    if rank == Self.noRank { return (0, 0) }
    let slot = Int(destination) * rankCount + Int(rank)
    return (Int(rows.base[slot]), Int(rows.base[slot + 1]))
  }

  /// The head of a row, or nil where there is no row or no heads.
  @inline(__always)
  func head(node: UInt16, destination: UInt32) -> UnsafePointer<UInt16>? {
    guard Int(node) < ranks.count, Int(destination) < destinationCount, heads.count > 0 else {
      return nil
    }
    let rank = ranks.base[Int(node)]
    if rank == Self.noRank { return nil }
    let slot = Int(destination) * rankCount + Int(rank)
    return UnsafePointer(heads.base + slot * 2 * ProfileHead.depth)
  }

  /// Has the head and the bounds of a row read.
  @inline(__always)
  func prefetch(node: UInt16, destination: UInt32) {
    guard Int(node) < ranks.count, Int(destination) < destinationCount else { return }
    let rank = ranks.base[Int(node)]
    if rank == Self.noRank { return }
    let slot = Int(destination) * rankCount + Int(rank)
    if heads.count > 0 { promised_prefetch(heads.base + slot * 2 * ProfileHead.depth) }
    promised_prefetch(rows.base + slot)
  }

  /// The first entry of a row with a cutoff at or after `minute`; `end` if none.
  func firstEntry(_ row: (start: Int, end: Int), cutoffFrom minute: Int32) -> Int {
    var low = row.start
    // As in deciding: cutoffs asked for are nearly always close to the beginning.
    let near = min(row.end, low + 6)
    while low < near {
      if Int32(entries.base[low].cutoff) >= minute { return low }
      low += 1
    }
    var high = row.end
    while low < high {
      let middle = (low + high) / 2
      if Int32(entries.base[middle].cutoff) < minute { low = middle + 1 } else { high = middle }
    }
    return low
  }

  @inline(__always)
  func window(_ entry: ProfileEntry, destination: UInt32) -> DeliveryWindow {
    windows.base[Int(windowStarts.base[Int(destination)]) + Int(entry.window)]
  }

  /// The node's processing on its shifts, as the profile knows it; nil for nodes without a calendar.
  package func readyFunction(node: UInt16) -> ReadyFunction? {
    Int(node) < image.nodes.count ? openings.readyFunction(node: node) : nil
  }
}

/// The opening times of every node that has a calendar, shared by nodes with the same ones.
struct NodeOpenings: ~Copyable, @unchecked Sendable {
  /// By node: which list of intervals; `noList` = the node has no calendar.
  var lists: OwnedBuffer<UInt32>
  /// By node: minutes of processing.
  var processing: OwnedBuffer<Int32>
  var starts: OwnedBuffer<UInt32>
  var opens = OwnedBuffer<Int32>()
  var closes = OwnedBuffer<Int32>()
  var totals = OwnedBuffer<Int32>()

  static var noList: UInt32 { .max }

  init(image: NetworkImage, clocks: [HorizonClock]) {
    lists = OwnedBuffer(repeating: Self.noList, count: image.nodes.count)
    processing = OwnedBuffer(repeating: 0, count: image.nodes.count)
    starts = OwnedBuffer(repeating: 0, count: 1)
    // Looked up only; lists are numbered in order of the nodes.
    var known: [UInt64: UInt32] = [:]
    for (index, node) in image.nodes.enumerated() {
      guard let node, node.calendar != .noIndex else { continue }
      processing.base[index] = node.processingMinutes
      let key = UInt64(node.calendar) << 32 | UInt64(node.timeZone)
      if let list = known[key] {
        lists.base[index] = list
        continue
      }
      let list = UInt32(known.count)
      known[key] = list
      lists.base[index] = list
      var total: Int32 = 0
      let rules = image.calendars[Int(node.calendar)]
      let clock = clocks[Int(node.timeZone)]
      for interval in HorizonCalendar.openIntervals(rules, clock: clock) {
        total += interval.close - interval.open
        opens.append(interval.open)
        closes.append(interval.close)
        totals.append(total)
      }
      starts.append(UInt32(opens.count))
    }
  }

  func readyFunction(node: UInt16) -> ReadyFunction? {
    let list = lists.base[Int(node)]
    if list == Self.noList { return nil }
    let start = Int(starts.base[Int(list)])
    return ReadyFunction(
      opens: UnsafePointer(opens.base + start), closes: UnsafePointer(closes.base + start),
      totals: UnsafePointer(totals.base + start),
      count: Int(starts.base[Int(list) + 1]) - start)
  }
}

/// Offsets from UTC within the horizon: per time zone, ascending changes.
struct ZoneOffsets: ~Copyable, @unchecked Sendable {
  var starts: OwnedBuffer<UInt32>
  var changes = OwnedBuffer<Change>()
  /// By node: its time zone; `UInt32.noIndex` = removed.
  var nodeZones: OwnedBuffer<UInt32>

  struct Change: BitwiseCopyable {
    var from: Int32
    var offset: Int32
  }

  init(image: NetworkImage, clocks: [HorizonClock]) {
    starts = OwnedBuffer(repeating: 0, count: 1)
    nodeZones = OwnedBuffer(repeating: .noIndex, count: image.nodes.count)
    for clock in clocks {
      for change in clock.offsetChanges() {
        changes.append(Change(from: change.from, offset: change.offset))
      }
      starts.append(UInt32(changes.count))
    }
    for (index, node) in image.nodes.enumerated() {
      if let node { nodeZones.base[index] = node.timeZone }
    }
  }

  /// Seconds east of UTC in a time zone at a minute; a zone changes a few times in a horizon.
  func offset(zone: UInt32, minute: Int32) -> Int32 {
    guard zone != .noIndex else { return 0 }
    var index = Int(starts.base[Int(zone)])
    let end = Int(starts.base[Int(zone) + 1])
    while index + 1 < end, changes.base[index + 1].from <= minute { index += 1 }
    return changes.base[index].offset
  }

  func offset(node: UInt16, minute: Int32) -> Int32 {
    offset(zone: nodeZones.base[Int(node)], minute: minute)
  }
}
