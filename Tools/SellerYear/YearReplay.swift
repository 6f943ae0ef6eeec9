import PromisedEngine
import PromisedModel

/// A seller that was limited in a month.
struct Limited: Equatable {
  var seller: String
  var type: StorageType
  var month: UInt32
  /// Micro-cubic-feet.
  var limit: Int64
  var wantedUnits: Int
  var admittedUnits: Int
}

/// What a month came to.
struct MonthOutcome: Equatable {
  var month: UInt32
  var sellers = 0
  var limitedSellers = 0
  var wantedUnits = 0
  var admittedUnits = 0
  var soldUnits = 0
  /// Units that were asked for when the seller had none in storage.
  var missedUnits = 0
  /// Limits lowered although the seller had sold more.
  var questionable = 0
}

/// A year of a marketplace in which every seller stores with the network: limits from the sellers' own
/// history, what each would send in, and who is limited when.
///
/// Each month every seller sends in what it will sell in that month and the half of the next one
/// (it knows its goods), a plan cut to what fits; the units arrive, and are sold as they really were.
/// The limit of a month is twice the volume sold in a month, the mean of the three before, at least
/// `least`; the two months after it are estimated alike. The service decides all of it: admissions,
/// receipts, sales and limits go through its own decisions and events.
struct YearReplay {
  /// Limits never go below this: a cubic foot and a half holds a few boxes.
  static var least: Int64 { 1_500_000 }

  private(set) var months: [MonthOutcome] = []
  private(set) var limited: [Limited] = []
  /// What an audit of the service's sums found at the end; must be empty.
  private(set) var differences: [String] = []

  private let goods: OrderedGoods
  private let state = State()
  private var position: Position = 0
  private var sequence: UInt64 = 1
  private let noKey = CommandKey(bytes: .empty, bodyDigest: 0)
  /// Volume sold by seller and storage type, by month.
  private var soldVolume: [String: [UInt32: Int64]] = [:]
  /// Units on hand by product of a seller.
  private var onHand: [String: Int] = [:]

  /// - Parameters:
  ///   - from: the first month; three months before it make its limits.
  ///   - zone: the marketplace's time zone, as a TZif file.
  static func run(
    _ goods: OrderedGoods, from: Month, months: Int, zone: TimeZoneFile
  ) throws(Refusal) -> YearReplay {
    var replay = YearReplay(goods)
    try replay.prepare(zone)
    var month = from
    for _ in 0..<months {
      try replay.play(month, isFirst: month == from)
      month = month.next
    }
    replay.differences = replay.state.storageDifferences()
    return replay
  }

  private init(_ goods: OrderedGoods) {
    self.goods = goods
    for unit in goods.sold {
      guard let product = goods.products[unit.product] else { continue }
      let month = Month(LocalDate(days: unit.day)).yyyymm
      soldVolume[Self.key(unit.seller, product.type), default: [:]][month, default: 0] +=
        product.volume
    }
  }

  private static func key(_ seller: String, _ type: StorageType) -> String {
    "\(seller)|\(type.rawValue)"
  }

  // MARK: Events

  private mutating func apply(_ event: Event, _ now: UnixMilliseconds) {
    position += 1
    state.apply(event, at: position, time: now)
  }

  private mutating func put(_ rows: PutRows, _ now: UnixMilliseconds) throws(Refusal) {
    try state.validate(rows)
    if case .limits(let limits) = rows { try state.checkPublished(limits, at: now) }
    apply(.put(noKey, rows), now)
  }

  private mutating func prepare(_ zone: TimeZoneFile) throws(Refusal) {
    let start = UnixMilliseconds(0)
    var network = NetworkRows()
    network.timeZones = [zone]
    network.marketplaces = [
      Marketplace(
        name: Name("BR"), country: Name("BR"), currency: Name("BRL"), timeZone: zone.name,
        postcodeDigits: 5)
    ]
    network.nodes = [
      Node(
        name: Name("FC"), title: .empty, kind: .station, timeZone: zone.name, calendar: .empty,
        dwellMinutes: 0, processingMinutes: 0, country: Name("BR"), postcode: Name("01000"),
        latitudeE6: 0, longitudeE6: 0)
    ]
    try put(.network(network), start)
    let sellers = Set(goods.sold.map(\.seller)).sorted()
    for part in parts(sellers) {
      try put(
        .sellers(part.map { Seller(name: Name($0), title: .empty, marketplace: Name("BR")) }),
        start)
    }
    // A product sold by several sellers is an item of each.
    let items = Set(goods.sold.map { Self.item($0) }).sorted()
    for part in parts(items) {
      var rows = ItemRows()
      for item in part {
        let (seller, product) = (String(item.prefix(32)), String(item.suffix(32)))
        guard let size = goods.products[product] else { continue }
        rows.keys.append(Array(item.utf8))
        if rows.sellerNames.last != Name(seller) { rows.sellerNames.append(Name(seller)) }
        rows.sellers.append(UInt32(rows.sellerNames.count - 1))
        rows.storageTypes.append(size.type.rawValue)
        rows.volumesMicroCubicFeet.append(size.volume)
        rows.weightsGrams.append(0)
        rows.handlingMinutes.append(0)
        rows.demandPerDayMilli.append(0)
        rows.demandVarianceRatioMilli.append(1000)
      }
      try put(.items(rows), start)
    }
  }

