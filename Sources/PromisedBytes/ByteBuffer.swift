import PromisedInvariants

/// A growable run of bytes with one owner.
///
/// Encoders append to it, then lend `bytes` to a write. `clear` keeps the memory, so that a buffer
/// filled again and again allocates only while it still grows. All integers are little-endian.
///
///     var buffer = ByteBuffer(capacity: 64)
///     buffer.append(UInt32(7))
///     buffer.appendVarint(300)      // AC 02
///
/// Not for bytes that arrive from outside: read those with `ByteReader`, which never traps.
public struct ByteBuffer: ~Copyable, @unchecked Sendable {
  @usableFromInline internal var base: UnsafeMutableRawPointer
  /// The bytes appended since the last `clear`.
  public var count: Int {
    @inlinable get { storedCount }
  }
  @usableFromInline internal var storedCount: Int
  /// The bytes that fit before the memory must grow; at least `count`.
  @usableFromInline internal var capacity: Int

  /// Makes an empty buffer with room for `capacity` bytes.
  public init(capacity: Int = 256) {
    let room = max(capacity, 16)
    base = .allocate(byteCount: room, alignment: 16)
    storedCount = 0
    self.capacity = room
  }

  deinit { base.deallocate() }

  /// The bytes held, valid until the next mutation.
  @inlinable
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: storedCount)
  }

  /// Forgets the bytes and keeps the memory.
  @inlinable
  public mutating func clear() { storedCount = 0 }

  /// Makes room for `extra` more bytes. Amortised O(1) per byte.
  @inlinable
  public mutating func reserve(_ extra: Int) {
    if _slowPath(capacity - storedCount < extra) { grow(extra) }
  }

  @usableFromInline
  @inline(never)
  internal mutating func grow(_ extra: Int) {
    invariant(extra >= 0 && extra <= Int.max / 4, "a buffer grows by a sane count")
    let room = max(capacity * 2, storedCount + extra)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 16)
    larger.copyMemory(from: base, byteCount: storedCount)
    base.deallocate()
    base = larger
    capacity = room
  }

  /// Appends an integer, least significant byte first.
  @inlinable
  public mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    let size = MemoryLayout<Value>.size
    reserve(size)
    base.storeBytes(of: value.littleEndian, toByteOffset: storedCount, as: Value.self)
    storedCount &+= size
  }

  /// Appends bytes as they are.
  @inlinable
  public mutating func append(bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    (base + storedCount).copyMemory(from: source, byteCount: bytes.count)
    storedCount &+= bytes.count
  }

  /// Appends `count` zero bytes.
  @inlinable
  public mutating func append(zeros count: Int) {
    reserve(count)
    (base + storedCount).initializeMemory(as: UInt8.self, repeating: 0, count: count)
    storedCount &+= count
  }

  /// Appends LEB128: seven bits a byte, low bits first, the top bit set on all but the last.
  /// Takes 1 to 10 bytes.
  @inlinable
  public mutating func appendVarint(_ value: UInt64) {
    reserve(10)
    var rest = value
    while rest >= 0x80 {
      base.storeBytes(
        of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: storedCount, as: UInt8.self)
      storedCount &+= 1
      rest >>= 7
    }
    base.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: storedCount, as: UInt8.self)
    storedCount &+= 1
  }

  /// Appends a signed number as a varint of its zigzag form: 0, -1, 1, -2 become 0, 1, 2, 3.
  @inlinable
  public mutating func appendZigzag(_ value: Int64) {
    appendVarint(zigzag(value))
  }

  /// Lends room for `count` bytes behind the last one to `fill`, which returns how many it wrote.
  @inlinable
  public mutating func append<Failure: Error>(
    upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    reserve(count)
    let room = UnsafeMutableRawBufferPointer(start: base + storedCount, count: count)
    let written = try fill(room)
    invariant(written >= 0 && written <= count, "no more is written than there is room for")
    storedCount &+= written
  }

  /// Replaces bytes already appended, for lengths and checksums known only afterwards.
  @inlinable
  public mutating func overwrite<Value: FixedWidthInteger>(at offset: Int, with value: Value) {
    invariant(
      offset >= 0 && offset <= storedCount - MemoryLayout<Value>.size,
      "an overwrite stays within the bytes appended")
    base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
  }

  /// Drops the bytes from `count` on.
  @inlinable
  public mutating func truncate(to count: Int) {
    invariant(count >= 0 && count <= storedCount, "a buffer is cut to fewer bytes")
    storedCount = count
  }
}

/// Maps small magnitudes of either sign to small unsigned numbers.
@inlinable
@inline(__always)
public func zigzag(_ value: Int64) -> UInt64 {
  UInt64(bitPattern: (value << 1) ^ (value >> 63))
}

/// The inverse of `zigzag`.
@inlinable
@inline(__always)
public func unzigzag(_ value: UInt64) -> Int64 {
  Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
}
