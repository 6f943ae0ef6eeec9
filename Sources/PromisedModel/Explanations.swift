// Why a promise is what it is: the trace of one decision, as data.

/// Explain a decision that was made (its token), or one that would be made now (the question).
package enum ExplainQuery {
  case token(BorrowedBytes)
  case now(OfferQuestion)
}

/// One item to one destination at one service level.
package struct OfferQuestion: Sendable, Equatable {
  package var item: Name
  package var quantity: Int32
  package var country: Name
  package var postcode: Name
  package var level: ServiceLevel
  package var confidence: ConfidenceLevel
  /// Who asks; empty = no channel.
  package var channel: Name
  /// When units that are not there yet are offered.
  package var supply: SupplyChoice

  package init(
    item: Name, quantity: Int32, country: Name, postcode: Name, level: ServiceLevel,
    confidence: ConfidenceLevel, channel: Name = .empty, supply: SupplyChoice = .whenNeeded
  ) {
    self.item = item
    self.quantity = quantity
    self.country = country
    self.postcode = postcode
    self.level = level
    self.confidence = confidence
    self.channel = channel
    self.supply = supply
  }
}

/// What became of a candidate node.
package enum CandidateFate: UInt8, Sendable, CaseIterable {
  case chosen = 1
  case noStock = 2
  /// Its last departure for any promised window has left; `byMinutes` ago.
  case cutoffPassed = 3
  /// It would be as good or better, or could promise at all, if `subject` ran: a leg, or the waves
  /// of a station.
  case legClosed = 4
  /// Its hours are taken; work begins `byMinutes` later.
  case nodeFull = 5
  /// Nothing at this service level goes there; a faster one does.
  case level = 6
  /// The item may not travel on what goes there.
  case restriction = 7
  /// Blocked by the override `subject`, or another is forced.
  case override = 8
  /// As early, but `byCost` dearer.
  case costlier = 9
  /// `byMinutes` later.
  case slower = 10
  /// Nothing goes there, or nothing that is as certain as asked for.
  case noRoute = 11
  case nodeClosed = 12
  /// As early and as cheap: the lower index wins.
  case tie = 13
  /// It would be as good or better, or could promise at all, if its units were there now; they come
  /// `byMinutes` later.
  case supplyLater = 14
  /// The feed has said nothing of it for too long, and its policy withholds what is there.
  case silent = 15
}

/// One node that could ship, and what it would have promised.
package struct CandidateTrace: Sendable, Equatable {
  package var node: Name = .empty
  package var title: Name = .empty
  package var latitudeE6: Int32 = 0
  package var longitudeE6: Int32 = 0
  package var available: Int64 = 0
  /// What its units are; nil where it has none and none come.
  package var supply: SupplySource?
  /// From when they are there, 0 = now, and how many a claim for then may take.
  package var availableFromUnixSeconds: Int64 = 0
  package var suppliedUnits: Int64 = 0
  /// What its silence means now; `ignore` = it is not silent.
  package var silence: SilencePolicy = .ignore
  package var fate: CandidateFate = .noRoute
  package var subject: Name = .empty
  package var byMinutes: Int64 = 0
  package var byCost: Money = 0
  /// When an order of now is at its dock; 0 = not within the horizon.
  package var readyUnixSeconds: Int64 = 0
  // What it would promise (or would have, without what its fate names); 0 = nothing.
  package var shipByUnixSeconds: Int64 = 0
  package var orderByUnixSeconds: Int64 = 0
  package var windowToUnixSeconds: Int64 = 0
  package var deliveryDays: Int32 = 0
  package var chance: UInt16 = 0
  package var utcOffsetSeconds: Int32 = 0

  package init() {}
}

/// One step of the chosen way, with what it has to spare.
package struct StepTrace: Sendable, Equatable {
  package var name: Name = .empty
  package var carrier: Name = .empty
  package var mode: TransportMode = .road
  package var from: Name = .empty
  package var fromTitle: Name = .empty
  /// Empty = the customer.
  package var to: Name = .empty
  package var toTitle: Name = .empty
  package var fromLatitudeE6: Int32 = 0
  package var fromLongitudeE6: Int32 = 0
  package var toLatitudeE6: Int32 = 0
  package var toLongitudeE6: Int32 = 0
  package var departureUnixSeconds: Int64 = 0
  package var arrivalUnixSeconds: Int64 = 0
  package var departureUTCOffsetSeconds: Int32 = 0
  package var arrivalUTCOffsetSeconds: Int32 = 0
  /// Minutes between being ready at `from` and this departure.
  package var slackMinutes: Int64 = 0
  /// Units of its capacity left; −1 = no limit.
  package var unitsLeft: Int64 = -1

  package init() {}
}

