import PromisedModel

// The stored fields of what happens to holds after they were granted.

/// What a hold has besides plain lines.
struct HeldExtras {
  var replaces: UInt64 = 0
  var details = HoldLineDetails()
  var grants = GrantRows()
  var promises: [PromisedShipment] = []

  init() {}

  init(_ held: HeldEvent) {
    replaces = held.replaces
    details = held.details
    grants = held.grants
    promises = held.promises
  }

  var isEmpty: Bool {
    replaces == 0 && details.isEmpty && grants.isEmpty && promises.isEmpty
  }

  func check(lines count: Int) throws(RecordError) {
    try details.check(lines: count)
    try grants.checkColumns()
    if grants.count > Limits.linesPerHold { throw .malformed("grant columns") }
    for promise in promises where Int(promise.firstLine) + Int(promise.lineCount) > count {
      throw .malformed("promised lines")
    }
  }
}

extension HoldLineDetails {
  func check(lines count: Int) throws(RecordError) {
    if isEmpty && dues.isEmpty && channels.isEmpty { return }
    try require([dues.count, channels.count, flags.count], rows: count, "hold line details")
    for flag in flags where flag > 15 { throw .malformed("hold line flags") }
  }
}

extension HoldAmendedEvent {
  func checkColumns() throws(RecordError) {
    let count = items.count
    if count > Limits.linesPerHold { throw .malformed("amended lines") }
    try require(
      [nodes.count, quantities.count, picked.count, shipped.count], rows: count, "amended lines")
    try details.check(lines: count)
    for line in 0..<count
    where picked[line] < 0 || picked[line] > quantities[line] || shipped[line] < 0 {
      throw .malformed("amended lines")
    }
    var last = -1
    for promise in promises {
      let shipment = promise.shipment
      if Int(promise.number) <= last
        || Int(shipment.firstLine) + Int(shipment.lineCount) > count
      {
        throw .malformed("promised lines")
      }
      last = Int(promise.number)
    }
  }
}

extension HoldFulfilledEvent {
  func checkColumns() throws(RecordError) {
    try require([units.count, missing.count], rows: lines.count, "fulfilled lines")
    for row in 0..<lines.count where units[row] < 0 || missing[row] < 0 {
      throw .malformed("fulfilled lines")
    }
  }
}

extension FieldCoder where Self: ~Copyable {
  mutating func heldExtras(_ more: inout HeldExtras) throws(RecordError) {
    try number(&more.replaces)
    try details(&more.details)
    try grants(&more.grants)
    try promisedShipments(&more.promises)
  }

  mutating func grants(_ rows: inout GrantRows) throws(RecordError) {
    try column(&rows.granted)
    try column(&rows.later)
    try column(&rows.laterDues)
    try column(&rows.backordered)
  }

  mutating func answeredShipments(_ rows: inout AnsweredShipmentRows) throws(RecordError) {
    try column(&rows.windowFromUnixSeconds)
    try column(&rows.windowToUnixSeconds)
    try column(&rows.shipByUnixSeconds)
    try column(&rows.deliveryDays)
    try column(&rows.nodes)
    try column(&rows.lineCounts)
    try column(&rows.chances)
    try column(&rows.levels)
  }

  private mutating func details(_ rows: inout HoldLineDetails) throws(RecordError) {
    try column(&rows.dues)
    try column(&rows.channels)
    try column(&rows.flags)
  }

  mutating func extended(_ event: inout HoldExtendedEvent) throws(RecordError) {
    try number(&event.holdID)
    try number(&event.expiresAt.milliseconds)
    try flag(&event.reclaimed)
  }

  mutating func amended(_ event: inout HoldAmendedEvent) throws(RecordError) {
    try number(&event.holdID)
    try keys(&event.items)
    try column(&event.nodes)
    try column(&event.quantities)
    try column(&event.picked)
    try column(&event.shipped)
    try details(&event.details)
    let blank = KeptShipment(number: 0, shipment: .blank)
    try list(&event.promises, blank: blank) { (row, coder) throws(RecordError) in
      try coder.number(&row.number)
      try coder.promisedShipment(&row.shipment)
    }
  }

  mutating func fulfilled(_ event: inout HoldFulfilledEvent) throws(RecordError) {
    try number(&event.holdID)
    try choice(&event.step)
    try column(&event.lines)
    try column(&event.units)
    try column(&event.missing)
  }
}
