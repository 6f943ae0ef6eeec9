import PromisedModel

/// A committed line that units are missing to.
struct BrokenLine {
  var holdID: UInt64
  var slot: Int
  var line: UInt16
  var units: Int32
  var sinceMilliseconds: Int64
}

extension State {
  /// Every committed line that units are missing to, by hold and line. Linear in the allocations of
  /// the positions that are short.
  func brokenLines() -> [BrokenLine] {
    var short: [BrokenLine] = []
    for place in 0..<allocations.shortCount {
      var recorded = breakdowns.at(allocations.shortPlace(place)).pointee.short
      var next = breakdowns.at(allocations.shortPlace(place)).pointee.first
      while next != 0, recorded > 0 {
        let entry = allocations.at(next).pointee
        next = entry.next
        if entry.short == 0 { continue }
        recorded -= entry.short
        short.append(
          BrokenLine(
            holdID: holds.hold(Int(entry.slot)).id, slot: Int(entry.slot), line: entry.line,
            units: entry.short, sinceMilliseconds: entry.sinceMilliseconds))
      }
    }
    short.sort { ($0.holdID, $0.line) < ($1.holdID, $1.line) }
    return short
  }
}
