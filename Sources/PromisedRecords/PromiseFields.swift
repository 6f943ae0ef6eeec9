import PromisedModel

// The stored fields of promises and of what they take room in.

extension FieldCoder where Self: ~Copyable {
  mutating func departureChanges(_ rows: inout [DepartureChange]) throws(RecordError) {
    let blank = DepartureChange(
      subject: .leg, name: .empty, fromDays: 0, toDays: 0, kind: .closed)
    try list(&rows, blank: blank) { (row, coder) throws(RecordError) in
      try coder.choice(&row.subject)
      try coder.name(&row.name)
      try coder.number(&row.minute)
      try coder.number(&row.fromDays)
      try coder.number(&row.toDays)
      try coder.choice(&row.kind)
      try coder.number(&row.delayMinutes)
      try coder.name(&row.reason)
      try coder.name(&row.author)
    }
  }

  mutating func promisedShipments(_ rows: inout [PromisedShipment]) throws(RecordError) {
    try list(&rows, blank: .blank) { (row, coder) throws(RecordError) in
      try coder.promisedShipment(&row)
    }
  }

  mutating func moves(_ rows: inout [PromiseMovedEvent]) throws(RecordError) {
    let blank = PromiseMovedEvent(holdID: 0, shipment: 0, cause: .rescue, moved: .blank)
    try list(&rows, blank: blank) { (row, coder) throws(RecordError) in
      try coder.number(&row.holdID)
      try coder.number(&row.shipment)
      try coder.choice(&row.cause)
      try coder.promisedShipment(&row.moved)
    }
  }

  mutating func promiseRows(_ rows: inout [PromiseRow]) throws(RecordError) {
    let blank = PromiseRow(holdID: 0, orderedAtUnixSeconds: 0, shipment: .blank)
    try list(&rows, blank: blank) { (row, coder) throws(RecordError) in
      try coder.number(&row.holdID)
      try coder.number(&row.orderedAtUnixSeconds)
      try coder.number(&row.deliveredAtUnixSeconds)
      try coder.promisedShipment(&row.shipment)
    }
  }

  mutating func bucketRows(_ rows: inout [BucketRow]) throws(RecordError) {
    let blank = BucketRow(
      kind: .leg, index: 0, atUnixSeconds: 0, stretchStart: 0, current: 0, previous: 0,
      closedAtUnixSeconds: 0)
    try list(&rows, blank: blank) { (row, coder) throws(RecordError) in
      try coder.choice(&row.kind)
      try coder.number(&row.index)
      try coder.number(&row.atUnixSeconds)
      try coder.number(&row.stretchStart)
      try coder.number(&row.current)
      try coder.number(&row.previous)
      try coder.number(&row.closedAtUnixSeconds)
    }
  }

  mutating func promisedShipment(_ row: inout PromisedShipment) throws(RecordError) {
    try number(&row.node)
    try choice(&row.level)
    var restrictions = row.restrictions.rawValue
    try number(&restrictions)
    if restrictions & ~ItemRestrictions.all.rawValue != 0 { throw .malformed("restrictions") }
    row.restrictions = ItemRestrictions(rawValue: restrictions)
    try choice(&row.confidence)
    try number(&row.firstLine)
    try number(&row.lineCount)
    try name(&row.country)
    try name(&row.postcode)
    try number(&row.windowFromUnixSeconds)
    try number(&row.windowToUnixSeconds)
    try number(&row.deliveryDays)
    try number(&row.chance)
    try number(&row.shipByUnixSeconds)
    try number(&row.lane)
    try list(
      &row.claims, blank: BucketClaim(kind: .leg, index: 0, atUnixSeconds: 0, units: 0)
    ) { (claim, coder) throws(RecordError) in
      try coder.number(&claim.kind)
      try coder.number(&claim.index)
      try coder.number(&claim.atUnixSeconds)
      try coder.number(&claim.units)
      guard BucketKind(rawValue: claim.kind) != nil, claim.units >= 0 else {
        throw .malformed("claim")
      }
    }
    try flag(&row.wantsUpgrade)
    // What the state keeps of a promise has room for so many.
    if row.claims.count > 255 || row.country.bytes.count > 64 || row.postcode.bytes.count > 64 {
      throw .malformed("promised shipment")
    }
  }
}

extension PromisedShipment {
  static var blank: PromisedShipment {
    PromisedShipment(
      node: 0, level: .standard, restrictions: [], confidence: .usual, firstLine: 0, lineCount: 0,
      country: .empty, postcode: .empty, windowFromUnixSeconds: 0, windowToUnixSeconds: 0,
      deliveryDays: 0, chance: 0, shipByUnixSeconds: 0, lane: .max, claims: [],
      wantsUpgrade: false)
  }
}
