import PromisedInvariants
import PromisedModel

/// One row of limits as it is put, with what its absent columns stand for.
private struct AnnouncedLimit {
  var type: UInt8
  var month: Month
  var kind: LimitKind
  var limit: Int64
  var cause: UInt8
  var announced: Int64
  var windowEnd: Int64
  var isForced: Bool

  init?(_ rows: LimitRows, _ row: Int) {
    guard let kind = LimitKind(rawValue: rows.kinds[row]),
      let month = Month(yyyymm: rows.months[row])
    else { return nil }
    type = rows.storageTypes[row]
    self.month = month
    self.kind = kind
    limit = kind == .noLimit ? 0 : rows.limitsMicroCubicFeet[row]
    cause = rows.causes.isEmpty ? 0 : rows.causes[row]
    announced = rows.announcedUnixSeconds.isEmpty ? 0 : rows.announcedUnixSeconds[row]
    windowEnd = rows.windowEndUnixSeconds.isEmpty ? 0 : rows.windowEndUnixSeconds[row]
    isForced = !rows.forced.isEmpty && rows.forced[row] == 1
  }

  /// No limit is above every limit.
  var height: Int64 { kind == .noLimit ? .max : limit }
}

/// Limits announced, raised, and cut: what was published is kept.
extension State {
  func validate(limits rows: LimitRows, staged: OpenLoad?) throws(Refusal) {
    let count = rows.sellers.count
    try checkCounts(
      count,
      [
        rows.storageTypes.count, rows.months.count, rows.kinds.count,
        rows.limitsMicroCubicFeet.count,
      ])
    let optional = [
      rows.causes.count, rows.announcedUnixSeconds.count, rows.windowEndUnixSeconds.count,
      rows.forced.count, rows.notices.count,
    ]
    for column in optional where column != 0 { try checkCounts(count, [column]) }
    if !areWithin(rows.notices) {
      throw Refusal(.columnLengthMismatch, "the lengths of notices must add up to its bytes")
    }
    try checkSellers(rows.sellerNames, staged: staged)
    for row in 0..<count {
      try check(
        Int64(rows.sellers[row]), 0, Int64(rows.sellerNames.count) - 1, "seller_indexes", row)
      try check(Int64(rows.storageTypes[row]), 1, 7, "storage_types", row)
      try check(Int64(rows.kinds[row]), 1, 3, "kinds", row)
      if Month(yyyymm: rows.months[row]) == nil {
        throw Refusal(
          .fieldOutOfRange, "months[\(row)] is \(rows.months[row]): yyyymm, 197001 to 999912",
          row: Int32(row))
      }
      let highest: Int64 =
        rows.kinds[row] == LimitKind.noLimit.rawValue ? 0 : 1_000_000_000_000_000_000
      try check(
        rows.limitsMicroCubicFeet[row], 0, highest, "limits_micro_cubic_feet", row)
      if !rows.causes.isEmpty { try check(Int64(rows.causes[row]), 0, 7, "causes", row) }
      if !rows.forced.isEmpty { try check(Int64(rows.forced[row]), 0, 1, "forced", row) }
      if !rows.announcedUnixSeconds.isEmpty {
        try check(rows.announcedUnixSeconds[row], 0, 253_402_300_799, "announced_unix_s", row)
      }
      if !rows.windowEndUnixSeconds.isEmpty {
        try check(rows.windowEndUnixSeconds[row], 0, 253_402_300_799, "window_end_unix_s", row)
      }
    }
  }

  /// Refuses rows that lower what was published, unless an operator cuts it with cause and notice.
  ///
  /// An estimate is not lowered before its window has ended, neither by another estimate nor by a
  /// confirmation below it; what is confirmed is not lowered before its month has ended.
  ///
  /// - Throws: LIMIT_PUBLISHED, naming the row, what was published and until when it holds;
  ///   FIELD_MISSING for a cut without cause or notice.
  package func checkPublished(_ rows: LimitRows, at now: UnixMilliseconds) throws(Refusal) {
    for row in 0..<rows.sellers.count {
      guard let new = AnnouncedLimit(rows, row) else { continue }
      if new.isForced {
        if new.cause != LimitCause.operatorCut.rawValue {
          throw Refusal(
            .fieldMissing, "causes[\(row)]: forced needs cause 7, operator cut", row: Int32(row))
        }
        if rows.notices.isEmpty || rows.notices.lengths[row] == 0 {
          throw Refusal(
            .fieldMissing, "notices[\(row)]: say to the seller why its limit is cut",
            row: Int32(row))
        }
        continue
      }
      let name = rows.sellerNames[Int(rows.sellers[row])]
      guard let seller = sellerKeys.find(name),
        let floor = published(
          for: new, seller: seller, at: now.seconds), new.height < floor.height
      else { continue }
      let said = floor.height == .max ? "no limit" : "\(cubicFeet(floor.height)) ft³"
      throw Refusal(
        .limitPublished,
        "row \(row): \(said) of \(typeName(new.type, of: seller)) storage was published to seller "
          + "\(name) for \(new.month.text): it may be raised, or cut with forced, cause 7 and a "
          + "notice", key: name, row: Int32(row), nextSupplyUnixSeconds: floor.until)
    }
  }

  /// What of the published limits a row may not go below, and until when; nil = nothing.
  private func published(
    for new: AnnouncedLimit, seller: Int, at seconds: Int64
  ) -> (height: Int64, until: Int64)? {
    guard
      let row = limits.find(seller: UInt32(seller), type: new.type, month: new.month.yyyymm)
    else { return nil }
    var floor: (height: Int64, until: Int64)?
    if row.hasEstimate && seconds < row.windowEndUnixSeconds {
      floor = (row.estimate, row.windowEndUnixSeconds)
    }
    if new.kind == .estimated || row.decided == 0 { return floor }
    let end = start(of: new.month.next, marketplace: sellers[seller].marketplace)
    let height = row.decided == LimitKind.noLimit.rawValue ? .max : row.decidedLimit
    if seconds < end && height > floor?.height ?? -1 { floor = (height, end) }
    return floor
  }

