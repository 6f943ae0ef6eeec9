import PromisedInvariants
import PromisedModel

/// Which boxes a rate is for.
struct RateKey: BitwiseCopyable, Sendable, Hashable {
  /// `UInt32.noIndex` = from any node.
  var origin: UInt32
  var level: UInt8
  /// `UInt32.noIndex` = to any zone.
  var zone: UInt32
}

/// A rate as the tables hold it: its names are the key's indexes.
package struct RateRow: Sendable, Equatable {
  /// The index of the node, or `UInt32.noIndex` = from any.
  package var origin: UInt32
  package var level: ServiceLevel
  /// The index of the zone, or `UInt32.noIndex` = to any.
  package var zone: UInt32
  package var fixedCost: Money
  package var breaks: [WeightBreak]
  package var costPerFurtherKilogram: Money
  package var cubicMillimetresPerGram: Int32
}

extension NetworkTables {
  package var rateCount: Int { rates.count }

  /// The index of the rate of a box from a node to a zone at a service level: of the row of both,
  /// else of the origin alone, else of the zone alone, else of neither; nil when there is none. No
  /// allocation.
  ///
  /// - Parameter zone: the zone's index, as of `zone(of:)`.
  package func rate(origin: UInt16, level: ServiceLevel, zone: UInt32) -> Int? {
    let from = UInt32(origin)
    return exactRate(from, level, zone) ?? exactRate(from, level, .noIndex)
      ?? exactRate(.noIndex, level, zone) ?? exactRate(.noIndex, level, .noIndex)
  }

  private func exactRate(_ origin: UInt32, _ level: ServiceLevel, _ zone: UInt32) -> Int? {
    rateIndexes[RateKey(origin: origin, level: level.rawValue, zone: zone)]
  }

  /// The zone's index of a destination, as rates name zones.
  package func zone(of destination: UInt32) -> UInt32 { destinations[Int(destination)].zone }

  /// The rate at an index below `rateCount`, by names.
  package func rate(_ index: Int) -> Rate {
    let row = rates[index]
    return Rate(
      origin: row.origin == .noIndex ? .empty : nodeNames.name(Int(row.origin)),
      level: row.level, zone: row.zone == .noIndex ? .empty : zoneNames.name(Int(row.zone)),
      fixedCost: row.fixedCost, breaks: row.breaks,
      costPerFurtherKilogram: row.costPerFurtherKilogram,
      cubicMillimetresPerGram: row.cubicMillimetresPerGram)
  }

  mutating func upsert(_ row: Rate) {
    let origin = row.origin.isEmpty ? UInt32.noIndex : known(row.origin, in: nodeNames)
    let zone = row.zone.isEmpty ? UInt32.noIndex : known(row.zone, in: zoneNames)
    let rate = RateRow(
      origin: origin, level: row.level, zone: zone, fixedCost: row.fixedCost, breaks: row.breaks,
      costPerFurtherKilogram: row.costPerFurtherKilogram,
      cubicMillimetresPerGram: row.cubicMillimetresPerGram)
    let key = RateKey(origin: origin, level: row.level.rawValue, zone: zone)
    if let index = rateIndexes[key] {
      rates[index] = rate
    } else {
      rateIndexes[key] = rates.count
      rates.append(rate)
    }
  }

  func validate(_ row: Rate, _ index: Int, _ known: KnownNames) throws(NetworkRefusal) {
    let check = RowCheck(.rate, index, row.origin)
    if !row.origin.isEmpty { try checkNode("origin", row.origin, nil, check, known) }
    if !row.zone.isEmpty, zoneNames.index(of: row.zone) == nil, !known.zones.contains(row.zone) {
      throw check.refusal(.zoneUnknown, "zone", "\"\(row.zone)\"", "a zone of the zone table")
    }
    let money = 0...1_000_000_000_000
    try check.range("fixed_cost", Int(row.fixedCost), money)
    try check.range("breaks", row.breaks.count, 0...Limits.breaksPerRate)
    var last = WeightBreak(grams: 0, cost: 0)
    for (number, step) in row.breaks.enumerated() {
      try check.range("break_grams[\(number)]", Int(step.grams), 1...1_000_000_000)
      try check.range("break_costs[\(number)]", Int(step.cost), money)
      if step.grams <= last.grams || step.cost < last.cost {
        throw check.refusal(
          .fieldOutOfRange, "breaks[\(number)]",
          "\(step.cost) up to \(step.grams) g after \(last.cost) up to \(last.grams) g",
          "grams ascending, costs not descending")
      }
      last = step
    }
    try check.range("cost_per_further_kg", Int(row.costPerFurtherKilogram), money)
    try check.range("cubic_mm_per_gram", Int(row.cubicMillimetresPerGram), 0...1_000_000_000)
  }
}
