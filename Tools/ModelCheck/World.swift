import PromisedModel

/// The rows that every run begins with.
enum World {
  /// A TZif file of version 2 without transitions: twice a header and one local type, then the footer.
  static var utc: [UInt8] {
    let header =
      Array("TZif2".utf8) + Array(repeating: 0, count: 15)
      + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4]
    let block: [UInt8] = header + [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
    return block + block + Array("\nUTC0\n".utf8)
  }

  static var network: PutRows {
    var rows = NetworkRows()
    rows.marketplaces = [
      Marketplace(
        name: Name("US"), country: Name("US"), currency: Name("USD"), timeZone: Name("UTC"),
        postcodeDigits: 5)
    ]
    rows.calendars = [
      Calendar(
        name: Name("always"),
        rules: [CalendarRule(weekdays: 127, date: nil, openMinute: 0, closeMinute: 1440)])
    ]
    rows.nodes = Names.nodes.map {
      Node(
        name: Name($0), title: Name($0), kind: .fulfilmentCentre, timeZone: Name("UTC"),
        calendar: Name("always"), dwellMinutes: 0, processingMinutes: 60, country: Name("US"),
        postcode: Name("98109"), latitudeE6: 0, longitudeE6: 0)
    }
    return .network(rows)
  }

  static var sellers: PutRows {
    .sellers(
      ["S0", "S1"].map { Seller(name: Name($0), title: Name($0), marketplace: Name("US")) })
  }

  static func items(_ items: [Int]) -> PutRows {
    var rows = ItemRows()
    rows.sellerNames = [Name("S0"), Name("S1")]
    for index in items {
      rows.keys.append(Names.item(index).utf8)
      rows.sellers.append(UInt32(index % 2))
      rows.storageTypes.append(index % 3 == 0 ? 2 : 1)
      rows.volumesMicroCubicFeet.append(Int64(index) * 977 + 1)
      rows.weightsGrams.append(100)
      rows.handlingMinutes.append(0)
      rows.demandPerDayMilli.append(0)
      rows.demandVarianceRatioMilli.append(1000)
    }
    return .items(rows)
  }

  /// Names that claims are made by; their rows come and go.
  static var names: [PutRows] {
    var groups = GroupRows()
    groups.names = Names.groups.map { Name($0) }
    groups.counts = Names.groups.map { _ in 0 }
    var channels = ChannelStockRows()
    channels.channelNames = Names.channels.map { Name($0) }
    channels.channels = [0]
    channels.keys.append(Names.items[0].utf8)
    channels.nodeNames = [Name(Names.nodes[0])]
    channels.nodes = [0]
    channels.buffers = [0]
    channels.setAsides = [0]
    return [.groups(groups), .channelStock(channels)]
  }

  /// - Parameter now: seconds.
  static func rows(_ rule: Rule, at now: Int64) -> PutRows {
    switch rule {
    case .group(let group, let nodes):
      var rows = GroupRows()
      rows.names = [Name(Names.groups[group])]
      rows.counts = [UInt32(nodes.count)]
      rows.nodeNames = Names.nodes.map { Name($0) }
      rows.nodes = nodes.map { UInt32($0) }
      return .groups(rows)
    case .channel(let channel, let place, let buffer, let setAside):
      var rows = ChannelStockRows()
      rows.channelNames = [Name(Names.channels[channel - 1])]
      rows.channels = [0]
      rows.keys.append(Names.item(place.item).utf8)
      rows.nodeNames = [Name(Names.node(place.node))]
      rows.nodes = [0]
      rows.buffers = [Int32(buffer)]
      rows.setAsides = [Int32(setAside)]
      return .channelStock(rows)
    case .backorder(let place, let cap, let from, let until):
      var rows = BackorderRows()
      rows.keys.append(Names.item(place.item).utf8)
      rows.nodeNames = [Name(Names.node(place.node))]
      rows.nodes = [0]
      rows.kinds = [from == 0 ? 1 : 2]
      rows.caps = [Int32(cap)]
      rows.fromUnixSeconds = [from == 0 ? 0 : now + from]
      rows.untilUnixSeconds = [until == 0 ? 0 : now + until]
      return .backorders(rows)
    case .kit(let kit, let parts):
      var rows = KitRows()
      for part in parts.isEmpty ? [KitPart(item: 0, units: 0)] : parts {
        rows.kits.append(Names.item(kit).utf8)
        rows.components.append(Names.item(part.item).utf8)
        rows.units.append(Int32(part.units))
      }
      return .kits(rows)
    case .inbound(let place, let reference, let units, let arrival, let stage):
      var rows = InboundRows()
      rows.shipments.append(Names.references[reference].utf8)
      rows.keys.append(Names.item(place.item).utf8)
      rows.nodeNames = [Name(Names.node(place.node))]
      rows.nodes = [0]
      rows.quantities = [Int32(units)]
      rows.etaUnixSeconds = [now + arrival]
      rows.stages = [stage]
      return .inbound(rows)
    case .item(let item): return items([item])
    }
  }

  static func positions(_ lines: [PutLine]) -> PutRows {
    var rows = PositionRows()
    rows.nodeNames = Names.nodes.map { Name($0) }
    for line in lines {
      rows.keys.append(Array(Names.item(line.place.item).utf8))
      rows.nodes.append(UInt32(line.place.node))
      rows.onHand.append(Int32(line.onHand))
      rows.unfulfillable.append(Int32(line.conditions[0]))
      rows.researching.append(Int32(line.conditions[1]))
      rows.inTransfer.append(Int32(line.conditions[2]))
      rows.inProcessing.append(Int32(line.conditions[3]))
      rows.withheld.append(Int32(line.conditions[4]))
    }
    return .positions(rows)
  }
}
