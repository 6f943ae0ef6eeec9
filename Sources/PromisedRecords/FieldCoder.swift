import PromisedBytes
import PromisedInvariants
import PromisedModel

/// Walks the fields of a row in their stored order, either writing or filling them.
///
/// Each stored shape is described once, as a function over a coder, so that what is written and
/// what is read cannot drift apart. Counts are varints; columns are delta-zigzag-varint; a name is
/// a length and its bytes. Every row of a column takes at least one byte, so a count is refused
/// unless as many bytes are left, and memory stays bounded by the record.
package protocol FieldCoder: ~Copyable {
  mutating func number<Value: FixedWidthInteger>(_ value: inout Value) throws(RecordError)
  mutating func column<Value: FixedWidthInteger>(_ values: inout [Value]) throws(RecordError)
  mutating func bytes(_ value: inout [UInt8]) throws(RecordError)
  mutating func list<Row>(
    _ rows: inout [Row], blank: Row,
    _ code: (inout Row, inout Self) throws(RecordError) -> Void
  ) throws(RecordError)
}

extension FieldCoder where Self: ~Copyable {
  mutating func name(_ value: inout Name) throws(RecordError) {
    var raw = value.bytes
    try bytes(&raw)
    value = Name(raw)
  }

  mutating func names(_ values: inout [Name]) throws(RecordError) {
    try list(&values, blank: Name.empty) { (name, coder) throws(RecordError) in
      try coder.name(&name)
    }
  }

  mutating func keys(_ value: inout PackedKeys) throws(RecordError) {
    try column(&value.lengths)
    try bytes(&value.bytes)
    var total = 0
    for length in value.lengths { total += Int(length) }
    if total != value.bytes.count { throw .malformed("key lengths") }
  }

  mutating func flag(_ value: inout Bool) throws(RecordError) {
    var raw: UInt8 = value ? 1 : 0
    try number(&raw)
    if raw > 1 { throw .malformed("flag") }
    value = raw == 1
  }

  mutating func choice<Value: RawRepresentable>(
    _ value: inout Value
  ) throws(RecordError) where Value.RawValue: FixedWidthInteger {
    var raw = value.rawValue
    try number(&raw)
    guard let known = Value(rawValue: raw) else {
      throw .malformed(String(describing: Value.self))
    }
    value = known
  }
}

/// Writes fields to the end of a buffer.
package struct FieldWriter: FieldCoder, ~Copyable {
  package var buffer: ByteBuffer

  package init(capacity: Int = 1024) { buffer = ByteBuffer(capacity: capacity) }

  /// Gives up the writer for its bytes.
  package consuming func takeBuffer() -> ByteBuffer { buffer }

  package mutating func number<Value: FixedWidthInteger>(_ value: inout Value) {
    if Value.isSigned {
      buffer.appendZigzag(Int64(value))
    } else {
      buffer.appendVarint(UInt64(value))
    }
  }

  package mutating func column<Value: FixedWidthInteger>(_ values: inout [Value]) {
    buffer.appendVarint(UInt64(values.count))
    values.withUnsafeBufferPointer { write($0) }
  }

  /// Rows are written by code made for their type: through the generic one each number would cost
  /// a dozen calls into the runtime.
  private mutating func write<Value: FixedWidthInteger>(_ values: UnsafeBufferPointer<Value>) {
    let raw = UnsafeRawBufferPointer(values)
    if Value.self == Int32.self {
      buffer.append(column: raw.assumingMemoryBound(to: Int32.self))
    } else if Value.self == UInt32.self {
      buffer.append(column: raw.assumingMemoryBound(to: UInt32.self))
    } else if Value.self == UInt16.self {
      buffer.append(column: raw.assumingMemoryBound(to: UInt16.self))
    } else if Value.self == UInt8.self {
      buffer.append(column: raw.assumingMemoryBound(to: UInt8.self))
    } else if Value.self == Int64.self {
      buffer.append(column: raw.assumingMemoryBound(to: Int64.self))
    } else if Value.self == UInt64.self {
      buffer.append(column: raw.assumingMemoryBound(to: UInt64.self))
    } else {
      invariant(false, "no column is made of \(Value.self)")
    }
  }

  package mutating func bytes(_ value: inout [UInt8]) {
    buffer.appendVarint(UInt64(value.count))
    value.withUnsafeBytes { buffer.append(bytes: $0) }
  }

  package mutating func list<Row>(
    _ rows: inout [Row], blank: Row,
    _ code: (inout Row, inout Self) throws(RecordError) -> Void
  ) throws(RecordError) {
    buffer.appendVarint(UInt64(rows.count))
    for index in rows.indices {
      var row = rows[index]
      try code(&row, &self)
    }
  }
}

