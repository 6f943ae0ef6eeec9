import PromisedModel

/// A page of a listing.
package struct ListQuery {
  package var kind: ListKind
  /// From the answer before; empty = the beginning. Not trusted: whoever made it checks it.
  package var pageToken: BorrowedBytes
  /// 1…10,000.
  package var pageSize: Int32

  package init(kind: ListKind, pageToken: BorrowedBytes, pageSize: Int32) {
    self.kind = kind
    self.pageToken = pageToken
    self.pageSize = pageSize
  }
}

/// Where put rows go when they are part of a load: aside, until it is committed.
package struct LoadChunkKey: Equatable {
  package var loadID: Name
  /// From 0, consecutive.
  package var number: UInt32

  package init(loadID: Name, number: UInt32) {
    self.loadID = loadID
    self.number = number
  }
}

package struct HelloQuery {
  /// For logs and metrics; valid UTF-8, may be empty.
  package var clientName: BorrowedBytes
  package var wantedFeatures: Column<BorrowedBytes>

  package init(clientName: BorrowedBytes, wantedFeatures: Column<BorrowedBytes>) {
    self.clientName = clientName
    self.wantedFeatures = wantedFeatures
  }
}

/// A request with every field checked.
///
/// Borrowed parts lie in the decoder's arena and hold until its next `decode`; the rows of feeds,
/// puts and loads own their memory. A read carries the position it must reflect at least, 0 = any.
package enum Request {
  case offer(OfferQuery, minPosition: Position)
  case availability(AvailabilityQuery, minPosition: Position)
  case inStock(InStockQuery, minPosition: Position)
  case atp(AtpQuery, minPosition: Position)
  case history(HistoryQuery, minPosition: Position)
  case headroom(HeadroomQuery, minPosition: Position)
  case usage(sellers: Column<BorrowedBytes>, minPosition: Position)
  case list(ListQuery, minPosition: Position)
  case networkGet(minPosition: Position)
  case holdGet(HoldReference, minPosition: Position)
  case shortfalls(ShortfallQuery, minPosition: Position)

  case plan(PlanQuery, minPosition: Position)
  case atRisk(AtRiskQuery, minPosition: Position)
  case accuracy(AccuracyQuery, minPosition: Position)
  case explain(ExplainQuery, minPosition: Position)
  case changed(ChangedQuery, minPosition: Position)
  case listOverrides(withExpired: Bool, minPosition: Position)

  case whatIf(WhatIfQuery, minPosition: Position)
  case utilization(nodes: [Name], minPosition: Position)
  case capacityReport(ReportQuery, minPosition: Position)
  /// A round that was cleared, with sales to credit.
  case clearing(id: UInt64, sales: [(seller: Name, amount: Int64)])

  case admit(AdmitCommand)
  case receive(ReceiveCommand)
  case closePlan(CloseCommand)
  case bid(BidCommand)
  case clear(ClearCommand, sales: [(seller: Name, amount: Int64)])
  case remove(RemovalCommand)
  case hold(HoldCommand)
  case holdTransition(HoldTransitionCommand)
  case extend(ExtendCommand)
  case amend(AmendCommand)
  /// Picks or ships.
  case fulfil(FulfilCommand)
  /// A message of a watch's stream.
  case watch(WatchControl)
  case watchPoll(WatchPollQuery)
  /// The feed's idempotency is its source's sequence.
  case feed(FeedRows)
  case reverseFeed(FeedReversal)
  /// `key.bytes` is empty where the caller wants no idempotency, and inside a load.
  case put(PutRows, key: CommandKey, load: LoadChunkKey?)
  /// Proposes, or changes when it `applies`.
  case rescue(RescueCommand)
  case observe(ObservationRows, key: CommandKey)
  case departures(DepartureCommand, key: CommandKey)
  case putOverride(OverrideCommand)
  case beginLoad(LoadDescription)
  case commitLoad(id: Name)
  case abortLoad(id: Name)

  case status
  case audit
  case takeSnapshot
  case listSnapshots
  case drain
  case ping(BorrowedBytes)
  /// 0…253,402,300,799 (the end of the year 9999).
  case setTime(unixSeconds: Int64)
  case hello(HelloQuery)
  case descriptorSet
  /// Empty = the server as a whole.
  case health(service: BorrowedBytes)
}
