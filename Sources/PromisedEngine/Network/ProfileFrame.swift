import PromisedModel

/// What all profiles of one image and horizon have in common: which nodes have rows, opening times
/// and offsets from UTC.
final class ProfileFrame: @unchecked Sendable {
  let image: NetworkImage
  let horizon: Horizon
  /// By node index; `noRank` = nothing departs from it, it has no row.
  let ranks: OwnedBuffer<UInt16>
  /// The node of each rank.
  let rankedNodes: [UInt16]
  let openings: NodeOpenings
  let offsets: ZoneOffsets
  /// The rows of destinations that were not built.
  let emptyBlock: DestinationBlock

  static var noRank: UInt16 { .max }
  /// Above this many rows heads would be mostly empty: 256 MiB.
  private static var maximumHeads: Int { 1 << 24 }

  init(image: NetworkImage, horizon: Horizon, clocks: [HorizonClock], departs: [Bool]) {
    self.image = image
    self.horizon = horizon
    ranks = OwnedBuffer(repeating: Self.noRank, count: image.nodes.count)
    var rankedNodes: [UInt16] = []
    for (index, departs) in departs.enumerated() where departs {
      ranks.base[index] = UInt16(rankedNodes.count)
      rankedNodes.append(UInt16(index))
    }
    self.rankedNodes = rankedNodes
    openings = NodeOpenings(image: image, clocks: clocks)
    offsets = ZoneOffsets(image: image, clocks: clocks)
    var rows = DestinationRows()
    for _ in rankedNodes { rows.endRow() }
    var arena = BlockArena()
    emptyBlock = DestinationBlock(rows, withHeads: false, in: &arena)
  }

  var withHeads: Bool { rankedNodes.count * image.destinations.count <= Self.maximumHeads }

  /// The rank of a node; `noRank` also for nodes the image does not know.
  @inline(__always)
  func rank(of node: UInt16) -> UInt16 {
    Int(node) < ranks.count ? ranks.base[Int(node)] : Self.noRank
  }

  func readyFunction(node: UInt16) -> ReadyFunction? {
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
