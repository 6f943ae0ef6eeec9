import PromisedModel
import Testing

@testable import PromisedEngine

/// Closures, delays and full departures: of S4, and on random networks over changes of the clocks.
@Suite struct DepartureChangeTests {
  let base = utc(2026, 1, 12)
  let horizon = Horizon(base: utc(2026, 1, 12), promisedDays: 6, slackDays: 4)
  /// Tuesday 2026-01-13, 12:00 in New York.
  let noon = utc(2026, 1, 13, 17)

  private func days(_ month: Int, _ day: Int) -> Int32 {
    LocalDate(year: 2026, month: month, day: day)?.days ?? 0
  }

  private func change(
    _ name: String, _ kind: DepartureChangeKind, _ from: Int32, _ to: Int32, delay: Int32 = 0
  ) -> DepartureChange {
    DepartureChange(
      subject: .leg, name: Name(name), fromDays: from, toDays: to, kind: kind, delayMinutes: delay)
  }

  /// The order-by of the first offer at noon, in minutes from that day's midnight in New York.
  private func orderBy(_ network: borrowing NetworkTables) -> Int64? {
    let catalogue = ProfileBuild.catalogue(image: network.image(), horizon: horizon)
    guard case .offer(let offer) = catalogue.schedule(.whole).decide([0], 0, at: noon) else {
      return nil
    }
    #expect(offer.deliveryDate == LocalDate(year: 2026, month: 1, day: 14))
    return (offer.orderByUnixSeconds - utc(2026, 1, 13, 5)) / 60
  }

  @Test("The last change that covers a date holds, closures and capacity apart")
  func lastHolds() throws {
    var network = try tables(s4Rows())
    let today = days(1, 13)
    // L3 at 21:00 by the hub, else L1 at 20:00.
    #expect(orderBy(network) == 1260)
    network.append(change("L3", .closed, today, today))
    #expect(orderBy(network) == 1200)
    network.append(change("L3", .full, today - 1, today + 1))
    network.append(change("L3", .reopened, today, today))
    #expect(orderBy(network) == 1200)
    network.append(change("L3", .roomAgain, today, today))
    #expect(orderBy(network) == 1260)
    // Its load is ready at 23:45 for L6 at 00:30: 45 minutes late still makes it, 46 do not.
    network.append(change("L3", .delayed, today, today, delay: 45))
    #expect(orderBy(network) == 1305)
    network.append(change("L3", .delayed, today, today, delay: 46))
    #expect(orderBy(network) == 1200)
    network.append(change("L3", .closed, today + 1, .max))
    network.append(change("L3", .reopened, .min, .max))
    #expect(orderBy(network) == 1260)
    #expect(network.lastChange == 8 && network.changes.count == 8)
    network.dropChanges(endedBefore: today + 2)
    #expect(network.changes.map(\.number) == [7, 8] && network.lastChange == 8)
  }

  @Test("A closure is of the local date on which the departure leaves, over both clock changes")
  func localDate() throws {
    for (month, day, hour) in [(3, 8, 7), (11, 1, 5)] {
      var rows = s4Rows()
      // 01:30 in New York: once on 8 March, twice on 1 November.
      rows.legs = [leg("D", "FC", "DS", at: 90, lasting: 60)]
      var network = try tables(rows)
      network.append(change("D", .closed, days(month, day), days(month, day)))
      let horizon = Horizon(base: utc(2026, month, day) - 2 * 86_400)
      let set = ProfileBuild.catalogue(image: network.image(), horizon: horizon).schedule(.whole)
      let row = set.view(0).row(rank: set.rank(of: 0))
      let cutoffs = (row.start..<row.end).map { Int64(set.view(0).entries[$0].cutoff) }
      let closed = (utc(2026, month, day, hour - 1, 30) - horizon.base) / 60
      #expect(!cutoffs.contains(closed) && !cutoffs.contains(closed + 60))
      #expect(cutoffs.contains { $0 < closed } && cutoffs.count > 10)
      for date in [day - 1, day + 1] where date > 0 {
        let open = cutoffs.filter { $0 / 1440 - closed / 1440 == Int64(date - day) }
        #expect(open.count == 1, "\(month)-\(date)")
      }
    }
  }

