// The column coders made for each type a column may have. A generic function of another module is
// called through the runtime's witnesses, a dozen calls a number; these are plain loops.

extension ByteBuffer {
  /// Appends a column of values.
  public mutating func append(column rows: UnsafeBufferPointer<Int64>) { write(column: rows) }
  /// Appends a column of values.
  public mutating func append(column rows: UnsafeBufferPointer<UInt64>) { write(column: rows) }
  /// Appends a column of values.
  public mutating func append(column rows: UnsafeBufferPointer<Int32>) { write(column: rows) }
  /// Appends a column of values.
  public mutating func append(column rows: UnsafeBufferPointer<UInt32>) { write(column: rows) }
  /// Appends a column of values.
  public mutating func append(column rows: UnsafeBufferPointer<UInt16>) { write(column: rows) }
  /// Appends a column of values.
  public mutating func append(column rows: UnsafeBufferPointer<UInt8>) { write(column: rows) }
}

extension ByteReader {
  /// Fills a column with what the writer wrote.
  public mutating func read(
    column rows: UnsafeMutableBufferPointer<Int64>
  ) throws(ByteError) { try fill(column: rows) }

  /// Fills a column with what the writer wrote.
  public mutating func read(
    column rows: UnsafeMutableBufferPointer<UInt64>
  ) throws(ByteError) { try fill(column: rows) }

  /// Fills a column with what the writer wrote.
  public mutating func read(
    column rows: UnsafeMutableBufferPointer<Int32>
  ) throws(ByteError) { try fill(column: rows) }

  /// Fills a column with what the writer wrote.
  public mutating func read(
    column rows: UnsafeMutableBufferPointer<UInt32>
  ) throws(ByteError) { try fill(column: rows) }

  /// Fills a column with what the writer wrote.
  public mutating func read(
    column rows: UnsafeMutableBufferPointer<UInt16>
  ) throws(ByteError) { try fill(column: rows) }

  /// Fills a column with what the writer wrote.
  public mutating func read(
    column rows: UnsafeMutableBufferPointer<UInt8>
  ) throws(ByteError) { try fill(column: rows) }
}
