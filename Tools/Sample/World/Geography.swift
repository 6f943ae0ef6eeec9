import PromisedInvariants

/// A place of the tables in `Places.swift`.
struct Place: Sendable {
  let name: String
  let title: String
  let timeZone: String
  let postcode: String
  let latitudeE6: Int
  let longitudeE6: Int
}

/// A three-digit postcode area and the station nearest to its middle; nil where only carriers go.
struct PostcodeArea: Sendable {
  let prefix: String
  let zone: String
  let station: Int?
}

/// The parsed tables and who is nearest to whom.
struct Places: Sendable {
  let fulfilmentCentres = Places.parse(fulfilmentCentreTable)
  let metroCentres = Places.parse(metroCentreTable)
  let sortCentres = Places.parse(sortCentreTable)
  let airHubs = Places.parse(airHubTable)
  let stations = Places.parse(stationTable)
  let areas: [PostcodeArea]
  /// Where stock can be: the fulfilment centres, then the small ones.
  let stockNodes: [Place]
  /// Per small fulfilment centre, the station it serves.
  let stationOfMetro: [Int]
  /// Per fulfilment centre, and per station, the nearest sort centre.
  let sortCentreOfCentre: [Int]
  let sortCentreOfStation: [Int]
  /// Per air hub the sort centre beside it; −1 for the gateways, which have none.
  let sortCentreOfHub: [Int]

  init() {
    let sortCentres = self.sortCentres
    let stations = self.stations
    stockNodes = fulfilmentCentres + metroCentres
    stationOfMetro = metroCentres.map { Places.nearest(to: $0, of: stations) }
    sortCentreOfCentre = fulfilmentCentres.map { Places.nearest(to: $0, of: sortCentres) }
    sortCentreOfStation = stations.map { Places.nearest(to: $0, of: sortCentres) }
    sortCentreOfHub = airHubs.map { hub in
      let index = Places.nearest(to: hub, of: sortCentres)
      return miles(hub, sortCentres[index]) < 100 ? index : -1
    }
    areas = Places.areas(stations: stations)
  }

  private static func areas(stations: [Place]) -> [PostcodeArea] {
    var areas: [PostcodeArea] = []
    for cell in lines(of: postcodeAreaTable, separator: ",") {
      let words = cell.split(separator: " ")
      guard words.count == 3, let latitude = Int(words[1]), let west = Int(words[2]) else {
        stop("postcode area \(cell) is not `area latitude longitude`")
      }
      let prefix = String(words[0])
      if let zone = islandZone(prefix) {
        areas.append(PostcodeArea(prefix: prefix, zone: zone, station: nil))
        continue
      }
      let middle = Place(
        name: prefix, title: "", timeZone: "", postcode: prefix, latitudeE6: latitude * 100_000,
        longitudeE6: -west * 100_000)
      let station = nearest(to: middle, of: stations)
      areas.append(
        PostcodeArea(prefix: prefix, zone: zoneName(stations[station]), station: station))
    }
    for prefix in overseasAreas {
      areas.append(PostcodeArea(prefix: prefix, zone: "overseas", station: nil))
    }
    return areas
  }

  /// Islands without a station of their own.
  private static func islandZone(_ prefix: String) -> String? {
    switch prefix {
    case "006", "007", "008", "009": "puerto-rico"
    case "969": "guam"
    default: nil
    }
  }

  /// The zone a station serves: its name in small letters without the D.
  static func zoneName(_ station: Place) -> String { station.name.dropFirst().lowercased() }

  private static func parse(_ table: StaticString) -> [Place] {
    lines(of: table, separator: nil).map { line in
      let fields = line.split(separator: ";").map(String.init)
      guard fields.count == 6, let latitude = Int(fields[4]), let longitude = Int(fields[5]) else {
        stop("place \(line) is not `name;title;zone;postcode;latitude;longitude`")
      }
      return Place(
        name: fields[0], title: fields[1], timeZone: fields[2], postcode: fields[3],
        latitudeE6: latitude, longitudeE6: longitude)
    }
  }

  private static func lines(of table: StaticString, separator: Character?) -> [Substring] {
    let text = table.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
    return text.split(omittingEmptySubsequences: true) { $0 == "\n" || $0 == separator }
      .map { $0.drop { $0 == " " } }
      .filter { !$0.isEmpty }
  }

  /// The index of the nearest; of equals the first.
  static func nearest(to place: Place, of candidates: [Place]) -> Int {
    var best = 0
    for index in candidates.indices.dropFirst()
    where miles(place, candidates[index]) < miles(place, candidates[best]) {
      best = index
    }
    return best
  }
}

/// Miles between two places as the crow flies, in integers so that every machine agrees.
///
/// Equirectangular, with the cosine of the middle latitude by Bhaskara's formula (error below
/// 0.2 %); good to a few per cent within the continental States, which is all driving times need.
func miles(_ one: Place, _ other: Place) -> Int {
  // Thousandths of a degree: squares stay far inside 64 bits.
  let north = (one.latitudeE6 - other.latitudeE6) / 1000
  var east = (one.longitudeE6 - other.longitudeE6) / 1000
  if east > 180_000 { east -= 360_000 }
  if east < -180_000 { east += 360_000 }
  let middle = (one.latitudeE6 + other.latitudeE6) / 2_000_000
  let square = middle * middle
  let shrunk = east * (32_400 - 4 * square) / (32_400 + square)
  // 69.1 miles to a degree of latitude.
  return squareRoot(north * north + shrunk * shrunk) * 691 / 10_000
}

/// The largest root with root² <= `value`. Newton's method from above.
private func squareRoot(_ value: Int) -> Int {
  if value < 2 { return value }
  var root = value
  var next = (value + 1) / 2
  while next < root {
    root = next
    next = (root + value / root) / 2
  }
  return root
}

/// Hours west of Greenwich in winter, of the zones that places use.
///
/// Only to choose sensible departure times when the sample is made; what a local time means is the
/// business of the service that reads it.
func standardHoursWest(_ timeZone: String) -> Int {
  switch timeZone {
  case "America/New_York", "America/Detroit", "America/Indiana/Indianapolis",
    "America/Kentucky/Louisville":
    5
  case "America/Chicago": 6
  case "America/Denver", "America/Boise", "America/Phoenix": 7
  case "America/Los_Angeles": 8
  case "America/Anchorage", "America/Juneau", "America/Sitka": 9
  case "Pacific/Honolulu": 10
  default: stop("no winter time is written down for \(timeZone)")
  }
}
