/// The first items of every sample world: the same keys and the same stock whatever the seed and
/// the size, so that documents, demonstrations and tests can name them.
package enum Showcase: Int, CaseIterable, Sendable {
  /// Well stocked in three fulfilment centres: BFI4 near Seattle, DFW7 near Dallas, ABE8 in New
  /// Jersey. Sells 28 a day, so that two weeks ahead it is likely there, not certainly.
  case wellStocked
  /// Stocked out in ONT8, nothing on the way.
  case soldOut
  /// None anywhere, two shipments on the way to BFI4.
  case onlyInbound
  /// Oversize, 6.25 cubic feet, from the middle of the country and the west.
  case oversize
  /// One unit left, in BFI4.
  case lastUnit

  /// `B0` and eight characters.
  package var key: StaticString {
    switch self {
    case .wellStocked: "B0THREEFCS"
    case .soldOut: "B0SOLDOUT0"
    case .onlyInbound: "B0INBOUND1"
    case .oversize: "B0OVERSIZE"
    case .lastUnit: "B0LASTUNIT"
    }
  }

  var form: ItemForm {
    switch self {
    case .wellStocked:
      ItemForm(
        storageType: .standard, volumeE4: 3500, weightGrams: 900, handlingMinutes: 0,
        demandMilli: 28_000, varianceRatioMilli: 3000)
    case .soldOut:
      ItemForm(
        storageType: .standard, volumeE4: 1200, weightGrams: 350, handlingMinutes: 0,
        demandMilli: 3000, varianceRatioMilli: 2200)
    case .onlyInbound:
      ItemForm(
        storageType: .apparel, volumeE4: 800, weightGrams: 280, handlingMinutes: 0,
        demandMilli: 42_000, varianceRatioMilli: 2500)
    case .oversize:
      ItemForm(
        storageType: .oversize, volumeE4: 62_500, weightGrams: 18_000, handlingMinutes: 120,
        demandMilli: 1500, varianceRatioMilli: 1300)
    case .lastUnit:
      ItemForm(
        storageType: .standard, volumeE4: 450, weightGrams: 150, handlingMinutes: 0,
        demandMilli: 400, varianceRatioMilli: 1000)
    }
  }

  var positions: [(node: StaticString, onHand: Int, unfulfillable: Int)] {
    switch self {
    case .wellStocked: [("BFI4", 142, 2), ("DFW7", 95, 0), ("ABE8", 220, 4)]
    case .soldOut: [("ONT8", 0, 0)]
    case .onlyInbound: []
    case .oversize: [("LAX9", 12, 0), ("MDW7", 40, 1)]
    case .lastUnit: [("BFI4", 1, 0)]
    }
  }

  var inbound: [(shipment: StaticString, quantity: Int, afterDays: Int, stage: StaticString)] {
    switch self {
    case .onlyInbound: [("SHOWCASE-1", 400, 3, "shipped"), ("SHOWCASE-2", 250, 9, "working")]
    default: []
    }
  }
}
