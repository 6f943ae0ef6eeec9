import PromisedInvariants
import PromisedModel

/// What is left of a month for one seller and type, as an admission counts it.
struct MonthRoom: BitwiseCopyable {
  enum Kind: UInt8 {
    /// No limit is confirmed: nothing is admitted.
    case notConfirmed = 0
    case limited = 1
    case unlimited = 2
  }

  var kind = Kind.notConfirmed
  /// Limit + granted − usage by the end of the month; negative when it is overdrawn.
  var room: Int128 = 0
  /// The same by the estimate of the month, where there is one and nothing is decided.
  var estimatedRoom: Int128 = .max
}

/// The limit that holds, and where it comes from.
struct EffectiveLimit {
  /// `LimitKind`; 0 = none known.
  var kind: UInt8 = 0
  var limit: Int64 = 0
  var cause: UInt8 = 0
  var announcedUnixSeconds: Int64 = 0
}

extension State {
  /// What a policy says of a month where nothing was decided: nil = nothing.
  private func policyLimit(
    _ policy: CapacityPolicy, of seller: Seller, in month: Month, today: LocalDate
  ) -> EffectiveLimit? {
    if seller.isIndividual {
      if policy.individualLimit == 0 { return nil }
      return EffectiveLimit(kind: LimitKind.confirmed.rawValue, limit: policy.individualLimit)
    }
    if seller.startDays == 0 || policy.newSellerWeeks == 0 { return nil }
    let day = max(month.firstDay, today)
    if Int64(day.days) - Int64(seller.startDays) >= Int64(policy.newSellerWeeks) * 7 { return nil }
    return EffectiveLimit(kind: LimitKind.noLimit.rawValue)
  }

  /// The limit of a month: as decided, else as a policy fixes it, else as estimated.
  func effectiveLimit(
    _ row: LimitRow?, _ policy: CapacityPolicy, of seller: Int, in month: Month, today: LocalDate
  ) -> EffectiveLimit {
    if let row, row.decided != 0 {
      return EffectiveLimit(
        kind: row.decided, limit: row.decidedLimit, cause: row.decidedCause,
        announcedUnixSeconds: row.decidedUnixSeconds)
    }
    let fixed = policyLimit(policy, of: sellers[seller], in: month, today: today)
    if let fixed { return fixed }
    guard let row, row.hasEstimate else { return EffectiveLimit() }
    return EffectiveLimit(
      kind: LimitKind.estimated.rawValue, limit: row.estimate, cause: row.estimateCause,
      announcedUnixSeconds: row.estimatedUnixSeconds)
  }

  /// Fills `scratch.rooms` with the room of each month from `first` on. A confirmed limit, with what
  /// was granted to it, holds on for the months after it that have none of their own; a policy's no
  /// limit does not.
  func fillRooms(
    of seller: Int, type: UInt8, _ policy: CapacityPolicy, from first: Month, today: LocalDate
  ) {
    let onHand = usage.read(seller: seller, type: type).onHand
    let account = sellers[seller]
    // Most sellers are neither individuals nor new: no policy fixes anything of them.
    let mayBeFixed = account.isIndividual || account.startDays != 0
    var month = first
    var (carried, limit): (UInt8, Int128) = (0, 0)
    for index in 0..<CapacityHorizon.months {
      let row = limits.find(seller: UInt32(seller), type: type, month: month.yyyymm)
      var kind = carried
      // Of a month whose limit is carried on: its own.
      var granted = Int128(row?.granted ?? 0)
      if let row, row.decided != 0 {
        (carried, limit, granted) = (row.decided, Int128(row.decidedLimit) + granted, 0)
        kind = carried
      } else if mayBeFixed,
        let fixed = policyLimit(policy, of: account, in: month, today: today)
      {
        kind = fixed.kind
        if kind == LimitKind.confirmed.rawValue {
          (carried, limit, granted) = (kind, Int128(fixed.limit) + granted, 0)
        }
      }
      let due = usage.due(seller: seller, type: type, upTo: month.yyyymm)
      let used = onHand + due.open + due.drafts
      var room = MonthRoom()
      if kind == LimitKind.noLimit.rawValue {
        room.kind = .unlimited
      } else if kind != 0 {
        room = MonthRoom(kind: .limited, room: limit + granted - used)
      }
      if let row, row.decided == 0, row.hasEstimate {
        room.estimatedRoom = Int128(row.estimate) + Int128(row.granted) - used
      }
      scratch.rooms[index] = room
      month = month.next
    }
  }

  /// What the rooms leave for an ETA in the month `index`: the least of it and the months after.
  /// nil = no limit.
  func admissible(from index: Int) -> Int128? {
    var least: Int128?
    for place in index..<CapacityHorizon.months where scratch.rooms[place].kind == .limited {
      least = min(least ?? .max, scratch.rooms[place].room)
    }
    return least.map { max(0, $0) }
  }

  /// The first month from `index` on in which `volume` fits; nil = none.
  func firstFitting(_ volume: Int128, from index: Int) -> Int? {
    var found: Int?
    var place = CapacityHorizon.months - 1
    // From the end: a month fits when it and all after it do.
    while place >= index {
      let room = scratch.rooms[place]
      if room.kind == .limited && room.room < volume { break }
      if room.kind != .notConfirmed { found = place }
      place -= 1
    }
    return found
  }
}
