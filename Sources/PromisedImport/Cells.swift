import PromisedModel

// What single cells mean. Every reader returns nil for anything but its own form, never traps, and
// computes in integers only.

/// How the digits a scaled integer has no room for are treated.
package enum DecimalRounding: Sendable {
  case up
  case down
  case nearest
}

/// Readers of cells, without a table around them.
package enum Cell {
  /// A whole number without sign, 0…2^63−1.
  @inline(__always)
  package static func integer(_ cell: BorrowedBytes) -> Int64? {
    guard let base = cell.base, cell.count >= 1, cell.count <= 18 else {
      return longInteger(cell)
    }
    var value: Int64 = 0
    for index in 0..<cell.count {
      let digit = base[index] &- 0x30
      if digit > 9 { return nil }
      value = value &* 10 &+ Int64(digit)
    }
    return value
  }

  /// More than 18 characters: leading zeros, 19 digits, or nonsense.
  @inline(never)
  private static func longInteger(_ cell: BorrowedBytes) -> Int64? {
    guard cell.count >= 1 else { return nil }
    var value: Int64 = 0
    for byte in cell.buffer {
      let digit = byte &- 0x30
      if digit > 9 { return nil }
      let (tenfold, tooMuch) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = tenfold.addingReportingOverflow(Int64(digit))
      if tooMuch || overflow { return nil }
      value = sum
    }
    return value
  }

  /// A decimal number such as `-12.3456`, times 10^`digits`, exactly: only digits beyond `digits`
  /// are rounded, away from or towards zero. No exponent, no thousands separator.
  package static func decimal(
    _ cell: BorrowedBytes, digits: Int, rounding: DecimalRounding, signed: Bool = false
  ) -> Int64? {
    var bytes = cell.buffer[...]
    var isNegative = false
    if signed, let first = bytes.first, first == 0x2D || first == 0x2B {
      isNegative = first == 0x2D
      bytes = bytes.dropFirst()
    }
    var value: Int64 = 0
    var fraction = -1
    var digitCount = 0
    var firstDropped: UInt8 = 0
    var droppedAny = false
    for byte in bytes {
      if byte == 0x2E, fraction < 0 {
        fraction = 0
        continue
      }
      let digit = byte &- 0x30
      if digit > 9 { return nil }
      digitCount += 1
      if fraction == digits {
        firstDropped = digit
        droppedAny = droppedAny || digit != 0
        fraction += 1
        continue
      }
      if fraction > digits {
        droppedAny = droppedAny || digit != 0
        continue
      }
      if fraction >= 0 { fraction += 1 }
      let (tenfold, tooMuch) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = tenfold.addingReportingOverflow(Int64(digit))
      if tooMuch || overflow { return nil }
      value = sum
    }
    if digitCount == 0 { return nil }
    var missing = digits - max(fraction, 0)
    while missing > 0 {
      let (tenfold, tooMuch) = value.multipliedReportingOverflow(by: 10)
      if tooMuch { return nil }
      value = tenfold
      missing -= 1
    }
    let roundsUp =
      switch rounding {
      case .up: droppedAny
      case .down: false
      case .nearest: firstDropped >= 5
      }
    if roundsUp {
      let (sum, overflow) = value.addingReportingOverflow(1)
      if overflow { return nil }
      value = sum
    }
    return isNegative ? -value : value
  }

  /// Local minutes after midnight of `HH:MM`, 00:00…24:00.
  package static func minuteOfDay(_ cell: BorrowedBytes) -> Int16? {
    guard let base = cell.base, cell.count == 5, base[2] == 0x3A,
      let hour = twoDigits(base), let minute = twoDigits(base + 3), minute < 60
    else { return nil }
    let minutes = hour * 60 + minute
    return minutes <= 1440 ? Int16(minutes) : nil
  }

  private static func twoDigits(_ base: UnsafePointer<UInt8>) -> Int? {
    let tens = base[0] &- 0x30
    let ones = base[1] &- 0x30
    return tens <= 9 && ones <= 9 ? Int(tens) * 10 + Int(ones) : nil
  }

  private static var dayNames: StaticString { "MonTueWedThuFriSatSun" }

  /// 0 (Monday) … 6 of a three-letter day.
  private static func weekday(_ bytes: some Collection<UInt8>) -> Int? {
    guard bytes.count == 3 else { return nil }
    let names = dayNames.utf8Start
    for day in 0..<7 {
      let name = UnsafeBufferPointer(start: names + day * 3, count: 3)
      if bytes.elementsEqual(name) { return day }
    }
    return nil
  }

  /// The days of `daily`, `Mon-Fri`, `Mon Wed Sat` or a mixture, bit 0 = Monday. A range may pass
  /// the end of the week: `Sat-Mon`.
  package static func weekdays(_ cell: BorrowedBytes) -> UInt8? {
    if cell.buffer.elementsEqual("daily".utf8) { return 0x7F }
    var mask: UInt8 = 0
    for token in cell.buffer.split(separator: 0x20) {
      let ends = token.split(separator: 0x2D, omittingEmptySubsequences: false)
      guard ends.count <= 2, let first = weekday(ends[0]), let last = weekday(ends[ends.count - 1])
      else { return nil }
      var day = first
      while true {
        mask |= 1 << UInt8(day)
        if day == last { break }
        day = (day + 1) % 7
      }
    }
    return mask == 0 ? nil : mask
  }

  /// A date `2026-12-25`.
  package static func date(_ cell: BorrowedBytes) -> LocalDate? {
    guard let base = cell.base, cell.count == 10, base[4] == 0x2D, base[7] == 0x2D,
      let century = twoDigits(base), let year = twoDigits(base + 2),
      let month = twoDigits(base + 5), let day = twoDigits(base + 8)
    else { return nil }
    return LocalDate(year: century * 100 + year, month: month, day: day)
  }

  /// A month `2026-12`, as yyyymm.
  package static func month(_ cell: BorrowedBytes) -> UInt32? {
    guard let base = cell.base, cell.count == 7, base[4] == 0x2D,
      let century = twoDigits(base), let year = twoDigits(base + 2),
      let month = twoDigits(base + 5)
    else { return nil }
    return Month(yyyymm: UInt32(century * 10_000 + year * 100 + month))?.yyyymm
  }

  /// The instant of RFC 3339 `2026-12-20T18:00:00Z` or with an offset such as `-08:00`, in UTC
  /// seconds. A fraction of a second rounds up, as arrivals do.
  package static func instant(_ cell: BorrowedBytes) -> Int64? {
    guard let base = cell.base, cell.count >= 20, base[10] == 0x54 || base[10] == 0x74,
      let date = date(BorrowedBytes(base: base, count: 10)),
      let hour = twoDigits(base + 11), base[13] == 0x3A, hour < 24,
      let minute = twoDigits(base + 14), base[16] == 0x3A, minute < 60,
      let second = twoDigits(base + 17), second < 60
    else { return nil }
    var index = 19
    var roundsUp: Int64 = 0
    if base[index] == 0x2E {
      index += 1
      let start = index
      while index < cell.count, base[index] &- 0x30 <= 9 {
        if base[index] != 0x30 { roundsUp = 1 }
        index += 1
      }
      if index == start || index >= cell.count { return nil }
    }
    var offset = 0
    if base[index] == 0x5A || base[index] == 0x7A {
      index += 1
    } else {
      guard cell.count == index + 6, base[index] == 0x2B || base[index] == 0x2D,
        base[index + 3] == 0x3A, let hours = twoDigits(base + index + 1), hours < 24,
        let minutes = twoDigits(base + index + 4), minutes < 60
      else { return nil }
      offset = (hours * 3600 + minutes * 60) * (base[index] == 0x2D ? -1 : 1)
      index += 6
    }
    if index != cell.count { return nil }
    let local = Int64(date.days) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    return local - Int64(offset) + roundsUp
  }

  /// The outcomes of `2:0.70 3:0.25 5:0.05`: working days 0…60 ascending, each with a probability.
  package static func transit(_ cell: BorrowedBytes) -> [TransitOutcome]? {
    shares(cell, through: 60)?.map {
      TransitOutcome(workingDays: UInt8($0.value), probability: $0.probability)
    }
  }

  /// The outcomes of `0:0.90 30:0.10`: minutes 0…10,080 ascending, each with a probability; an
  /// empty cell is no delay ever.
  package static func delays(_ cell: BorrowedBytes) -> [DelayOutcome]? {
    if cell.isEmpty { return [] }
    return shares(cell, through: 10_080)?.map {
      DelayOutcome(minutes: Int32($0.value), probability: $0.probability)
    }
  }

  /// Values 0…`last` ascending, each with a probability in 1/65535.
  ///
  /// Published tables are rounded, so the sum may miss 1 by 0.001; then the probabilities are
  /// shares of their sum. The 65,535ths are dealt by largest remainder (an earlier value first
  /// among equals), so that they add up exactly; an outcome too rare for one is left out.
  private static func shares(
    _ cell: BorrowedBytes, through last: Int64
  ) -> [(value: Int64, probability: UInt16)]? {
    var values: [Int64] = []
    var shares: [Int64] = []
    for token in cell.buffer.split(separator: 0x20) {
      let parts = token.split(separator: 0x3A, omittingEmptySubsequences: false)
      guard parts.count == 2, values.count < Limits.delayOutcomes,
        let value = integer(borrowed(parts[0])), value <= last,
        let share = decimal(borrowed(parts[1]), digits: 9, rounding: .nearest),
        share > 0, share <= 1_001_000_000, values.last.map({ $0 < value }) ?? true
      else { return nil }
      values.append(value)
      shares.append(share)
    }
    let sum = shares.reduce(0, +)
    guard (999_000_000...1_001_000_000).contains(sum) else { return nil }
    var dealt = shares.map { $0 * 65_535 / sum }
    let remainders = shares.map { $0 * 65_535 % sum }
    let order = shares.indices.sorted {
      remainders[$0] != remainders[$1] ? remainders[$0] > remainders[$1] : $0 < $1
    }
    let left = Int(65_535 - dealt.reduce(0, +))
    for index in order.prefix(left) { dealt[index] += 1 }
    return values.indices.compactMap { index in
      dealt[index] == 0 ? nil : (values[index], UInt16(dealt[index]))
    }
  }

  private static func borrowed(_ part: Slice<UnsafeBufferPointer<UInt8>>) -> BorrowedBytes {
    BorrowedBytes(UnsafeBufferPointer(rebasing: part))
  }

  /// What `hazmat;oversize` names, each word once; an empty cell names nothing.
  package static func restrictions(_ cell: BorrowedBytes) -> ItemRestrictions? {
    var found: ItemRestrictions = []
    if cell.isEmpty { return found }
    for word in cell.buffer.split(separator: 0x3B, omittingEmptySubsequences: false) {
      let restriction: ItemRestrictions
      if word.elementsEqual("hazmat".utf8) {
        restriction = .hazmat
      } else if word.elementsEqual("oversize".utf8) {
        restriction = .oversize
      } else {
        return nil
      }
      if !found.isDisjoint(with: restriction) { return nil }
      found.insert(restriction)
    }
    return found
  }

  /// The steps of `500:3.20 1000:4.10`: grams 1…10^9 ascending, each with what the box costs more
  /// up to there, 0…10^8, not descending; an empty cell has none, `limit` are the most.
  package static func weightBreaks(_ cell: BorrowedBytes, limit: Int) -> [WeightBreak]? {
    var breaks: [WeightBreak] = []
    for token in cell.buffer.split(separator: 0x20) {
      let parts = token.split(separator: 0x3A, omittingEmptySubsequences: false)
      guard parts.count == 2, breaks.count < limit, let grams = integer(borrowed(parts[0])),
        (1...1_000_000_000).contains(grams), let cost = money(borrowed(parts[1]), signed: false),
        breaks.last.map({ $0.grams < grams && $0.cost <= cost }) ?? true
      else { return nil }
      breaks.append(WeightBreak(grams: Int32(grams), cost: cost))
    }
    return breaks
  }

  /// The quantiles of `0.5:56 0.9:81.5`: levels in 1/10,000 ascending, each with units in 1/1000,
  /// 0…10^12; at least one and at most `limit`.
  package static func quantiles(
    _ cell: BorrowedBytes, limit: Int
  ) -> (levels: [UInt16], values: [Int64])? {
    var levels: [UInt16] = []
    var values: [Int64] = []
    for token in cell.buffer.split(separator: 0x20) {
      let parts = token.split(separator: 0x3A, omittingEmptySubsequences: false)
      guard parts.count == 2, levels.count < limit,
        let level = decimal(borrowed(parts[0]), digits: 4, rounding: .nearest),
        (1...9999).contains(level), levels.last.map({ $0 < level }) ?? true,
        let value = decimal(borrowed(parts[1]), digits: 3, rounding: .nearest),
        value <= 1_000_000_000_000
      else { return nil }
      levels.append(UInt16(level))
      values.append(value)
    }
    return levels.isEmpty ? nil : (levels, values)
  }

  /// An amount of the currency up to 10^8, in its 1/10,000.
  package static func money(_ cell: BorrowedBytes, signed: Bool) -> Money? {
    guard let value = decimal(cell, digits: 4, rounding: .nearest, signed: signed),
      (-1_000_000_000_000...1_000_000_000_000).contains(value)
    else { return nil }
    return value
  }
}
