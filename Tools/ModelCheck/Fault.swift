/// Faults that can be planted between the service and its answers, each like one of an engine that is
/// wrong. A check that does not find them is worth nothing.
enum Fault: String, CaseIterable {
  /// Now and then a feed batch is done twice.
  case doneTwice = "done-twice"
  /// Now and then a hold gets a unit more than was asked for.
  case unitMore = "unit-more"
  /// The service's clock is late, so that what has expired still claims.
  case lateExpiry = "late-expiry"
  /// The log ends one record early when the service starts again.
  case lostRecord = "lost-record"
  /// A snapshot does not say what commands were answered.
  case lostKeys = "lost-keys"
  /// A snapshot does not say where sources are.
  case lostSources = "lost-sources"
  /// A snapshot has none of the movements that counts and reversals need.
  case lostJournal = "lost-journal"
  /// A snapshot does not say when places were counted.
  case lostCounts = "lost-counts"
  /// A snapshot has none of the rows that wait for their item.
  case lostParked = "lost-parked"
}
