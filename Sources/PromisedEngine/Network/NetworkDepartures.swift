import PromisedModel

/// The templates of a network laid out as instants of a horizon: what every destination's scan
/// shares, and per station and zone what only some need.
final class NetworkDepartures: @unchecked Sendable {
  let image: NetworkImage
  let horizon: Horizon
  /// The rows it is made of.
  let tier: NetworkTier
  let changes: DepartureChanges
  let clocks: [HorizonClock]
  let calendars: [HorizonCalendar]

  /// Connections to nodes that something departs from again.
  let connections: ConnectionList
  /// By node: how many of `connections` leave it.
  let departureCounts: OwnedBuffer<Int32>
  /// Connections to every other node, by node, each from late to early: they matter only to
  /// destinations served from that very node.
  let feederStarts: [Int]
  let feeders: [Connection]
  /// Indexes of waves by station and of lanes by zone.
  let waveStarts: [Int]
  let waveOrder: [Int]
  let laneStarts: [Int]
  let laneOrder: [Int]
  /// By node: whether a leg or a lane departs from it, of whatever tier.
  let departs: [Bool]

  init(image: NetworkImage, horizon: Horizon, tier: NetworkTier = .whole) {
    self.image = image
    self.horizon = horizon
    self.tier = tier
    changes = DepartureChanges(image.changes)
    clocks = image.timeZoneRules.map { HorizonClock(rules: $0, horizon: horizon) }
    calendars = image.calendars.map { HorizonCalendar(rules: $0, horizon: horizon) }
    var departs = Array(repeating: false, count: image.nodes.count)
    for leg in image.legs { departs[Int(leg.origin)] = true }
    for lane in image.lanes { departs[Int(lane.key.origin)] = true }

    var shared: [Connection] = []
    var ending: [Connection] = []
    let counts = OwnedBuffer<Int32>(repeating: 0, count: image.nodes.count)
    for index in image.legs.indices where tier.admits(image.legs[index]) {
      let leg = image.legs[index]
      let isShared = departs[Int(leg.destination)]
      let changes = changes.isEmpty ? [] : changes.list(.leg(UInt32(index)))
      Self.forEachDeparture(of: leg, changes, image, clocks, calendars, horizon) {
        departure, ready in
        let connection = Connection(
          from: UInt32(leg.origin), to: UInt32(leg.destination), departure: UInt32(departure),
          ready: UInt32(ready), id: UInt32(index))
        if isShared {
          shared.append(connection)
          counts.base[Int(leg.origin)] += 1
        } else {
          ending.append(connection)
        }
      }
    }
    connections = ConnectionList(shared)
    departureCounts = counts
    ending.sort { ($1.departure, $0.id) < ($0.departure, $1.id) }
    let byNode = Self.grouped(ending.map { Int($0.to) }, count: image.nodes.count)
    feederStarts = byNode.starts
    feeders = byNode.order.map { ending[$0] }
    let waves = image.waves.indices.filter { tier.admits(image.waves[$0]) }
    let byStation = Self.grouped(
      waves.map { Int(image.waves[$0].station) }, count: image.nodes.count)
    waveStarts = byStation.starts
    waveOrder = byStation.order.map { waves[$0] }
    let lanes = image.lanes.indices.filter { tier.admits(image.lanes[$0]) }
    let byZone = Self.grouped(lanes.map { Int(image.lanes[$0].key.zone) }, count: image.zoneCount)
    laneStarts = byZone.starts
    laneOrder = byZone.order.map { lanes[$0] }
    self.departs = departs
  }

  /// The departures of another image with the same rows, which differ in what happened to them.
  init(_ other: NetworkDepartures, image: NetworkImage, _ delta: DepartureDelta) {
    self.image = image
    horizon = other.horizon
    tier = other.tier
    changes = DepartureChanges(image.changes)
    clocks = other.clocks
    calendars = other.calendars
    connections = other.patchedConnections(delta)
    departureCounts = other.patchedCounts(delta)
    (feederStarts, feeders) = other.patchedFeeders(delta)
    waveStarts = other.waveStarts
    waveOrder = other.waveOrder
    laneStarts = other.laneStarts
    laneOrder = other.laneOrder
    departs = other.departs
  }

  /// Where the connections to a destination's station lie among `feeders`, if nothing goes on there.
  func feeders(of destination: DestinationRow) -> Range<Int> {
    guard destination.station != .noIndex, !departs[Int(destination.station)] else { return 0..<0 }
    let station = Int(destination.station)
    return feederStarts[station]..<feederStarts[station + 1]
  }

  /// Positions grouped by key, each group in the given order.
  private static func grouped(_ keys: [Int], count: Int) -> (starts: [Int], order: [Int]) {
    var starts = Array(repeating: 0, count: count + 1)
    for key in keys { starts[key + 1] += 1 }
    for key in 0..<count { starts[key + 1] += starts[key] }
    var next = starts
    var order = Array(repeating: 0, count: keys.count)
    for (index, key) in keys.enumerated() {
      order[next[key]] = index
      next[key] += 1
    }
    return (starts, order)
  }

