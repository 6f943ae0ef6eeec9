/// Columns of integers as zigzag varints of the difference from the row before (0 before the
/// first). Sorted or slowly moving columns take one or two bytes a row before compression.
///
/// Differences wrap at 64 bits, so that every column of UInt64, Int64, UInt32, Int32 or UInt16
/// round-trips, whatever its values.
extension ByteBuffer {
  /// Appends a column; its row count is the caller's to keep. O(rows), at most 10 bytes a row.
  mutating func write<Value: FixedWidthInteger>(column values: UnsafeBufferPointer<Value>) {
    reserve(values.count &* 10)
    var previous: UInt64 = 0
    var end = storedCount
    for value in values {
      let wide = UInt64(truncatingIfNeeded: value)
      var rest = zigzag(Int64(bitPattern: wide &- previous))
      previous = wide
      while rest >= 0x80 {
        base.storeBytes(
          of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: end, as: UInt8.self)
        end &+= 1
        rest >>= 7
      }
      base.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: end, as: UInt8.self)
      end &+= 1
    }
    storedCount = end
  }
}

extension ByteReader {
  /// Fills `rows` from a column written by `append(column:)`.
  ///
  /// Throws when the bytes end early or a value does not fit the type; what `rows` holds is then
  /// unspecified. The memory of `rows` need not be initialised. O(rows).
  mutating func fill<Value: FixedWidthInteger>(
    column rows: UnsafeMutableBufferPointer<Value>
  ) throws(ByteError) {
    guard let target = rows.baseAddress else { return }
    var previous: UInt64 = 0
    for row in 0..<rows.count {
      previous = previous &+ UInt64(bitPattern: unzigzag(try readVarint()))
      let value = Value(truncatingIfNeeded: previous)
      guard UInt64(truncatingIfNeeded: value) == previous else { throw .outOfRange }
      (target + row).initialize(to: value)
    }
  }
}