/// Fills fields from bytes that may say anything; throws where they say nothing.
package struct FieldReader: FieldCoder {
  package var reader: ByteReader

  package init(_ bytes: UnsafeRawBufferPointer) { reader = ByteReader(bytes) }

  package mutating func number<Value: FixedWidthInteger>(_ value: inout Value) throws(RecordError) {
    if Value.isSigned {
      guard let exact = Value(exactly: try read { (r) throws(ByteError) in try r.readZigzag() })
      else { throw .bytes(.outOfRange) }
      value = exact
    } else {
      guard let exact = Value(exactly: try read { (r) throws(ByteError) in try r.readVarint() })
      else { throw .bytes(.outOfRange) }
      value = exact
    }
  }

  package mutating func column<Value: FixedWidthInteger>(
    _ values: inout [Value]
  ) throws(RecordError) {
    let count = try count()
    var failure: ByteError?
    values = [Value](unsafeUninitializedCapacity: count) { rows, initialized in
      do throws(ByteError) {
        try fill(UnsafeMutableBufferPointer(rebasing: rows[..<count]))
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw .bytes(failure) }
  }

  /// The reading side of `FieldWriter.write`, by type for the same reason.
  private mutating func fill<Value: FixedWidthInteger>(
    _ rows: UnsafeMutableBufferPointer<Value>
  ) throws(ByteError) {
    let raw = UnsafeMutableRawBufferPointer(rows)
    if Value.self == Int32.self {
      try reader.read(column: raw.assumingMemoryBound(to: Int32.self))
    } else if Value.self == UInt32.self {
      try reader.read(column: raw.assumingMemoryBound(to: UInt32.self))
    } else if Value.self == UInt16.self {
      try reader.read(column: raw.assumingMemoryBound(to: UInt16.self))
    } else if Value.self == UInt8.self {
      try reader.read(column: raw.assumingMemoryBound(to: UInt8.self))
    } else if Value.self == Int64.self {
      try reader.read(column: raw.assumingMemoryBound(to: Int64.self))
    } else if Value.self == UInt64.self {
      try reader.read(column: raw.assumingMemoryBound(to: UInt64.self))
    } else {
      invariant(false, "no column is made of \(Value.self)")
    }
  }

  package mutating func bytes(_ value: inout [UInt8]) throws(RecordError) {
    let count = try count()
    value = Array(try read { (r) throws(ByteError) in try r.read(bytes: count) })
  }

  package mutating func list<Row>(
    _ rows: inout [Row], blank: Row,
    _ code: (inout Row, inout Self) throws(RecordError) -> Void
  ) throws(RecordError) {
    let count = try count()
    rows = []
    rows.reserveCapacity(count)
    for _ in 0..<count {
      var row = blank
      try code(&row, &self)
      rows.append(row)
    }
  }

  /// A count of rows, each of which takes at least one of the bytes left.
  package mutating func count() throws(RecordError) -> Int {
    let count = try read { (r) throws(ByteError) in try r.readVarint() }
    if count > UInt64(reader.remaining) { throw .bytes(.ended) }
    return Int(count)
  }

  package mutating func read<Value>(
    _ body: (inout ByteReader) throws(ByteError) -> Value
  ) throws(RecordError) -> Value {
    do throws(ByteError) {
      return try body(&reader)
    } catch {
      throw .bytes(error)
    }
  }

  package func finish() throws(RecordError) {
    if reader.remaining != 0 { throw .trailingBytes(reader.remaining) }
  }
}
