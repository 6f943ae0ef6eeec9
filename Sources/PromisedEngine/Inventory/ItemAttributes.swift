import PromisedModel

/// What is known of an item besides its stock, side by side, because usage and promises read several
/// of the columns together: one cache line an item.
struct ItemAttributes: BitwiseCopyable {
  /// Not worked on before this instant; 0 = released.
  var releaseUnixSeconds: Int64
  var handlingMinutes: Int32
  /// Index into the state's sellers.
  var seller: UInt32
  var restrictions: ItemRestrictions
  var storageType: UInt8
  var weightGrams: Int32
  var volumeMicroCubicFeet: Int64
  var demandPerDayMilli: Int64
  /// As packed for shipping; 0 = not known.
  var volumeCubicMillimetres: Int64
  var demandVarianceRatioMilli: Int32
  var selling = SellingItem()
  /// Of items that sell alike; 0 = none.
  var category: UInt16 = 0
}

/// Where an item's demand is kept, with copies of what of it every change of its stock must ask: that
/// a change which means nothing to it reads no further.
struct SellingItem: BitwiseCopyable {
  /// One more than the place in `DemandLearner`; 0 = the item has sold nothing yet.
  var place: UInt32 = 0
  /// When the open day ends, UTC seconds.
  var dayEnds: UInt32 = 0
  var isInStock: UInt8 = 0

  init() {}

  init(_ place: Int, _ item: ActiveItem) {
    self.place = UInt32(place + 1)
    dayEnds = UInt32(clamping: item.dayEnds)
    isInStock = item.isInStock
  }
}
