import PromisedModel
import Testing

@testable import PromisedEngine

/// Promises of the S4 network. New York is at −5 h in January, so 21:00 there is 02:00 UTC.
@Suite struct OfferTests {
  let base = utc(2026, 1, 12)
  /// Tuesday 2026-01-13, 12:00 in New York.
  let noon = utc(2026, 1, 13, 17)

  func profiles(_ rows: NetworkRows, slackDays: Int = 4, days: Int = 14) throws -> ProfileSet {
    let tables = try tables(rows)
    return ProfileBuild.build(
      image: tables.image(), horizon: Horizon(base: base, promisedDays: days, slackDays: slackDays))
  }

  @Test("S4: 21:00 makes the next day, by the hub")
  func s4() throws {
    let set = try profiles(s4Rows())
    guard case .offer(let offer) = set.decide([0], 0, at: noon) else {
      Issue.record("no offer")
      return
    }
    #expect(offer.orderByUnixSeconds == utc(2026, 1, 14, 2))
    #expect(offer.cutoffUnixSeconds == utc(2026, 1, 14, 2))
    #expect(offer.orderByUTCOffsetSeconds == -18_000)
    #expect(offer.windowFromUnixSeconds == utc(2026, 1, 14, 14))
    #expect(offer.windowToUnixSeconds == utc(2026, 1, 14, 18))
    #expect(offer.deliveryDate == LocalDate(year: 2026, month: 1, day: 14))
    #expect(offer.windowUTCOffsetSeconds == -18_000)
    #expect(offer.confidence == 0)

    var steps = GrowableColumn<PathStep>()
    set.appendPath(of: offer, to: &steps)
    let names = (0..<steps.count).map { steps[$0].name.name.description }
    #expect(names == ["L3", "L6"])
    let hub = steps[0]
    #expect(hub.from == 0 && hub.to == 2 && hub.mode == TransportMode.air.rawValue)
    #expect(hub.departureUnixSeconds == utc(2026, 1, 14, 2))
    #expect(hub.arrivalUnixSeconds == utc(2026, 1, 14, 3, 30))
    let last = steps[1]
    #expect(last.to == 3 && last.arrivalUnixSeconds == utc(2026, 1, 14, 7, 45))
    #expect(last.arrivalUTCOffsetSeconds == -18_000)
  }

  @Test("The order-by minute is the last one that counts: one millisecond later is the next day")
  func orderByEdge() throws {
    let set = try profiles(s4Rows())
    let edge = UnixMilliseconds(utc(2026, 1, 14, 2) * 1000)
    for (now, day) in [(edge, 14), (UnixMilliseconds(edge.milliseconds + 1), 15)] {
      let decision = [UInt16(0)].withUnsafeBufferPointer { nodes in
        [Int64(1)].withUnsafeBufferPointer { units in
          set.decideOffer(
            StockCandidates(nodes: Column(nodes), available: Column(units)), quantity: 1,
            destination: 0, now: now, handlingMinutes: 0)
        }
      }
      guard case .offer(let offer) = decision else {
        Issue.record("no offer")
        continue
      }
      #expect(offer.deliveryDate == LocalDate(year: 2026, month: 1, day: day))
    }
  }

  @Test("S4b: what the end of the horizon makes up is not published")
  func horizonEnd() throws {
    let short = try profiles(s4Rows(), slackDays: 0, days: 4)
    let long = try profiles(s4Rows())
    let view = short.view(0)
    let row = view.row(rank: short.rank(of: 0))
    var published = 0
    for index in row.start..<row.end {
      let entry = view.entries[index]
      guard entry.orderBy != ProfileEntry.unpublished else { continue }
      published += 1
      // 23:00 in New York is 04:00 UTC; only 21:00 departures are in the window profile.
      #expect(entry.cutoff % 1440 == 120)
      let now = short.horizon.unixSeconds(Int32(entry.cutoff))
      let same = short.decide([0], 0, at: now)
      let wider = long.decide([0], 0, at: now)
      guard case .offer(let one) = same, case .offer(let other) = wider else {
        Issue.record("no offer at \(now)")
        continue
      }
      #expect(one.windowToUnixSeconds == other.windowToUnixSeconds)
      #expect(one.orderByUnixSeconds == other.orderByUnixSeconds)
    }
    #expect(published == 4)
    for index in 0..<short.windowCount {
      #expect(view.windows[index].to <= short.horizon.minutes)
    }
  }

