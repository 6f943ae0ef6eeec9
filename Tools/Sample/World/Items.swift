import PromisedInvariants

/// The storage types of the import format.
enum SampleStorageType: Int, CaseIterable {
  case standard, oversize, extraLarge, apparel, footwear, aerosol, flammable

  var label: StaticString {
    switch self {
    case .standard: "standard"
    case .oversize: "oversize"
    case .extraLarge: "extra-large"
    case .apparel: "apparel"
    case .footwear: "footwear"
    case .aerosol: "aerosol"
    case .flammable: "flammable"
    }
  }

  /// Of one unit, in ten-thousandths of a cubic foot: from, and how many values above it.
  var volumes: (from: Int, count: Int) {
    switch self {
    case .standard: (60, 6000)
    case .oversize: (8000, 45_000)
    case .extraLarge: (60_000, 220_000)
    case .apparel: (200, 2500)
    case .footwear: (1500, 2500)
    case .aerosol, .flammable: (120, 1400)
    }
  }
}

/// What one unit of an item is like, and how it sells.
struct ItemForm {
  let storageType: SampleStorageType
  /// Ten-thousandths of a cubic foot.
  let volumeE4: Int
  let weightGrams: Int
  let handlingMinutes: Int
  /// Units a day in thousandths; 0 = not known.
  let demandMilli: Int
  /// Variance over mean in thousandths, at least 1000.
  let varianceRatioMilli: Int

  /// What it is besides its storage type, as the import format says it.
  var restrictions: StaticString {
    switch storageType {
    case .aerosol, .flammable: "hazmat"
    case .oversize, .extraLarge: "oversize"
    default: ""
    }
  }

  /// Length, width and height of one unit packed, in millimetres: half as long again as it is wide,
  /// and so high that the volume comes out, a tenth more than the unit's.
  var sidesMillimetres: (length: Int, width: Int, height: Int) {
    // 28,316,847 mm³ to a cubic foot.
    let volume = volumeE4 * 28_316_847 / 10_000 * 11 / 10
    var width = 1
    while (width + 1) * (width + 1) * (width + 1) <= volume { width += 1 }
    let length = width * 3 / 2
    return (max(length, 1), width, max(volume / (max(length, 1) * width), 1))
  }
}

/// Units of an item in one fulfilment centre.
struct SamplePosition {
  let node: Int
  let onHand: Int
  let unfulfillable: Int
  let researching: Int
  let inTransfer: Int
  let inProcessing: Int
}

/// An item on its way: which of its seller's shipments, how many units.
struct SampleInbound {
  let shipment: Int
  let quantity: Int
}

extension SampleWorld {
  private static var keyCount: UInt64 { 2_821_109_907_456 }  // 36^8

  func itemKeyBytes(_ index: Int) -> [UInt8] {
    if let showcase = Showcase(rawValue: index) {
      return showcase.key.withUTF8Buffer { Array($0) }
    }
    let bytes = scatteredKey(index)
    for showcase in Showcase.allCases
    where showcase.key.withUTF8Buffer({ $0.elementsEqual(bytes) }) {
      // A showcase's own number is never asked for, so its key is free.
      return scatteredKey(showcase.rawValue)
    }
    return bytes
  }

