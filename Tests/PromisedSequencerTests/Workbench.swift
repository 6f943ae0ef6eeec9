import Glibc
import PromisedBytes
import PromisedModel
import PromisedRecords
import PromisedWire

@testable import PromisedSequencer

/// A sequencer with one node and a few items, its records kept, its disk under the test's control.
final class Workbench {
  let sequencer: Sequencer
  /// What was decided, in order: record i is position i + 1.
  private(set) var records: [[UInt8]] = []
  var now = UnixMilliseconds(1_795_262_400_000)
  let facts = ServerFacts(
    dataset: "test", connections: 0, startedAtUnixSeconds: 0, residentBytes: 0, snapshots: [])

  init(isSandbox: Bool = false, changes: Int = 1 << 16) {
    sequencer = Sequencer(
      isSandbox: isSandbox, changes: changes, timeZoneFile: Self.timeZoneFile)
    sequencer.useRecordSink { [unowned self] in records.append(Array($0)) }
  }

  /// An item in `N1` with `onHand` units, everything durable.
  func stock(_ items: [String], onHand: Int32) throws {
    sequencer.beginBatch(realtime: now)
    try sequencer.put(.network(Self.network()))
    try sequencer.put(Self.positions(items, onHand))
    _ = sequencer.markDurable(upTo: sequencer.position)
  }

  static func utc() -> [UInt8]? { timeZoneFile(Name("Etc/UTC")) }

  static func positions(_ items: [String], _ onHand: Int32) -> PutRows {
    var rows = PositionRows()
    rows.nodeNames = [Name("N1")]
    for item in items {
      rows.keys.append(Array(item.utf8))
      rows.nodes.append(0)
      rows.onHand.append(onHand)
      rows.unfulfillable.append(0)
      rows.researching.append(0)
      rows.inTransfer.append(0)
      rows.inProcessing.append(0)
      rows.withheld.append(0)
    }
    return .positions(rows)
  }

  static func network() -> NetworkRows {
    var rows = NetworkRows()
    rows.marketplaces = [
      Marketplace(
        name: Name("US"), country: Name("US"), currency: Name("USD"), timeZone: Name("Etc/UTC"),
        postcodeDigits: 5)
    ]
    rows.calendars = [
      Calendar(
        name: Name("always"),
        rules: [CalendarRule(weekdays: 127, date: nil, openMinute: 0, closeMinute: 1440)])
    ]
    rows.nodes = [
      Node(
        name: Name("N1"), title: Name("One"), kind: .fulfilmentCentre, timeZone: Name("Etc/UTC"),
        calendar: Name("always"), dwellMinutes: 0, processingMinutes: 60, country: Name("US"),
        postcode: Name("10001"), latitudeE6: 0, longitudeE6: 0)
    ]
    return rows
  }

  private static func timeZoneFile(_ name: Name) -> [UInt8]? {
    guard let file = fopen("/usr/share/zoneinfo/\(name)", "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
  }

  /// Sends one request and returns the replies that may leave at once.
  func send(_ frame: [UInt8], on session: Session) -> [Frame] {
    sequencer.beginBatch(realtime: now)
    let outcome = frame.withUnsafeBytes {
      sequencer.receive($0, on: session, facts: facts)
    }
    precondition(outcome.consumed == frame.count || outcome.closes)
    return Frame.take(from: session)
  }
}

/// A reply as the peer sees it.
struct Frame: Equatable {
  let streamID: UInt32
  /// 2 Response, 3 Data.
  var kind: UInt8 = 2
  var flags: UInt8 = 0
  let data: [UInt8]

  /// A status comes first where there is one.
  var isRefusal: Bool { data.first == 0x0a }

  func says(_ text: String) -> Bool {
    String(decoding: data, as: UTF8.self).contains(text)
  }