/// What decides that the promise is not earlier.
package enum BindingConstraint: UInt8, Sendable, CaseIterable {
  case none = 0
  /// Cut-off of the node for the departure before.
  case cutoff = 1
  /// Nodes that are nearer hold no stock.
  case stock = 2
  case legClosed = 3
  case nodeFull = 4
  /// An earlier window exists but is less certain than asked for.
  case confidence = 5
  /// A faster level would be earlier.
  case level = 6
  case restriction = 7
  case override = 8
  /// Nothing goes faster at all.
  case network = 9
  case release = 10
  /// The units come no earlier.
  case supply = 11
  /// The feed has said nothing of a node for too long.
  case silence = 12
}

/// One smallest change that would have given an earlier window.
package enum CounterfactualKind: UInt8, Sendable, CaseIterable {
  /// Ordered `minutes` earlier (before `atUnixSeconds`).
  case orderedEarlier = 1
  /// Stock in `subject`.
  case stockThere = 2
  /// The leg `subject` runs.
  case legOpen = 3
  /// A chance of `chance` is enough.
  case lowerConfidence = 4
  /// Level `level` instead.
  case fasterLevel = 5
  /// Room in the node or departure `subject`.
  case roomThere = 6
  /// Without the override `subject`.
  case withoutOverride = 7
  /// The units that `subject` gets at `atUnixSeconds` are there now, `minutes` earlier.
  case unitsThere = 8
  /// The silent node `subject` is heard of.
  case nodeHeardOf = 9
}

package struct Counterfactual: Sendable, Equatable {
  package var kind: CounterfactualKind = .orderedEarlier
  package var subject: Name = .empty
  package var minutes: Int64 = 0
  package var atUnixSeconds: Int64 = 0
  package var chance: UInt16 = 0
  package var level: ServiceLevel = .standard
  // What it would have given.
  package var windowFromUnixSeconds: Int64 = 0
  package var windowToUnixSeconds: Int64 = 0
  package var deliveryDays: Int32 = 0
  /// How much earlier, by the ends of the windows.
  package var gainMinutes: Int64 = 0

  package init() {}
}

/// How a token's decision was found again.
package enum ExplanationOrigin: UInt8, Sendable, CaseIterable {
  /// Nothing it depends on has changed since.
  case live = 1
  /// Computed again from the archived log and the epochs it used.
  case replayed = 2
}

package struct Explanation: Sendable, Equatable {
  package var origin: ExplanationOrigin = .live
  package var question: OfferQuestion
  /// The position and time the decision was made at.
  package var position: Position = 0
  package var decidedAt = UnixMilliseconds(0)
  package var profileEpoch: UInt64 = 0
  package var networkRevision: UInt64 = 0
  package var zone: Name = .empty
  package var station: Name = .empty
  package var postcodeExact = false
  package var destinationLatitudeE6: Int32 = 0
  package var destinationLongitudeE6: Int32 = 0
  /// `ok`, or why there is no offer.
  package var code: OutcomeCode = .ok
  package var node: Name = .empty
  package var windowFromUnixSeconds: Int64 = 0
  package var windowToUnixSeconds: Int64 = 0
  package var windowUTCOffsetSeconds: Int32 = 0
  package var deliveryDays: Int32 = 0
  package var orderByUnixSeconds: Int64 = 0
  package var orderByUTCOffsetSeconds: Int32 = 0
  package var shipByUnixSeconds: Int64 = 0
  package var chance: UInt16 = 0
  package var confidenceSource: ConfidenceSource = .certain
  package var sampleSizeMilli: UInt32 = 0
  /// What the offer rests on; nil without an offer.
  package var supply: SupplySource?
  /// From when its units are there, 0 = now, and how many a claim for then may take; of a refusal,
  /// what comes first.
  package var availableFromUnixSeconds: Int64 = 0
  package var suppliedUnits: Int64 = 0
  /// What the silence of the chosen node means now.
  package var silence: SilencePolicy = .ignore
  package var candidates: [CandidateTrace] = []
  package var steps: [StepTrace] = []
  package var constraint: BindingConstraint = .none
  package var constraintSubject: Name = .empty
  /// Largest gain first.
  package var counterfactuals: [Counterfactual] = []
  /// Overrides that were consulted, by id.
  package var overrides: [UInt64] = []
  /// A token was given and its decision is this one, bit for bit.
  package var agreesWithToken = false

  package init(question: OfferQuestion) { self.question = question }
}
