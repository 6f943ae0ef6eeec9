import Glibc
import Testing

@testable import PromisedEngine

@Suite struct ReliabilityScanTests {
  /// Minutes from midnight of day 0. Nodes: 0 FC, 1 sort centre, 2 station.
  private func s7(by day: Int) -> ReliabilityTimetable {
    var rows = [Connection(from: 0, to: 1, departure: 1200, ready: 1320 + 60, id: 0)]
    for (index, departure) in [1410, 1530, 2850, 2970].enumerated() {
      rows.append(
        Connection(
          from: 1, to: 2, departure: UInt32(departure), ready: UInt32(departure + 180 + 60),
          id: UInt32(index + 1)))
    }
    let first = atoms([(0, 52_428), (60, 9830), (180, 3277)])
    let onward = atoms([(0, 58_982), (60, 6553)])
    let waves = (1...day).map {
      ChanceDeparture(
        node: 2, departure: UInt32($0 * 1440 + 270), chance: Chance.one, id: UInt32($0))
    }
    return ReliabilityTimetable(
      rows, delays: [first] + Array(repeating: onward, count: 4), finals: waves, nodeCount: 3)
  }

  @Test("S7: 0.80 by day 1, certain by day 2; not the 0.935 of a convolution without a schedule")
  func missedConnection() {
    let day1 = s7(by: 1)
    // 52,428 is exactly 0.8 of 65,535, and nothing is lost on the way.
    let first = day1.scan.chance(from: 0, ready: 1200)
    #expect(first == Chance.exactly(52_428))
    let convolution = 0.8 + 0.15 * 0.9
    let stated = day1.chance(0, 0)
    #expect(abs(convolution - 0.935) < 1e-12 && stated < convolution - 0.1)
    let day2 = s7(by: 2)
    let second = day2.scan.chance(from: 0, ready: 1200)
    #expect(second == Chance.one)
    let late = day2.scan.chance(from: 0, ready: 1201)
    #expect(late == 0)
  }

  /// Nodes 0 → 1 → 2 with a departure at every hundredth of a minute, so that no schedule adds to
  /// the two delays; the deadline is at 40.00.
  @Test("S8: the 95 % point is that of the sum, 20.11, not the sum of the 95 % points, 21.757")
  func sumOfDelays() {
    let deadline: UInt32 = 4000
    let base: UInt32 = 50
    var rows: [Connection] = []
    for departure in 1500..<deadline {
      for leg in 0..<UInt32(2) {
        rows.append(
          Connection(
            from: leg, to: leg + 1, departure: departure, ready: departure + base, id: leg))
      }
    }
    let timetable = ReliabilityTimetable(
      rows,
      delays: [(10.0, 2.0), (6.0, 1.5)].map { mean, deviation in
        normalAtoms { UInt32(((mean + deviation * $0) * 100).rounded()) - base }
      },
      finals: [ChanceDeparture(node: 2, departure: deadline, chance: Chance.one, id: 0)],
      nodeCount: 3)
    let latest = timetable.steps(0).last { $0.chance >= Chance.exactly(62_259) }
    let needed = Double(deadline - (latest?.departure ?? 0)) / 100
    // Delays of 1,285 equally likely values, each to a hundredth.
    #expect(abs(needed - 20.11213407) < 0.02, "\(needed)")
    let padded = timetable.chance(0, deadline - 2176)
    #expect(abs(padded - 0.98935481) < 0.0005, "\(padded)")
    let less = timetable.chance(0, deadline - 2010 + 2)
    #expect(less < 0.95)
  }