  static func take(from session: Session) -> [Frame] {
    var frames: [Frame] = []
    while session.ready.count > 0 {
      let bytes = Array(session.ready.bytes)
      let length = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
      let streamID = bytes[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      frames.append(
        Frame(
          streamID: streamID, kind: bytes[8], flags: bytes[9],
          data: Array(bytes[10..<(10 + length)])))
      session.ready.removePrefix(10 + length)
    }
    return frames
  }
}

/// Requests, field by field, as any protobuf writer would make them.
enum Ask {
  static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 128 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  static func bytes(_ field: UInt64, _ value: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(value.count)) + value
  }

  static func text(_ field: UInt64, _ value: String) -> [UInt8] { bytes(field, Array(value.utf8)) }

  static func number(_ field: UInt64, _ value: UInt64) -> [UInt8] {
    varint(field << 3) + varint(value)
  }

  static func packed(_ field: UInt64, _ values: [UInt64]) -> [UInt8] {
    bytes(field, values.flatMap(varint))
  }

  static func frame(
    _ streamID: UInt32, _ service: String, _ method: String, _ payload: [UInt8],
    timeoutNano: UInt64 = 0, flags: UInt8 = 0
  ) -> [UInt8] {
    var data = text(1, "promised.v1.\(service)") + text(2, method)
    if !payload.isEmpty { data += bytes(3, payload) }
    if timeoutNano != 0 { data += number(4, timeoutNano) }
    return raw(streamID, kind: 1, flags, data)
  }

  static func raw(_ streamID: UInt32, kind: UInt8, _ flags: UInt8, _ data: [UInt8]) -> [UInt8] {
    func bigEndian(_ value: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
    return bigEndian(UInt32(data.count)) + bigEndian(streamID) + [kind, flags] + data
  }

  /// Opens a stream.
  static func open(_ streamID: UInt32, _ method: String, timeoutNano: UInt64 = 0) -> [UInt8] {
    frame(streamID, "Inventory", method, [], timeoutNano: timeoutNano, flags: 2)
  }

  /// A message of a stream.
  static func data(_ streamID: UInt32, _ message: [UInt8]) -> [UInt8] {
    raw(streamID, kind: 3, 0, message)
  }

  /// Ends the client's half.
  static func close(_ streamID: UInt32) -> [UInt8] { raw(streamID, kind: 3, 5, []) }

  /// A batch of the feed: receipts of one unit of each item in N1.
  static func batch(_ items: [String], source: String = "wms", first: UInt64) -> [UInt8] {
    moves(items.map { ($0, 1, 2) }, source: source, first: first)
  }

  /// A batch of the feed: (item, kind, zigzag quantity) in N1.
  static func moves(
    _ rows: [(item: String, kind: UInt64, quantity: UInt64)], source: String = "wms",
    first: UInt64
  ) -> [UInt8] {
    text(1, source) + number(2, first) + text(3, rows.map(\.item).joined())
      + packed(4, rows.map { UInt64($0.item.utf8.count) }) + text(5, "N1")
      + packed(6, rows.map { _ in 0 }) + packed(7, rows.map(\.kind))
      + packed(8, rows.map(\.quantity))
  }

  static func hold(
    _ streamID: UInt32, key: String, item: String, quantity: UInt64, owner: String = "cart"
  ) -> [UInt8] {
    frame(
      streamID, "Holds", "Hold",
      text(1, key) + text(2, owner) + text(4, "N1") + text(5, item)
        + packed(6, [UInt64(item.utf8.count)]) + packed(7, [0]) + packed(8, [quantity]))
  }

  static func commit(
    _ streamID: UInt32, key: String, holdID: UInt64, owner: String = "cart"
  ) -> [UInt8] {
    frame(
      streamID, "Holds", "Commit", text(1, key) + text(2, owner) + number(3, holdID))
  }

  static func offer(_ streamID: UInt32, item: String, postcode: String) -> [UInt8] {
    frame(
      streamID, "Promises", "Offer",
      text(2, item) + packed(3, [UInt64(item.utf8.count)]) + text(6, postcode))
  }

  static func availability(_ streamID: UInt32, item: String) -> [UInt8] {
    frame(
      streamID, "Inventory", "Availability",
      text(2, item) + packed(3, [UInt64(item.utf8.count)]))
  }
}
