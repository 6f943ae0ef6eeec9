/// Every answer but yes, by a number that never changes its meaning.
///
/// The names are the `reason` of an `ErrorInfo` on the wire and the row outcomes of batches.
/// Numbers are never reused; a retired one keeps its name. Protocol/README.md lists them all and a
/// test holds that list against this one.
public enum OutcomeCode: UInt16, Sendable, CaseIterable {
  case ok = 0

  // What was named does not exist.
  case itemUnknown = 1
  case nodeUnknown = 2
  case sellerUnknown = 3
  case postcodeUnknown = 4
  case holdUnknown = 5
  case marketplaceUnknown = 6
  case calendarUnknown = 7
  case timeZoneUnknown = 8
  case zoneUnknown = 9
  case loadUnknown = 10
  case snapshotUnknown = 11
  case legUnknown = 12
  case overrideUnknown = 13
  case laneUnknown = 14

  // The request is not of the method's form.
  case fieldOutOfRange = 20
  case fieldMissing = 21
  case columnLengthMismatch = 22
  case keyInvalid = 23
  case messageMalformed = 24
  case tooManyFields = 25
  case tooManyRows = 26
  case streamIDEven = 27
  case rowInvalid = 28
  case tokenInvalid = 29

  // The business answer is no.
  case insufficientStock = 40
  case holdExpired = 41
  case holdReleased = 42
  case holdCommitted = 43
  case notOwner = 44
  case idempotencyConflict = 45
  case onHandNegative = 46
  case quantityOverflow = 47
  case alreadyApplied = 48
  case loadInProgress = 49
  case loadChangesTooMuch = 50
  case loadChunkOutOfOrder = 51
  case sequenceGap = 52
  case offerExpired = 53
  case offerChanged = 54
  case capacityFull = 55

  // No offer can be made, and why.
  case noStock = 60
  case cutoffPassed = 61
  case noRoute = 62
  case nodeClosed = 63
  case restrictionForbids = 64
  case legClosed = 65
  case nodeFull = 66
  case notReleased = 67
  case levelNotServed = 68
  case overrideBlocks = 69
  case confidenceNotReached = 70
  case neededByMissed = 71
  case tooManyShipments = 72

  // A plan is not admitted, and why.
  case sellerLimitReached = 73
  case buildingFull = 74
  case limitNotConfirmed = 75
  case inboundPlanUnknown = 76
  case inboundPlanExists = 77
  case inboundPlanEnded = 78
  case limitPublished = 79

  // The service cannot or will not do it now.
  case serviceUnknown = 80
  case methodUnknown = 81
  case methodNotBuilt = 82
  case deadlinePassed = 83
  case frameTooLarge = 84
  case tooManyInFlight = 85
  case idempotencyWindowFull = 86
  case storageFull = 87
  case positionNotReached = 88
  case snapshotInProgress = 89
  case networkNotReady = 90
  case draining = 91
  case replyTooLarge = 92
  case messageTooCostly = 93
  case sandboxOnly = 94
  case permissionDenied = 95
  case historyNotKept = 96
  case epochNotKept = 97

  // Rows of the feed.
  case rowParked = 100
  case parkedFull = 101
  case alreadyCounted = 102
  case countTooOld = 103
  case holdNotClaiming = 104
  case cannotBeUndone = 105
  case tooManySources = 106
  case feedNotKept = 107

  // The life of an order.
  case nameTaken = 108
  case holdConsumed = 109
  case holdNotCommitted = 110
  case lineQuantityExceeded = 111
  case linePicked = 112
  case lineNotSourced = 113

  // For whom units are, and by when.
  case channelUnknown = 114
  case groupUnknown = 115
  case poolDemandLimit = 116
  case datedClaimLimit = 117
  case kitNeedsNode = 118
  /// A token was made for another channel than the one that redeems it.
  case channelMismatch = 119
  /// Units come, and later than promises reach.
  case supplyBeyondHorizon = 120

  // Forecasts.
  case forecastsFull = 121

  // A stream is ended.
  case streamLimit = 124
  case creditExceeded = 125
  case watchTooSlow = 126

  /// The reason on the wire: upper snake case of the case's name, an acronym being one word.
  package var reason: String {
    let letters = Array(String(describing: self))
    var text = ""
    for (index, letter) in letters.enumerated() {
      let followsLower = index > 0 && letters[index - 1].isLowercase
      let beginsWord = index + 1 < letters.count && letters[index + 1].isLowercase && index > 0
      if letter.isUppercase, followsLower || beginsWord { text.append("_") }
      text.append(letter.uppercased())
    }
    return text
  }