  @Test("The chance is that of the best policy, by an independent search of all outcomes")
  func optimal() {
    var random = SplitMix(11)
    for round in 0..<400 {
      let nodes = 3 + random.below(4)
      let timetable = randomTimetable(
        nodes: nodes, connections: 2 + random.below(18), span: 40, outcomes: 4, random: &random)
      var search = OptimalSearch(timetable)
      for node in 0..<nodes {
        for ready in 0..<UInt32(85) {
          let truth = search.best(node, ready)
          let stated = timetable.chance(node, ready)
          // Never above the truth, and below it by less than a unit for each connection.
          #expect(
            stated <= truth + 1e-13 && stated >= truth - 20 * 2.4e-10,
            "round \(round), node \(node), ready \(ready): \(stated), \(truth)")
        }
      }
    }
  }

  @Test("Following the policy through every joint outcome of all delays gives the stated chance")
  func enumeration() {
    var random = SplitMix(12)
    var checked = 0
    for round in 0..<250 {
      let timetable = randomTimetable(
        nodes: 4, connections: 6, span: 30, outcomes: 3, random: &random)
      for node in 0..<4 {
        for ready in stride(from: UInt32(0), to: 40, by: 4) {
          let stated = timetable.chance(node, ready)
          if stated == 0 { continue }
          checked += 1
          let sum = enumerated(timetable, node, ready)
          #expect(abs(sum - stated) < 6 * 2.4e-10, "round \(round): \(sum), \(stated)")
        }
      }
    }
    #expect(checked > 1000)
  }

  @Test("A simulation that follows the policy succeeds as often as the chance says")
  func simulation() {
    var random = SplitMix(13)
    let timetable = randomTimetable(
      nodes: 12, connections: 220, span: 400, outcomes: 5, random: &random)
    let trials = 8000
    var compared = 0
    for node in 0..<12 {
      for ready in [UInt32(20), 150, 260] {
        let stated = timetable.chance(node, ready)
        if stated < 0.01 || stated > 0.995 { continue }
        compared += 1
        var sum = 0.0
        for _ in 0..<trials {
          sum += timetable.follow(node, ready) { connection in
            let outcomes = timetable.delays[Int(connection.id)]
            var share = UInt32(random.below(65_535))
            for outcome in outcomes {
              if share < outcome.probability { return outcome.minutes }
              share -= outcome.probability
            }
            return 0
          }
        }
        let error = (stated * (1 - stated) / Double(trials)).squareRoot()
        #expect(
          abs(sum / Double(trials) - stated) < 4.5 * error, "node \(node), ready \(ready)")
      }
    }
    #expect(compared >= 5, "\(compared)")
  }

  @Test("Later is never likelier: departures descend, chances grow")
  func monotone() {
    var random = SplitMix(14)
    for _ in 0..<200 {
      let timetable = randomTimetable(
        nodes: 6, connections: 40, span: 60, outcomes: 4, random: &random)
      for node in 0..<6 {
        let steps = timetable.steps(node)
        for (early, late) in zip(steps, steps.dropFirst()) {
          #expect(early.departure < late.departure && early.chance > late.chance)
        }
      }
    }
  }

  @Test("Scanned back to a minute only, everything from that minute on is the same")
  func earliest() {
    var random = SplitMix(15)
    for _ in 0..<100 {
      var timetable = randomTimetable(
        nodes: 6, connections: 40, span: 60, outcomes: 4, random: &random)
      let all = (0..<6).map { timetable.steps($0) }
      let earliest = UInt32(random.below(60))
      timetable.run(earliest: earliest)
      for node in 0..<6 {
        let part = timetable.steps(node)
        let expected = all[node].filter { $0.departure >= earliest }
        #expect(part.map(\.departure) == expected.map(\.departure))
        #expect(part.map(\.chance) == expected.map(\.chance))
      }
    }
  }

  @Test("Without delays it finds the departures that the deterministic scan finds")
  func certain() {
    var random = SplitMix(16)
    for _ in 0..<200 {
      let timetable = randomTimetable(
        nodes: 6, connections: 40, span: 60, outcomes: 0, random: &random, certain: true)
      var scan = ConnectionScan(nodeCount: 6)
      let finals = timetable.finals.map {
        FinalDeparture(node: $0.node, departure: $0.departure, value: 0, id: $0.id)
      }
      finals.withUnsafeBufferPointer {
        scan.scan(
          connections: timetable.connections,
          departureCounts: UnsafePointer(timetable.counts.base),
          feeders: UnsafeBufferPointer(start: nil, count: 0), finals: $0, valueCount: 1)
      }
      for node in 0..<6 {
        let steps = timetable.steps(node)
        let profile = Array(scan.profile(node))
        #expect(steps.map(\.departure) == profile.map(\.departure))
        #expect(steps.allSatisfy { $0.chance == Chance.one })
        for step in profile {
          guard let via = timetable.via(node, step.departure) else { continue }
          switch via {
          case .final(let id): #expect(step.isFinal && step.id == id)
          case .connection(let taken): #expect(!step.isFinal && step.id == taken.id)
          }
        }
      }
    }
  }

  @Test("Connections without duration chain in any order, late ones too")
  func instants() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
      let rows = [(1, 2), (2, 3), (3, 4)] as [(UInt32, UInt32)]
      let timetable = ReliabilityTimetable(
        order.enumerated().map { index, row in
          Connection(
            from: rows[row].0, to: rows[row].1, departure: 100, ready: 100, id: UInt32(index))
        },
        delays: Array(repeating: atoms([(0, 32_768), (1, 32_767)]), count: 3),
        finals: [ChanceDeparture(node: 4, departure: 100, chance: Chance.one, id: 0)],
        nodeCount: 5)
      let steps = timetable.steps(1)
      let half = 32_768.0 / 65_535
      #expect(steps.map(\.departure) == [100])
      let chance = timetable.chance(1, 100)
      #expect(abs(chance - half * half * half) < 1e-9, "order \(order)")
    }
  }

  /// 1,285 equally likely values of a distribution given by its standard normal quantile.
  private func normalAtoms(_ value: (Double) -> UInt32) -> [DelayAtom] {
    (0..<1285).map {
      DelayAtom(minutes: value(normalQuantile((Double($0) + 0.5) / 1285)), probability: 51)
    }
  }

  private func enumerated(
    _ timetable: borrowing ReliabilityTimetable, _ node: Int, _ ready: UInt32
  ) -> Double {
    let delays = timetable.delays
    var chosen = Array(repeating: 0, count: delays.count)
    var sum = 0.0
    while true {
      var probability = 1.0
      for (id, outcomes) in delays.enumerated() where !outcomes.isEmpty {
        probability *= Double(outcomes[chosen[id]].probability) / 65_535
      }
      let outcome = chosen
      sum +=
        probability
        * timetable.follow(node, ready) { connection in
          let outcomes = delays[Int(connection.id)]
          return outcomes.isEmpty ? 0 : outcomes[outcome[Int(connection.id)]].minutes
        }
      var place = 0
      while place < delays.count {
        chosen[place] += 1
        if chosen[place] < max(delays[place].count, 1) { break }
        chosen[place] = 0
        place += 1
      }
      if place == delays.count { return sum }
    }
  }
}

