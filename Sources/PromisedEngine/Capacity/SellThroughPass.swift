import PromisedInvariants
import PromisedModel

/// A walk over all items that works out what each seller sells at least, by storage type and month.
///
/// Of each item it takes the demand that in-stock answers rest on (a forecast, else the declared rate,
/// else what the service has learned, with what the seller signalled), capped at the units that are
/// available, and adds the items of a seller up (`JointDemand`). Headroom reads the result in constant
/// time. A pass begins when rows were put since the last one, and once an hour in any case; it walks in
/// slices, for one range of sellers at a time so that its memory is bounded, and is no part of the
/// state: applying events gives the same state whether one is under way or not.
struct SellThroughPass: ~Copyable {
  /// Something that figures rest on was put since the last pass began.
  var isStale = true
  private(set) var isRunning = false
  /// What headroom answers read.
  var figures = SellThroughFigures()
  /// The last log position that the figures may reflect.
  var figuredPosition: UInt64 = 0

  fileprivate var began: Int64 = 0
  /// The last log position that the sums reflect.
  fileprivate var readPosition: UInt64 = 0
  /// Items that the pass under way has looked at, and the one before.
  fileprivate var walked = 0
  fileprivate var lastWalked = 0
  /// Items whose hash is at most this one are in the sums.
  fileprivate var walkedHash: UInt64 = 0
  fileprivate var isWalked = false
  /// The sellers of the part under way, and the next of them whose sums are to be closed.
  fileprivate var firstSeller = 0
  fileprivate var nextSeller = 0

  fileprivate var places = Store<UInt32>()
  fileprivate var sums = Store<JointDemand>()
  fileprivate var rows = Store<SellThroughFigure>()
  fileprivate var calendars: [SellThroughCalendar] = []

  /// Sellers of a part: their sums take 25 MB for each storage type they use.
  static var sellersPerPart: Int { 65_536 }
  /// A world of so many items is figured at once, whenever something was put.
  static var smallItems: Int { 256 }
  /// How long after a pass began the next may, when something was put; of a world that is quick to
  /// walk, at once.
  fileprivate static var restSeconds: Int64 { 600 }
  fileprivate static var quickItems: Int { 4096 }
  fileprivate static var longestSeconds: Int64 { 3600 }

  fileprivate mutating func begin(at now: Int64) {
    (isRunning, isStale) = (true, false)
    (began, walked) = (now, 0)
    calendars = []
    beginPart(from: 0)
  }

  fileprivate mutating func beginPart(from seller: Int) {
    (firstSeller, nextSeller, walkedHash, isWalked) = (seller, seller, 0, false)
    places.removeAll()
    sums.removeAll()
    rows.removeAll()
  }

  fileprivate mutating func end() {
    isRunning = false
    lastWalked = walked
    beginPart(from: 0)
  }

  /// The index of a seller's sums of a storage type, added when there are none.
  fileprivate mutating func place(_ seller: Int, _ type: UInt8) -> Int {
    let key = (seller - firstSeller) * UsageTable.typesPerSeller + Int(type)
    if key >= places.count {
      places.resize(to: (seller - firstSeller + 1) * UsageTable.typesPerSeller)
    }
    if places[key] == 0 {
      places[key] = UInt32(rows.append(SellThroughFigure()) + 1)
      sums.resize(to: rows.count * SellThroughFigures.months)
    }
    return Int(places[key]) - 1
  }
}

/// Days until the coming months begin where a seller sells.
private struct SellThroughCalendar {
  var marketplace: Name
  var firstMonth: Int
  var days: [Int32] = []

  init(_ marketplace: Name, today: LocalDate) {
    self.marketplace = marketplace
    var month = Month(today).next
    firstMonth = month.ordinal
    for _ in 0..<SellThroughFigures.months {
      days.append(month.firstDay.days - today.days)
      month = month.next
    }
  }
}

extension State {
  /// Whether a slice of a pass is to be done.
  package func isSellThroughDue(at now: UnixMilliseconds) -> Bool {
    if sellThrough.isRunning { return true }
    if positions.itemCount == 0 || sellers.isEmpty { return false }
    let passed = now.seconds - sellThrough.began
    if passed >= SellThroughPass.longestSeconds || sellThrough.began == 0 { return true }
    if !sellThrough.isStale { return false }
    return sellThrough.lastWalked <= SellThroughPass.quickItems
      || passed >= SellThroughPass.restSeconds
  }

  /// A whole pass, if one is due and there are few items.
  package func figureSmallSellThrough(at now: UnixMilliseconds) {
    if positions.itemCount > SellThroughPass.smallItems || !isSellThroughDue(at: now) { return }
    while !figureSellThrough(units: .max, at: now) {}
  }

  /// Goes on with a pass, or begins one, by about so many items of some ten microseconds each; true
  /// when it ended.
  package func figureSellThrough(units: Int, at now: UnixMilliseconds) -> Bool {
    if !sellThrough.isRunning { sellThrough.begin(at: now.seconds) }
    var left = units
    if !sellThrough.isWalked { walkSellThrough(&left) }
    while left > 0 {
      let seller = sellThrough.nextSeller
      let end = sellThrough.firstSeller + SellThroughPass.sellersPerPart
      if seller < min(end, sellers.count) {
        closeSellThrough(of: seller)
        sellThrough.nextSeller += 1
        left -= 1
        continue
      }
      if end >= sellers.count {
        sellThrough.end()
        return true
      }
      sellThrough.beginPart(from: end)
      walkSellThrough(&left)
    }
    return false
  }

