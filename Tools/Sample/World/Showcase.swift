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
  /// Only in ABE8: in the west it is there days sooner by air.
  case farAway
  /// Hazmat beside it in ABE8: never by air, so a faster level does not help it.
  case hazmat
  /// In the small centres of Seattle and New York, and in BFI4: within two hours in those cities.
  case twoHours
  /// In BFI4 and ABE8, while `cartTwo` is in PDX9 and ABE8: to the west both are soonest in two
  /// boxes, and both fit in one from the far side of the country.
  case cartOne
  case cartTwo
  /// In stock, and not to be shipped before its release six days on.
  case preRelease
  /// A kit of one `cartOne` and two `wellStocked`.
  case giftKit

  /// `B0` and eight characters.
  package var key: StaticString {
    switch self {
    case .wellStocked: "B0THREEFCS"
    case .soldOut: "B0SOLDOUT0"
    case .onlyInbound: "B0INBOUND1"
    case .oversize: "B0OVERSIZE"
    case .lastUnit: "B0LASTUNIT"
    case .farAway: "B0FARAWAY1"
    case .hazmat: "B0HAZMAT01"
    case .twoHours: "B0TWOHOURS"
    case .cartOne: "B0CARTONE1"
    case .cartTwo: "B0CARTTWO2"
    case .preRelease: "B0RELEASE1"
    case .giftKit: "B0GIFTKIT1"
    }
  }

  var form: ItemForm {
    switch self {
    case .wellStocked: plain(volumeE4: 3500, weight: 900, demandMilli: 28_000, ratioMilli: 3000)
    case .soldOut: plain(volumeE4: 1200, weight: 350, demandMilli: 3000, ratioMilli: 2200)
    case .onlyInbound:
      ItemForm(
        storageType: .apparel, volumeE4: 800, weightGrams: 280, handlingMinutes: 0,
        demandMilli: 42_000, varianceRatioMilli: 2500)
    case .oversize:
      ItemForm(
        storageType: .oversize, volumeE4: 62_500, weightGrams: 18_000, handlingMinutes: 120,
        demandMilli: 1500, varianceRatioMilli: 1300)
    case .lastUnit: plain(volumeE4: 450, weight: 150, demandMilli: 400, ratioMilli: 1000)
    case .farAway: plain(volumeE4: 900, weight: 420, demandMilli: 1800, ratioMilli: 1600)
    case .hazmat:
      ItemForm(
        storageType: .aerosol, volumeE4: 500, weightGrams: 380, handlingMinutes: 30,
        demandMilli: 1200, varianceRatioMilli: 1500)
    case .twoHours: plain(volumeE4: 300, weight: 210, demandMilli: 9000, ratioMilli: 2000)
    case .cartOne: plain(volumeE4: 1500, weight: 1100, demandMilli: 2000, ratioMilli: 1500)
    case .cartTwo: plain(volumeE4: 2100, weight: 1600, demandMilli: 2000, ratioMilli: 1500)
    case .preRelease: plain(volumeE4: 600, weight: 300, demandMilli: 15_000, ratioMilli: 3000)
    case .giftKit: plain(volumeE4: 8500, weight: 2900, demandMilli: 700, ratioMilli: 1400)
    }
  }

  private func plain(
    volumeE4: Int, weight: Int, demandMilli: Int, ratioMilli: Int
  ) -> ItemForm {
    ItemForm(
      storageType: .standard, volumeE4: volumeE4, weightGrams: weight, handlingMinutes: 0,
      demandMilli: demandMilli, varianceRatioMilli: ratioMilli)
  }

  var positions: [(node: StaticString, onHand: Int, unfulfillable: Int)] {
    switch self {
    case .wellStocked: [("BFI4", 142, 2), ("DFW7", 95, 0), ("ABE8", 220, 4)]
    case .soldOut: [("ONT8", 0, 0)]
    case .onlyInbound, .giftKit: []
    case .oversize: [("LAX9", 12, 0), ("MDW7", 40, 1)]
    case .lastUnit: [("BFI4", 1, 0)]
    case .farAway: [("ABE8", 60, 0)]
    case .hazmat: [("ABE8", 45, 0)]
    case .twoHours: [("BFI4", 80, 0), ("USEA", 24, 0), ("UNYC", 30, 0)]
    case .cartOne: [("BFI4", 30, 0), ("ABE8", 50, 0)]
    case .cartTwo: [("PDX9", 30, 0), ("ABE8", 50, 0)]
    case .preRelease: [("BFI4", 200, 0), ("DFW7", 100, 0)]
    }
  }

  var inbound: [(shipment: StaticString, quantity: Int, afterDays: Int, stage: StaticString)] {
    switch self {
    case .onlyInbound: [("SHOWCASE-1", 400, 3, "shipped"), ("SHOWCASE-2", 250, 9, "working")]
    default: []
    }
  }

  /// What a kit is made of.
  var components: [(item: Showcase, units: Int)] {
    self == .giftKit ? [(.cartOne, 1), (.wellStocked, 2)] : []
  }
}
