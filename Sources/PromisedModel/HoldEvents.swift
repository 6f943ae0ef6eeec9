// What was decided about holds, as the log holds it.

/// What was granted of each line of a request, in its order.
package struct GrantRows: Sendable, Equatable {
  /// Units claimed at the line's due.
  package var granted: [Int32] = []
  /// Units claimed of supply that comes at `laterDues`.
  package var later: [Int32] = []
  /// Unix seconds; 0 = none.
  package var laterDues: [UInt32] = []
  /// Units for which no supply is known; `granted` does not count them.
  package var backordered: [Int32] = []

  package init() {}

  package var count: Int { granted.count }
  package var isEmpty: Bool { granted.isEmpty }

  package mutating func append(
    granted: Int32, later: Int32 = 0, laterDue: UInt32 = 0, backordered: Int32 = 0
  ) {
    self.granted.append(granted)
    self.later.append(later)
    self.laterDues.append(laterDue)
    self.backordered.append(backordered)
  }

  /// Some of the rows.
  package subscript(rows: Range<Int>) -> GrantRows {
    if rows.isEmpty { return GrantRows() }
    var some = GrantRows()
    some.granted = Array(granted[rows])
    some.later = Array(later[rows])
    some.laterDues = Array(laterDues[rows])
    some.backordered = Array(backordered[rows])
    return some
  }

  package mutating func append(_ other: GrantRows) {
    granted += other.granted
    later += other.later
    laterDues += other.laterDues
    backordered += other.backordered
  }
}

/// A promised shipment as the answer to a command lists it.
package struct AnsweredShipment: BitwiseCopyable, Sendable, Equatable {
  package var windowFromUnixSeconds: Int64
  package var windowToUnixSeconds: Int64
  package var shipByUnixSeconds: Int64
  package var deliveryDays: Int32
  package var node: UInt16
  package var lineCount: UInt16
  /// In 1/65535.
  package var chance: UInt16
  /// `ServiceLevel`.
  package var level: UInt8

  package init(
    windowFromUnixSeconds: Int64, windowToUnixSeconds: Int64, shipByUnixSeconds: Int64,
    deliveryDays: Int32, node: UInt16, lineCount: UInt16, chance: UInt16, level: UInt8
  ) {
    self.windowFromUnixSeconds = windowFromUnixSeconds
    self.windowToUnixSeconds = windowToUnixSeconds
    self.shipByUnixSeconds = shipByUnixSeconds
    self.deliveryDays = deliveryDays
    self.node = node
    self.lineCount = lineCount
    self.chance = chance
    self.level = level
  }
}

package struct AnsweredShipmentRows: Sendable, Equatable {
  package var windowFromUnixSeconds: [Int64] = []
  package var windowToUnixSeconds: [Int64] = []
  package var shipByUnixSeconds: [Int64] = []
  package var deliveryDays: [Int32] = []
  package var nodes: [UInt16] = []
  package var lineCounts: [UInt16] = []
  package var chances: [UInt16] = []
  package var levels: [UInt8] = []

  package init() {}

  package var count: Int { nodes.count }

  package mutating func append(_ row: AnsweredShipment) {
    windowFromUnixSeconds.append(row.windowFromUnixSeconds)
    windowToUnixSeconds.append(row.windowToUnixSeconds)
    shipByUnixSeconds.append(row.shipByUnixSeconds)
    deliveryDays.append(row.deliveryDays)
    nodes.append(row.node)
    lineCounts.append(row.lineCount)
    chances.append(row.chance)
    levels.append(row.level)
  }

  package subscript(row: Int) -> AnsweredShipment {
    AnsweredShipment(
      windowFromUnixSeconds: windowFromUnixSeconds[row],
      windowToUnixSeconds: windowToUnixSeconds[row], shipByUnixSeconds: shipByUnixSeconds[row],
      deliveryDays: deliveryDays[row], node: nodes[row], lineCount: lineCounts[row],
      chance: chances[row], level: levels[row])
  }
}

/// What the lines of a hold have besides item, node and quantity: a row per line, or none at all
/// where every line is plain.
package struct HoldLineDetails: Sendable, Equatable {
  /// Unix seconds, 0 = now.
  package var dues: [UInt32] = []
  package var channels: [UInt16] = []
  /// As in `HoldRows.lineFlags`.
  package var flags: [UInt8] = []

  package init() {}

  package var isEmpty: Bool { flags.isEmpty }
}

