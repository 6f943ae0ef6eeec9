/// A line of an inbound plan, a receipt or a removal.
public struct InboundLine: Sendable, Equatable {
  /// The item.
  public var item: String
  /// The building; may be empty only in a question.
  public var node: String
  /// Units.
  public var quantity: UInt64
  /// When they arrive, UTC seconds; used where units are planned.
  public var etaUnixSeconds: Int64

  /// Makes a line.
  public init(item: String, node: String = "", quantity: UInt64, etaUnixSeconds: Int64 = 0) {
    self.item = item
    self.node = node
    self.quantity = quantity
    self.etaUnixSeconds = etaUnixSeconds
  }
}

/// What became of a line, and what would make it fit.
public struct AdmittedLine: Sendable, Equatable {
  /// The line asked for.
  public var line: InboundLine
  /// 0, or why it does not fit as asked.
  public var outcome: RowOutcome
  /// Units admitted.
  public var admitted: UInt64
  /// Units that would fit.
  public var fitting: UInt64
  /// What bounds them: 0 nothing, 1 the seller's limit, 2 the building, 3 the network (advice), 4 the
  /// building does not take the type, 5 no limit is confirmed.
  public var binding: UInt32
  /// yyyymm of the ETA.
  public var month: UInt32
  /// The first later month in which the whole line fits the limit; 0 = none.
  public var fittingMonth: UInt32
  /// A building with room for the whole line; empty = none.
  public var fittingNode: String
  /// More than a later month's estimate.
  public var isBeyondEstimate: Bool
}

/// Room left for an ETA in a month.
public struct MonthRoomRow: Sendable, Equatable {
  /// 1…7.
  public var storageType: UInt32
  /// yyyymm.
  public var month: UInt32
  /// Micro-cubic-feet; −1 = no limit, −2 = none confirmed.
  public var room: Int64
}

/// A plan was admitted, or would be.
public struct AdmissionAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// 0 from a question.
  public var planID: UInt64
  /// 1 open, 2 received, 3 closed, 4 expired.
  public var state: UInt32
  /// It was answered before under the same key; the lines are not stated again.
  public var isRepeated: Bool
  /// When the plan ends if nothing of it is sent, UTC seconds.
  public var expiresUnixSeconds: Int64
  /// Per line asked for.
  public var lines: [AdmittedLine]
  /// What is left, by storage type and month.
  public var rooms: [MonthRoomRow]
}

/// A line of a plan as it stands.
public struct InboundPlanLine: Sendable, Equatable {
  /// The item.
  public var item: String
  /// The building.
  public var node: String
  /// 0 = it arrived without having been planned.
  public var admitted: UInt64
  /// By receipts, also beyond what was admitted.
  public var received: UInt64
  /// Still expected.
  public var open: UInt64
  /// UTC seconds.
  public var etaUnixSeconds: Int64
}

/// A plan as it stands.
public struct InboundPlanAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The plan's number.
  public var planID: UInt64
  /// Whose plan it is.
  public var seller: String
  /// 1 open, 2 received, 3 closed, 4 expired.
  public var state: UInt32
  /// Nothing was changed now: the key or the receipt was known.
  public var isRepeated: Bool
  /// Its lines.
  public var lines: [InboundPlanLine]
}

/// A bid was placed.
public struct BidAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// The bid's number.
  public var bidID: UInt64
  /// It was placed before under the same key.
  public var isRepeated: Bool
}

/// A bid of a cleared round. Volumes in micro-cubic-feet, money in 1/10,000 of the currency.
public struct ClearedBid: Sendable, Equatable {
  /// The bid's number.
  public var bidID: UInt64
  /// Who bids.
  public var seller: String
  /// The most that is paid per cubic foot.
  public var maximumFee: UInt64
  /// What is wanted.
  public var volume: UInt64
  /// The least that is taken; 0 = all or nothing.
  public var minimum: UInt64
  /// When it was placed.
  public var placedUnixMilliseconds: Int64
  /// What is granted; 0 = nothing.
  public var granted: UInt64
  /// The reservation fee.
  public var fee: UInt64
  /// What sales give back of it.
  public var credit: UInt64
  /// What is paid.
  public var net: UInt64
}

/// A round of bids with everything it was decided from.
public struct ClearingAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// 0 from a trial.
  public var clearingID: UInt64
  /// Where.
  public var marketplace: String
  /// 1…7.
  public var storageType: UInt32
  /// yyyymm.
  public var month: UInt32
  /// What was given away.
  public var volume: UInt64
  /// What everybody granted pays per cubic foot; 0 = nobody was granted.
  public var price: UInt64
  /// UTC seconds.
  public var clearedUnixSeconds: Int64
  /// Highest fee first, then the earliest, then the lowest number.
  public var bids: [ClearedBid]
}

/// How full a building is, of one storage type.
public struct BuildingUse: Sendable, Equatable {
  /// The building.
  public var node: String
  /// 1…7.
  public var storageType: UInt32
  /// −1 = not declared.
  public var usable: Int64
  /// On hand.
  public var stored: Int64
  /// Open inbound.
  public var inbound: Int64
  /// Stored and inbound in thousandths of usable.
  public var permille: UInt64
  /// 0 normal, 1 warning, 2 alarm.
  public var band: UInt32
}

/// How full buildings are.
public struct UtilizationAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// By building and storage type.
  public var rows: [BuildingUse]
}

/// A removal order as it stands.
public struct RemovalAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// Units that it still waits for.
  public var pending: UInt64
  /// It was done before under the same key.
  public var isRepeated: Bool
}
