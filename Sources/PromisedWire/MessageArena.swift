import CPromisedMessages
import CProtobufC
import PromisedInvariants
import PromisedModel

/// The memory of one request's message: libprotobuf-c allocates from it, and `reset` frees all.
///
/// Memory is taken by moving a pointer. A budget of 64 KiB + 24 × payload bytes, never above
/// 64 MiB, bounds what any message can make the library allocate: beyond it the allocator answers
/// NULL and the library gives up cleanly. The first block is kept between requests; the blocks a
/// large message needed besides are freed at the next reset.
struct MessageArena: ~Copyable {
  /// Kept for good; most requests need far less, and what is not touched takes no memory.
  static var keptBlockBytes: Int { 1 << 20 }
  private static var alignment: Int { 16 }

  /// Lives at a fixed address, because the C library holds pointers to it.
  private struct State {
    var allocator = ProtobufCAllocator()
    /// Where the next allocation goes, and the end of the block it goes to.
    var next: UnsafeMutableRawPointer
    var end: UnsafeMutableRawPointer
    var kept: UnsafeMutableRawPointer
    /// Blocks beyond the kept one, each starting with the address of the one before.
    var extra: UnsafeMutableRawPointer?
    /// Bytes that may still be given out.
    var budget = 0
    var isExhausted = false
  }

  private let state: UnsafeMutablePointer<State>

  init() {
    let kept = UnsafeMutableRawPointer.allocate(
      byteCount: Self.keptBlockBytes, alignment: Self.alignment)
    state = .allocate(capacity: 1)
    state.initialize(
      to: State(next: kept, end: kept + Self.keptBlockBytes, kept: kept))
    state.pointee.allocator.alloc = { data, size in
      guard let data else { return nil }
      return MessageArena.allocate(data.assumingMemoryBound(to: State.self), size)
    }
    // Freed together, by `reset`.
    state.pointee.allocator.free = { _, _ in }
    state.pointee.allocator.allocator_data = UnsafeMutableRawPointer(state)
  }

  deinit {
    Self.freeExtra(state)
    state.pointee.kept.deallocate()
    state.deallocate()
  }

  /// For protobuf-c's unpack; valid as long as the arena.
  var allocator: UnsafeMutablePointer<ProtobufCAllocator> {
    UnsafeMutableRawPointer(state).assumingMemoryBound(to: ProtobufCAllocator.self)
  }

  /// Whether something was denied since the last reset.
  var isExhausted: Bool { state.pointee.isExhausted }

  /// Bytes that may still be given out.
  var budget: Int { state.pointee.budget }

  /// Frees everything and sets the budget for a payload of `payloadBytes`.
  mutating func reset(payloadBytes: Int) {
    if state.pointee.extra != nil { Self.freeExtra(state) }
    state.pointee.next = state.pointee.kept
    state.pointee.end = state.pointee.kept + Self.keptBlockBytes
    state.pointee.isExhausted = false
    let (scaled, overflow) = payloadBytes.multipliedReportingOverflow(
      by: Limits.arenaBytesPerFrameByte)
    state.pointee.budget =
      overflow
      ? Limits.arenaHardStopBytes
      : min(Limits.arenaHardStopBytes, max(scaled, 0) + Limits.arenaBaseBytes)
  }

  /// Memory for `count` elements, or nil when the budget is spent.
  mutating func allocate<Element: BitwiseCopyable>(
    _: Element.Type, count: Int
  ) -> UnsafeMutablePointer<Element>? {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow else { return nil }
    return Self.allocate(state, bytes)?.bindMemory(to: Element.self, capacity: count)
  }

  private static func allocate(
    _ state: UnsafeMutablePointer<State>, _ size: Int
  ) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= state.pointee.budget else {
      state.pointee.isExhausted = true
      return nil
    }
    // At most the hard stop, so the rounding cannot overflow. Nothing is given out twice: a size
    // of 0 takes a step too.
    let rounded = max(alignment, (size + alignment - 1) & ~(alignment - 1))
    state.pointee.budget -= min(rounded, state.pointee.budget)
    if rounded > state.pointee.end - state.pointee.next { addBlock(state, rounded) }
    let result = state.pointee.next
    state.pointee.next = result + rounded
    return result
  }

  @inline(never)
  private static func addBlock(_ state: UnsafeMutablePointer<State>, _ size: Int) {
    let byteCount = alignment + max(size, min(state.pointee.budget, 4 * keptBlockBytes))
    let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: alignment)
    block.storeBytes(of: state.pointee.extra, as: UnsafeMutableRawPointer?.self)
    state.pointee.extra = block
    state.pointee.next = block + alignment
    state.pointee.end = block + byteCount
  }

  @inline(never)
  private static func freeExtra(_ state: UnsafeMutablePointer<State>) {
    while let block = state.pointee.extra {
      state.pointee.extra = block.load(as: UnsafeMutableRawPointer?.self)
      block.deallocate()
    }
  }
}
