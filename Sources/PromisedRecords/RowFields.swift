import PromisedModel

// The stored fields of every row, once each. The order is the format: Sources/PromisedRecords/
// RecordFormats.md lists it, and a golden file holds it.

extension FieldCoder where Self: ~Copyable {
  mutating func network(_ rows: inout NetworkRows) throws(RecordError) {
    try list(&rows.timeZones, blank: TimeZoneFile(name: .empty, tzif: [])) {
      (row, coder) throws(RecordError) in
      try coder.name(&row.name)
      try coder.bytes(&row.tzif)
    }
    try list(&rows.marketplaces, blank: .blank) { (row, coder) throws(RecordError) in
      try coder.name(&row.name)
      try coder.name(&row.country)
      try coder.name(&row.currency)
      try coder.name(&row.timeZone)
      try coder.number(&row.postcodeDigits)
    }
    try list(&rows.calendars, blank: Calendar(name: .empty, rules: [])) {
      (row, coder) throws(RecordError) in
      try coder.name(&row.name)
      try coder.list(&row.rules, blank: .blank) { (rule, coder) throws(RecordError) in
        try coder.calendarRule(&rule)
      }
    }
    try list(&rows.nodes, blank: .blank) { (row, coder) throws(RecordError) in
      try coder.node(&row)
    }
    try list(&rows.waves, blank: .blank) { (row, coder) throws(RecordError) in
      try coder.name(&row.station)
      try coder.number(&row.weekdays)
      try coder.number(&row.cutoffMinute)
      try coder.number(&row.fromMinute)
      try coder.number(&row.toMinute)
      try coder.choice(&row.level)
      try coder.number(&row.capacityUnits)
    }
    try list(&rows.zones, blank: .blank) { (row, coder) throws(RecordError) in
      try coder.name(&row.country)
      try coder.name(&row.prefix)
      try coder.name(&row.zone)
      try coder.name(&row.station)
    }
    try list(&rows.lanes, blank: .blank) { (row, coder) throws(RecordError) in
      try coder.lane(&row)
    }
    try list(&rows.legs, blank: .blank) { (row, coder) throws(RecordError) in
      try coder.leg(&row)
    }
    try list(&rows.rates, blank: .blank) { (row, coder) throws(RecordError) in
      try coder.rate(&row)
    }
  }

  private mutating func rate(_ row: inout Rate) throws(RecordError) {
    try name(&row.origin)
    try choice(&row.level)
    try name(&row.zone)
    try number(&row.fixedCost)
    try list(&row.breaks, blank: WeightBreak(grams: 0, cost: 0)) {
      (step, coder) throws(RecordError) in
      try coder.number(&step.grams)
      try coder.number(&step.cost)
    }
    try number(&row.costPerFurtherKilogram)
    try number(&row.cubicMillimetresPerGram)
  }

  private mutating func calendarRule(_ rule: inout CalendarRule) throws(RecordError) {
    try number(&rule.weekdays)
    var dated = rule.date != nil
    try flag(&dated)
    var days = rule.date?.days ?? 0
    if dated { try number(&days) }
    rule.date = dated ? LocalDate(days: days) : nil
    try number(&rule.openMinute)
    try number(&rule.closeMinute)
  }

  private mutating func node(_ row: inout Node) throws(RecordError) {
    try name(&row.name)
    try name(&row.title)
    try choice(&row.kind)
    try name(&row.timeZone)
    try name(&row.calendar)
    try number(&row.dwellMinutes)
    try number(&row.processingMinutes)
    try name(&row.country)
    try name(&row.postcode)
    try number(&row.latitudeE6)
    try number(&row.longitudeE6)
    try delays(&row.handling)
    try number(&row.unitsPerHour)
    try number(&row.silence.afterSeconds)
    try choice(&row.silence.policy)
    try number(&row.silence.widenMinutes)
  }

  private mutating func delays(_ rows: inout [DelayOutcome]) throws(RecordError) {
    try list(&rows, blank: DelayOutcome(minutes: 0, probability: 0)) {
      (row, coder) throws(RecordError) in
      try coder.number(&row.minutes)
      try coder.number(&row.probability)
    }
  }

  private mutating func restrictions(_ value: inout ItemRestrictions) throws(RecordError) {
    var raw = value.rawValue
    try number(&raw)
    if raw & ~ItemRestrictions.all.rawValue != 0 { throw .malformed("restrictions") }
    value = ItemRestrictions(rawValue: raw)
  }

