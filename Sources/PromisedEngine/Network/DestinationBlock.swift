import CMemory
import PromisedInvariants

/// Where the rows of one destination lie: what a decision reads.
struct BlockView: BitwiseCopyable {
  /// Eight numbers per rank; nil in vast sparse networks.
  var heads: UnsafePointer<UInt16>?
  /// By rank, where its entries begin, and where the last ones end.
  var starts: UnsafePointer<UInt32>
  var entries: UnsafePointer<ProfileEntry>
  var vias: UnsafePointer<Via>
  var windows: UnsafePointer<DeliveryWindow>

  @inline(__always)
  func row(rank: UInt16) -> (start: Int, end: Int) {
    if rank == ProfileFrame.noRank { return (0, 0) }
    return (Int(starts[Int(rank)]), Int(starts[Int(rank) + 1]))
  }

  @inline(__always)
  func head(rank: UInt16) -> UnsafePointer<UInt16>? {
    guard let heads, rank != ProfileFrame.noRank else { return nil }
    return heads + Int(rank) * 2 * ProfileHead.depth
  }

  /// Has the head and the bounds of a row read.
  @inline(__always)
  func prefetch(rank: UInt16) {
    if rank == ProfileFrame.noRank { return }
    if let heads { promised_prefetch(heads + Int(rank) * 2 * ProfileHead.depth) }
    promised_prefetch(starts + Int(rank))
  }

  /// The first entry of a row with a cutoff at or after `minute`; `end` if none.
  func firstEntry(_ row: (start: Int, end: Int), cutoffFrom minute: Int32) -> Int {
    var low = row.start
    // As in deciding: cutoffs asked for are nearly always close to the beginning.
    let near = min(row.end, low + 6)
    while low < near {
      if Int32(entries[low].cutoff) >= minute { return low }
      low += 1
    }
    var high = row.end
    while low < high {
      let middle = (low + high) / 2
      if Int32(entries[middle].cutoff) < minute { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// All rows of one destination. Never changes, so that profile sets share what they have in common.
///
///     starts[rank] … starts[rank + 1]   →   entries, ascending, vias beside them
///
/// The common question is answered from the row's head: 16 bytes at a place that follows from the
/// rank alone, so that a candidate costs one cache line. All other questions search the row.
final class DestinationBlock: @unchecked Sendable {
  let view: BlockView
  let rankCount: Int
  let entryCount: Int
  let windowCount: Int
  /// Legs the rows count on: when none of them changes, neither do the rows.
  let legs: LegSet
  let isExact: Bool
  /// Of all rows and windows: equal blocks have equal digests.
  let digest: UInt64
  /// Where the view points into; kept for as long as the block.
  private let memory: BlockMemory
  let byteCount: Int

  init(_ rows: DestinationRows, withHeads: Bool, in arena: inout BlockArena) {
    rankCount = rows.starts.count - 1
    entryCount = rows.entries.count
    windowCount = rows.windows.count
    legs = rows.legs
    isExact = rows.isExact
    let headBytes = withHeads ? rankCount * 4 * ProfileHead.depth : 0
    let startBytes = rows.starts.count * 4
    let entryBytes = entryCount * 8
    let viaBytes = entryCount * 4
    let windowBytes = windowCount * MemoryLayout<DeliveryWindow>.stride
    byteCount = headBytes + startBytes + entryBytes + viaBytes + windowBytes
    let (memory, base) = arena.allocate(byteCount)
    self.memory = memory
    // Every part is a multiple of four bytes, so that the next one is aligned.
    let heads = base.assumingMemoryBound(to: UInt16.self)
    let starts = (base + headBytes).assumingMemoryBound(to: UInt32.self)
    let entries = (base + headBytes + startBytes).assumingMemoryBound(to: ProfileEntry.self)
    let vias = (UnsafeMutableRawPointer(entries) + entryBytes).assumingMemoryBound(to: Via.self)
    let windows = (UnsafeMutableRawPointer(vias) + viaBytes)
      .assumingMemoryBound(to: DeliveryWindow.self)
    starts.copy(rows.starts)
    entries.copy(rows.entries)
    vias.copy(rows.vias)
    windows.copy(rows.windows)
    if withHeads {
      ProfileHead.fill(heads, starts: starts, rankCount: rankCount, entries: entries)
    }
    view = BlockView(
      heads: withHeads ? UnsafePointer(heads) : nil, starts: starts, entries: entries, vias: vias,
      windows: windows)
    digest = rows.digest
  }

  /// Whether these are the block's rows, all of them.
  func holds(_ rows: DestinationRows, digest: UInt64) -> Bool {
    guard digest == self.digest, rows.entries.count == entryCount, rows.legs == legs,
      rows.isExact == isExact, rows.windows.count == windowCount,
      rows.starts.count == rankCount + 1
    else { return false }
    return rows.starts.elementsEqual(UnsafeBufferPointer(start: view.starts, count: rankCount + 1))
      && rows.vias.elementsEqual(UnsafeBufferPointer(start: view.vias, count: entryCount))
      && rows.windows.elementsEqual(UnsafeBufferPointer(start: view.windows, count: windowCount))
      && rows.entries.elementsEqual(UnsafeBufferPointer(start: view.entries, count: entryCount))
  }

  func hasWindows(_ windows: [DeliveryWindow]) -> Bool {
    windows.count == windowCount
      && windows.elementsEqual(UnsafeBufferPointer(start: view.windows, count: windowCount))
  }

  /// Whether an entry leaves `rank` at `cutoff` by way of `via`. O(log entries of the row).
  func takes(_ via: Via, rank: UInt16, at cutoff: Int32) -> Bool {
    let row = view.row(rank: rank)
    let index = view.firstEntry(row, cutoffFrom: cutoff)
    return index < row.end && Int32(view.entries[index].cutoff) == cutoff
      && view.vias[index].rawValue == via.rawValue
  }
}

extension UnsafeMutablePointer {
  fileprivate func copy(_ elements: [Pointee]) {
    elements.withUnsafeBufferPointer {
      if let source = $0.baseAddress { initialize(from: source, count: $0.count) }
    }
  }
}

/// Memory of blocks that were built together; freed with the last of them.
final class BlockMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer

  init(byteCount: Int) {
    base = .allocate(
      byteCount: byteCount,
      alignment: HugePages.areWorthwhile(byteCount) ? HugePages.byteCount : 64)
    HugePages.advise(base, bytes: byteCount)
  }

  deinit { base.deallocate() }
}

/// Hands out memory for blocks, one after the other: rows of all destinations are read at random,
/// and large pages keep that from missing the processor's page cache.
struct BlockArena: ~Copyable {
  private var memory: BlockMemory?
  private var used = 0
  private var capacity = 0

  private static var smallest: Int { 1 << 16 }
  private static var largest: Int { 1 << 22 }

  /// Memory that begins on a cache line.
  mutating func allocate(_ byteCount: Int) -> (memory: BlockMemory, base: UnsafeMutableRawPointer) {
    let size = (byteCount + 63) & ~63
    if let memory, used + size <= capacity {
      defer { used += size }
      return (memory, memory.base + used)
    }
    // Growing sizes: a small network is not to hold large pages.
    capacity = max(size, min(max(Self.smallest, capacity * 2), Self.largest))
    used = size
    let grown = BlockMemory(byteCount: capacity)
    memory = grown
    return (grown, grown.base)
  }
}