/// The best chance from a node at a time, forward in time and in floating point: wait for what is
/// there, or take any connection and see when it comes in.
struct OptimalSearch {
  private let rows: [Connection]
  private let delays: [[DelayAtom]]
  private let finals: [ChanceDeparture]
  private var known: [UInt64: Double] = [:]

  init(_ timetable: borrowing ReliabilityTimetable) {
    rows = timetable.rows
    delays = timetable.delays
    finals = timetable.finals
  }

  mutating func best(_ node: Int, _ ready: UInt32) -> Double {
    let key = UInt64(node) << 32 | UInt64(ready)
    if let known = known[key] { return known }
    var best = 0.0
    for final in finals where Int(final.node) == node && final.departure >= ready {
      best = max(best, Double(final.chance) / Double(Chance.one))
    }
    for row in rows where Int(row.from) == node && row.departure >= ready {
      let outcomes = delays[Int(row.id)]
      var value = outcomes.isEmpty ? self.best(Int(row.to), row.ready) : 0
      for outcome in outcomes {
        value +=
          Double(outcome.probability) / 65_535 * self.best(Int(row.to), row.ready + outcome.minutes)
      }
      best = max(best, value)
    }
    known[key] = best
    return best
  }
}

/// The standard normal quantile by bisection of its distribution function.
func normalQuantile(_ probability: Double) -> Double {
  var low = -9.0
  var high = 9.0
  for _ in 0..<60 {
    let middle = (low + high) / 2
    if 0.5 * erfc(-middle / 2.0.squareRoot()) < probability { low = middle } else { high = middle }
  }
  return (low + high) / 2
}
