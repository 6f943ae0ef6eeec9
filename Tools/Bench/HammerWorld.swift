import PromisedModel
import PromisedWire

/// The rows the hammer needs: a node, an item that everybody wants, one that goes with it, and items
/// of which there is one unit.
enum HammerWorld {
  static let lastItems = (0..<100).map { "LAST-\($0)" }

  static func put(over link: inout HammerLink, stock: Int64) {
    var network = NetworkRows()
    network.marketplaces = [
      Marketplace(
        name: Name("US"), country: Name("US"), currency: Name("USD"), timeZone: Name("Etc/UTC"),
        postcodeDigits: 5)
    ]
    network.calendars = [
      Calendar(
        name: Name("always"),
        rules: [CalendarRule(weekdays: 127, date: nil, openMinute: 0, closeMinute: 1440)])
    ]
    network.nodes = [
      Node(
        name: Name("N1"), title: Name("One"), kind: .fulfilmentCentre, timeZone: Name("Etc/UTC"),
        calendar: Name("always"), dwellMinutes: 0, processingMinutes: 60, country: Name("US"),
        postcode: Name("10001"), latitudeE6: 0, longitudeE6: 0)
    ]
    var items = ItemRows()
    var positions = PositionRows()
    items.sellerNames = [Name("S")]
    positions.nodeNames = [Name("N1")]
    let amounts =
      [(OversellHammer.hot, stock), (OversellHammer.side, OversellHammer.sideStock)]
      + lastItems.map { ($0, 1) }
    for (item, units) in amounts {
      items.keys.append(Array(item.utf8))
      items.sellers.append(0)
      items.storageTypes.append(1)
      items.volumesMicroCubicFeet.append(1000)
      items.weightsGrams.append(100)
      items.handlingMinutes.append(0)
      items.demandPerDayMilli.append(0)
      items.demandVarianceRatioMilli.append(1000)
      positions.keys.append(Array(item.utf8))
      positions.nodes.append(0)
      positions.onHand.append(Int32(clamping: units))
    }
    let seller = Seller(name: Name("S"), title: Name("S"), marketplace: Name("US"))
    for rows: PutRows in [
      .network(network), .sellers([seller]), .items(items), .positions(positions),
    ] {
      if case .failure(let refusal) = link.ask(.put(rows)) { fail("the world: \(refusal)") }
    }
  }

  static func position(of item: String, over link: inout HammerLink) -> StockPosition {
    guard case .success(let answer) = link.ask(.availability(items: [item])),
      let found = answer.items.first?.positions.first
    else { fail("no position of \(item)") }
    return found
  }
}