  private func walkSellThrough(_ left: inout Int) {
    var slot = positions.firstSlot(after: sellThrough.walkedHash)
    while left > 0 {
      if slot >= positions.totalSlots {
        sellThrough.isWalked = true
        return
      }
      let token = positions.key(slot)
      if token == 0 {
        left -= slot & 63 == 0 ? 1 : 0
      } else {
        sellThrough.walkedHash = mix(token)
        left -= addSellThrough(of: token, slot) ? 1 : 0
      }
      slot += 1
    }
    if slot < positions.totalSlots && positions.key(slot) == 0 {
      // So that a stretch of empty slots is not walked again.
      sellThrough.walkedHash = max(sellThrough.walkedHash, positions.hash(before: slot))
    }
  }

  /// False when it took no time.
  private func addSellThrough(of token: UInt64, _ slot: Int) -> Bool {
    let index = Int(positions.attribute(slot))
    if index == 0 { return false }
    let item = attributes[index]
    let (seller, type) = (Int(item.seller), item.storageType)
    let first = sellThrough.firstSeller
    if seller < first || seller >= first + SellThroughPass.sellersPerPart { return false }
    sellThrough.walked += 1
    sellThrough.readPosition = appliedPosition
    let now = UnixMilliseconds(sellThrough.began * 1000)
    // A kit's answer is cut off when a question's work is done: each item here is a question.
    scratch.model.work = 0
    let available = availableEverywhere(slot, at: now)
    if available <= 0 { return false }
    let outlook = outlook(of: token, slot, now: now.seconds, only: nil)
    if outlook.source == .none { return true }
    let calendar = calendar(of: sellers[seller].marketplace)
    let place = sellThrough.place(seller, type)
    note(outlook, in: sellThrough.rows.at(place), firstMonth: calendar.firstMonth)
    let sums = sellThrough.sums.at(place * SellThroughFigures.months)
    let volume = Double(item.volumeMicroCubicFeet)
    var sold: CappedDemand?
    for month in 0..<SellThroughFigures.months {
      // Sold out for sure: later months sell no more.
      if sold.map({ $0.mean < Double(available) - 1e-6 }) ?? true {
        let demand = outlook.demand(days: calendar.days[month])
        sold = demand.isNone ? nil : CappedDemand(demand.demand, cap: available)
      }
      if let sold { (sums + month).pointee.add(sold, weight: volume) }
    }
    return true
  }

  private func note(
    _ outlook: DemandOutlook, in row: UnsafeMutablePointer<SellThroughFigure>, firstMonth: Int
  ) {
    row.pointee.firstMonth = firstMonth
    row.pointee.figuredUnixSeconds = sellThrough.began
    switch outlook.source {
    case .forecast: row.pointee.sources |= SellThroughSources.forecasts
    case .embedded: row.pointee.sources |= SellThroughSources.embedded
    case .declaredRate: row.pointee.sources |= SellThroughSources.declaredRates
    case .signals, .none: break
    }
    if outlook.signalled != nil { row.pointee.sources |= SellThroughSources.signals }
    if outlook.ageSeconds < 0 { return }
    row.pointee.oldestUnixSeconds = min(
      row.pointee.oldestUnixSeconds, sellThrough.began - outlook.ageSeconds)
  }

  private func calendar(of marketplace: Name) -> SellThroughCalendar {
    for known in sellThrough.calendars where known.marketplace == marketplace { return known }
    let calendar = SellThroughCalendar(
      marketplace, today: localDate(at: sellThrough.began, marketplace: marketplace))
    sellThrough.calendars.append(calendar)
    return calendar
  }

  private func closeSellThrough(of seller: Int) {
    sellThrough.figuredPosition = max(sellThrough.figuredPosition, sellThrough.readPosition)
    for type: UInt8 in 1...7 {
      let key = (seller - sellThrough.firstSeller) * UsageTable.typesPerSeller + Int(type)
      let place = key < sellThrough.places.count ? Int(sellThrough.places[key]) : 0
      if place == 0 {
        // Nothing is there, or nothing is known to sell.
        var none = SellThroughFigure()
        none.firstMonth = calendar(of: sellers[seller].marketplace).firstMonth
        none.figuredUnixSeconds = sellThrough.began
        sellThrough.figures.put(none, seller: seller, type: type) { _ in 0 }
        continue
      }
      let sums = sellThrough.sums.at((place - 1) * SellThroughFigures.months)
      // Less is never sold by a later day.
      var least: Int64 = 0
      sellThrough.figures.put(sellThrough.rows[place - 1], seller: seller, type: type) { month in
        let volume = min((sums + month).pointee.p10, 9e18)
        least = max(least, Int64(volume))
        return least
      }
    }
  }
}
