import PromisedModel

/// What is known of an item besides its stock, side by side, because usage and promises read several
/// of the columns together; what promises read comes first.
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
}