  @Test("Processing runs on shifts: Friday evening's order is worked on Monday")
  func shifts() throws {
    var rows = s4Rows()
    rows.nodes[0] = node("FC", .fulfilmentCentre, calendar: "shift", processing: 120)
    let set = try profiles(rows)
    // Friday 2026-01-16, 18:00 in New York, an hour after the shift.
    guard case .offer(let offer) = set.decide([0], 0, at: utc(2026, 1, 16, 23)) else {
      Issue.record("no offer")
      return
    }
    #expect(offer.deliveryDate == LocalDate(year: 2026, month: 1, day: 20))
    // Two hours before the end of Monday's shift: 15:00.
    #expect(offer.orderByUnixSeconds == utc(2026, 1, 19, 20))
    #expect(offer.cutoffUnixSeconds == utc(2026, 1, 20, 2))

    // Handling of the item comes on top, and moves the order-by.
    guard case .offer(let slow) = set.decide([0], 0, at: utc(2026, 1, 16, 23), handling: 180) else {
      Issue.record("no offer")
      return
    }
    #expect(slow.deliveryDate == LocalDate(year: 2026, month: 1, day: 20))
    #expect(slow.orderByUnixSeconds == utc(2026, 1, 19, 17))
    // Nine hours do not fit in what is left of any Monday after 08:00: ordered on Monday at 12:00.
    guard case .offer(let later) = set.decide([0], 0, at: utc(2026, 1, 19, 17), handling: 181)
    else {
      Issue.record("no offer")
      return
    }
    #expect(later.deliveryDate == LocalDate(year: 2026, month: 1, day: 21))
  }

  @Test("Every reason for no offer")
  func reasons() throws {
    var rows = s4Rows()
    rows.nodes += [
      node("LONE", .fulfilmentCentre, calendar: "always"),
      node("SHUT", .fulfilmentCentre, calendar: "never"),
    ]
    rows.legs.append(leg("L7", "SHUT", "SC", at: 1200, lasting: 60))
    let set = try profiles(rows)
    #expect(set.decide([], 0, at: noon) == .refused(.noStock))
    #expect(set.decide([0], 0, at: noon, available: 2, quantity: 3) == .refused(.noStock))
    #expect(set.decide([0], 0, at: noon, available: -1) == .refused(.noStock))
    #expect(set.decide([4], 0, at: noon) == .refused(.noRoute))
    #expect(set.decide([5], 0, at: noon) == .refused(.nodeClosed))
    #expect(set.decide([5, 4], 0, at: noon) == .refused(.nodeClosed))
    #expect(set.decide([0, 5], 0, at: utc(2026, 1, 29, 20)) == .refused(.cutoffPassed))
    // Unknown nodes and destinations, and absurd times, are answered and never a crash.
    #expect(set.decide([999], 0, at: noon) == .refused(.noRoute))
    #expect(set.decide([0], 999, at: noon) == .refused(.noRoute))
    #expect(set.decide([0], 0, at: .max / 1000) == .refused(.nodeClosed))
    if case .refused = set.decide([0], 0, at: .min / 1000) { Issue.record("refused") }
  }

  @Test("The earlier window wins, then the lower node, whatever the order of candidates")
  func ties() throws {
    var rows = s4Rows()
    rows.nodes += [
      node("TWIN", .fulfilmentCentre, calendar: "always"),
      node("FAST", .fulfilmentCentre, calendar: "always"),
    ]
    rows.legs += [
      leg("T", "TWIN", "SC", at: 1200, lasting: 120), leg("F", "FAST", "DS", at: 200, lasting: 5),
    ]
    let set = try profiles(rows)
    for candidates: [UInt16] in [[0, 4], [4, 0]] {
      guard case .offer(let offer) = set.decide(candidates, 0, at: noon) else { continue }
      #expect(offer.node == 0)
    }
    // At 22:00 only FAST still makes the next morning.
    for candidates: [UInt16] in [[0, 4, 5], [5, 4, 0], [4, 5, 0]] {
      guard case .offer(let offer) = set.decide(candidates, 0, at: utc(2026, 1, 14, 3)) else {
        Issue.record("no offer")
        continue
      }
      #expect(offer.node == 5)
    }
  }

