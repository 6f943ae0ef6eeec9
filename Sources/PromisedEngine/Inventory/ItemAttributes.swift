import PromisedModel

/// What is known of an item besides its stock: one line of memory, because usage and promises
/// read several of the columns together.
struct ItemAttributes: BitwiseCopyable {
  var volumeMicroCubicFeet: Int64
  var demandPerDayMilli: Int64
  /// Index into the state's sellers.
  var seller: UInt32
  var weightGrams: Int32
  var handlingMinutes: Int32
  var demandVarianceRatioMilli: Int32
  var storageType: UInt8
}
