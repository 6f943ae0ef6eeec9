/// Why bytes from outside cannot be read as asked.
public enum ByteError: Error, Equatable, Sendable {
  /// Fewer bytes are left than the value takes.
  case ended
  /// A varint does not fit 64 bits, or is longer than its value needs.
  case malformedVarint
  /// A number lies outside the type of the column it stands in.
  case outOfRange
}

/// A cursor over bytes that may say anything: every read either succeeds or throws; none traps,
/// none allocates. The bytes must outlive the reader. After a throw the offset is unchanged,
/// except in bulk column reads.
public struct ByteReader {
  @usableFromInline internal let source: UnsafeRawBufferPointer
  /// The bytes read so far; never above the count of bytes.
  @usableFromInline internal var position: Int

  /// Reads `bytes` from the start.
  @inlinable
  public init(_ bytes: UnsafeRawBufferPointer) {
    source = bytes
    position = 0
  }

  /// The offset of the next byte to read.
  @inlinable
  public var offset: Int { position }

  /// The bytes left to read.
  @inlinable
  public var remaining: Int { source.count &- position }

  /// Reads a little-endian integer.
  @inlinable
  public mutating func read<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self
  ) throws(ByteError) -> Value {
    let size = MemoryLayout<Value>.size
    guard remaining >= size else { throw .ended }
    let value = source.loadUnaligned(fromByteOffset: position, as: Value.self)
    position &+= size
    return Value(littleEndian: value)
  }

  /// Reads `count` bytes in place; they live as long as the bytes under the reader.
  @inlinable
  public mutating func read(bytes count: Int) throws(ByteError) -> UnsafeRawBufferPointer {
    guard count >= 0, remaining >= count else { throw .ended }
    let slice = UnsafeRawBufferPointer(rebasing: source[position..<(position &+ count)])
    position &+= count
    return slice
  }

  /// Reads LEB128 in its shortest form: one value has exactly one encoding.
  @inlinable
  public mutating func readVarint() throws(ByteError) -> UInt64 {
    var next = position
    guard next < source.count else { throw .ended }
    let first = source[next]
    next &+= 1
    if first < 0x80 {
      position = next
      return UInt64(first)
    }
    var value = UInt64(first & 0x7f)
    var shift: UInt64 = 7
    while true {
      guard next < source.count else { throw .ended }
      let byte = source[next]
      next &+= 1
      // The tenth byte holds bit 63 alone.
      guard shift < 63 || byte <= 1 else { throw .malformedVarint }
      value |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 {
        guard byte != 0 else { throw .malformedVarint }
        position = next
        return value
      }
      shift &+= 7
    }
  }

  /// Reads a zigzag varint.
  @inlinable
  public mutating func readZigzag() throws(ByteError) -> Int64 {
    unzigzag(try readVarint())
  }
}