  func apply(limits rows: LimitRows) {
    let sellers = rows.sellerNames.map { UInt32(sellerIndex($0)) }
    rows.notices.withKeyColumn { notices in
      var offset = 0
      for row in 0..<rows.sellers.count {
        let notice = notices.count == 0 ? Name.empty : notices.key(row, at: &offset).name
        guard let new = AnnouncedLimit(rows, row) else {
          invariant(false, "a limit of an unknown kind or month")
          continue
        }
        announce(new, to: sellers[Int(rows.sellers[row])], notice: notice)
      }
    }
  }

  private func announce(_ new: AnnouncedLimit, to seller: UInt32, notice: Name) {
    // Checked when it was put; a load may have been overtaken since, and the word still holds.
    if !new.isForced,
      let floor = published(for: new, seller: Int(seller), at: appliedTime.seconds),
      new.height < floor.height
    {
      return
    }
    let before = limits.find(seller: seller, type: new.type, month: new.month.yyyymm)
    let change = change(to: new, from: before, seller: seller, notice: notice)
    let marketplace = sellers[Int(seller)].marketplace
    let row = limits.inserting(seller: seller, type: new.type, month: new.month.yyyymm)
    let announced = new.announced == 0 ? appliedTime.seconds : new.announced
    if new.kind == .estimated {
      row.pointee.hasEstimate = true
      row.pointee.estimate = new.limit
      row.pointee.estimateCause = new.cause
      row.pointee.estimatedUnixSeconds = announced
      row.pointee.windowEndUnixSeconds =
        new.windowEnd == 0 ? start(of: new.month.next, marketplace: marketplace) : new.windowEnd
    } else {
      row.pointee.decided = new.kind.rawValue
      row.pointee.decidedLimit = new.limit
      row.pointee.decidedCause = new.cause
      row.pointee.decidedUnixSeconds = announced
    }
    if let change { limitChanges.append(change, seller: seller) }
    touch(.seller, UInt64(seller))
  }

  /// nil = nothing changes.
  private func change(
    to new: AnnouncedLimit, from old: LimitRow?, seller: UInt32, notice: Name
  ) -> LimitChangeRow? {
    var change = LimitChangeRow()
    change.seller = sellers[Int(seller)].name
    (change.storageType, change.month) = (new.type, new.month.yyyymm)
    change.kind = new.kind.rawValue
    change.after = new.kind == .noLimit ? -2 : new.limit
    if let old {
      if new.kind == .estimated {
        change.before = old.hasEstimate ? old.estimate : -1
      } else if old.decided != 0 {
        change.before = old.decided == LimitKind.noLimit.rawValue ? -2 : old.decidedLimit
      }
    }
    if change.before == change.after { return nil }
    change.cause = new.cause
    change.isForced = new.isForced
    change.announcedUnixSeconds = new.announced == 0 ? appliedTime.seconds : new.announced
    change.atUnixSeconds = appliedTime.seconds
    change.notice = notice
    let reference = reference(for: new, old, seller: seller)
    if let reference, new.height < reference {
      change.isQuestionable = hasSoldMore(seller: Int(seller), type: new.type)
    }
    return change
  }

  /// What a limit is compared with to tell whether it went down: what was said for the month, else
  /// what holds in the month before.
  private func reference(for new: AnnouncedLimit, _ old: LimitRow?, seller: UInt32) -> Int64? {
    func height(_ row: LimitRow?) -> Int64? {
      guard let row, row.effective.kind != 0 else { return nil }
      return row.effective.kind == LimitKind.noLimit.rawValue ? .max : row.effective.limit
    }
    return height(old)
      ?? height(
        limits.find(seller: seller, type: new.type, month: new.month.previous.yyyymm))
  }
}

extension State {
  /// The highest limit that was published to a seller for a month; nil = none, or no limit.
  package func publishedLimit(_ seller: Name, type: UInt8, month: Month) -> Int64? {
    guard let seller = sellerKeys.find(seller) else { return nil }
    return limits.find(seller: UInt32(seller), type: type, month: month.yyyymm)?.highest
  }

  /// Changes kept in which a limit went down although the seller had sold more.
  package var questionableChanges: Int {
    limitChanges.rows.reduce(0) { $0 + ($1.isQuestionable ? 1 : 0) }
  }
}

extension PackedKeys {
  var isEmpty: Bool { lengths.isEmpty }
}

extension Month {
  /// "2026-05".
  var text: String {
    let month = yyyymm % 100
    return "\(yyyymm / 100)-\(month < 10 ? "0" : "")\(month)"
  }
}

/// A volume in cubic feet for people: thousandths, rounded down, no needless zeros.
func cubicFeet(_ microCubicFeet: Int64) -> String {
  let thousandths = max(0, microCubicFeet) / 1000
  var fraction = String(thousandths % 1000)
  while fraction.utf8.count < 3 { fraction = "0" + fraction }
  while fraction.hasSuffix("0") { fraction.removeLast() }
  return fraction.isEmpty ? "\(thousandths / 1000)" : "\(thousandths / 1000).\(fraction)"
}

extension State {
  /// What a storage type is called for a seller.
  func typeName(_ type: UInt8, of seller: Int) -> String {
    let names = policies.policy(of: sellers[seller]).typeNames
    if Int(type) <= names.count { return names[Int(type) - 1].description }
    return StorageType(rawValue: type)?.label ?? "type \(type)"
  }
}
