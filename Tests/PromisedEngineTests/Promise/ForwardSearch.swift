import PromisedModel

/// An independent, naive answer to "when does it arrive": forward from the order, minute by minute,
/// straight on the rows as an operator writes them. Shares no code with profiles but the offset of
/// a zone at an instant.
struct ForwardSearch {
  let base: Int64
  let minutes: Int
  let rows: NetworkRows
  private let clocks: [Name: WallClock]
  private(set) var legDepartures: [(Leg, Int)] = []
  private let changes: [DepartureChange]

  struct Answer: Equatable {
    var windowTo: Int
    var windowFrom: Int
  }

  /// What each minute of UTC looks like on a wall.
  struct WallClock {
    /// Local date and minute of each UTC minute, from a day before the base.
    var walls: [Wall] = []
    var first: [Wall: Int] = [:]
    var last: [Wall: Int] = [:]

    struct Wall: Hashable {
      var day: Int
      var minute: Int
    }

    init(_ rules: TimeZoneRules, base: Int64, minutes: Int) {
      for minute in -2880..<(minutes + 60 * 1440) {
        let instant = base + Int64(minute) * 60
        let local = instant + Int64(rules.offset(at: instant))
        let day = Int((Double(local) / 86_400).rounded(.down))
        let wall = Wall(day: day, minute: Int(local - Int64(day) * 86_400) / 60)
        walls.append(wall)
        if first[wall] == nil { first[wall] = minute }
        last[wall] = minute
      }
    }

    func wall(_ minute: Int) -> Wall { walls[minute + 2880] }

    /// A skipped time is counted on from the last one shown before it.
    func minute(_ day: Int, _ minute: Int, last wantsLast: Bool) -> Int? {
      let day = day + minute / 1440
      let minute = minute % 1440
      let table = wantsLast ? last : first
      for back in 0..<181 where minute >= back {
        if let found = table[Wall(day: day, minute: minute - back)] { return found + back }
      }
      return nil
    }
  }

  /// The wall clocks of zones, for several searches over the same days.
  static func clocks(
    _ files: [TimeZoneFile], base: Int64, days: Int
  ) throws -> [Name: WallClock] {
    var clocks: [Name: WallClock] = [:]
    for file in files {
      clocks[file.name] = WallClock(
        try TimeZoneRules(tzif: file.tzif), base: base, minutes: days * 1440)
    }
    return clocks
  }

  init(
    rows: NetworkRows, base: Int64, days: Int, clocks: [Name: WallClock],
    changes: [DepartureChange] = []
  ) {
    self.rows = rows
    self.changes = changes
    self.base = base
    self.clocks = clocks
    minutes = days * 1440
    legDepartures = allLegDepartures()
  }

  private func calendar(_ name: Name) -> Calendar? { rows.calendars.first { $0.name == name } }

  private func openings(_ name: Name, _ day: Int) -> [CalendarRule] {
    guard let calendar = calendar(name) else { return [] }
    let exceptions = calendar.rules.filter { $0.date?.days == Int32(day) }
    let weekly = calendar.rules.filter { $0.date == nil && runs($0.weekdays, day) }
    return (exceptions.isEmpty ? weekly : exceptions).filter { $0.openMinute < $0.closeMinute }
  }

  private func runs(_ weekdays: UInt8, _ day: Int) -> Bool { weekdays >> ((day + 3) % 7) & 1 == 1 }

  private var days: Range<Int> {
    let first = Int(base / 86_400)
    return (first - 1)..<(first + minutes / 1440 + 2)
  }

  /// When an order at `minute` is at the dock of a node, or nil within the horizon.
  func dock(_ node: Node, _ minute: Int, extra: Int) -> Int? {
    guard let clock = clocks[node.timeZone] else { return nil }
    func isOpen(_ at: Int) -> Bool {
      guard at < minutes else { return false }
      let wall = clock.wall(at)
      return openings(node.calendar, wall.day).contains {
        Int($0.openMinute) <= wall.minute && wall.minute < Int($0.closeMinute)
      }
    }
    var left = Int(node.processingMinutes) + extra
    var at = minute
    while at <= minutes {
      if left == 0, isOpen(at) || isOpen(at - 1) { return at }
      if left > 0, isOpen(at) { left -= 1 }
      at += 1
    }
    return nil
  }

  /// The earliest window for an order, by earliest ready times at every node.
  func search(from node: Node, at minute: Int, extra: Int, zone: Name, station: Name) -> Answer? {
    guard let dock = dock(node, minute, extra: extra) else { return nil }
    var ready: [Name: Int] = [node.name: dock]
    let departures = legDepartures
    var changed = true
    while changed {
      changed = false
      for (leg, departure) in departures {
        guard let from = ready[leg.origin], from <= departure else { continue }
        let dwell = rows.nodes.first { $0.name == leg.destination }?.dwellMinutes ?? 0
        let arrival = departure + Int(leg.durationMinutes) + Int(dwell)
        if arrival < ready[leg.destination] ?? .max {
          ready[leg.destination] = arrival
          changed = true
        }
      }
    }
    var best: Answer?
    func offer(_ from: Int, _ to: Int) {
      if let best, (best.windowTo, best.windowFrom) <= (to, from) { return }
      best = Answer(windowTo: to, windowFrom: from)
    }
    for (cutoff, from, to) in waves(station) {
      if let at = ready[station], at <= cutoff { offer(from, to) }
    }
    for lane in rows.lanes where lane.zone == zone {
      guard let at = ready[lane.origin] else { continue }
      for (cutoff, from, to) in pickups(lane) where at <= cutoff { offer(from, to) }
    }
    return best
  }

