import Glibc
import PromisedClient

/// A place on a map.
struct MapPoint: Equatable {
  enum Kind: Int { case destination, chosen, hub, rejected }

  var name: String
  var kind: Kind
  var latitude: Double
  var longitude: Double
  /// Shown when pointed at.
  var note: String
}

/// A movement on a map.
struct MapLine: Equatable {
  enum Kind { case road, air, lastMile, rejected }

  var kind: Kind
  var from: Int
  var to: Int
}

/// A map as SVG: places, movements between them, and a graticule of degrees.
///
/// Equirectangular with the middle parallel true to scale, which is all that a country needs. The
/// numbers are for eyes only; nothing is decided by them.
struct NetworkMap {
  let points: [MapPoint]
  let lines: [MapLine]

  private static var width: Double { 960 }
  private static var margin: Double { 56 }

  /// What a view shows: degrees, and pixels of one.
  private struct View {
    var west: Double
    var north: Double
    var east: Double
    var south: Double
    var perLongitude: Double
    var perLatitude: Double
    var width: Double
    var height: Double

    func x(_ longitude: Double) -> Double { (longitude - west) * perLongitude }
    func y(_ latitude: Double) -> Double { (north - latitude) * perLatitude }
  }

  private var view: View {
    let latitudes = points.map(\.latitude)
    let longitudes = points.map(\.longitude)
    var south = latitudes.min() ?? 0
    var north = latitudes.max() ?? 0
    var west = longitudes.min() ?? 0
    var east = longitudes.max() ?? 0
    let middle = (south + north) / 2
    let shrink = max(0.2, cos(middle * .pi / 180))
    // At least some thirty kilometres, and twice as wide as high at most three to one.
    let high = max(north - south, 0.3, (east - west) * shrink * 0.36)
    let wide = max((east - west) * shrink, high * 1.5)
    south = middle - high / 2
    north = middle + high / 2
    let centre = (west + east) / 2
    let inner = Self.width - 2 * Self.margin
    let scale = inner / wide
    let border = Self.margin / scale
    west = centre - wide / shrink / 2 - border / shrink
    east = centre + wide / shrink / 2 + border / shrink
    return View(
      west: west, north: north + border, east: east, south: south - border,
      perLongitude: scale * shrink, perLatitude: scale, width: Self.width,
      height: (high + 2 * border) * scale)
  }

  /// The whole picture with an accessible title.
  func svg(title: String) -> String {
    let view = view
    var text =
      "<svg viewBox=\"0 0 \(px(view.width)) \(px(view.height))\" role=\"img\" "
      + "aria-label=\"\(escaped(title))\">\n<title>\(escaped(title))</title>\n"
    text += graticule(view)
    for line in lines { text += path(line, view) }
    text += marks(view)
    return text + "</svg>\n"
  }

  // MARK: Graticule

  private func graticule(_ view: View) -> String {
    var text = "<g class=\"graticule\">\n"
    let step = Self.step(max(view.east - view.west, view.north - view.south))
    for degree in Self.multiples(of: step, from: view.west, to: view.east) {
      let x = px(view.x(degree))
      text += "<path d=\"M\(x) 0V\(px(view.height))\"/>"
      text += "<text x=\"\(x)\" y=\"\(px(view.height - 5))\" text-anchor=\"middle\">"
      text += Self.degrees(degree, "E", "W", step) + "</text>\n"
    }
    for degree in Self.multiples(of: step, from: view.south, to: view.north) {
      let y = px(view.y(degree))
      text += "<path d=\"M0 \(y)H\(px(view.width))\"/>"
      if view.y(degree) < 16 { continue }
      text += "<text x=\"5\" y=\"\(px(view.y(degree) - 4))\">"
      text += Self.degrees(degree, "N", "S", step) + "</text>\n"
    }
    return text + "</g>\n"
  }

  /// A round distance of lines that gives about six of them.
  private static func step(_ extent: Double) -> Double {
    [0.1, 0.2, 0.5, 1, 2, 5, 10, 20].first { extent / $0 <= 9 } ?? 30
  }

