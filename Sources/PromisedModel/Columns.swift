import PromisedInvariants

// Public, like the bytes below them and the few enumerations that a row is switched by: across
// modules the compiler inlines only what is public. As `package` each element read would be a call of
// an unspecialised function, and each comparison of a kind one through a witness table.

/// A borrowed run of `Element`s: a column of a request, a record or a reply.
///
/// The memory belongs to somebody else (a request's arena, a record's scratch space, the state's
/// tables) and is valid only until that owner is reset. A column is passed down the call stack and
/// never stored. Use an `Array` where the values must outlive the request.
public struct Column<Element: BitwiseCopyable> {
  /// The first value; nil only where there are none.
  public let base: UnsafePointer<Element>?
  /// How many values.
  public let count: Int

  /// Lends values from memory that outlives it.
  @inlinable @inline(__always)
  public init(base: UnsafePointer<Element>?, count: Int) {
    self.base = base
    self.count = count
  }

  /// Lends the values of a buffer that outlives it.
  @inlinable @inline(__always)
  public init(_ buffer: UnsafeBufferPointer<Element>) {
    self.init(base: buffer.baseAddress, count: buffer.count)
  }

  /// No rows.
  @inlinable
  public static var empty: Column { Column(base: nil, count: 0) }

  /// There are no values.
  @inlinable
  public var isEmpty: Bool { count == 0 }

  /// A value. Constant time; the row must exist.
  @inlinable @inline(__always)
  public subscript(index: Int) -> Element {
    invariant(index >= 0 && index < count, "column index out of range")
    return base.unsafelyUnwrapped[index]
  }

  /// The values, lent for as long as the column lives.
  @inlinable
  public var buffer: UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: base, count: count)
  }
}

/// Borrowed bytes: a key or a name inside a request, a record or the state's name arena.
///
/// The two fields stand in the order of protobuf-c's `ProtobufCBinaryData`, so that an unpacked
/// `repeated string` column is a `Column<BorrowedBytes>` without a copy.
public struct BorrowedBytes: BitwiseCopyable {
  /// How many bytes.
  public let count: Int
  /// The first byte; nil only where there are none.
  public let base: UnsafePointer<UInt8>?

  /// Lends bytes from memory that outlives it.
  @inlinable @inline(__always)
  public init(base: UnsafePointer<UInt8>?, count: Int) {
    self.base = base
    self.count = count
  }

  /// Lends the bytes of a buffer that outlives it.
  @inlinable
  public init(_ buffer: UnsafeBufferPointer<UInt8>) {
    self.init(base: buffer.baseAddress, count: buffer.count)
  }

  /// No bytes.
  @inlinable
  public static var empty: BorrowedBytes { BorrowedBytes(base: nil, count: 0) }

  /// There are no bytes.
  @inlinable
  public var isEmpty: Bool { count == 0 }

  /// The bytes, lent for as long as they live.
  @inlinable
  public var buffer: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: base, count: count)
  }

  /// An owned copy.
  package var name: Name { Name(Array(buffer)) }
}

/// Borrowed keys, packed one after another, with a length each.
///
/// Invariant, checked by whoever builds one: the lengths add up to `bytes.count`.
public struct KeyColumn {
  /// The keys one after another.
  public let bytes: Column<UInt8>
  /// How many bytes each key has.
  public let lengths: Column<UInt32>

  /// Keys by their bytes and lengths.
  @inlinable
  public init(bytes: Column<UInt8>, lengths: Column<UInt32>) {
    self.bytes = bytes
    self.lengths = lengths
  }

  /// No keys.
  @inlinable
  public static var empty: KeyColumn { KeyColumn(bytes: .empty, lengths: .empty) }

  /// How many keys.
  @inlinable
  public var count: Int { lengths.count }

  /// The key of the row at `offset` bytes with the length of row `index`; advance `offset` by its
  /// count for the next row. Constant time; rows are read in order.
  @inlinable @inline(__always)
  public func key(_ index: Int, at offset: inout Int) -> BorrowedBytes {
    let length = Int(lengths[index])
    invariant(offset + length <= bytes.count, "key lengths exceed the key bytes")
    let key = BorrowedBytes(base: bytes.base.map { $0 + offset }, count: length)
    offset += length
    return key
  }
}

/// An owned, growing column whose memory is kept between uses; a reply's building block.
///
/// `removeAll` keeps the capacity, so that a steady stream of replies allocates nothing.
public struct GrowableColumn<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var base: UnsafeMutablePointer<Element>
  @usableFromInline var capacity: Int
  @usableFromInline var elementCount: Int

  /// How many values.
  @inlinable @inline(__always)
  public var count: Int { elementCount }

  /// No values yet, and room for some.
  public init(capacity: Int = 16) {
    self.capacity = max(capacity, 1)
    base = .allocate(capacity: self.capacity)
    elementCount = 0
  }

  deinit { base.deallocate() }

  /// Appends one element. Amortised constant time.
  @inlinable @inline(__always)
  public mutating func append(_ element: Element) {
    if _slowPath(elementCount == capacity) { grow(to: capacity * 2) }
    base[elementCount] = element
    elementCount &+= 1
  }

  /// Appends borrowed elements in order.
  public mutating func append(contentsOf column: Column<Element>) {
    guard let source = column.base, column.count > 0 else { return }
    if count + column.count > capacity { grow(to: max(capacity * 2, count + column.count)) }
    (base + count).update(from: source, count: column.count)
    elementCount += column.count
  }

  /// Forgets the values and keeps the memory.
  @inlinable
  public mutating func removeAll() { elementCount = 0 }

  /// A value. Constant time; the row must exist.
  @inlinable
  public subscript(index: Int) -> Element {
    get {
      invariant(index >= 0 && index < count, "column index out of range")
      return base[index]
    }
    set {
      invariant(index >= 0 && index < count, "column index out of range")
      base[index] = newValue
    }
  }

  /// The elements; valid until the next mutation.
  public var column: Column<Element> { Column(base: UnsafePointer(base), count: count) }

  @usableFromInline @inline(never)
  mutating func grow(to newCapacity: Int) {
    let grown = UnsafeMutablePointer<Element>.allocate(capacity: newCapacity)
    grown.update(from: base, count: count)
    base.deallocate()
    base = grown
    capacity = newCapacity
  }
}
