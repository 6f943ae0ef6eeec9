import PromisedInvariants
import PromisedModel

/// Why a row is not RFC 4180, with the cell (from 0) at which that shows.
package struct CSVFault: Error, Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case quoteInsideCell
    case textAfterQuote
    case quoteNeverCloses
    case tooManyCells
    case rowTooLong
  }

  package var kind: Kind
  package var cell: Int

  /// What the format asks for instead.
  package var allowed: String {
    switch kind {
    case .quoteInsideCell: "a cell that holds a quote is quoted whole, its quotes doubled"
    case .textAfterQuote: "after the closing quote comes a comma or the end of the line"
    case .quoteNeverCloses: "a quoted cell ends with a quote"
    case .tooManyCells: "at most \(CSVReader.cellLimit) cells in a row"
    case .rowTooLong: "at most \(CSVReader.rowByteLimit) bytes in a row"
    }
  }
}

/// Cuts bytes into rows and cells by RFC 4180, in place.
///
///     var reader = CSVReader(bytes)
///     while try reader.nextRow() { use(reader.cell(0)) }
///
/// Lines end with LF or CRLF; a byte order mark at the beginning is skipped; empty lines are no
/// rows. Cells are borrowed from the input, or from scratch space where a doubled quote had to be
/// undone, and hold until the next row. Meaning is not looked at: a NUL or broken UTF-8 is the
/// business of whoever reads the cell. One pass, O(bytes), no allocation per row.
package struct CSVReader: ~Copyable {
  package static var cellLimit: Int { 64 }
  package static var rowByteLimit: Int { 1 << 20 }

  private let base: UnsafePointer<UInt8>
  private let end: Int
  /// The bytes consumed so far.
  package private(set) var offset: Int
  /// The line on which the current row begins, from 1.
  package private(set) var line = 0
  private var nextLine = 1
  private let cells: UnsafeMutablePointer<BorrowedBytes>
  package private(set) var cellCount = 0
  private let scratch: UnsafeMutablePointer<UInt8>
  private var scratchCount = 0

  /// The bytes must outlive the reader.
  package init(_ bytes: UnsafeBufferPointer<UInt8>) {
    cells = .allocate(capacity: Self.cellLimit)
    // Undoing quotes only shortens a row, and a row longer than this is refused first.
    scratch = .allocate(capacity: Self.rowByteLimit)
    base = bytes.baseAddress ?? UnsafePointer(scratch)
    end = bytes.count
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    offset = bytes.count >= 3 && bytes.prefix(3).elementsEqual(mark) ? 3 : 0
  }

  deinit {
    cells.deallocate()
    scratch.deallocate()
  }

  /// A cell of the current row; empty where the row has fewer.
  @inline(__always)
  package func cell(_ index: Int) -> BorrowedBytes {
    index < cellCount ? cells[index] : .empty
  }

  /// Reads the next row; false at the end. After a fault the reader stands at the following line.
  package mutating func nextRow() throws(CSVFault) -> Bool {
    while offset < end {
      line = nextLine
      // An empty line.
      if base[offset] == 0x0A {
        offset += 1
        nextLine += 1
        continue
      }
      if base[offset] == 0x0D, offset + 1 < end, base[offset + 1] == 0x0A {
        offset += 2
        nextLine += 1
        continue
      }
      try readRow()
      return true
    }
    return false
  }

  private mutating func readRow() throws(CSVFault) {
    var count = 0
    var index = offset
    let rowStart = offset
    scratchCount = 0
    while true {
      if _slowPath(count == Self.cellLimit) { throw fault(.tooManyCells, cell: count, at: index) }
      if index < end, base[index] == 0x22 {
        index = try readQuoted(from: index, cell: count, rowStart: rowStart)
      } else {
        let start = index
        // Everything that can end a cell or be wrong in one is at most a comma.
        while index < end {
          let byte = base[index]
          if byte > 0x2C {
            index += 1
            continue
          }
          if byte == 0x2C || byte == 0x0A { break }
          if byte == 0x0D, index + 1 < end, base[index + 1] == 0x0A { break }
          if byte == 0x22 { throw fault(.quoteInsideCell, cell: count, at: index) }
          index += 1
        }
        cells[count] = BorrowedBytes(base: base + start, count: index - start)
      }
      count += 1
      if index >= end { break }
      let byte = base[index]
      index += byte == 0x0D ? 2 : 1
      if byte != 0x2C { break }
    }
    if _slowPath(index - rowStart > Self.rowByteLimit) {
      throw fault(.rowTooLong, cell: 0, at: index - 1)
    }
    offset = index
    cellCount = count
    nextLine += 1
  }

  /// Reads a quoted cell that begins at `start`; returns where its separator stands.
  private mutating func readQuoted(
    from start: Int, cell: Int, rowStart: Int
  ) throws(CSVFault) -> Int {
    var index = start + 1
    var runStart = index
    let scratchStart = scratchCount
    var doubled = false
    while index < end {
      if base[index] != 0x22 {
        if base[index] == 0x0A { nextLine += 1 }
        index += 1
        if index - rowStart > Self.rowByteLimit {
          throw fault(.rowTooLong, cell: cell, at: index - 1)
        }
        continue
      }
      if index + 1 < end, base[index + 1] == 0x22 {
        keep(from: runStart, to: index + 1)
        doubled = true
        index += 2
        runStart = index
        if index - rowStart > Self.rowByteLimit {
          throw fault(.rowTooLong, cell: cell, at: index - 1)
        }
        continue
      }
      if doubled {
        keep(from: runStart, to: index)
        cells[cell] = BorrowedBytes(
          base: UnsafePointer(scratch + scratchStart), count: scratchCount - scratchStart)
      } else {
        cells[cell] = BorrowedBytes(base: base + runStart, count: index - runStart)
      }
      index += 1
      let atEnd =
        index >= end || base[index] == 0x2C || base[index] == 0x0A
        || (base[index] == 0x0D && index + 1 < end && base[index + 1] == 0x0A)
      if !atEnd { throw fault(.textAfterQuote, cell: cell, at: index) }
      return index
    }
    throw fault(.quoteNeverCloses, cell: cell, at: index)
  }

  private mutating func keep(from start: Int, to stop: Int) {
    invariant(scratchCount + stop - start <= Self.rowByteLimit, "a row fits its scratch space")
    (scratch + scratchCount).update(from: base + start, count: stop - start)
    scratchCount += stop - start
  }

  /// Skips to the line after `index` and makes the error.
  @inline(never)
  private mutating func fault(_ kind: CSVFault.Kind, cell: Int, at index: Int) -> CSVFault {
    var index = index
    while index < end, base[index] != 0x0A { index += 1 }
    offset = min(index + 1, end)
    nextLine += 1
    cellCount = 0
    return CSVFault(kind: kind, cell: cell)
  }
}
