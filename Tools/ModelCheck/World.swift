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

  static var items: PutRows {
    var rows = ItemRows()
    rows.sellerNames = [Name("S0"), Name("S1")]
    for (index, item) in Names.items.enumerated() {
      rows.keys.append(Array(item.utf8))
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