  private mutating func lane(_ row: inout Lane) throws(RecordError) {
    try name(&row.origin)
    try name(&row.service)
    try name(&row.zone)
    try choice(&row.mode)
    try name(&row.pickupCalendar)
    try name(&row.transitCalendar)
    try name(&row.deliveryCalendar)
    try number(&row.cutoffMinute)
    try list(&row.transit, blank: TransitOutcome(workingDays: 0, probability: 0)) {
      (outcome, coder) throws(RecordError) in
      try coder.number(&outcome.workingDays)
      try coder.number(&outcome.probability)
    }
    try name(&row.deliveryTimeZone)
    try name(&row.carrier)
    try choice(&row.level)
    try restrictions(&row.refuses)
  }

  private mutating func leg(_ row: inout Leg) throws(RecordError) {
    try name(&row.name)
    try name(&row.origin)
    try name(&row.destination)
    try choice(&row.mode)
    try number(&row.weekdays)
    try number(&row.departureMinute)
    try number(&row.durationMinutes)
    try name(&row.calendar)
    try choice(&row.level)
    try restrictions(&row.refuses)
    try number(&row.capacityUnits)
    try delays(&row.delays)
  }

  mutating func override(_ row: inout Override) throws(RecordError) {
    try number(&row.id)
    try choice(&row.action)
    try name(&row.item)
    try name(&row.node)
    try name(&row.leg)
    try name(&row.zone)
    try name(&row.seller)
    try name(&row.reason)
    try name(&row.author)
    try number(&row.createdUnixSeconds)
    try number(&row.expiresUnixSeconds)
  }

  mutating func items(_ rows: inout ItemRows) throws(RecordError) {
    try keys(&rows.keys)
    try names(&rows.sellerNames)
    try column(&rows.sellers)
    try column(&rows.storageTypes)
    try column(&rows.volumesMicroCubicFeet)
    try column(&rows.weightsGrams)
    try column(&rows.handlingMinutes)
    try column(&rows.demandPerDayMilli)
    try column(&rows.demandVarianceRatioMilli)
    try column(&rows.releaseUnixSeconds)
    try column(&rows.restrictions)
    try column(&rows.volumesCubicMillimetres)
    try column(&rows.categories)
    try names(&rows.categoryNames)
  }

  mutating func positions(_ rows: inout PositionRows) throws(RecordError) {
    try keys(&rows.keys)
    try names(&rows.nodeNames)
    try column(&rows.nodes)
    try column(&rows.onHand)
    try column(&rows.unfulfillable)
    try column(&rows.researching)
    try column(&rows.inTransfer)
    try column(&rows.inProcessing)
    try column(&rows.withheld)
  }

  mutating func inbound(_ rows: inout InboundRows) throws(RecordError) {
    try keys(&rows.shipments)
    try keys(&rows.keys)
    try names(&rows.nodeNames)
    try column(&rows.nodes)
    try column(&rows.quantities)
    try column(&rows.etaUnixSeconds)
    try column(&rows.stages)
    try column(&rows.earlyUnixSeconds)
    try column(&rows.lateUnixSeconds)
  }

  mutating func sellers(_ rows: inout [Seller]) throws(RecordError) {
    try list(&rows, blank: Seller(name: .empty, title: .empty, marketplace: .empty)) {
      (row, coder) throws(RecordError) in
      try coder.name(&row.name)
      try coder.name(&row.title)
      try coder.name(&row.marketplace)
      try coder.number(&row.startDays)
      try coder.flag(&row.isIndividual)
    }
  }

  mutating func limits(_ rows: inout LimitRows) throws(RecordError) {
    try names(&rows.sellerNames)
    try column(&rows.sellers)
    try column(&rows.storageTypes)
    try column(&rows.months)
    try column(&rows.kinds)
    try column(&rows.limitsMicroCubicFeet)
    try column(&rows.causes)
    try column(&rows.announcedUnixSeconds)
    try column(&rows.windowEndUnixSeconds)
    try column(&rows.forced)
    try keys(&rows.notices)
  }

  mutating func kits(_ rows: inout KitRows) throws(RecordError) {
    try keys(&rows.kits)
    try keys(&rows.components)
    try column(&rows.units)
  }

  mutating func opportunity(_ rows: inout OpportunityRows) throws(RecordError) {
    try keys(&rows.keys)
    try names(&rows.nodeNames)
    try column(&rows.nodes)
    try column(&rows.values)
  }

  mutating func groups(_ rows: inout GroupRows) throws(RecordError) {
    try names(&rows.names)
    try column(&rows.counts)
    try names(&rows.nodeNames)
    try column(&rows.nodes)
  }