  /// The key of an item: its seller and its product, 32 characters each.
  private static func item(_ unit: SoldUnit) -> String { unit.seller + unit.product }

  private func parts(_ list: [String]) -> [[String]] {
    stride(from: 0, to: list.count, by: 20_000).map {
      Array(list[$0..<min(list.count, $0 + 20_000)])
    }
  }

  // MARK: A month

  private mutating func play(_ month: Month, isFirst: Bool) throws(Refusal) {
    let first = month.firstDay
    var outcome = MonthOutcome(month: month.yyyymm)
    let begin = instant(first, hour: 9)
    // What is announced in a month's third full week is in force from the next month on; the first
    // month's limits have to be there before it.
    if isFirst { try announce(month, at: instant(first, hour: 4), estimates: 0) }
    let before = state.questionableChanges
    try send(month, at: begin, &outcome)
    let end = month.next.firstDay.days
    let week = month.announcementWeek
    var unit = firstUnit(on: first.days)
    for day in first.days..<end {
      let date = LocalDate(days: day)
      if date == week.to { try announce(month.next, at: instant(date, hour: 8), estimates: 2) }
      unit = try sell(from: unit, on: day, &outcome)
    }
    outcome.questionable = state.questionableChanges - before
    months.append(outcome)
  }

  /// Local time is UTC−3, or −2 in summer: no matter at these hours.
  private func instant(_ date: LocalDate, hour: Int64) -> UnixMilliseconds {
    UnixMilliseconds((Int64(date.days) * 86_400 + hour * 3600) * 1000)
  }