  private static func multiples(of step: Double, from low: Double, to high: Double) -> [Double] {
    let first = Int((low / step).rounded(.up))
    let last = Int((high / step).rounded(.down))
    return first > last ? [] : (first...last).map { Double($0) * step }
  }

  private static func degrees(
    _ value: Double, _ plus: String, _ minus: String, _ step: Double
  ) -> String {
    var east = value
    if plus == "E", east > 180 { east -= 360 }
    let tenths = Int((abs(east) * 10).rounded())
    let number = step < 1 ? "\(tenths / 10).\(tenths % 10)" : "\(tenths / 10)"
    return "\(number)°" + (tenths == 0 ? "" : " " + (east < 0 ? minus : plus))
  }

  // MARK: Movements and places

  private func path(_ line: MapLine, _ view: View) -> String {
    let from = points[line.from]
    let to = points[line.to]
    let (x1, y1) = (view.x(from.longitude), view.y(from.latitude))
    let (x2, y2) = (view.x(to.longitude), view.y(to.latitude))
    // Flights bow to the north, so that they stand out from the roads beneath.
    let distance = ((x2 - x1) * (x2 - x1) + (y2 - y1) * (y2 - y1)).squareRoot()
    let bow = line.kind == .air ? distance * 0.18 : 0
    let curve = "Q\(px((x1 + x2) / 2)) \(px((y1 + y2) / 2 - bow)) \(px(x2)) \(px(y2))"
    return "<path class=\"\(line.kind)\" d=\"M\(px(x1)) \(px(y1))\(curve)\"/>\n"
  }

  private func marks(_ view: View) -> String {
    var text = ""
    var taken: [Box] = []
    let placed = points.map { (point: $0, x: view.x($0.longitude), y: view.y($0.latitude)) }
    for place in placed { taken.append(Box(x: place.x - 7, y: place.y - 7, width: 14, height: 14)) }
    // The places of the way are named first; a name that finds no room is left to the pointer.
    for place in placed.sorted(by: { $0.point.kind.rawValue < $1.point.kind.rawValue }) {
      let (point, x, y) = place
      text += "<g class=\"mark \(point.kind)\"><title>\(escaped(point.note))</title>"
      switch point.kind {
      case .destination:  // Larger than the others: its station mostly stands in the same place.
        text += "<path d=\"M\(px(x)) \(px(y - 14))l12 14l-12 14l-12-14z\"/>"
      case .chosen: text += "<circle cx=\"\(px(x))\" cy=\"\(px(y))\" r=\"8\"/>"
      case .hub:
        text += "<rect x=\"\(px(x - 5))\" y=\"\(px(y - 5))\" width=\"10\" height=\"10\" rx=\"2\"/>"
      case .rejected: text += "<circle cx=\"\(px(x))\" cy=\"\(px(y))\" r=\"5\"/>"
      }
      if let box = room(for: point.name, x, y, view, taken) {
        taken.append(box)
        text += "<text x=\"\(px(box.x + 2))\" y=\"\(px(box.y + 12))\">\(escaped(point.name))</text>"
      }
      text += "</g>\n"
    }
    return text
  }

  private struct Box {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    func meets(_ other: Box) -> Bool {
      x < other.x + other.width && other.x < x + width && y < other.y + other.height
        && other.y < y + height
    }
  }

  /// A free place for a name beside its mark: right, left, above, below, then the corners.
  private func room(
    for name: String, _ x: Double, _ y: Double, _ view: View, _ taken: [Box]
  ) -> Box? {
    let width = Double(displayWidth(printable(name))) * 8.4 + 4
    let height = 16.0
    let corners: [(Double, Double)] = [
      (x + 13, y - 8), (x - 13 - width, y - 8), (x - width / 2, y - 27), (x - width / 2, y + 10),
      (x + 8, y - 24), (x + 8, y + 8), (x - 8 - width, y - 24), (x - 8 - width, y + 8),
      (x + 14, y - 42), (x + 14, y + 26), (x - 14 - width, y - 42), (x - 14 - width, y + 26),
    ]
    for (left, top) in corners {
      let box = Box(x: left, y: top, width: width, height: height)
      let isInside =
        left >= 0 && top >= 0 && left + width <= view.width && top + height <= view.height
      if isInside, !taken.contains(where: { box.meets($0) }) { return box }
    }
    return nil
  }
}

