import PromisedEngine
import PromisedModel

/// A state filled in this process: five positions an item, for measuring the engine alone.
struct EngineWorld {
  let state = State()
  let itemCount: Int
  let nodeNames: [Name] = (0..<40).map { Name("FC\($0 + 10)") }
  let stationNames: [Name] = (0..<24).map { Name("DS\($0 + 10)") }
  /// Ten bytes an item, as most catalogues have them.
  let keys: [UInt8]
  let now = UnixMilliseconds(1_790_000_000_000)
  var position: Position = 0

  static let keyBytes = 10
  static let nodesPerItem = 5
  static let postcodes = 900

  init(itemCount: Int) throws(Refusal) {
    self.itemCount = itemCount
    var keys: [UInt8] = []
    let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    for item in 0..<itemCount {
      keys += Array("B0".utf8)
      // A bijection below 36^8, so that keys look random and never repeat.
      var rest = (UInt64(item) &* 1_234_567_891_011) % 2_821_109_907_456
      for _ in 0..<8 {
        keys.append(letters[Int(rest % 36)])
        rest /= 36
      }
    }
    self.keys = keys
    try put(.network(network()))
    try put(
      .sellers(
        (0..<500).map {
          Seller(name: Name("S\($0)"), title: Name("Seller \($0)"), marketplace: Name("US"))
        }))
    state.reserve(items: itemCount, positions: itemCount * Self.nodesPerItem)
    for first in stride(from: 0, to: itemCount, by: 2000) {
      let items = first..<min(first + 2000, itemCount)
      try put(.items(itemRows(items)))
      try put(.positions(positionRows(items)))
      try put(.inbound(inboundRows(items)))
    }
    publish()
  }

  func key(_ item: Int) -> ArraySlice<UInt8> {
    keys[item * Self.keyBytes..<(item + 1) * Self.keyBytes]
  }

  /// Place 0…4 among the nodes that hold an item.
  func node(_ item: Int, _ place: Int) -> Int { (item * 7 + place * 8) % nodeNames.count }

  mutating func apply(_ event: Event, at time: UnixMilliseconds) {
    position += 1
    state.apply(event, at: position, time: time)
  }

  mutating func put(_ rows: PutRows) throws(Refusal) {
    try state.validate(rows)
    apply(.put(CommandKey(bytes: .empty, bodyDigest: 0), rows), at: now)
  }

  private mutating func publish() {
    let base = Horizon.base(at: now)
    let profiles = ProfileBuild.catalogue(image: state.network.image(), horizonBase: base)
    let publication = ProfilePublication(epoch: 1, horizonBaseUnixSeconds: base)
    apply(.profilePublished(publication), at: now)
    state.publish(profiles, publication)
  }

  private func itemRows(_ items: Range<Int>) -> ItemRows {
    var rows = ItemRows()
    rows.sellerNames = (0..<500).map { Name("S\($0)") }
    for item in items {
      rows.keys.append(key(item))
      rows.sellers.append(UInt32(item % 500))
      rows.storageTypes.append(StorageType.standard.rawValue)
      rows.volumesMicroCubicFeet.append(Int64(100_000 + item % 1_000_000))
      rows.weightsGrams.append(500)
      rows.handlingMinutes.append(0)
      rows.demandPerDayMilli.append(Int64(100 + item % 9000))
      rows.demandVarianceRatioMilli.append(2000)
    }
    return rows
  }

  private func positionRows(_ items: Range<Int>) -> PositionRows {
    var rows = PositionRows()
    rows.nodeNames = nodeNames
    for item in items {
      for place in 0..<Self.nodesPerItem {
        rows.keys.append(key(item))
        rows.nodes.append(UInt32(node(item, place)))
        rows.onHand.append(Int32(1_000_000 + item % 7))
        // One row in sixteen has units in a condition.
        rows.unfulfillable.append((item + place) % 16 == 0 ? 3 : 0)
        rows.researching.append(0)
        rows.inTransfer.append(0)
        rows.inProcessing.append(0)
        rows.withheld.append(0)
      }
    }
    return rows
  }

  private func inboundRows(_ items: Range<Int>) -> InboundRows {
    var rows = InboundRows()
    rows.nodeNames = nodeNames
    for item in items where item % 4 == 0 {
      rows.shipments.append(Array("IN\(item / 64)".utf8))
      rows.keys.append(key(item))
      rows.nodes.append(UInt32(node(item, 0)))
      rows.quantities.append(40)
      rows.etaUnixSeconds.append(now.seconds + 86_400)
      rows.stages.append(InboundStage.shipped.rawValue)
    }
    return rows
  }

  private func network() -> NetworkRows {
    var rows = NetworkRows()
    rows.timeZones = [TimeZoneFile(name: Name("UTC"), tzif: Self.utc)]
    rows.marketplaces = [
      Marketplace(
        name: Name("US"), country: Name("US"), currency: Name("USD"), timeZone: Name("UTC"),
        postcodeDigits: 5)
    ]
    rows.calendars = [
      Calendar(
        name: Name("day"),
        rules: [CalendarRule(weekdays: 127, date: nil, openMinute: 300, closeMinute: 1380)])
    ]
    for (index, name) in (nodeNames + stationNames).enumerated() {
      let isStation = index >= nodeNames.count
      rows.nodes.append(
        Node(
          name: name, title: Name("Town \(index)"), kind: isStation ? .station : .fulfilmentCentre,
          timeZone: Name("UTC"), calendar: isStation ? .empty : Name("day"),
          dwellMinutes: 30, processingMinutes: isStation ? 0 : 120, country: Name("US"),
          postcode: Name("98109"), latitudeE6: 0, longitudeE6: 0))
    }
    for (station, name) in stationNames.enumerated() {
      rows.waves += [300, 720].map {
        Wave(
          station: name, weekdays: 127, cutoffMinute: $0, fromMinute: $0 + 180,
          toMinute: $0 + 600)
      }
      for (node, origin) in nodeNames.enumerated() {
        rows.legs.append(
          Leg(
            name: Name("L\(node)-\(station)"), origin: origin, destination: name, mode: .road,
            weekdays: 127, departureMinute: Int16((node * 31 + station * 17) % 1440),
            durationMinutes: Int32(60 + (node * 53 + station * 71) % 1800), calendar: .empty))
      }
    }
    for prefix in 0..<Self.postcodes {
      let station = stationNames[prefix % stationNames.count]
      rows.zones.append(
        ZonePrefix(
          country: Name("US"), prefix: Name("\(prefix + 100)"), zone: Name("Z\(prefix)"),
          station: station))
    }
    return rows
  }

  /// A TZif file of version 2 without transitions: header and block, twice, then the footer.
  static var utc: [UInt8] {
    let counts: [UInt8] = Array(repeating: 0, count: 19) + [1, 0, 0, 0, 4]
    let header = Array("TZif2".utf8) + Array(repeating: 0, count: 15) + counts
    let block: [UInt8] = header + [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
    return block + block + Array("\nUTC0\n".utf8)
  }
}