  private func firstUnit(on day: Int32) -> Int {
    var (low, high) = (0, goods.sold.count)
    while low < high {
      let middle = (low + high) / 2
      if goods.sold[middle].day < day { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Twice the mean of the three months before the one in which it is announced.
  private func limit(_ key: String, before month: Month) -> Int64 {
    var (sum, past) = (Int64(0), month)
    for _ in 0..<3 {
      past = past.previous
      sum += soldVolume[key]?[past.yyyymm] ?? 0
    }
    return max(Self.least, sum * 2 / 3)
  }

  private mutating func announce(
    _ month: Month, at now: UnixMilliseconds, estimates: Int
  ) throws(Refusal) {
    for part in parts(soldVolume.keys.sorted()) {
      var rows = LimitRows()
      for key in part {
        let halves = key.split(separator: "|")
        let name = Name(String(halves[0]))
        guard let type = UInt8(halves[1]) else { continue }
        var ahead = month
        for number in 0...estimates {
          if rows.sellerNames.last != name { rows.sellerNames.append(name) }
          rows.sellers.append(UInt32(rows.sellerNames.count - 1))
          rows.storageTypes.append(type)
          rows.months.append(ahead.yyyymm)
          rows.kinds.append(number == 0 ? 1 : 2)
          // Known by then are the months before the one that runs; and what was published stands.
          let known = limit(key, before: estimates == 0 ? month : month.previous)
          let published = state.publishedLimit(name, type: type, month: ahead)
          rows.limitsMicroCubicFeet.append(max(known, published ?? 0))
          rows.causes.append(LimitCause.salesHistory.rawValue)
          ahead = ahead.next
        }
      }
      for piece in rows.pieces { try put(.limits(piece), now) }
    }
  }

  /// What each seller will sell in the month and the half of the next, less what it has there.
  private mutating func send(
    _ month: Month, at now: UnixMilliseconds, _ outcome: inout MonthOutcome
  ) throws(Refusal) {
    let end = month.next.firstDay.days + 15
    var wanted: [String: [String: Int]] = [:]
    var unit = firstUnit(on: month.firstDay.days)
    while unit < goods.sold.count, goods.sold[unit].day < end {
      let sold = goods.sold[unit]
      wanted[sold.seller, default: [:]][Self.item(sold), default: 0] += 1
      unit += 1
    }
    let arrival = now.seconds + 3600
    for seller in wanted.keys.sorted() {
      var lines = PlanLines()
      lines.nodeNames = [Name("FC")]
      for (item, units) in (wanted[seller] ?? [:]).sorted(by: { $0.key < $1.key }) {
        let missing = units - (onHand[item] ?? 0)
        if missing <= 0 { continue }
        lines.keys.append(Array(item.utf8))
        lines.nodes.append(0)
        lines.quantities.append(Int32(missing))
        lines.etaUnixSeconds.append(arrival)
      }
      outcome.sellers += 1
      if lines.quantities.isEmpty { continue }
      try admit(seller, lines, month, at: now, &outcome)
    }
  }

  private mutating func admit(
    _ seller: String, _ lines: PlanLines, _ month: Month, at now: UnixMilliseconds,
    _ outcome: inout MonthOutcome
  ) throws(Refusal) {
    let wanted = lines.quantities.reduce(0) { $0 + Int($1) }
    outcome.wantedUnits += wanted
    let plan = Name("\(seller) \(month.yyyymm)")
    let command = AdmitCommand(
      key: noKey, seller: Name(seller), plan: plan, lines: lines, mode: .cut)
    var admitted: [Int32] = []
    do throws(Refusal) {
      let decision = try state.decide(command, at: now)
      apply(decision.event, now)
      admitted = decision.reply.lines.map(\.admitted)
    } catch {
      // Nothing fits at all.
      guard error.code == .sellerLimitReached else { throw error }
      admitted = lines.quantities.map { _ in 0 }
    }
    var received = lines
    received.keys = PackedKeys()
    (received.nodes, received.quantities, received.etaUnixSeconds) = ([], [], [])
    var byType: [StorageType: (wanted: Int, admitted: Int)] = [:]
    let names = lines.keys.names
    for (row, units) in admitted.enumerated() {
      let item = names[row].description
      guard let type = goods.products[String(item.suffix(32))]?.type else { continue }
      byType[type, default: (0, 0)].wanted += Int(lines.quantities[row])
      byType[type, default: (0, 0)].admitted += Int(units)
      outcome.admittedUnits += Int(units)
      if units == 0 { continue }
      onHand[item, default: 0] += Int(units)
      received.keys.append(names[row].bytes)
      received.nodes.append(0)
      received.quantities.append(units)
    }
    if !received.quantities.isEmpty {
      let receipt = ReceiveCommand(key: noKey, plan: plan, receipt: Name("1"), lines: received)
      if let event = try state.decide(receipt, at: now) { apply(event, now) }
    }
    var isLimited = false
    for type in StorageType.allCases {
      guard let units = byType[type], units.admitted < units.wanted else { continue }
      isLimited = true
      limited.append(
        Limited(
          seller: seller, type: type, month: month.yyyymm,
          limit: state.publishedLimit(Name(seller), type: type.rawValue, month: month) ?? 0,
          wantedUnits: units.wanted, admittedUnits: units.admitted))
    }
    if isLimited { outcome.limitedSellers += 1 }
  }

  /// The units sold on a day, as far as they are there; the place of the first after it.
  private mutating func sell(
    from start: Int, on day: Int32, _ outcome: inout MonthOutcome
  ) throws(Refusal) -> Int {
    var unit = start
    var rows = FeedRows()
    rows.source = Name("sales")
    rows.firstSequence = sequence
    rows.nodeNames = [Name("FC")]
    while unit < goods.sold.count, goods.sold[unit].day == day {
      let item = Self.item(goods.sold[unit])
      unit += 1
      if onHand[item] ?? 0 == 0 {
        outcome.missedUnits += 1
        continue
      }
      onHand[item, default: 0] -= 1
      outcome.soldUnits += 1
      rows.keys.append(Array(item.utf8))
      rows.nodes.append(0)
      rows.kinds.append(MovementKind.shipment.rawValue)
      rows.quantities.append(1)
    }
    if rows.quantities.isEmpty { return unit }
    var reply = FeedReply()
    let event = try state.decide(
      rows, at: instant(LocalDate(days: day), hour: 18), reply: &reply)
    apply(.fed(event), instant(LocalDate(days: day), hour: 18))
    sequence += UInt64(rows.quantities.count)
    return unit
  }
}

extension LimitRows {
  /// In pieces of at most 20,000 rows.
  fileprivate var pieces: [LimitRows] {
    if sellers.count <= 20_000 { return [self] }
    return stride(from: 0, to: sellers.count, by: 20_000).map { start in
      let range = start..<Swift.min(sellers.count, start + 20_000)
      var piece = LimitRows()
      piece.sellerNames = sellerNames
      piece.sellers = Array(sellers[range])
      piece.storageTypes = Array(storageTypes[range])
      piece.months = Array(months[range])
      piece.kinds = Array(kinds[range])
      piece.limitsMicroCubicFeet = Array(limitsMicroCubicFeet[range])
      piece.causes = Array(causes[range])
      return piece
    }
  }
}

extension PackedKeys {
  fileprivate var names: [Name] {
    withKeyColumn { keys in
      var offset = 0
      return (0..<keys.count).map { keys.key($0, at: &offset).name }
    }
  }
}
