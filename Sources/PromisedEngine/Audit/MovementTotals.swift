import PromisedModel

/// What changed the units on hand, summed up by cause since the first event: together they are the
/// units on hand.
///
/// 128 bits, because 2·10^9 units a position over 10^9 positions and any number of movements would
/// exceed 64. A cause is the number of a movement kind, or 0 for what was stated: put or loaded.
struct MovementTotals: ~Copyable {
  private var totals = Store<Int128>(zeroed: 256)
  /// Why on hand changes now: set by whoever applies an event or a row of it.
  var cause: UInt8 = 0

  @inline(__always)
  func add(_ units: Int64) { totals.base[Int(cause)] += Int128(units) }

  func total(_ cause: UInt8) -> Int128 { totals[Int(cause)] }

  func set(_ cause: UInt8, _ total: Int128) { totals[Int(cause)] = total }

  var sum: Int128 {
    var sum: Int128 = 0
    for cause in 0..<totals.count { sum += totals[cause] }
    return sum
  }

  /// Causes that moved something, ascending, with the halves of their totals.
  var rows: MovementTotalRows {
    var rows = MovementTotalRows()
    for cause in 0..<totals.count where totals[cause] != 0 {
      rows.causes.append(UInt8(cause))
      rows.high.append(Int64(truncatingIfNeeded: totals[cause] >> 64))
      rows.low.append(UInt64(truncatingIfNeeded: totals[cause]))
    }
    return rows
  }

  func restore(_ rows: borrowing MovementTotalRows) {
    for index in rows.causes.indices {
      totals[Int(rows.causes[index])] = Int128(rows.high[index]) << 64 | Int128(rows.low[index])
    }
  }
}