  /// The canonical google.rpc code that carries this outcome.
  package var canonicalCode: CanonicalCode {
    switch self {
    case .ok: .ok
    case .itemUnknown, .nodeUnknown, .sellerUnknown, .postcodeUnknown, .holdUnknown,
      .marketplaceUnknown, .calendarUnknown, .timeZoneUnknown, .zoneUnknown, .loadUnknown,
      .snapshotUnknown, .legUnknown, .overrideUnknown, .laneUnknown, .inboundPlanUnknown,
      .channelUnknown, .groupUnknown:
      .notFound
    case .fieldOutOfRange, .fieldMissing, .columnLengthMismatch, .keyInvalid, .messageMalformed,
      .tooManyFields, .tooManyRows, .streamIDEven, .rowInvalid,
      .tokenInvalid:
      .invalidArgument
    case .insufficientStock, .holdExpired, .holdReleased, .holdCommitted, .onHandNegative,
      .loadInProgress, .loadChangesTooMuch, .loadChunkOutOfOrder, .sequenceGap, .noStock,
      .cutoffPassed, .noRoute, .nodeClosed, .restrictionForbids, .legClosed, .nodeFull,
      .notReleased, .levelNotServed, .overrideBlocks, .confidenceNotReached, .neededByMissed,
      .tooManyShipments, .holdConsumed, .holdNotCommitted, .linePicked, .lineNotSourced,
      .lineQuantityExceeded, .sellerLimitReached, .buildingFull, .limitNotConfirmed,
      .inboundPlanEnded, .limitPublished, .offerExpired, .offerChanged, .capacityFull,
      .positionNotReached,
      .sandboxOnly, .snapshotInProgress, .historyNotKept, .epochNotKept, .poolDemandLimit,
      .datedClaimLimit, .kitNeedsNode, .channelMismatch, .supplyBeyondHorizon, .rowParked,
      .countTooOld,
      .holdNotClaiming, .cannotBeUndone, .feedNotKept:
      .failedPrecondition
    case .quantityOverflow: .outOfRange
    case .notOwner, .permissionDenied: .permissionDenied
    case .idempotencyConflict, .alreadyApplied, .alreadyCounted, .nameTaken, .inboundPlanExists:
      .alreadyExists
    case .serviceUnknown, .methodUnknown, .methodNotBuilt: .unimplemented
    case .deadlinePassed: .deadlineExceeded
    case .frameTooLarge, .tooManyInFlight, .idempotencyWindowFull, .storageFull, .replyTooLarge,
      .forecastsFull,
      .messageTooCostly, .streamLimit, .creditExceeded, .watchTooSlow, .parkedFull, .tooManySources:
      .resourceExhausted
    case .networkNotReady, .draining: .unavailable
    }
  }

  /// Whether the same request, with the same key, may succeed later without being changed.
  package var isRetryable: Bool {
    switch self {
    case .tooManyInFlight, .idempotencyWindowFull, .storageFull, .positionNotReached,
      .snapshotInProgress, .networkNotReady, .draining, .deadlinePassed, .loadInProgress,
      .streamLimit, .watchTooSlow,
      .parkedFull:
      true
    default: false
    }
  }
}

/// The google.rpc canonical codes.
package enum CanonicalCode: Int32, Sendable {
  case ok = 0
  case cancelled = 1
  case unknown = 2
  case invalidArgument = 3
  case deadlineExceeded = 4
  case notFound = 5
  case alreadyExists = 6
  case permissionDenied = 7
  case resourceExhausted = 8
  case failedPrecondition = 9
  case aborted = 10
  case outOfRange = 11
  case unimplemented = 12
  case internalError = 13
  case unavailable = 14
  case dataLoss = 15
  case unauthenticated = 16
}

/// A request answered with no: the outcome, and what the caller needs to act on it.
package struct Refusal: Error, Sendable, Equatable {
  package var code: OutcomeCode
  /// One sentence naming what was wrong, where, and what is allowed. At most 1 KiB.
  package var message: String
  /// The key or name the refusal is about.
  package var key: Name = .empty
  /// The row of the request, from 0; −1 when the refusal is not about a row.
  package var row: Int32 = -1
  /// Units that were available, where the refusal is about stock; −1 otherwise.
  package var availableUnits: Int64 = -1
  /// When more will be there, where known; 0 otherwise.
  package var nextSupplyUnixSeconds: Int64 = 0

  package init(
    _ code: OutcomeCode, _ message: String, key: Name = .empty, row: Int32 = -1,
    availableUnits: Int64 = -1, nextSupplyUnixSeconds: Int64 = 0
  ) {
    self.code = code
    self.message = message
    self.key = key
    self.row = row
    self.availableUnits = availableUnits
    self.nextSupplyUnixSeconds = nextSupplyUnixSeconds
  }
}
