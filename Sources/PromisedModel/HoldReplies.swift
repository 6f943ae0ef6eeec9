// Answers about holds.

package struct HoldReply: ~Copyable {
  package var holdID: UInt64 = 0
  package var state = HoldState.held
  package var owner = BorrowedBytes.empty
  /// The caller's own id, empty = none.
  package var name = BorrowedBytes.empty
  package var expiresAt = UnixMilliseconds(0)
  /// The claim had expired and was made again by this command.
  package var reclaimed = false
  /// This is the remembered answer to an earlier request with the same key.
  package var repeated = false

  // The lines: all columns have a value per line, or none.
  package var items = GrowableColumn<BorrowedBytes>()
  /// The node, or the group of a pool line.
  package var nodes = GrowableColumn<BorrowedBytes>()
  /// Units still claimed.
  package var quantities = GrowableColumn<Int64>()
  package var picked = GrowableColumn<Int64>()
  package var shipped = GrowableColumn<Int64>()
  /// Units that are not there although they are allocated.
  package var short = GrowableColumn<Int64>()
  /// 0 = now.
  package var dueUnixSeconds = GrowableColumn<Int64>()
  package var channels = GrowableColumn<BorrowedBytes>()
  /// As in `HoldRows.lineFlags`.
  package var flags = GrowableColumn<UInt32>()

  // What a command granted that may grant less than was asked: a value per line of the request.
  package var granted = GrowableColumn<Int64>()
  package var later = GrowableColumn<Int64>()
  package var laterDueUnixSeconds = GrowableColumn<Int64>()
  package var backordered = GrowableColumn<Int64>()

  // The promised shipments: all columns have a value per shipment, or none.
  /// Lines of each; together the lines of the hold that are promised, in their order.
  package var shipmentLineCounts = GrowableColumn<UInt32>()
  package var shipmentNodes = GrowableColumn<BorrowedBytes>()
  package var shipmentWindowFromUnixSeconds = GrowableColumn<Int64>()
  package var shipmentWindowToUnixSeconds = GrowableColumn<Int64>()
  package var shipmentDeliveryDays = GrowableColumn<Int32>()
  package var shipmentShipByUnixSeconds = GrowableColumn<Int64>()
  /// In 1/65535.
  package var shipmentConfidences = GrowableColumn<UInt32>()
  /// `ServiceLevel`.
  package var shipmentLevels = GrowableColumn<UInt32>()

  package init() {}

  package mutating func removeAll() {
    holdID = 0
    state = .held
    owner = .empty
    name = .empty
    expiresAt = UnixMilliseconds(0)
    reclaimed = false
    repeated = false
    removeLines()
    granted.removeAll()
    later.removeAll()
    laterDueUnixSeconds.removeAll()
    backordered.removeAll()
    shipmentLineCounts.removeAll()
    shipmentNodes.removeAll()
    shipmentWindowFromUnixSeconds.removeAll()
    shipmentWindowToUnixSeconds.removeAll()
    shipmentDeliveryDays.removeAll()
    shipmentShipByUnixSeconds.removeAll()
    shipmentConfidences.removeAll()
    shipmentLevels.removeAll()
  }

  package mutating func removeLines() {
    items.removeAll()
    nodes.removeAll()
    quantities.removeAll()
    picked.removeAll()
    shipped.removeAll()
    short.removeAll()
    dueUnixSeconds.removeAll()
    channels.removeAll()
    flags.removeAll()
  }

  package mutating func append(
    granted units: Int32, later: Int32, laterDue: UInt32, backordered: Int32
  ) {
    granted.append(Int64(units))
    self.later.append(Int64(later))
    laterDueUnixSeconds.append(Int64(laterDue))
    self.backordered.append(Int64(backordered))
  }
}

/// A page of committed lines that units are missing to, by hold and line.
package struct ShortfallReply: ~Copyable {
  package var holdIDs = GrowableColumn<UInt64>()
  package var names = GrowableColumn<BorrowedBytes>()
  package var owners = GrowableColumn<BorrowedBytes>()
  package var lines = GrowableColumn<UInt32>()
  package var items = GrowableColumn<BorrowedBytes>()
  package var nodes = GrowableColumn<BorrowedBytes>()
  /// Units of the line that are not there, of `claimed`.
  package var units = GrowableColumn<Int64>()
  package var claimed = GrowableColumn<Int64>()
  package var sinceUnixSeconds = GrowableColumn<Int64>()
  /// When more is expected in the node, 0 = not known.
  package var nextSupplyUnixSeconds = GrowableColumn<Int64>()
  /// Over all positions, whatever was asked for.
  package var shortPositions: UInt64 = 0
  package var shortUnits: UInt64 = 0
  /// Where the next page begins; empty = the end.
  package var nextPageToken: [UInt8] = []

  package init() {}

  package mutating func removeAll() {
    holdIDs.removeAll()
    names.removeAll()
    owners.removeAll()
    lines.removeAll()
    items.removeAll()
    nodes.removeAll()
    units.removeAll()
    claimed.removeAll()
    sinceUnixSeconds.removeAll()
    nextSupplyUnixSeconds.removeAll()
    shortPositions = 0
    shortUnits = 0
    nextPageToken.removeAll()
  }
}
