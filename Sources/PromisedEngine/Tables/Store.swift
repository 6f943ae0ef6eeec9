import CMemory
import Glibc
import PromisedInvariants

/// A flat, growing run of trivial elements, owned by a table of the state.
///
/// Growth goes through `realloc`, which moves large blocks by remapping pages instead of copying
/// them. Pointers into a store are valid until it next grows. Elements begin at a cache line, so that
/// those of 64 or 32 bytes are read in one.
struct Store<Element: BitwiseCopyable>: ~Copyable {
  /// What `realloc` knows; `base` is the first cache line in it.
  private var memory: UnsafeMutableRawPointer
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var count: Int
  private(set) var capacity: Int

  init(capacity: Int = 16) {
    self.capacity = max(capacity, 1)
    count = 0
    memory = Self.reallocate(nil, self.capacity)
    base = Self.line(memory).assumingMemoryBound(to: Element.self)
  }

  /// `count` elements of zero bytes.
  init(zeroed count: Int) {
    self.init(capacity: count)
    resize(to: count)
  }

  deinit { free(memory) }

  @inline(__always)
  subscript(index: Int) -> Element {
    get {
      invariant(index >= 0 && index < count, "store index out of range")
      return base[index]
    }
    nonmutating set {
      invariant(index >= 0 && index < count, "store index out of range")
      base[index] = newValue
    }
  }

  /// The element's place, for changes of single fields; valid until the store grows.
  @inline(__always)
  func at(_ index: Int) -> UnsafeMutablePointer<Element> {
    invariant(index >= 0 && index < count, "store index out of range")
    return base + index
  }

  /// Has an element read soon.
  @inline(__always)
  func prefetch(_ index: Int) { promised_prefetch(at(index)) }

  /// Appends one element and answers its index. Amortised constant time.
  @inline(__always)
  @discardableResult
  mutating func append(_ element: Element) -> Int {
    if _slowPath(count == capacity) { reserve(capacity * 2) }
    base[count] = element
    count += 1
    return count - 1
  }

  /// Makes room for `newCapacity` elements in all.
  @inline(never)
  mutating func reserve(_ newCapacity: Int) {
    if newCapacity <= capacity { return }
    let offset = UnsafeRawPointer(base) - UnsafeRawPointer(memory)
    memory = Self.reallocate(memory, newCapacity)
    let line = Self.line(memory)
    // Large blocks stand at the same place of a page wherever they move.
    if line != memory + offset {
      memmove(line, memory + offset, count * MemoryLayout<Element>.stride)
    }
    base = line.assumingMemoryBound(to: Element.self)
    capacity = newCapacity
  }

  /// Grows or shrinks to `newCount`; new elements are zero bytes.
  mutating func resize(to newCount: Int) {
    if newCount > capacity { reserve(max(newCount, min(capacity * 2, capacity + (1 << 28)))) }
    if newCount > count {
      memset(base + count, 0, (newCount - count) * MemoryLayout<Element>.stride)
    }
    count = newCount
  }

  /// Forgets all elements and keeps the memory.
  mutating func removeAll() { count = 0 }

  mutating func removeLast() -> Element {
    invariant(count > 0, "removing from an empty store")
    count -= 1
    return base[count]
  }

  private static func reallocate(
    _ memory: UnsafeMutableRawPointer?, _ capacity: Int
  ) -> UnsafeMutableRawPointer {
    let bytes = capacity.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    invariant(!bytes.overflow && bytes.partialValue < Int.max - 64, "store size overflows")
    guard let grown = realloc(memory, bytes.partialValue + 64) else {
      invariant(false, "out of memory")
      abort()
    }
    HugePages.advise(grown, bytes: bytes.partialValue + 64)
    return grown
  }

  private static func line(_ memory: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    memory.alignedUp(toMultipleOf: 64)
  }
}