  private func allLegDepartures() -> [(Leg, Int)] {
    rows.legs.flatMap { leg -> [(Leg, Int)] in
      guard let origin = rows.nodes.first(where: { $0.name == leg.origin }),
        let clock = clocks[origin.timeZone]
      else { return [] }
      return days.compactMap { day in
        guard runs(leg.weekdays, day) else { return nil }
        if !leg.calendar.isEmpty, openings(leg.calendar, day).isEmpty { return nil }
        guard let at = clock.minute(day, Int(leg.departureMinute), last: false),
          let delay = delay(.leg, leg.name, 0, day)
        else { return nil }
        return at + delay >= 0 && at + delay < minutes ? (leg, at + delay) : nil
      }
    }
  }

  /// How late a departure of a local date is; nil = it takes nothing more. Read from the end of the
  /// changes.
  private func delay(
    _ subject: DepartureSubject, _ name: Name, _ minute: Int16, _ day: Int
  ) -> Int? {
    let own = changes.reversed().filter {
      $0.subject == subject && $0.name == name && $0.minute == minute
        && Int($0.fromDays) <= day && day <= Int($0.toDays)
    }
    let room = own.first { $0.kind == .full || $0.kind == .roomAgain }
    let running = own.first { $0.kind != .full && $0.kind != .roomAgain }
    if room?.kind == .full || running?.kind == .closed { return nil }
    return running?.kind == .delayed ? Int(running?.delayMinutes ?? 0) : 0
  }

  /// All ways to be delivered in a zone or from a station: where to be ready by when, and the window.
  func finals(
    zone: Name, station: Name, _ names: [Name]
  ) -> [(node: Int, cutoff: Int, from: Int, to: Int)] {
    var found: [(node: Int, cutoff: Int, from: Int, to: Int)] = []
    func add(_ name: Name, _ steps: [(Int, Int, Int)]) {
      guard let node = names.firstIndex(of: name) else { return }
      found += steps.map { (node: node, cutoff: $0.0, from: $0.1, to: $0.2) }
    }
    add(station, waves(station))
    for lane in rows.lanes where lane.zone == zone { add(lane.origin, pickups(lane)) }
    return found
  }

  private func waves(_ station: Name) -> [(Int, Int, Int)] {
    guard let node = rows.nodes.first(where: { $0.name == station }),
      let clock = clocks[node.timeZone]
    else { return [] }
    return rows.waves.filter { $0.station == station }.flatMap { wave in
      days.compactMap { day -> (Int, Int, Int)? in
        guard runs(wave.weekdays, day),
          node.calendar.isEmpty || !openings(node.calendar, day).isEmpty,
          delay(.wave, station, wave.cutoffMinute, day) != nil,
          let cutoff = clock.minute(day, Int(wave.cutoffMinute), last: false),
          let from = clock.minute(day, Int(wave.fromMinute), last: false),
          let to = clock.minute(day, Int(wave.toMinute), last: true)
        else { return nil }
        return cutoff >= 0 && to <= minutes ? (cutoff, from, to) : nil
      }
    }
  }

  private func pickups(_ lane: Lane) -> [(Int, Int, Int)] {
    guard let origin = rows.nodes.first(where: { $0.name == lane.origin }),
      let clock = clocks[origin.timeZone], let there = clocks[lane.deliveryTimeZone]
    else { return [] }
    var sum = 0
    let needed = lane.transit.first { outcome in
      sum += Int(outcome.probability)
      return Double(sum) >= 0.95 * 65_535
    }
    var left = 0
    return days.compactMap { day -> (Int, Int, Int)? in
      guard !openings(lane.pickupCalendar, day).isEmpty,
        let cutoff = clock.minute(day, Int(lane.cutoffMinute), last: false),
        cutoff >= 0, cutoff < minutes
      else { return nil }
      left = Int(needed?.workingDays ?? 0)
      var at = day
      while left > 0 {
        at += 1
        if at > day + 50 { return nil }
        if !openings(lane.transitCalendar, at).isEmpty { left -= 1 }
      }
      while at < day + 50 {
        let hours = openings(lane.deliveryCalendar, at)
        if let open = hours.map(\.openMinute).min(), let close = hours.map(\.closeMinute).max(),
          let from = there.minute(at, Int(open), last: false),
          let to = there.minute(at, Int(close), last: true), to > cutoff
        {
          return (cutoff, from, to)
        }
        at += 1
      }
      return nil
    }
  }
}