  mutating func channelStock(_ rows: inout ChannelStockRows) throws(RecordError) {
    try names(&rows.channelNames)
    try column(&rows.channels)
    try keys(&rows.keys)
    try names(&rows.nodeNames)
    try column(&rows.nodes)
    try column(&rows.buffers)
    try column(&rows.setAsides)
  }

  mutating func backorders(_ rows: inout BackorderRows) throws(RecordError) {
    try keys(&rows.keys)
    try names(&rows.nodeNames)
    try column(&rows.nodes)
    try column(&rows.kinds)
    try column(&rows.caps)
    try column(&rows.fromUnixSeconds)
    try column(&rows.untilUnixSeconds)
    try column(&rows.leadDays)
  }

  mutating func load(_ load: inout LoadDescription) throws(RecordError) {
    try name(&load.id)
    try choice(&load.mode)
    try number(&load.chunkCount)
    try flag(&load.force)
  }

  mutating func publication(_ value: inout ProfilePublication) throws(RecordError) {
    try number(&value.epoch)
    try number(&value.horizonBaseUnixSeconds)
    try number(&value.changeSequence)
  }

  mutating func put(_ rows: inout PutRows) throws(RecordError) {
    var kind = rows.recordKind
    try choice(&kind)
    if kind != rows.recordKind { rows = kind.blank }
    switch rows {
    case .network(var rows0):
      try network(&rows0)
      rows = .network(rows0)
    case .items(var rows0):
      try items(&rows0)
      rows = .items(rows0)
    case .sellers(var rows0):
      try sellers(&rows0)
      rows = .sellers(rows0)
    case .positions(var rows0):
      try positions(&rows0)
      rows = .positions(rows0)
    case .inbound(var rows0):
      try inbound(&rows0)
      rows = .inbound(rows0)
    case .limits(var rows0):
      try limits(&rows0)
      rows = .limits(rows0)
    case .kits(var rows0):
      try kits(&rows0)
      rows = .kits(rows0)
    case .opportunity(var rows0):
      try opportunity(&rows0)
      rows = .opportunity(rows0)
    case .forecasts(var rows0):
      try forecasts(&rows0)
      rows = .forecasts(rows0)
    case .factors(var rows0):
      try factors(&rows0)
      rows = .factors(rows0)
    case .policies(var rows0):
      try policies(&rows0)
      rows = .policies(rows0)
    case .buildings(var rows0):
      try buildings(&rows0)
      rows = .buildings(rows0)
    case .signals(var rows0):
      try signals(&rows0)
      rows = .signals(rows0)
    case .groups(var rows0):
      try groups(&rows0)
      rows = .groups(rows0)
    case .channelStock(var rows0):
      try channelStock(&rows0)
      rows = .channelStock(rows0)
    case .backorders(var rows0):
      try backorders(&rows0)
      rows = .backorders(rows0)
    }
  }
}

/// The stored number of each kind of rows.
enum PutKind: UInt8 {
  case network = 1
  case items = 2
  case sellers = 3
  case positions = 4
  case inbound = 5
  case limits = 6
  case kits = 7
  case opportunity = 8
  case forecasts = 13
  case factors = 14
  case policies = 15
  case buildings = 16
  case signals = 17
  case groups = 10
  case channelStock = 11
  case backorders = 12

  var blank: PutRows {
    switch self {
    case .network: .network(NetworkRows())
    case .items: .items(ItemRows())
    case .sellers: .sellers([])
    case .positions: .positions(PositionRows())
    case .inbound: .inbound(InboundRows())
    case .limits: .limits(LimitRows())
    case .kits: .kits(KitRows())
    case .opportunity: .opportunity(OpportunityRows())
    case .forecasts: .forecasts(ForecastRows())
    case .factors: .factors(FactorRows())
    case .policies: .policies([])
    case .buildings: .buildings(BuildingRows())
    case .signals: .signals(SignalRows())
    case .groups: .groups(GroupRows())
    case .channelStock: .channelStock(ChannelStockRows())
    case .backorders: .backorders(BackorderRows())
    }
  }
}

extension PutRows {
  var recordKind: PutKind {
    switch self {
    case .network: .network
    case .items: .items
    case .sellers: .sellers
    case .positions: .positions
    case .inbound: .inbound
    case .limits: .limits
    case .kits: .kits
    case .opportunity: .opportunity
    case .forecasts: .forecasts
    case .factors: .factors
    case .policies: .policies
    case .buildings: .buildings
    case .signals: .signals
    case .groups: .groups
    case .channelStock: .channelStock
    case .backorders: .backorders
    }
  }
}