  /// A permutation of 0 ..< 36^8, in base 36: multiplication by a prime is one because 36^8 has no
  /// factor but 2 and 3, so no two items share a key.
  private func scatteredKey(_ index: Int) -> [UInt8] {
    let prime: UInt64 = 1_000_000_000_039
    let product = prime.multipliedFullWidth(by: UInt64(index))
    let scattered = Self.keyCount.dividingFullWidth(product).remainder
    var rest =
      (scattered + draws.bits(.itemKey, 0) % Self.keyCount) % Self.keyCount
    var key = [UInt8](repeating: UInt8(ascii: "0"), count: 10)
    key[0] = UInt8(ascii: "B")
    for place in stride(from: 9, through: 2, by: -1) {
      let digit = UInt8(rest % 36)
      key[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10
      rest /= 36
    }
    return key
  }

  /// Sellers differ in size: the smallest of three even draws, so the first have most.
  func sellerOfItem(_ index: Int) -> Int {
    if Showcase(rawValue: index) != nil { return 0 }
    return (0..<3).reduce(sellers) { min($0, draws.below(sellers, .itemSeller, index, part: $1)) }
  }

  func form(ofItem index: Int) -> ItemForm {
    if let showcase = Showcase(rawValue: index) { return showcase.form }
    let type: SampleStorageType =
      switch draws.below(100, .itemForm, index) {
      case ..<78: .standard
      case ..<86: .apparel
      case ..<92: .oversize
      case ..<95: .footwear
      case ..<97: .aerosol
      case ..<98: .flammable
      default: .extraLarge
      }
    let volumes = type.volumes
    let volume = volumes.from + draws.below(volumes.count, .itemVolume, index)
    // 2 to 10 kg a cubic foot.
    let weight = volume * (20 + draws.below(80, .itemVolume, index, part: 1)) / 100
    let isBulky = type == .oversize || type == .extraLarge
    // Zipf: the item at rank r of 100,000 sells 4000 / r a day, and never more than 250.
    let rank = 1 + draws.below(100_000, .itemDemand, index)
    let isUnknown = draws.below(100, .itemDemand, index, part: 1) < 4
    return ItemForm(
      storageType: type, volumeE4: volume, weightGrams: max(weight, 10),
      handlingMinutes: isBulky ? 60 + 30 * draws.below(7, .itemForm, index, part: 1) : 0,
      demandMilli: isUnknown ? 0 : min(max(4_000_000 / rank, 20), 250_000),
      varianceRatioMilli: 1000 + 50 * draws.below(81, .itemRatio, index))
  }

  /// Calls `body` for each position of the item: three on average, quantities falling as 1, 1/2,
  /// 1/3, … of 5 to 44 days of demand.
  func forEachPosition<Failure: Error>(
    ofItem index: Int, form: ItemForm, _ body: (SamplePosition) throws(Failure) -> Void
  ) throws(Failure) {
    if let showcase = Showcase(rawValue: index) {
      for row in showcase.positions {
        try body(
          SamplePosition(
            node: places.indexOfCentre(row.node), onHand: row.onHand,
            unfulfillable: row.unfulfillable, researching: 0, inTransfer: 0, inProcessing: 0))
      }
      return
    }
    let count = isKit(index) ? 0 : positionCount(ofItem: index)
    if count == 0 { return }
    let days = 5 + draws.below(40, .itemStock, index)
    let total = form.demandMilli * days / 1000 + draws.below(7, .itemStock, index, part: 1)
    let weights = (1...count).reduce(0) { $0 + 5040 / $1 }
    let first = draws.below(places.fulfilmentCentres.count, .positionFirst, index)
    // Coprime to 36, so that the centres of an item are distinct.
    let strides = [1, 5, 7, 11, 13, 17, 19, 23, 25, 29, 31, 35]
    let stride = strides[draws.below(strides.count, .positionFirst, index, part: 1)]
    for place in 0..<count {
      let share = total * (5040 / (place + 1)) / weights
      let onHand = share + draws.below(2, .positionQuantity, index, part: place)
      try body(
        position(
          ofItem: index, place: place,
          node: (first + place * stride) % places.fulfilmentCentres.count, onHand: onHand))
    }
    guard isWantedInHours(form) else { return }
    for metro in places.metroCentres.indices
    where draws.below(2, .metroStock, index, part: 2 * metro) == 0 {
      try body(
        SamplePosition(
          node: places.fulfilmentCentres.count + metro,
          onHand: 2 + draws.below(30, .metroStock, index, part: 2 * metro + 1), unfulfillable: 0,
          researching: 0, inTransfer: 0, inProcessing: 0))
    }
  }

  /// Whether the small centres keep it: it sells, and fits on a shelf.
  private func isWantedInHours(_ form: ItemForm) -> Bool {
    let fits: [SampleStorageType] = [.standard, .apparel, .footwear]
    return form.demandMilli >= 2000 && fits.contains(form.storageType)
  }

  /// One item in 5,000 is a kit of the two before it, and has no stock of its own.
  func isKit(_ index: Int) -> Bool { index % 5000 == 4999 }

  private func positionCount(ofItem index: Int) -> Int {
    switch draws.below(100, .positionCount, index) {
    case ..<3: 0
    case ..<30: 1
    case ..<54: 2
    case ..<71: 3
    case ..<81: 4
    case ..<87: 5
    case ..<91: 6
    case ..<95: 8
    case ..<98: 10
    default: 12
    }
  }

  /// A few positions in a hundred have units that cannot be sold now.
  private func position(ofItem index: Int, place: Int, node: Int, onHand: Int) -> SamplePosition {
    let part = onHand / 20 + 1
    let draw = onHand < 2 ? 99 : draws.below(100, .positionBuckets, index, part: place)
    return SamplePosition(
      node: node, onHand: onHand, unfulfillable: draw < 4 ? part : 0,
      researching: draw == 4 ? 1 : 0, inTransfer: draw >= 5 && draw < 9 ? part : 0,
      inProcessing: draw >= 9 && draw < 13 ? part : 0)
  }

  /// One item in eleven is on its way, in one of its seller's ten shipments.
  func inbound(ofItem index: Int, form: ItemForm) -> SampleInbound? {
    if Showcase(rawValue: index) != nil || isKit(index) { return nil }
    if draws.below(100, .inboundPresence, index) >= 9 { return nil }
    let shipment = sellerOfItem(index) * 10 + draws.below(10, .inboundPresence, index, part: 1)
    let days = 10 + draws.below(30, .inboundQuantity, index)
    return SampleInbound(shipment: shipment, quantity: form.demandMilli * days / 1000 + 6)
  }
}

extension Places {
  /// The index of a fulfilment centre of the tables; any other name is a bug.
  func indexOfCentre(_ name: StaticString) -> Int {
    name.withUTF8Buffer { bytes in
      guard
        let index = stockNodes.firstIndex(where: { $0.name.utf8.elementsEqual(bytes) })
      else { stop("no fulfilment centre \(name)") }
      return index
    }
  }
}
