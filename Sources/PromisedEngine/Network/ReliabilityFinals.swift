import PromisedModel

/// The ways of being delivered at one destination, with the chance of each by the end of every
/// window: waves, and the pickups of lanes with all outcomes of their transit.
struct ReliabilityFinals {
  /// In order of (end, start); at most 65,535, the latest ones of a vast zone are left out.
  private(set) var windows: [DeliveryWindow] = []
  /// By cutoff from late to early.
  private(set) var finals: [Final] = []
  /// Of all finals: the chance of delivery by the end of a window, ascending in both.
  private var outcomes: [Outcome] = []
  /// Per final: the outcome up to which `departures(by:)` has come.
  private var cursors: [Int32] = []

  struct Final {
    var node: UInt16
    var cutoff: Int32
    var via: Via
    var start: Int32
    var end: Int32
  }

  private struct Outcome {
    var window: UInt32
    var chance: UInt16
  }

  /// Windows while they have no number: dates of one delivery timetable each.
  private struct WindowDates {
    var calendar: UInt32
    var timeZone: UInt32
    var base: Int
  }

  init(_ destination: DestinationRow, departures: NetworkDepartures) {
    // First numbered as found, then in order.
    var found: [DeliveryWindow] = []
    if destination.station != .noIndex {
      departures.forEachWave(station: destination.station) { cutoff, window in
        append(UInt16(destination.station), cutoff, .wave)
        outcomes.append(Outcome(window: UInt32(found.count), chance: .max))
        found.append(window)
        finals[finals.count - 1].end += 1
      }
    }
    appendPickups(destination, departures, &found)
    number(found)
    finals.sort { ($1.cutoff, $0.via.rawValue) < ($0.cutoff, $1.via.rawValue) }
    rewind()
  }

  /// From now on `departures(by:)` may be asked for any window again.
  mutating func rewind() {
    cursors = finals.map(\.start)
  }

  /// The finals that deliver by the end of a window with some chance, as the scan takes them; their
  /// id is the position in `finals`.
  ///
  /// - Parameters:
  ///   - window: ascends from call to call.
  ///   - earliest: leaves out what departs before.
  mutating func departures(
    by window: Int, earliest: UInt32, into steps: inout [ChanceDeparture]
  ) {
    steps.removeAll(keepingCapacity: true)
    for index in finals.indices {
      let final = finals[index]
      var cursor = cursors[index]
      while cursor < final.end, outcomes[Int(cursor)].window <= window { cursor += 1 }
      cursors[index] = cursor
      if cursor > final.start, final.cutoff >= Int32(earliest) {
        steps.append(
          ChanceDeparture(
            node: UInt32(final.node), departure: UInt32(final.cutoff),
            chance: Chance.exactly(outcomes[Int(cursor) - 1].chance), id: UInt32(index)))
      }
    }
  }

  private mutating func append(_ node: UInt16, _ cutoff: Int32, _ via: Via) {
    let start = Int32(outcomes.count)
    finals.append(Final(node: node, cutoff: cutoff, via: via, start: start, end: start))
  }

  private mutating func appendPickups(
    _ destination: DestinationRow, _ departures: NetworkDepartures,
    _ found: inout [DeliveryWindow]
  ) {
    // Per delivery timetable and date, the window's number; few timetables serve a zone.
    var timetables: [WindowDates] = []
    var numbers: [UInt32] = []
    let dateCount = departures.horizon.dateCount
    departures.forEachPickupOutcome(zone: destination.zone) {
      lane, cutoff, date, window, chance, isFirst in
      let row = departures.image.lanes[lane]
      if isFirst { append(row.key.origin, cutoff, .lane(UInt32(lane))) }
      var timetable = timetables.firstIndex {
        $0.calendar == row.deliveryCalendar && $0.timeZone == row.deliveryTimeZone
      }
      if timetable == nil {
        timetables.append(
          WindowDates(
            calendar: row.deliveryCalendar, timeZone: row.deliveryTimeZone, base: numbers.count))
        numbers += Array(repeating: .max, count: dateCount)
        timetable = timetables.count - 1
      }
      let slot = timetables[timetable ?? 0].base + date
      if numbers[slot] == .max {
        numbers[slot] = UInt32(found.count)
        found.append(window)
      }
      outcomes.append(Outcome(window: numbers[slot], chance: chance))
      finals[finals.count - 1].end += 1
    }
  }

  /// Gives the windows their numbers in order of (end, start).
  private mutating func number(_ found: [DeliveryWindow]) {
    func order(_ window: DeliveryWindow) -> (Int32, Int32, Int32, Int32) {
      (window.to, window.from, window.days, window.offset)
    }
    let sorted = found.indices.sorted { order(found[$0]) < order(found[$1]) }
    var numbers: [UInt32] = Array(repeating: .max, count: found.count)
    for index in sorted {
      if windows.last != found[index] {
        if windows.count == Int(UInt16.max) { break }
        windows.append(found[index])
      }
      numbers[index] = UInt32(windows.count - 1)
    }
    for index in outcomes.indices {
      outcomes[index].window = numbers[Int(outcomes[index].window)]
    }
  }
}

extension NetworkDepartures {
  /// The pickups of the lanes into a zone with every delivery window that outcomes of the transit
  /// lead to, in ascending order, and the chance of having arrived by then in 1/65535.
  ///
  /// - Parameter body: gets the lane's index, the pickup's minute, the delivery date's index, its
  ///   window, the chance and whether it is the first of this pickup.
  func forEachPickupOutcome(
    zone: UInt32,
    _ body: (
      _ lane: Int, _ cutoff: Int32, _ date: Int, DeliveryWindow, _ chance: UInt16,
      _ isFirst: Bool
    ) -> Void
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
        forEachOutcome(of: lane, date: date, cutoff: cutoff) { delivery, window, chance, isFirst in
          body(index, cutoff, delivery, window, chance, isFirst)
        }
      }
    }
  }

  private func forEachOutcome(
    of lane: LaneRow, date: Int, cutoff: Int32,
    _ body: (_ delivery: Int, DeliveryWindow, _ chance: UInt16, _ isFirst: Bool) -> Void
  ) {
    let outcomes = image.transits[
      Int(lane.transitStart)..<(Int(lane.transitStart) + Int(lane.transitCount))]
    let working = calendars[Int(lane.transitCalendar)]
    var arrival = date
    var workingDays: UInt8 = 0
    var chance: UInt16 = 0
    var delivery: (date: Int, window: DeliveryWindow)?
    var isFirst = true
    for outcome in outcomes {
      while workingDays < outcome.workingDays {
        arrival = Int(working.nextOpen[min(arrival + 1, horizon.dateCount)])
        workingDays += 1
      }
      // Slower parcels still make it when delivery waits for an open day.
      if delivery.map({ arrival > $0.date }) ?? true {
        if let delivery {
          body(delivery.date, delivery.window, chance, isFirst)
          isFirst = false
        }
        guard let day = deliveryDay(of: lane, from: arrival, after: cutoff) else { return }
        delivery = day
      }
      chance += outcome.probability
    }
    if let delivery { body(delivery.date, delivery.window, chance, isFirst) }
  }
}
