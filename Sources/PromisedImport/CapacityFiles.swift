import PromisedModel

/// What sellers may store, by which rules, where, and what they expect to sell.
enum CapacityFiles {
  private static let causes = LimitCause.allCases.map { ($0.label, $0.rawValue) }
  private static let yesOrNo: [(String, UInt8)] = [("yes", 1), ("no", 0)]
  private static var volumes: ClosedRange<Int64> { 0...1_000_000_000_000_000_000 }

  /// The number of a word; an empty cell is `standard`.
  private static func word(
    _ table: inout TableReader, _ column: Int, _ words: [(String, UInt8)], _ standard: UInt8
  ) -> UInt8? {
    table.cell(column).isEmpty ? standard : table.word(column, words)
  }

  /// A decimal number times 10^`digits`; an empty cell is `standard`.
  private static func decimal(
    _ table: inout TableReader, _ column: Int, digits: Int, _ range: ClosedRange<Int64>,
    _ standard: Int64
  ) -> Int64? {
    if table.cell(column).isEmpty { return standard }
    return table.decimal(column, digits: digits, rounding: .down, range)
  }

  /// A whole number with or without a sign.
  private static func whole(
    _ table: inout TableReader, _ column: Int, _ range: ClosedRange<Int64>
  ) -> Int64? {
    if table.cell(column).buffer.contains(0x2E) {
      table.refuse(column)
      return nil
    }
    return table.decimal(column, digits: 0, rounding: .down, range)
  }

