import PromisedBytes
import PromisedModel
import Testing

@testable import PromisedRecords

/// What happens to holds, after the disk.
@Suite("Hold records")
struct HoldRecordTests {
  static func shipment(firstLine: UInt16, lineCount: UInt16) -> PromisedShipment {
    var shipment = PromisedShipment.blank
    shipment.firstLine = firstLine
    shipment.lineCount = lineCount
    shipment.claims = [BucketClaim(kind: .leg, index: 3, atUnixSeconds: 9, units: 2)]
    return shipment
  }

  static func amended() -> HoldAmendedEvent {
    var amended = HoldAmendedEvent(key: CommandKey(bytes: .empty, bodyDigest: 9), holdID: 8)
    amended.items.append(Array("B0".utf8))
    amended.items.append(Array("a much longer key of an item".utf8))
    amended.nodes = [1, 9]
    amended.quantities = [5, 0]
    amended.picked = [2, 0]
    amended.shipped = [0, 7]
    amended.details.dues = [0, .max]
    amended.details.channels = [0, 4]
    amended.details.flags = [0, 3]
    amended.promises = [
      KeptShipment(number: 1, shipment: shipment(firstLine: 0, lineCount: 1)),
      KeptShipment(number: 4, shipment: shipment(firstLine: 1, lineCount: 1)),
    ]
    return amended
  }

  static func fulfilled() -> HoldFulfilledEvent {
    var fulfilled = HoldFulfilledEvent(
      key: CommandKey(bytes: .empty, bodyDigest: 9), holdID: 8, step: .ship)
    fulfilled.lines = [0, 255]
    fulfilled.units = [2_000_000_000, 0]
    fulfilled.missing = [0, 3]
    return fulfilled
  }

  static func orderEvents() -> [Event] {
    let noKey = CommandKey(bytes: .empty, bodyDigest: 9)
    return [
      .holdExtended(
        HoldExtendedEvent(
          key: noKey, holdID: 7, expiresAt: UnixMilliseconds(1_795_262_400_123), reclaimed: true)),
      .holdAmended(amended()), .holdFulfilled(fulfilled()),
    ]
  }

  private func reading(_ event: Event) -> RecordError? {
    var writer = EventWriter()
    writer.write(event, at: UnixMilliseconds(5))
    let reader = EventReader()
    do throws(RecordError) {
      _ = try reader.read(writer.record)
      return nil
    } catch { return error }
  }

  @Test("an amendment whose columns do not fit is damage")
  func damagedAmendments() {
    #expect(reading(.holdAmended(Self.amended())) == nil)
    let changes: [(inout HoldAmendedEvent) -> Void] = [
      { $0.nodes.removeLast() }, { $0.picked[0] = 6 }, { $0.picked[0] = -1 },
      { $0.shipped[1] = -1 }, { $0.details.flags = [1] }, { $0.details.flags[0] = 16 },
      { $0.details.dues = [] }, { $0.promises[1].number = 1 },
      { $0.promises[0].shipment.lineCount = 3 }, { $0.quantities.append(1) },
    ]
    for (index, change) in changes.enumerated() {
      var amended = Self.amended()
      change(&amended)
      #expect(reading(.holdAmended(amended)) != nil, "\(index)")
    }
    var fulfilled = Self.fulfilled()
    fulfilled.units[0] = -1
    #expect(reading(.holdFulfilled(fulfilled)) != nil)
    fulfilled = Self.fulfilled()
    fulfilled.missing.removeLast()
    #expect(reading(.holdFulfilled(fulfilled)) != nil)
  }

  @Test("a hold that is not plain says the same after the disk")
  func extras() throws {
    let (name, owner) = (Array("order-1".utf8), Array("cart".utf8))
    let (key, nodes, quantities) = (Array("B0".utf8), [UInt16(3)], [Int32(4)])
    try name.withUnsafeBufferPointer { name in
      try owner.withUnsafeBufferPointer { owner in
        try key.withUnsafeBufferPointer { key in
          try nodes.withUnsafeBufferPointer { nodes in
            try quantities.withUnsafeBufferPointer { quantities in
              try [UInt32(2)].withUnsafeBufferPointer { lengths in
                var event = HeldEvent(
                  key: CommandKey(bytes: .empty, bodyDigest: 0), owner: BorrowedBytes(owner),
                  expiresAt: UnixMilliseconds(7),
                  items: KeyColumn(bytes: Column(key), lengths: Column(lengths)),
                  nodes: Column(nodes), quantities: Column(quantities))
                try check(event)
                event.name = BorrowedBytes(name)
                try check(event)
                event.replaces = 12
                event.details.dues = [5]
                event.details.channels = [1]
                event.details.flags = [2]
                event.grants.append(granted: 4, later: 2, laterDue: 9, backordered: 1)
                event.promises = [Self.shipment(firstLine: 0, lineCount: 1)]
                try check(event)
                event.promises[0].lineCount = 2
                #expect(reading(.held(event)) == .malformed("promised lines"))
              }
            }
          }
        }
      }
    }
  }

  private func check(_ event: HeldEvent) throws {
    var writer = EventWriter()
    writer.write(.held(event), at: UnixMilliseconds(5))
    let reader = EventReader()
    guard case .held(let back) = try reader.read(writer.record).event else {
      Issue.record("not a hold")
      return
    }
    #expect(back.name.name == event.name.name && back.replaces == event.replaces)
    #expect(back.details == event.details && back.grants == event.grants)
    #expect(back.promises == event.promises && back.quantities[0] == 4)
    withExtendedLifetime(reader) {}
  }
}
