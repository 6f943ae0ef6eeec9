// What a shipment costs, what a unit is worth where it stands, and what an item is made of.

/// Money in 1/10,000 of the marketplace's currency.
package typealias Money = Int64

/// Up to `grams` of billed weight a box costs `cost` on top of the rate's fixed cost.
package struct WeightBreak: BitwiseCopyable, Sendable, Equatable {
  package var grams: Int32
  package var cost: Money

  package init(grams: Int32, cost: Money) {
    self.grams = grams
    self.cost = cost
  }
}

/// What a box from a node to a zone costs at a service level. Key: (origin, level, zone); the most
/// exact row wins: origin and zone, then origin, then zone, then neither.
package struct Rate: Sendable, Equatable {
  /// Empty = from any node.
  package var origin: Name
  package var level: ServiceLevel
  /// Empty = to any zone.
  package var zone: Name
  /// 0…10^12.
  package var fixedCost: Money
  /// Ascending in grams and in cost; may be empty: then weight costs nothing.
  package var breaks: [WeightBreak]
  /// For each further kilogram begun beyond the last break.
  package var costPerFurtherKilogram: Money
  /// Cubic millimetres that are billed as one gram; 0 = volume is not billed.
  package var cubicMillimetresPerGram: Int32

  package init(
    origin: Name, level: ServiceLevel, zone: Name, fixedCost: Money, breaks: [WeightBreak],
    costPerFurtherKilogram: Money, cubicMillimetresPerGram: Int32
  ) {
    self.origin = origin
    self.level = level
    self.zone = zone
    self.fixedCost = fixedCost
    self.breaks = breaks
    self.costPerFurtherKilogram = costPerFurtherKilogram
    self.cubicMillimetresPerGram = cubicMillimetresPerGram
  }
}

/// Columns of kit components, one row per (kit, component). The rows of a kit stand one after another,
/// at most `Limits.componentsPerKit` of them, and replace what it was made of. Units 0 in a single
/// row: the item is no kit any more.
///
/// A component that is a kit itself is taken as it stands, assembled: kits are one level deep.
package struct KitRows: Sendable, Equatable {
  package var kits = PackedKeys()
  package var components = PackedKeys()
  /// Units of the component in one kit, 0…10,000.
  package var units: [Int32] = []

  package init() {}
}

/// Columns of what a unit of an item is worth where it stands: the cost of not having it there any
/// more. Key: (item, node).
package struct OpportunityRows: Sendable, Equatable {
  package var keys = PackedKeys()
  package var nodeNames: [Name] = []
  package var nodes: [UInt32] = []
  /// −10^12…10^12 per unit.
  package var values: [Money] = []

  package init() {}
}
