/// Which promises another network epoch changed: of every item with stock, to every zone.
package struct ChangedQuery {
  /// Compare the profiles that answer now with those of this epoch; it must be the one before.
  package var sinceEpoch: UInt64
  package var level: ServiceLevel
  package var confidence: ConfidenceLevel
  /// From the answer before; empty = the beginning.
  package var pageToken: BorrowedBytes
  /// Pairs, 1…100,000.
  package var pageSize: Int32

  package init(
    sinceEpoch: UInt64, level: ServiceLevel, confidence: ConfidenceLevel, pageToken: BorrowedBytes,
    pageSize: Int32
  ) {
    self.sinceEpoch = sinceEpoch
    self.level = level
    self.confidence = confidence
    self.pageToken = pageToken
    self.pageSize = pageSize
  }
}

/// A page of pairs whose promise changed, in a fixed order.
package struct ChangedReply: Sendable {
  package var fromEpoch: UInt64 = 0
  package var toEpoch: UInt64 = 0
  /// Of all pages, and how many pairs exist (items with stock × destinations).
  package var pairCount: UInt64 = 0
  package var pairsCompared: UInt64 = 0
  package var items = PackedKeys()
  package var zones: [Name] = []
  /// Per pair, an index into `zones`.
  package var zoneIndexes: [UInt32] = []
  /// Promised local dates before and after; 0 = no promise.
  package var daysBefore: [Int32] = []
  package var daysAfter: [Int32] = []
  /// Ends of the windows before and after; 0 = no promise.
  package var windowToBefore: [Int64] = []
  package var windowToAfter: [Int64] = []
  package var nextPageToken: [UInt8] = []

  package init() {}
}
