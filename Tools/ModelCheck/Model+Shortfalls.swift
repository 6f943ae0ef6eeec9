/// Allocations that stock has been taken from under.
extension Model {
  /// Units that are missing to a line of an allocation.
  func short(_ number: Int, _ index: Int) -> Int64 {
    guard let hold = holds[number], hold.lines[index].isOnShelf else { return 0 }
    return shortfalls(at: hold.lines[index].place).first {
      $0.number == number && $0.line == index
    }?.units ?? 0
  }

  struct Shortfall {
    var number: Int
    var line: Int
    var units: Int64
  }

  /// Whose units are missing at a place: the latest commit gives way first, the last line of it, and
  /// picked units after all others. For what is backordered nothing was there to be missing.
  func shortfalls(at place: Place) -> [Shortfall] {
    var lines: [(number: Int, index: Int, committed: Int, line: ClaimLine)] = []
    for number in claiming {
      guard let hold = holds[number], hold.state == .committed else { continue }
      for (index, line) in hold.lines.enumerated()
      where line.isOnShelf && line.place == place && line.quantity > 0 {
        lines.append((number, index, hold.committed, line))
      }
    }
    if lines.isEmpty { return [] }
    lines.sort { ($0.committed, $0.index) > ($1.committed, $1.index) }
    var missing = -max(0, self[place].fulfillable)
    for (_, _, _, line) in lines {
      missing += line.isBackordered ? line.picked : line.quantity
    }
    if missing <= 0 { return [] }
    var rows = lines.map { Shortfall(number: $0.number, line: $0.index, units: 0) }
    for (row, entry) in lines.enumerated() where !entry.line.isBackordered {
      let units = min(missing, entry.line.quantity - entry.line.picked)
      rows[row].units += units
      missing -= units
    }
    for (row, entry) in lines.enumerated() {
      let units = min(missing, entry.line.picked)
      rows[row].units += units
      missing -= units
    }
    return rows.filter { $0.units > 0 }
  }

  /// All of them, by the service's id of the hold and line.
  func shortfalls() -> [(id: UInt64, line: Int, units: Int64, claimed: Int64)] {
    var places: Set<Place> = []
    for number in claiming {
      guard let hold = holds[number], hold.state == .committed else { continue }
      for line in hold.lines where line.isOnShelf { places.insert(line.place) }
    }
    var rows: [(id: UInt64, line: Int, units: Int64, claimed: Int64)] = []
    for place in places {
      for row in shortfalls(at: place) {
        guard let hold = holds[row.number] else { continue }
        rows.append((hold.id, row.line, row.units, hold.lines[row.line].quantity))
      }
    }
    return rows.sorted { ($0.id, $0.line) < ($1.id, $1.line) }
  }
}