  @Test("A lane counts working days, waits for delivery days and keeps its confidence")
  func lanes() throws {
    var rows = s4Rows()
    rows.legs = []
    rows.zones = [prefix("1", zone: "east", station: "")]
    rows.lanes = [
      lane(
        "FC", "Ground", "east", cutoff: 1020,
        transit: [(1, 30_000), (2, 32_258), (3, 2000), (4, 1000), (9, 277)])
    ]
    let set = try profiles(rows)
    // 62,258 in two days is below 0.95, so three: Tuesday to Friday.
    guard case .offer(let offer) = set.decide([0], 0, at: noon) else {
      Issue.record("no offer")
      return
    }
    #expect(offer.orderByUnixSeconds == utc(2026, 1, 13, 22))
    #expect(offer.deliveryDate == LocalDate(year: 2026, month: 1, day: 16))
    #expect(offer.windowFromUnixSeconds == utc(2026, 1, 16, 14))
    #expect(offer.windowToUnixSeconds == utc(2026, 1, 17, 1))
    #expect(offer.confidence == 64_258)
    var steps = GrowableColumn<PathStep>()
    set.appendPath(of: offer, to: &steps)
    #expect(steps.count == 1)
    #expect(steps[0].to == PathStep.customer && steps[0].name.name == Name("Ground"))
    #expect(steps[0].arrivalUnixSeconds == offer.windowToUnixSeconds)

    // Friday's pickup: Monday, Tuesday, Wednesday.
    guard case .offer(let friday) = set.decide([0], 0, at: utc(2026, 1, 16, 20)) else { return }
    #expect(friday.deliveryDate == LocalDate(year: 2026, month: 1, day: 21))
    // Saturday's and Sunday's parcels arrive with Friday's: the latest pickup is stated.
    #expect(friday.orderByUnixSeconds == utc(2026, 1, 18, 22))
  }

  @Test("A holiday moves the delivery and the pickup, a date replaces the weekly rule")
  func holidays() throws {
    var rows = s4Rows()
    rows.legs = []
    rows.zones = [prefix("1", zone: "east", station: "")]
    let holiday = LocalDate(year: 2026, month: 1, day: 14)
    rows.calendars.append(
      Calendar(
        name: Name("holiday"),
        rules: [
          rule(weekdaysOnly, 540, 1200), rule(on: holiday, 0, 0),
          rule(on: LocalDate(year: 2026, month: 1, day: 17), 600, 720),
        ]))
    rows.lanes = [
      lane(
        "FC", "Next", "east", cutoff: 1020, transit: [(1, 65_535)], pickup: "holiday",
        transitCalendar: "working", delivery: "holiday")
    ]
    let set = try profiles(rows)
    // Picked up on Tuesday, at the customer's on Thursday because Wednesday is a holiday.
    guard case .offer(let tuesday) = set.decide([0], 0, at: noon) else { return }
    #expect(tuesday.deliveryDate == LocalDate(year: 2026, month: 1, day: 15))
    // No pickup on Wednesday.
    guard case .offer(let wednesday) = set.decide([0], 0, at: utc(2026, 1, 14, 1)) else { return }
    #expect(wednesday.orderByUnixSeconds == utc(2026, 1, 15, 22))
    #expect(wednesday.deliveryDate == LocalDate(year: 2026, month: 1, day: 16))
  }

