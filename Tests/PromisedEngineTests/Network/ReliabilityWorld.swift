import PromisedModel

@testable import PromisedEngine

/// A small made-up network with shifts, lanes, delays on most legs and uncertain handling at some
/// of its centres.
struct ReliabilityWorld {
  let image: NetworkImage
  private let rows: NetworkRows
  private let delays: [[DelayAtom]]
  private let handlings: [[DelayAtom]]

  static var base: Int64 { utc(2026, 3, 5) }

  init(_ random: inout SplitMix, lanes: Int = 2, isCertain: Bool = false) throws {
    var rows = NetworkRows()
    let zones = ["America/New_York", "America/Los_Angeles"]
    rows.timeZones = zones.map { hostZone($0) }
    rows.calendars = [
      Calendar(name: Name("always"), rules: [rule(everyDay, 0, 1440)]),
      Calendar(name: Name("shift"), rules: [rule(weekdaysOnly, 480, 1020)]),
      Calendar(
        name: Name("two"), rules: [rule(everyDay, 360, 600), rule(everyDay, 780, 1320)]),
      Calendar(name: Name("daily"), rules: [rule(everyDay, 480, 1080)]),
      Calendar(name: Name("working"), rules: [rule(weekdaysOnly, 540, 1200)]),
      Calendar(name: Name("never"), rules: []),
    ]
    let shifts = ["always", "shift", "two"]
    for index in 0..<3 {
      rows.nodes.append(
        node(
          "F\(index)", .fulfilmentCentre, zone: zones[random.below(2)],
          calendar: shifts[random.below(3)], processing: [0, 45, 150][random.below(3)]))
    }
    for index in 0..<2 {
      rows.nodes.append(node("S\(index)", .sortCentre, zone: zones[random.below(2)], dwell: 60))
    }
    for index in 0..<2 {
      rows.nodes.append(node("D\(index)", .station, zone: zones[random.below(2)], dwell: 30))
      rows.waves.append(wave("D\(index)", cutoff: 270, from: 540, to: 780))
      rows.waves.append(
        wave("D\(index)", cutoff: 700 + random.below(200), from: 1000, to: 1260, weekdays: 63))
      rows.zones.append(prefix("10\(index)", zone: "z\(index)", station: "D\(index)"))
    }
    func connect(_ from: String, _ to: String, _ least: Int, _ spread: Int) {
      rows.legs.append(
        leg(
          "L\(rows.legs.count)", from, to, at: random.below(1440),
          lasting: least + random.below(spread),
          weekdays: random.below(3) == 0 ? UInt8(1 + random.below(127)) : everyDay))
    }
    for index in 0..<3 {
      for _ in 0..<3 { connect("F\(index)", "S\(random.below(2))", 60, 600) }
    }
    connect("F\(random.below(3))", "D0", 200, 900)
    connect("S0", "S1", 120, 700)
    connect("S1", "S0", 120, 700)
    for index in 0..<2 {
      for _ in 0..<3 { connect("S\(random.below(2))", "D\(index)", 30, 300) }
    }
    for index in 0..<lanes {
      let parts = shares(3, &random).map { UInt16($0) }
      let first = UInt8(1 + random.below(2))
      rows.lanes.append(
        lane(
          "F\(index)", "post", "z\(random.below(2))", cutoff: 900 + random.below(300),
          transit: [(first, parts[0]), (first + 1, parts[1]), (first + 3, parts[2])]))
    }
    delays = rows.legs.map { _ in
      isCertain ? [] : Self.distribution(random.below(5), spread: 200, &random)
    }
    handlings = (0..<3).map { _ in
      isCertain ? [] : Self.distribution(random.below(4), spread: 150, &random)
    }
    self.rows = rows
    image = try tables(rows).image()
  }

  /// Outcomes that often begin with no delay; none at all if `count` is 0.
  private static func distribution(
    _ count: Int, spread: Int, _ random: inout SplitMix
  ) -> [DelayAtom] {
    if count == 0 { return [] }
    if random.below(2) == 0 {
      // Nearly punctual: chances between the highest confidence and certainty.
      let tail = UInt32(30 + random.below(600))
      let minutes = UInt32(10 + random.below(3 * spread))
      return [
        DelayAtom(minutes: 0, probability: 65_535 - tail),
        DelayAtom(minutes: minutes, probability: tail),
      ]
    }
    var late = random.below(3) == 0 ? 10 : 0
    return shares(count, &random).map { share in
      defer { late += 1 + random.below(spread) }
      return DelayAtom(minutes: UInt32(late), probability: share)
    }
  }

  /// What is certain takes no delay.
  func handling(_ node: UInt16) -> [DelayAtom] {
    guard Int(node) < handlings.count, (handlings[Int(node)].last?.minutes ?? 0) > 0 else {
      return []
    }
    return handlings[Int(node)]
  }

  func build(slackDays: Int = 4) -> ReliabilityBuild { build(image, slackDays) }

  /// The same world with one leg that never runs.
  func closing(_ leg: Int) throws -> ReliabilityBuild {
    var rows = rows
    rows.legs[leg].calendar = Name("never")
    return build(try tables(rows).image(), 4)
  }

  private func build(_ image: NetworkImage, _ slackDays: Int) -> ReliabilityBuild {
    let horizon = Horizon(base: Self.base, promisedDays: 5, slackDays: slackDays)
    let departures = NetworkDepartures(image: image, horizon: horizon)
    return ReliabilityBuild(
      departures: departures, frame: ProfileBuild.frame(departures), delays: DelayTable(delays),
      handling: DelayTable(handlings))
  }
}