  /// A leg's departures in the scan, with the minute from which its load can leave the far node.
  /// The duration is elapsed time, whatever the clocks do meanwhile.
  static func forEachDeparture(
    of leg: LegRow, _ changes: [ResolvedChange], _ image: NetworkImage, _ clocks: [HorizonClock],
    _ calendars: [HorizonCalendar], _ horizon: Horizon, _ body: (Int32, Int32) -> Void
  ) {
    guard let origin = image.nodes[Int(leg.origin)],
      let destination = image.nodes[Int(leg.destination)]
    else { return }
    let clock = clocks[Int(origin.timeZone)]
    for index in 0..<horizon.scannedDateCount where runs(leg.weekdays, index, horizon) {
      if leg.calendar != .noIndex, !calendars[Int(leg.calendar)].isOpen(index) { continue }
      var departure = clock.minute(index, leg.departureMinute, .first)
      if !changes.isEmpty {
        let days = horizon.firstDate.days + Int32(index)
        let status = DepartureChanges.status(changes, days: days)
        if status.isGone { continue }
        departure += status.delayMinutes
      }
      if departure < 0 || departure >= horizon.minutes { continue }
      body(departure, departure + leg.durationMinutes + destination.dwellMinutes)
    }
  }

  static func runs(_ weekdays: UInt8, _ index: Int, _ horizon: Horizon) -> Bool {
    let date = LocalDate(days: horizon.firstDate.days + Int32(index))
    return weekdays & (1 << UInt8(date.weekday)) != 0
  }

  /// The waves of a station whose windows lie within the scan. A station with a calendar delivers
  /// only on days on which it is open.
  func forEachWave(station: UInt32, _ body: (_ cutoff: Int32, DeliveryWindow) -> Void) {
    guard let node = image.nodes[Int(station)] else { return }
    let clock = clocks[Int(node.timeZone)]
    for slot in waveStarts[Int(station)]..<waveStarts[Int(station) + 1] {
      let wave = image.waves[waveOrder[slot]]
      let changes = changes.list(
        .wave(station: wave.station, cutoffMinute: wave.cutoffMinute))
      for index in 0..<horizon.scannedDateCount
      where Self.runs(wave.weekdays, index, horizon) {
        if node.calendar != .noIndex, !calendars[Int(node.calendar)].isOpen(index) { continue }
        let days = horizon.firstDate.days + Int32(index)
        if !changes.isEmpty, DepartureChanges.status(changes, days: days).isGone { continue }
        let cutoff = clock.minute(index, wave.cutoffMinute, .first)
        let window = window(clock, index, wave.fromMinute, wave.toMinute)
        if cutoff >= 0, window.to <= horizon.minutes { body(cutoff, window) }
      }
    }
  }

  /// The pickups of the lanes into a zone: each with the first delivery day by which at least
  /// `confidence` of the parcels have arrived, and the chance that one has arrived by then.
  func forEachPickup(
    zone: UInt32, confidence: UInt16,
    _ body: (_ lane: Int, _ node: UInt16, _ cutoff: Int32, DeliveryWindow, UInt16) -> Void
  ) {
    for slot in laneStarts[Int(zone)]..<laneStarts[Int(zone) + 1] {
      let index = laneOrder[slot]
      let lane = image.lanes[index]
      guard let origin = image.nodes[Int(lane.key.origin)] else { continue }
      let clock = clocks[Int(origin.timeZone)]
      let pickup = Int(lane.pickupCalendar)
      for date in 0..<horizon.scannedDateCount where calendars[pickup].isOpen(date) {
        let cutoff = clock.minute(date, lane.cutoffMinute, .first)
        if cutoff < 0 || cutoff >= horizon.minutes { continue }
        if let delivery = delivery(of: lane, date: date, cutoff: cutoff, confidence: confidence) {
          body(index, lane.key.origin, cutoff, delivery.window, delivery.chance)
        }
      }
    }
  }

  private func delivery(
    of lane: LaneRow, date: Int, cutoff: Int32, confidence: UInt16
  ) -> (window: DeliveryWindow, chance: UInt16)? {
    let outcomes = image.transits[
      Int(lane.transitStart)..<(Int(lane.transitStart) + Int(lane.transitCount))]
    var arrival = date
    var workingDays: UInt8 = 0
    var chance: UInt16 = 0
    var delivery: (date: Int, window: DeliveryWindow)?
    for outcome in outcomes {
      while workingDays < outcome.workingDays {
        arrival = Int(
          calendars[Int(lane.transitCalendar)].nextOpen[min(arrival + 1, horizon.dateCount)])
        workingDays += 1
      }
      if let delivery {
        // Slower parcels still make it when delivery waits for an open day.
        if arrival > delivery.date { break }
        chance += outcome.probability
        continue
      }
      chance += outcome.probability
      if chance >= confidence {
        guard let day = deliveryDay(of: lane, from: arrival, after: cutoff) else { return nil }
        delivery = day
      }
    }
    return delivery.map { ($0.window, chance) }
  }

  /// The first delivery day at or after a date whose window ends after the pickup.
  func deliveryDay(
    of lane: LaneRow, from arrival: Int, after cutoff: Int32
  ) -> (date: Int, window: DeliveryWindow)? {
    let index = Int(lane.deliveryCalendar)
    let clock = clocks[Int(lane.deliveryTimeZone)]
    var date = Int(calendars[index].nextOpen[arrival])
    while date < horizon.dateCount {
      let window = window(
        clock, date, calendars[index].opens[date], calendars[index].closes[date])
      if window.to > cutoff { return (date, window) }
      date = Int(calendars[index].nextOpen[date + 1])
    }
    return nil
  }

  private func window(
    _ clock: HorizonClock, _ index: Int, _ from: Int16, _ to: Int16
  ) -> DeliveryWindow {
    let start = clock.minute(index, from, .first)
    return DeliveryWindow(
      from: start, to: clock.minute(index, to, .last),
      offset: clock.rules.offset(at: horizon.unixSeconds(start)),
      days: horizon.firstDate.days + Int32(index))
  }
}