  @Test("A lane of twenty working days is promised although its window is behind the scan")
  func longLanes() throws {
    var rows = s4Rows()
    rows.legs = []
    rows.zones = [prefix("1", zone: "east", station: "")]
    rows.lanes = [lane("FC", "Slow", "east", cutoff: 1020, transit: [(20, 65_535)])]
    let set = try profiles(rows)
    guard case .offer(let offer) = set.decide([0], 0, at: noon) else {
      Issue.record("no offer")
      return
    }
    #expect(offer.deliveryDate == LocalDate(year: 2026, month: 2, day: 10))
    #expect(offer.orderByUnixSeconds == utc(2026, 1, 13, 22))
    // The last pickup scanned is no proof that no later one makes its window.
    let row = set.view(0).row(rank: set.rank(of: 0))
    #expect(set.view(0).entries[row.end - 1].orderBy == ProfileEntry.unpublished)
  }

  @Test("A 04:30 cutoff follows the clocks over the change")
  func daylight() throws {
    var rows = s4Rows()
    rows.legs = [leg("D", "FC", "DS", at: 120, lasting: 60)]
    let tables = try tables(rows)
    let set = ProfileBuild.build(image: tables.image(), horizonBase: utc(2026, 3, 5))
    // 02:00 on Saturday is 07:00 UTC. On Sunday 02:00 is skipped: it is 03:00 EDT, 07:00 UTC, as
    // well, and being ready at 05:00 EDT misses the cutoff of 04:30. On Monday 02:00 is 06:00 UTC.
    var found: [Int64] = []
    for hour in stride(from: Int64(0), to: 4 * 24, by: 1) {
      if case .offer(let offer) = set.decide([0], 0, at: utc(2026, 3, 7) + hour * 3600),
        found.last != offer.orderByUnixSeconds
      {
        found.append(offer.orderByUnixSeconds)
      }
    }
    #expect(
      found == [
        utc(2026, 3, 7, 7), utc(2026, 3, 9, 6), utc(2026, 3, 10, 6), utc(2026, 3, 11, 6),
      ])
  }

  /// The offer of the first node at an instant of a network whose horizon begins on 2026-10-30.
  private func autumnOffer(_ rows: NetworkRows, at now: Int64) throws -> Offer? {
    let tables = try tables(rows)
    let set = ProfileBuild.build(image: tables.image(), horizonBase: utc(2026, 10, 30))
    guard case .offer(let offer) = set.decide([0], 0, at: now) else { return nil }
    return offer
  }

  @Test("Of a time shown twice, departures and cutoffs take the first, closings the last")
  func overlap() throws {
    var rows = s4Rows()
    // 01:30 in New York is 05:30 UTC and again 06:30 UTC on 2026-11-01.
    rows.legs = [leg("D", "FC", "DS", at: 90, lasting: 60)]
    let departing = try autumnOffer(rows, at: utc(2026, 11, 1))
    #expect(departing?.orderByUnixSeconds == utc(2026, 11, 1, 5, 30))

    rows.legs = [leg("D", "FC", "DS", at: 150, lasting: 30)]
    rows.calendars.append(Calendar(name: Name("night"), rules: [rule(everyDay, 0, 90)]))
    rows.nodes[0] = node("FC", .fulfilmentCentre, calendar: "night")
    let closing = try autumnOffer(rows, at: utc(2026, 11, 1, 5))
    #expect(closing?.cutoffUnixSeconds == utc(2026, 11, 1, 7, 30))
    #expect(closing?.orderByUnixSeconds == utc(2026, 11, 1, 6, 30))

    rows = s4Rows()
    rows.legs = [leg("D", "FC", "DS", at: 1380, lasting: 20)]
    rows.waves = [wave("DS", cutoff: 70, from: 70, to: 90)]
    let window = try autumnOffer(rows, at: utc(2026, 11, 1, 2))
    // Ready at 00:20, before the first 01:10; the window is open until the last 01:30.
    #expect(window?.windowFromUnixSeconds == utc(2026, 11, 1, 5, 10))
    #expect(window?.windowToUnixSeconds == utc(2026, 11, 1, 6, 30))
    // Ready at 01:20 the first time, which is after the first 01:10: the next day's wave.
    rows.legs = [leg("D", "FC", "DS", at: 1380, lasting: 80)]
    let late = try autumnOffer(rows, at: utc(2026, 11, 1, 2))
    #expect(late?.deliveryDate == LocalDate(year: 2026, month: 11, day: 2))
  }

  @Test("A lane's days reach the confidence exactly, and a same-day lane delivers after its pickup")
  func laneEdges() throws {
    var rows = s4Rows()
    rows.legs = []
    rows.zones = [prefix("1", zone: "east", station: "")]
    let cases: [([(UInt8, UInt16)], Int, Int, UInt16)] = [
      ([(1, 62_259), (2, 3276)], 1020, 14, 62_259), ([(1, 62_258), (2, 3277)], 1020, 15, 65_535),
      // Picked up at 17:00 it is delivered the same day; at 20:00, the end of the hours, the next.
      ([(0, 65_535)], 1020, 13, 65_535), ([(0, 65_535)], 1200, 14, 65_535),
    ]
    for (transit, cutoff, day, chance) in cases {
      rows.lanes = [lane("FC", "L", "east", cutoff: cutoff, transit: transit)]
      let set = try profiles(rows)
      guard case .offer(let offer) = set.decide([0], 0, at: noon) else {
        Issue.record("no offer")
        continue
      }
      #expect(offer.deliveryDate == LocalDate(year: 2026, month: 1, day: day), "\(transit)")
      #expect(offer.confidence == chance, "\(transit)")
    }
    rows.lanes = [
      lane(
        "FC", "L", "east", cutoff: 1020, transit: [(1, 63_000), (2, 2000), (4, 535)],
        pickup: "working", transitCalendar: "daily")
    ]
    let set = try profiles(rows)
    // Friday's pickup waits from Saturday to Monday, by which slower parcels are there as well.
    guard case .offer(let offer) = set.decide([0], 0, at: utc(2026, 1, 16, 20)) else { return }
    #expect(offer.deliveryDate == LocalDate(year: 2026, month: 1, day: 19))
    #expect(offer.orderByUnixSeconds == utc(2026, 1, 16, 22))
    #expect(offer.confidence == 65_000)
  }

  @Test("A single pickup whose window lies behind the scan is not promised")
  func unprovenPickup() throws {
    var rows = s4Rows()
    rows.legs = []
    rows.zones = [prefix("1", zone: "east", station: "")]
    rows.calendars.append(
      Calendar(
        name: Name("once"),
        rules: [rule(on: LocalDate(year: 2026, month: 1, day: 14), 0, 1440)]))
    rows.lanes = [
      lane("FC", "Slow", "east", cutoff: 1020, transit: [(20, 65_535)], pickup: "once")
    ]
    #expect(try profiles(rows).decide([0], 0, at: noon) == .refused(.cutoffPassed))
  }

  @Test("A lane from a sort centre takes over what legs bring, and its chance is theirs")
  func injection() throws {
    var rows = s4Rows()
    rows.zones = [prefix("1", zone: "east", station: "")]
    rows.lanes = [
      lane("SC", "Final", "east", cutoff: 360, transit: [(1, 64_000), (2, 1535)]),
      // Dearer in days: never chosen.
      lane("FC", "Direct", "east", cutoff: 1020, transit: [(5, 65_535)]),
    ]
    let set = try profiles(rows)
    guard case .offer(let offer) = set.decide([0], 0, at: noon) else {
      Issue.record("no offer")
      return
    }
    // L2 at 23:00 is at the sort centre at 01:00, ready at 02:00, picked up at 06:00 on Wednesday.
    #expect(offer.orderByUnixSeconds == utc(2026, 1, 14, 4))
    #expect(offer.deliveryDate == LocalDate(year: 2026, month: 1, day: 15))
    #expect(offer.confidence == 64_000)
    // It is not where the legs may be late.
    rows.legs[1].delays = [
      DelayOutcome(minutes: 0, probability: 60_000), DelayOutcome(minutes: 90, probability: 5535),
    ]
    guard case .offer(let late) = try profiles(rows).decide([0], 0, at: noon) else { return }
    #expect(late.orderByUnixSeconds == offer.orderByUnixSeconds && late.confidence == 0)
    var steps = GrowableColumn<PathStep>()
    set.appendPath(of: offer, to: &steps)
    let names = (0..<steps.count).map { steps[$0].name.name.description }
    #expect(names == ["L2", "Final"])
    #expect(steps[1].from == 1 && steps[1].to == PathStep.customer)
  }
}