/// What plain holds do not have, behind one reference: they are copied without it.
package final class HoldExtras: Sendable {
  package let details: HoldLineDetails
  package let grants: GrantRows

  package init(details: HoldLineDetails, grants: GrantRows) {
    self.details = details
    self.grants = grants
  }
}

/// A hold that was granted. Its id is the position of its event.
package struct HeldEvent {
  package var key: CommandKey
  package var owner: BorrowedBytes
  /// Empty = none.
  package var name: BorrowedBytes
  package var expiresAt: UnixMilliseconds
  /// A hold that is held and is released by this one; 0 = none.
  package var replaces: UInt64
  package var items: KeyColumn
  package var nodes: Column<UInt16>
  package var quantities: Column<Int32>
  /// Nil for plain lines, granted as they were asked.
  package var extras: HoldExtras?
  /// What was promised with it; empty for a hold that redeems no token. Each covers some lines.
  package var promises: [PromisedShipment]

  package init(
    key: CommandKey, owner: BorrowedBytes, name: BorrowedBytes = .empty,
    expiresAt: UnixMilliseconds, replaces: UInt64 = 0, items: KeyColumn,
    nodes: Column<UInt16>, quantities: Column<Int32>,
    details: HoldLineDetails = HoldLineDetails(), grants: GrantRows = GrantRows(),
    promises: [PromisedShipment] = []
  ) {
    self.key = key
    self.owner = owner
    self.name = name
    self.expiresAt = expiresAt
    self.replaces = replaces
    self.items = items
    self.nodes = nodes
    self.quantities = quantities
    extras =
      details.isEmpty && grants.isEmpty ? nil : HoldExtras(details: details, grants: grants)
    self.promises = promises
  }

  /// Empty where every line is plain.
  package var details: HoldLineDetails {
    get { extras?.details ?? HoldLineDetails() }
    set { extras = HoldExtras(details: newValue, grants: grants) }
  }

  /// Empty where all that was asked was granted as it was asked.
  package var grants: GrantRows {
    get { extras?.grants ?? GrantRows() }
    set { extras = HoldExtras(details: details, grants: newValue) }
  }
}

package struct HoldChangedEvent {
  package var key: CommandKey
  package var holdID: UInt64
  package var transition: HoldTransition
  /// The hold had expired and its units were claimed again.
  package var reclaimed: Bool

  package init(key: CommandKey, holdID: UInt64, transition: HoldTransition, reclaimed: Bool) {
    self.key = key
    self.holdID = holdID
    self.transition = transition
    self.reclaimed = reclaimed
  }
}

package struct HoldExtendedEvent {
  package var key: CommandKey
  package var holdID: UInt64
  package var expiresAt: UnixMilliseconds
  /// The hold had expired and its units were claimed again.
  package var reclaimed: Bool

  package init(
    key: CommandKey, holdID: UInt64, expiresAt: UnixMilliseconds, reclaimed: Bool
  ) {
    self.key = key
    self.holdID = holdID
    self.expiresAt = expiresAt
    self.reclaimed = reclaimed
  }
}

/// All lines of a hold as they are from now on.
package struct HoldAmendedEvent {
  package var key: CommandKey
  package var holdID: UInt64
  package var items: PackedKeys
  package var nodes: [UInt16]
  /// Units still claimed, of these picked, and shipped.
  package var quantities: [Int32]
  package var picked: [Int32]
  package var shipped: [Int32]
  package var details: HoldLineDetails
  /// The promised shipments that stay, with the lines and the room they have from now on.
  package var promises: [KeptShipment]

  package init(key: CommandKey, holdID: UInt64) {
    self.key = key
    self.holdID = holdID
    items = PackedKeys()
    nodes = []
    quantities = []
    picked = []
    shipped = []
    details = HoldLineDetails()
    promises = []
  }
}

/// A promised shipment after an amendment.
package struct KeptShipment: Sendable, Equatable {
  /// Which one it was.
  package var number: UInt16
  package var shipment: PromisedShipment

  package init(number: UInt16, shipment: PromisedShipment) {
    self.number = number
    self.shipment = shipment
  }
}

package struct HoldFulfilledEvent {
  package var key: CommandKey
  package var holdID: UInt64
  package var step: FulfilmentStep
  /// Indexes of lines of the hold; per line units picked or shipped, and units not found.
  package var lines: [UInt16]
  package var units: [Int32]
  package var missing: [Int32]

  package init(key: CommandKey, holdID: UInt64, step: FulfilmentStep) {
    self.key = key
    self.holdID = holdID
    self.step = step
    lines = []
    units = []
    missing = []
  }
}
