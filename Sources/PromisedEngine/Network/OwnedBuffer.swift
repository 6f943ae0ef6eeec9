/// Memory that grows at its end while it is built and is freed with its owner.
struct OwnedBuffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var count: Int
  private var capacity: Int

  init(capacity: Int = 16) {
    self.capacity = max(capacity, 1)
    base = Self.allocate(self.capacity)
    count = 0
  }

  init(repeating element: Element, count: Int) {
    self.init(capacity: count)
    base.initialize(repeating: element, count: count)
    self.count = count
  }

  deinit { base.deallocate() }

  @inline(__always)
  mutating func append(_ element: Element) {
    if _slowPath(count == capacity) { grow() }
    base[count] = element
    count += 1
  }

  mutating func removeAll() { count = 0 }

  /// Makes room for `count` elements, which the caller writes before anyone reads them.
  mutating func resize(to count: Int) {
    while capacity < count { grow() }
    self.count = count
  }

  var buffer: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }

  private mutating func grow() {
    let grown = Self.allocate(capacity * 2)
    grown.update(from: base, count: count)
    base.deallocate()
    base = grown
    capacity *= 2
  }

  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element> {
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
    HugePages.advise(memory, bytes: capacity * MemoryLayout<Element>.stride)
    return memory
  }
}
