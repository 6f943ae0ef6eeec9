import PromisedInvariants

/// A queue of trivial elements that is read by number: added at its end, forgotten at its beginning.
///
/// Elements are numbered from 0 without end; `first..<end` are there. They stand in chunks that are
/// used again once all their elements are forgotten, so that a queue neither copies nor clears
/// anything when it grows: nobody waits for more than the memory that is filled next. A pointer to an
/// element is valid until the element is forgotten.
struct ChunkedQueue<Element: BitwiseCopyable>: ~Copyable {
  /// Chunks by their number, modulo the count of this directory, a power of two.
  private var chunks = Store<UnsafeMutablePointer<Element>?>(zeroed: 4)
  private var spares = Store<UnsafeMutablePointer<Element>>()
  private var chunkCount = 0
  /// A chunk has 2^shift elements, the least power of two that fills 4 MiB.
  private let shift: UInt64
  private(set) var first: UInt64 = 0
  private(set) var end: UInt64 = 0

  init() {
    var shift: UInt64 = 0
    while MemoryLayout<Element>.stride << Int(shift) < 1 << 22 { shift += 1 }
    self.shift = shift
  }

  deinit {
    for place in 0..<chunks.count { chunks[place]?.deallocate() }
    for place in 0..<spares.count { spares[place].deallocate() }
  }

  var count: Int { Int(end - first) }

  /// The element's place; valid until it is forgotten.
  @inline(__always)
  func at(_ number: UInt64) -> UnsafeMutablePointer<Element> {
    let chunk = chunks.base[place(of: number >> shift)].unsafelyUnwrapped
    return chunk + Int(truncatingIfNeeded: number & (1 << shift &- 1))
  }

  @inline(__always)
  private func place(of chunk: UInt64) -> Int {
    Int(truncatingIfNeeded: chunk) & (chunks.count - 1)
  }

  /// Makes room for `wanted` more elements.
  mutating func reserve(_ wanted: Int) {
    let last = (end &+ UInt64(wanted)) >> shift
    while last - first >> shift >= UInt64(chunks.count) { growDirectory() }
    var number = end >> shift
    while number <= last {
      let place = place(of: number)
      if chunks[place] == nil {
        let added = chunk()
        chunks[place] = added
      }
      number += 1
    }
  }

  /// Adds an element; `reserve` made room.
  @inline(__always)
  mutating func append(_ element: Element) {
    at(end).pointee = element
    end &+= 1
  }

  /// Forgets the elements before `number`.
  mutating func forget(before number: UInt64) {
    invariant(number >= first && number <= end, "a queue forgets what it does not have")
    var chunk = first >> shift
    first = number
    while chunk < number >> shift {
      let place = place(of: chunk)
      if let free = chunks[place] { spares.append(free) }
      chunks[place] = nil
      chunk += 1
    }
  }

  private mutating func chunk() -> UnsafeMutablePointer<Element> {
    if spares.count > 0 { return spares.removeLast() }
    let bytes = MemoryLayout<Element>.stride << Int(shift)
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: bytes, alignment: HugePages.byteCount)
    // A small queue takes small pages.
    if chunkCount > 0 { HugePages.advise(memory, bytes: bytes) }
    chunkCount += 1
    return memory.bindMemory(to: Element.self, capacity: 1 << Int(shift))
  }

  private mutating func growDirectory() {
    var grown = Store<UnsafeMutablePointer<Element>?>(zeroed: chunks.count * 2)
    var number = first >> shift
    for _ in 0..<chunks.count {
      grown[Int(truncatingIfNeeded: number) & (grown.count - 1)] = chunks[place(of: number)]
      number += 1
    }
    swap(&chunks, &grown)
  }
}
