/// Outcomes by the numbers of the protocol's table.
enum Code: UInt16 {
  case ok = 0
  case itemUnknown = 1
  case nodeUnknown = 2
  case holdUnknown = 5
  case fieldOutOfRange = 20
  case fieldMissing = 21
  case insufficientStock = 40
  case holdExpired = 41
  case holdReleased = 42
  case holdCommitted = 43
  case notOwner = 44
  case idempotencyConflict = 45
  case onHandNegative = 46
  case quantityOverflow = 47
  case alreadyApplied = 48
  case sequenceGap = 52
  case rowParked = 100
  case alreadyCounted = 102
  case countTooOld = 103
  case holdNotClaiming = 104
  case cannotBeUndone = 105
  case feedNotKept = 107
  case holdConsumed = 109
  case holdNotCommitted = 110
  case lineQuantityExceeded = 111
  case linePicked = 112
  case lineNotSourced = 113
  case poolDemandLimit = 116
  case kitNeedsNode = 118
}

struct Granted: Equatable {
  var units: Int64 = 0
  var later: Int64 = 0
  var laterDue: Int64 = 0
  var backordered: Int64 = 0
}

struct HoldFacts: Equatable {
  var id: UInt64
  var state: Model.State
  var owner: Int
  var expiresAtSeconds: Int64
  var isReclaimed = false
  var isRepeated = false
  var grants: [Granted] = []
  var lines: [ClaimLine] = []
}

struct KeptRow: Equatable {
  var sequence: UInt64
  var code: UInt32
}

/// What a command is answered with, as far as it is compared.
enum Answer: Equatable {
  case done
  case hold(HoldFacts)
  case feed([UInt32], lastSequence: UInt64)
  case reversed(UInt64, kept: [KeptRow])
  case put(rows: UInt64)
  /// Row and units are −1 where the refusal says nothing of them.
  case refusal(code: UInt32, row: Int, available: Int64)
  case load(committed: Bool)
  /// A number of the protocol's table or a state that this check does not know.
  case unreadable(String)

  static func refused(_ code: Code, row: Int = -1, available: Int64 = -1) -> Answer {
    .refusal(code: UInt32(code.rawValue), row: row, available: available)
  }
}

/// Why the model would not do it.
struct Refused: Error {
  var answer: Answer

  init(_ code: Code, row: Int = -1, available: Int64 = -1) {
    answer = .refused(code, row: row, available: available)
  }
}