/// A length in pixels with at most one digit behind the point.
private func px(_ value: Double) -> String {
  let tenths = Int((min(max(value, -100_000), 100_000) * 10).rounded())
  let text = (tenths < 0 ? "-" : "") + "\(tenths.magnitude / 10)"
  return tenths % 10 == 0 ? text : text + ".\(tenths.magnitude % 10)"
}

/// Text for HTML and its attributes: without control characters, and with nothing that is markup.
func escaped(_ text: String) -> String {
  var safe = ""
  for scalar in printable(text).unicodeScalars {
    switch scalar {
    case "&": safe += "&amp;"
    case "<": safe += "&lt;"
    case ">": safe += "&gt;"
    case "\"": safe += "&quot;"
    case "'": safe += "&#39;"
    default: safe.unicodeScalars.append(scalar)
    }
  }
  return safe
}

extension ExplainAnswer {
  /// The way that was chosen: its places in order, and the customer.
  var wayMap: NetworkMap {
    var builder = MapBuilder(self)
    builder.addWay()
    return builder.map
  }

  /// The way among all the nodes that could ship.
  var candidateMap: NetworkMap {
    var builder = MapBuilder(self)
    builder.addWay()
    builder.addCandidates()
    return builder.map
  }
}

/// Collects the places of an explanation, each once.
private struct MapBuilder {
  private let answer: ExplainAnswer
  private var points: [MapPoint] = []
  private var lines: [MapLine] = []

  init(_ answer: ExplainAnswer) {
    self.answer = answer
    let station = answer.station.isEmpty ? answer.zone : answer.station
    _ = point(
      answer.postcode, .destination, answer.destinationLatitudeE6, answer.destinationLongitudeE6,
      "\(answer.postcode), delivered from \(station)")
  }

  var map: NetworkMap {
    // Where the way crosses the date line, the west follows the east.
    var points = points
    let longitudes = points.map(\.longitude)
    if (longitudes.max() ?? 0) - (longitudes.min() ?? 0) > 180 {
      for index in points.indices where points[index].longitude < 0 {
        points[index].longitude += 360
      }
    }
    return NetworkMap(points: points, lines: lines)
  }

  private mutating func point(
    _ name: String, _ kind: MapPoint.Kind, _ latitudeE6: Int32, _ longitudeE6: Int32,
    _ note: String
  ) -> Int {
    if let known = points.firstIndex(where: { $0.name == name }) { return known }
    points.append(
      MapPoint(
        name: name, kind: kind,
        latitude: min(max(Double(latitudeE6) / 1_000_000, -90), 90),
        longitude: min(max(Double(longitudeE6) / 1_000_000, -180), 180), note: note))
    return points.count - 1
  }

  mutating func addWay() {
    if let chosen = answer.chosen {
      _ = point(
        chosen.node, .chosen, chosen.latitudeE6, chosen.longitudeE6,
        ExplainAnswer.place(chosen.node, chosen.title) + ": chosen")
    }
    for step in answer.steps {
      let from = point(
        step.from, .hub, step.fromLatitudeE6, step.fromLongitudeE6,
        ExplainAnswer.place(step.from, step.fromTitle))
      let to =
        step.to.isEmpty
        ? 0
        : point(
          step.to, .hub, step.toLatitudeE6, step.toLongitudeE6,
          ExplainAnswer.place(step.to, step.toTitle))
      let kind: MapLine.Kind = step.to.isEmpty ? .lastMile : step.mode == 2 ? .air : .road
      lines.append(MapLine(kind: kind, from: from, to: to))
    }
  }

  mutating func addCandidates() {
    for candidate in answer.candidates where candidate.fate != 1 {
      let place = ExplainAnswer.place(candidate.node, candidate.title)
      let from = point(
        candidate.node, .rejected, candidate.latitudeE6, candidate.longitudeE6,
        "\(place): \(answer.fateWords(candidate))")
      lines.insert(MapLine(kind: .rejected, from: from, to: 0), at: 0)
    }
  }
}
