import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct ReliabilityBuildTests {
  @Test("S6: the latest order that makes the truck in 95 of 100 is 13:10:19")
  func handlingTime() {
    // Seconds of a day without closing; lognormal, median 3 h, sigma 0.5, in 4,369 equal shares.
    let outcomes = (0..<4369).map {
      let hours = 3 * exp(0.5 * normalQuantile((Double($0) + 0.5) / 4369))
      return DelayAtom(minutes: UInt32((hours * 3600).rounded()), probability: 15)
    }
    let opens: [Int32] = [0]
    let ends: [Int32] = [200_000]
    var walk = HandlingWalk()
    let day: Int32 = 86_400
    var at14: UInt32 = 0
    var orderBy: Int32 = 0
    opens.withUnsafeBufferPointer { opens in
      ends.withUnsafeBufferPointer { ends in
        outcomes.withUnsafeBufferPointer { outcomes in
          guard let open = opens.baseAddress, let end = ends.baseAddress else { return }
          let ready = ReadyFunction(opens: open, closes: end, totals: end, count: 1)
          withUnsafePointer(to: UInt32(day + 20 * 3600)) { truck in
            walk.begin(
              departures: truck, count: 1, ready: ready, processing: 0, outcomes: outcomes)
          }
          withUnsafePointer(to: Chance.one) { certain in
            while let place = walk.next(chances: certain, processing: 0, outcomes: outcomes) {
              let minute = ready.latestOrder(key: place.key)
              if minute >= day + 14 * 3600 { at14 = place.chance }
              if place.chance < Chance.exactly(62_259) { continue }
              orderBy = minute
              break
            }
          }
        }
      }
    }
    let chance = Double(at14) / Double(Chance.one)
    #expect(abs(chance - 0.917171481) < 0.0003, "\(chance)")
    let expected = day + 13 * 3600 + 10 * 60 + 19
    #expect(abs(orderBy - expected) <= 20, "\(orderBy - expected) s apart")
  }

  @Test("S6 in minutes: the row's order-by and the exact chance of an order at 14:00")
  func handlingTimeOfANode() throws {
    var rows = s4Rows()
    rows.legs = [leg("L", "FC", "DS", at: 1200, lasting: 240)]
    // Shares of whole minutes: as many outcomes as a row may have are not fine enough.
    let image = try tables(rows).image()
    let handling = (0..<1285).map {
      let hours = 3 * exp(0.5 * normalQuantile((Double($0) + 0.5) / 1285))
      return DelayAtom(minutes: UInt32((hours * 60).rounded()), probability: 51)
    }
    let departures = NetworkDepartures(
      image: image, horizon: Horizon(base: utc(2026, 1, 12)))
    var build = ReliabilityBuild(
      departures: departures, frame: ProfileBuild.frame(departures), delays: DelayTable(),
      handling: DelayTable([handling]))
    build.fill(0)
    // 20:00 in New York is 01:00 in UTC.
    let day: Int32 = 3 * 1440
    let rank = 0
    let row = build.rows[3].row(rank)
    let entry = row.first { $0.orderBy > UInt16(day + 12 * 60) }
    let expected = day + 18 * 60 + 10
    #expect(abs(Int32(entry?.orderBy ?? 0) - expected) <= 1)
    let window = Int(entry?.window ?? 0)
    let exact = build.exactChance(
      node: 0, destination: image.destinations[0], window: window, orderedAt: day + 19 * 60)
    let chance = Double(exact?.chance ?? 0) / 65_535
    #expect(abs(chance - 0.917171481) < 0.001, "\(chance)")
    #expect(exact?.ways.first?.departure == day + 1500 && exact?.ways.last?.departure != day + 1500)
  }

  @Test("Rows are what a search among all order minutes finds")
  func bruteForce() throws {
    var random = SplitMix(21)
    var compared = 0
    for round in 0..<24 {
      let world = try ReliabilityWorld(&random)
      var build = world.build()
      for destination in world.image.destinations {
        build.fill(destination)
        compared += check(&build, destination, world, "round \(round)")
      }
    }
    #expect(compared > 2000, "\(compared)")
  }

  /// Compares all rows of a destination with one complete scan a window and a bisection.
  private func check(
    _ build: inout ReliabilityBuild, _ destination: DestinationRow, _ world: ReliabilityWorld,
    _ what: String
  ) -> Int {
    let nodes = build.frame.rankedNodes
    var expected: [[[Expected]]] = build.levels.map { _ in nodes.map { _ in [] } }
    var ways = ReliabilityFinals(destination, departures: build.departures)
    for window in ways.windows.indices {
      build.scanWindow(&ways, destination, window: window, earliest: 0)
      for (rank, node) in nodes.enumerated() {
        for (level, confidence) in build.levels.enumerated() {
          let needed = Chance.exactly(confidence)
          if let found = latest(build, node, world.handling(node), needed, window),
            found.time > (expected[level][rank].last?.time ?? -1)
          {
            expected[level][rank].append(found)
          }
        }
      }
    }
    var compared = 0
    for (rank, node) in nodes.enumerated() {
      for level in build.levels.indices {
        let row = build.rows[level].row(rank)
        let found = expected[level][rank]
        #expect(row.count == found.count, "\(what), node \(node), level \(level)")
        for (entry, expected) in zip(row, found) {
          compared += 1
          let isPublished = entry.orderBy != ProfileEntry.unpublished
          #expect(
            Int(entry.window) == expected.window && entry.confidence == expected.chance
              && (!isPublished || Int32(entry.orderBy) == expected.orderBy),
            "\(what), node \(node), level \(level): \(entry), \(expected)")
        }
        for (early, late) in zip(row, row.dropFirst()) {
          #expect(early.cutoff < late.cutoff && early.window < late.window)
          #expect(early.orderBy <= late.orderBy)
        }
      }
    }
    return compared
  }

  struct Expected {
    var window: Int
    /// What ascends strictly: the order minute with uncertain handling, else the departure.
    var time: Int32
    var orderBy: Int32
    var chance: UInt16
  }

  private func latest(
    _ build: borrowing ReliabilityBuild, _ node: UInt16, _ handling: [DelayAtom],
    _ needed: UInt32, _ window: Int
  ) -> Expected? {
    let ready = build.frame.readyFunction(node: node)
    let processing = build.frame.openings.processing.base[Int(node)]
    if handling.isEmpty {
      let steps = build.scan.departures(Int(node))
      let chances = build.scan.chances(Int(node))
      for step in 0..<build.scan.stepCount(Int(node)) where chances[step] >= needed {
        let departure = Int32(steps[step])
        return Expected(
          window: window, time: departure,
          orderBy: max(ready?.latestOrder(for: departure, processing: processing) ?? 0, 0),
          chance: Chance.rounded(chances[step]))
      }
      return nil
    }
    guard let ready else { return nil }
    func chance(_ minute: Int32) -> UInt32 {
      var sum: UInt64 = 0
      for outcome in handling {
        let need = processing + Int32(outcome.minutes)
        guard let dock = ready.ready(at: minute, processing: need) else { continue }
        let chance = build.scan.chance(from: Int(node), ready: UInt32(dock))
        sum += UInt64(outcome.probability) * UInt64(chance)
      }
      return UInt32(sum / 65_535)
    }
    var low: Int32 = -1
    var high = build.frame.horizon.minutes
    while low + 1 < high {
      let middle = (low + high) / 2
      if chance(middle) >= needed { low = middle } else { high = middle }
    }
    if low < 0 { return nil }
    return Expected(
      window: window, time: low, orderBy: low, chance: Chance.rounded(chance(low)))
  }

  @Test("Without uncertainty the rows are those of the deterministic scan", arguments: [0, 3])
  func certain(lanes: Int) throws {
    var random = SplitMix(22 + UInt64(lanes))
    var compared = 0
    for round in 0..<12 {
      let world = try ReliabilityWorld(&random, lanes: lanes, isCertain: true)
      var build = world.build()
      for level in build.levels.indices {
        let confidence = build.levels[level]
        var plain = BlockBuild(departures: build.departures, frame: build.frame)
        for index in world.image.destinations.indices {
          build.fill(UInt32(index))
          let finals = Finals(
            of: world.image.destinations[index], build.departures, confidence: confidence)
          let block = plain.block(UInt32(index), finals, isCertain: true)
          for rank in build.frame.rankedNodes.indices {
            let bounds = block.view.row(rank: UInt16(rank))
            let row = build.rows[level].row(rank)
            #expect(row.count == bounds.end - bounds.start, "round \(round)")
            for (offset, entry) in row.enumerated() {
              let other = block.view.entries[bounds.start + offset]
              compared += 1
              #expect(entry.cutoff == other.cutoff && entry.orderBy == other.orderBy)
              #expect(
                build.rows[level].windows[Int(entry.window)]
                  == block.view.windows[Int(other.window)])
              // Of equal departures to one window the scan of windows takes any.
              #expect(entry.confidence >= max(other.confidence, confidence))
              if lanes == 0 {
                let via = build.rows[level].vias[Int(build.rows[level].starts[rank]) + offset]
                #expect(via.rawValue == block.view.vias[bounds.start + offset].rawValue)
                #expect(entry.confidence == 65_535)
              }
            }
          }
        }
      }
    }
    #expect(compared > 3000, "\(compared)")
  }

  @Test("The exact chance is that of the row, and a minute later it is below the confidence")
  func exactChance() throws {
    var random = SplitMix(23)
    var compared = 0
    var exact = 0
    for _ in 0..<4 {
      let world = try ReliabilityWorld(&random)
      var build = world.build()
      for destination in world.image.destinations {
        build.fill(destination)
        for level in build.levels.indices {
          for (rank, node) in build.frame.rankedNodes.enumerated() {
            for entry in build.rows[level].row(rank) {
              if [ProfileEntry.never, ProfileEntry.unpublished].contains(entry.orderBy) {
                continue
              }
              compared += 1
              let orderBy = Int32(entry.orderBy)
              let now = build.exactChance(
                node: node, destination: destination, window: Int(entry.window),
                orderedAt: orderBy)
              let later = build.exactChance(
                node: node, destination: destination, window: Int(entry.window),
                orderedAt: orderBy + 1)
              // Through handling at closing time, an order may take more than what leaves later.
              let cutoff = Int32(entry.cutoff)
              let isOpen =
                build.frame.readyFunction(node: node)?.ready(at: cutoff, processing: 0) == cutoff
              if isOpen || !world.handling(node).isEmpty {
                exact += 1
                #expect(now?.chance == entry.confidence)
              } else {
                #expect((now?.chance ?? 0) >= entry.confidence)
              }
              #expect((later?.chance ?? 0) < build.levels[level])
            }
          }
        }
      }
    }
    #expect(compared > 500 && exact > compared / 2, "\(exact) of \(compared)")
  }

  @Test("More confidence never promises sooner")
  func monotone() throws {
    var random = SplitMix(24)
    for _ in 0..<10 {
      let world = try ReliabilityWorld(&random)
      var build = world.build()
      build.fill(0)
      for level in build.levels.indices.dropFirst() {
        for rank in build.frame.rankedNodes.indices {
          let bolder = build.rows[level - 1].row(rank)
          for entry in build.rows[level].row(rank) {
            let sooner = bolder.first { $0.cutoff >= entry.cutoff }
            #expect(sooner.map { $0.window <= entry.window } ?? false)
          }
        }
      }
    }
  }

  @Test("Closing a leg that no policy uses changes nothing; closing one that is used may")
  func usedLegs() throws {
    var random = SplitMix(25)
    var unused = 0
    var changes = 0
    for _ in 0..<8 {
      let world = try ReliabilityWorld(&random, lanes: 1)
      var build = world.build()
      build.fill(0)
      let legs = build.rows[0].legs
      for leg in world.image.legs.indices {
        var other = try world.closing(leg)
        other.fill(0)
        let isSame = zip(build.rows, other.rows).allSatisfy { $0.hasRows(of: $1) }
        if legs.contains(leg) {
          if !isSame { changes += 1 }
        } else {
          unused += 1
          #expect(isSame)
        }
      }
    }
    #expect(unused > 10 && changes > 30, "\(unused), \(changes)")
  }

  @Test("A leg that only a missed connection leads to is among those that count")
  func fallbackLegs() throws {
    var rows = s4Rows()
    rows.nodes[3].dwellMinutes = 60
    rows.legs = [
      leg("L", "FC", "SC", at: 1200, lasting: 120), leg("A", "SC", "DS", at: 1390, lasting: 60),
      leg("B", "SC", "DS", at: 1420, lasting: 60), leg("C", "SC", "DS", at: 1435, lasting: 60),
    ]
    // At the sort centre, C is good enough for every level; A is the way on of who is on time.
    func late(_ minutes: Int32, _ share: UInt16) -> [DelayOutcome] {
      [
        DelayOutcome(minutes: 0, probability: 65_535 - share),
        DelayOutcome(minutes: minutes, probability: share),
      ]
    }
    rows.legs[0].delays = late(30, 2621)
    rows.legs[2].delays = late(600, 65)
    rows.legs[3].delays = late(600, 327)
    let base = utc(2026, 1, 12)
    var build = ReliabilityBuild(image: try tables(rows).image(), horizonBase: base)
    build.fill(0)
    #expect((0..<4).allSatisfy { build.rows[4].legs.contains($0) })
    let entry = build.rows[4].row(0).first { $0.orderBy > 2000 }
    // 0.96 on time, else B: rounded down twice.
    let expected = (62_914.0 + 2621 * (65_470.0 / 65_535)) / 65_535
    #expect(entry?.confidence == UInt16(expected * 65_535))
    rows.legs[2].calendar = Name("never")
    var closed = ReliabilityBuild(image: try tables(rows).image(), horizonBase: base)
    closed.fill(0)
    #expect(!closed.rows[4].hasRows(of: build.rows[4]) && !closed.rows[4].legs.contains(2))
  }

  @Test("The catalogue has the reliability rows where anything but a lane is uncertain")
  func catalogue() throws {
    var rows = s4Rows()
    rows.legs[3].delays = [
      DelayOutcome(minutes: 0, probability: 60_000), DelayOutcome(minutes: 90, probability: 5535),
    ]
    let image = try tables(rows).image()
    let catalogue = ProfileBuild.catalogue(image: image, horizonBase: utc(2026, 1, 12))
    var build = ReliabilityBuild(image: image, horizonBase: utc(2026, 1, 12))
    build.fill(0)
    for level in ConfidenceLevel.allCases {
      let block = catalogue.layer(.whole, level).blocks[0]
      let made = build.rows[Int(level.rawValue)]
      #expect(block.entryCount > 20 && block.entryCount == made.entries.count)
      #expect(block.holds(made, digest: made.digest) && !block.isExact)
      // The hub's way is certain and the last one of each day: L4 is not needed at any level.
      #expect(block.legs.contains(2) && block.legs.contains(5))
    }
  }

  @Test("What a longer horizon adds never makes a published row too early or false")
  func horizonEnd() throws {
    var random = SplitMix(26)
    var compared = 0
    for _ in 0..<8 {
      let world = try ReliabilityWorld(&random)
      var short = world.build()
      var long = world.build(slackDays: 9)
      short.fill(0)
      long.fill(0)
      for level in short.levels.indices {
        for rank in short.frame.rankedNodes.indices {
          for entry in short.rows[level].row(rank) where entry.orderBy != ProfileEntry.unpublished {
            compared += 1
            let window = short.rows[level].windows[Int(entry.window)]
            let other = long.rows[level].row(rank).first { $0.cutoff >= entry.cutoff }
            let longer = other.map { long.rows[level].windows[Int($0.window)] }
            // Within the scan there is nothing to add.
            if window.to <= short.frame.horizon.minutes {
              #expect(longer == window && other?.confidence == entry.confidence)
            } else {
              #expect(longer.map { $0.to <= window.to } ?? false)
            }
          }
        }
      }
    }
    #expect(compared > 1000, "\(compared)")
  }
}

extension DestinationRows {
  func row(_ rank: Int) -> ArraySlice<ProfileEntry> {
    entries[Int(starts[rank])..<Int(starts[rank + 1])]
  }

  func hasRows(of other: DestinationRows) -> Bool {
    starts == other.starts && vias.map(\.rawValue) == other.vias.map(\.rawValue)
      && windows == other.windows
      && zip(entries, other.entries).allSatisfy {
        $0.cutoff == $1.cutoff && $0.window == $1.window && $0.orderBy == $1.orderBy
          && $0.confidence == $1.confidence
      }
  }
}