  @Test("A wave that is full or closed is not delivered in, and only on its dates")
  func waves() throws {
    var rows = s4Rows()
    rows.waves.append(wave("DS", cutoff: 600, from: 700, to: 800))
    var network = try tables(rows)
    let today = days(1, 14)
    network.append(
      DepartureChange(
        subject: .wave, name: Name("DS"), minute: 270, fromDays: today, toDays: today, kind: .full))
    let catalogue = ProfileBuild.catalogue(image: network.image(), horizon: horizon)
    guard case .offer(let offer) = catalogue.schedule(.whole).decide([0], 0, at: noon) else {
      Issue.record("no offer")
      return
    }
    #expect(offer.windowFromUnixSeconds == utc(2026, 1, 14, 16, 40))
  }

  @Test("Changes that make no sense are refused with their field")
  func faults() throws {
    let network = try tables(s4Rows())
    func wave(_ name: String, _ minute: Int16, _ kind: DepartureChangeKind = .closed)
      -> DepartureChange
    {
      DepartureChange(
        subject: .wave, name: Name(name), minute: minute, fromDays: 0, toDays: 1, kind: kind)
    }
    var texted = change("L1", .closed, 0, 0)
    texted.reason = Name([0x41, 0x00])
    var timed = change("L1", .closed, 0, 0)
    timed.minute = 5
    let faults: [(String, OutcomeCode, DepartureChange)] = [
      ("leg", .legUnknown, change("L9", .closed, 0, 0)),
      ("minute", .fieldOutOfRange, timed),
      ("to_days", .fieldOutOfRange, change("L1", .closed, 1, 0)),
      ("delay_minutes", .fieldOutOfRange, change("L1", .delayed, 0, 0)),
      ("delay_minutes", .fieldOutOfRange, change("L1", .delayed, 0, 0, delay: 10_081)),
      ("delay_minutes", .fieldOutOfRange, change("L1", .closed, 0, 0, delay: 1)),
      ("reason", .keyInvalid, texted),
      ("station", .nodeUnknown, wave("X", 270)), ("minute", .fieldOutOfRange, wave("DS", 271)),
      ("kind", .fieldOutOfRange, wave("DS", 270, .delayed)),
    ]
    for (field, code, change) in faults {
      do throws(NetworkRefusal) {
        try network.validate(change)
        Issue.record("accepted: \(field)")
      } catch {
        #expect(error.field == field && error.code == code, "\(error.message)")
      }
    }
    try network.validate(wave("DS", 270, .full))
    try network.validate(change("L1", .closed, .min, .max))
  }

  @Test("A replaced network keeps its changes, and legs of the same name are as they were")
  func replacement() throws {
    var network = try tables(s4Rows())
    network.append(change("L3", .closed, days(1, 13), days(1, 13)))
    var other = network.emptied()
    #expect(other.image().changes.isEmpty)
    other.upsert(s4Rows())
    #expect(other.lastChange == 1 && orderBy(other) == 1200)
    var restored = try tables(s4Rows())
    restored.restore(changes: network.changes, lastChange: network.lastChange)
    #expect(orderBy(restored) == 1200)
  }

  @Test("A closed departure is the reason, before and after the profiles know of it")
  func reason() throws {
    var rows = s4Rows()
    rows.legs = [leg("D", "FC", "DS", at: 120, lasting: 60)]
    var network = try tables(rows)
    let open = ProfileBuild.catalogue(image: network.image(), horizon: horizon)
    #expect(open.unchanged == nil && PendingChanges(open, network) == nil)
    network.append(change("D", .closed, .min, .max))
    let pending = PendingChanges(open, network)
    #expect(pending?.affectedCount == 1)
    let closed = ProfileBuild.patch(open, image: network.image())
    #expect(closed.unchanged === open && PendingChanges(closed, network) == nil)
    for (catalogue, pending) in [(open, pending), (closed, nil)] {
      let decision = [UInt16(0)].withUnsafeBufferPointer { nodes in
        [Int64(1)].withUnsafeBufferPointer { units in
          catalogue.decideOffer(
            StockCandidates(nodes: Column(nodes), available: Column(units)), PromiseTerms(),
            destination: 0, now: UnixMilliseconds(noon * 1000), pending: pending)
        }
      }
      #expect(decision == .refused(.legClosed))
    }
  }
}