  static func limits<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    let types = StockFiles.storageTypes
    let kinds: [(String, UInt8)] = [("confirmed", 1), ("estimated", 2), ("no-limit", 3)]
    let hasDetails = (5...9).contains { table.has($0) }
    var rows = LimitRows()
    var sellers = ChunkNames()
    while table.nextRow() {
      let seller = table.name(0)
      if let seller, let references, !references.sellers.allows(seller) { table.refuse(0) }
      let type = table.word(1, types)
      let month = Cell.month(table.cell(2))
      if month == nil { table.refuse(2) }
      let kind = table.word(3, kinds)
      var limit: Int64? = 0
      if kind == LimitKind.noLimit.rawValue {
        if !table.cell(4).isEmpty {
          table.refuse(4)
          limit = nil
        }
      } else {
        // Down: rounding never grants volume.
        limit = table.decimal(4, digits: 6, rounding: .down, volumes)
      }
      let details = LimitDetails(&table)
      guard let seller, let type, let month, let kind, let limit, let details else { continue }
      if let references,
        !references.limits.insert(seller, table.cell(1), table.cell(2), table.cell(3))
      {
        table.refuse(0, allowed: "each seller, storage type, month and kind once")
      }
      rows.sellers.append(sellers.index(seller))
      rows.storageTypes.append(type)
      rows.months.append(month)
      rows.kinds.append(kind)
      rows.limitsMicroCubicFeet.append(limit)
      if hasDetails { details.append(to: &rows) }
      if rows.months.count == StockFiles.chunkRowLimit || sellers.isFull {
        rows.sellerNames = sellers.names
        try emit(.limits(rows), rows.months.count)
        rows = LimitRows()
        sellers.removeAll()
      }
    }
    rows.sellerNames = sellers.names
    if rows.months.count > 0 { try emit(.limits(rows), rows.months.count) }
  }

  /// Why a limit is what it is; all but the cause may be empty.
  private struct LimitDetails {
    var cause: UInt8
    var announced: Int64
    var windowEnd: Int64
    var forced: UInt8
    var notice: BorrowedBytes

    init?(_ table: inout TableReader) {
      let cause = word(&table, 5, causes, 0)
      let announced = table.value(6) { $0.isEmpty ? 0 : Cell.instant($0) }
      let windowEnd = table.value(7) { $0.isEmpty ? 0 : Cell.instant($0) }
      let forced = word(&table, 8, yesOrNo, 0)
      let notice = table.optionalName(9)
      guard let cause, let announced, let windowEnd, let forced, let notice else { return nil }
      if forced == 1, cause != LimitCause.operatorCut.rawValue || notice.isEmpty {
        table.refuse(8)
        return nil
      }
      self.cause = cause
      self.announced = announced
      self.windowEnd = windowEnd
      self.forced = forced
      self.notice = notice
    }

    func append(to rows: inout LimitRows) {
      rows.causes.append(cause)
      rows.announcedUnixSeconds.append(announced)
      rows.windowEndUnixSeconds.append(windowEnd)
      rows.forced.append(forced)
      rows.notices.append(notice.buffer)
    }
  }

  /// Twenty fields each at most.
  private static var policyChunkLimit: Int { 190 }

  static func policies<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var rows: [CapacityPolicy] = []
    while table.nextRow() {
      guard let policy = policy(&table, references) else { continue }
      rows.append(policy)
      if rows.count == policyChunkLimit {
        try emit(.policies(rows), rows.count)
        rows.removeAll(keepingCapacity: true)
      }
    }
    if !rows.isEmpty { try emit(.policies(rows), rows.count) }
  }

  private static func policy(
    _ table: inout TableReader, _ references: References?
  ) -> CapacityPolicy? {
    let marketplace = table.optionalName(0)
    let seller = table.optionalName(1)
    if let marketplace, let seller {
      if marketplace.isEmpty == seller.isEmpty {
        table.refuse(0, allowed: "either a marketplace or a seller")
      }
      if let references {
        if !marketplace.isEmpty && !references.marketplaces.allows(marketplace) { table.refuse(0) }
        if !seller.isEmpty && !references.sellers.allows(seller) { table.refuse(1) }
        if !references.policies.insert(marketplace, seller) {
          table.refuse(0, allowed: "each marketplace or seller once")
        }
      }
    }
    let charges = word(&table, 2, yesOrNo, 0)
    let fee = decimal(&table, 3, digits: 4, 0...1_000_000_000, 100_000)
    let individual = decimal(&table, 4, digits: 6, volumes, 15_000_000)
    let weeks = table.cell(5).isEmpty ? 39 : table.integer(5, 0...520)
    let bypasses = word(&table, 6, yesOrNo, 0)
    let days = table.cell(7).isEmpty ? 30 : table.integer(7, 1...366)
    let share = decimal(&table, 8, digits: 3, 0...100_000, 200)
    let ask = decimal(&table, 9, digits: 6, volumes, 2_000_000_000)
    let credit = decimal(&table, 10, digits: 3, 0...1000, 150)
    let network = decimal(&table, 11, digits: 3, 0...1000, 1000)
    let names = table.value(12, typeNames)
    guard let marketplace, let seller, let charges, let fee, let individual, let weeks,
      let bypasses, let days, let share, let ask, let credit, let network, let names
    else { return nil }
    var policy = CapacityPolicy(marketplace: marketplace.name, seller: seller.name)
    policy.chargesOverage = charges == 1
    policy.overageFee = fee
    policy.individualLimit = individual
    policy.newSellerWeeks = Int32(weeks)
    policy.replenishmentBypasses = bypasses == 1
    policy.planDays = Int32(days)
    policy.maximumAskPermille = Int32(share)
    policy.maximumAsk = ask
    policy.creditPermille = Int32(credit)
    policy.networkSharePermille = Int32(network)
    policy.typeNames = names
    return policy
  }

  /// Seven names separated by semicolons, or none.
  private static func typeNames(_ cell: BorrowedBytes) -> [Name]? {
    if cell.isEmpty { return [] }
    let parts = cell.buffer.split(separator: 0x3B, omittingEmptySubsequences: false)
    let names = parts.map { Name(Array($0)) }
    let areValid = names.allSatisfy { $0.bytes.withUnsafeBufferPointer { Name.isValid($0) } }
    return names.count == 7 && areValid ? names : nil
  }

  static func buildings<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var rows = BuildingRows()
    var nodes = ChunkNames()
    while table.nextRow() {
      let node = table.node(0, references)
      let type = table.word(1, StockFiles.storageTypes)
      let usable = table.decimal(2, digits: 6, rounding: .down, volumes)
      let warning = decimal(&table, 3, digits: 3, 0...2000, 850)
      let alarm = decimal(&table, 4, digits: 3, 0...2000, 950)
      guard let node, let type, let usable, let warning, let alarm else { continue }
      if warning > alarm { table.refuse(3) }
      if let references, !references.buildings.insert(node, table.cell(1)) {
        table.refuse(0, allowed: "each node and storage type once")
      }
      rows.nodes.append(nodes.index(node))
      rows.storageTypes.append(type)
      rows.usableVolumes.append(usable)
      rows.warningPermille.append(UInt16(warning))
      rows.alarmPermille.append(UInt16(alarm))
      if rows.nodes.count == StockFiles.chunkRowLimit || nodes.isFull {
        rows.nodeNames = nodes.names
        try emit(.buildings(rows), rows.nodes.count)
        rows = BuildingRows()
        nodes.removeAll()
      }
    }
    rows.nodeNames = nodes.names
    if !rows.nodes.isEmpty { try emit(.buildings(rows), rows.nodes.count) }
  }

  static func signals<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    let kinds = SignalKind.allCases.map { ($0.label, $0.rawValue) }
    let units: ClosedRange<Int64> = -1_000_000_000...1_000_000_000
    var rows = SignalRows()
    var sellers = ChunkNames()
    while table.nextRow() {
      let seller = table.name(0)
      if let seller, let references, !references.sellers.allows(seller) { table.refuse(0) }
      let item = table.name(1)
      if let item, let references, references.items.number(item) == nil { table.refuse(1) }
      let month = Cell.month(table.cell(2))
      if month == nil { table.refuse(2) }
      let kind = table.word(3, kinds)
      let low = whole(&table, 4, units)
      let high = whole(&table, 5, units)
      let confidence = table.decimal(6, digits: 3, rounding: .down, 0...1000)
      guard let seller, let item, let month, let kind, let low, let high, let confidence else {
        continue
      }
      if low > high { table.refuse(5) }
      if let references, !references.signals.insert(seller, item, table.cell(2)) {
        table.refuse(0, allowed: "each seller, item and month once")
      }
      rows.sellers.append(sellers.index(seller))
      rows.keys.add(item)
      rows.months.append(month)
      rows.kinds.append(kind)
      rows.lows.append(low)
      rows.highs.append(high)
      rows.confidences.append(UInt16(confidence))
      if rows.months.count == StockFiles.chunkRowLimit || sellers.isFull {
        rows.sellerNames = sellers.names
        try emit(.signals(rows), rows.months.count)
        rows = SignalRows()
        sellers.removeAll()
      }
    }
    rows.sellerNames = sellers.names
    if !rows.months.isEmpty { try emit(.signals(rows), rows.months.count) }
  }
}
