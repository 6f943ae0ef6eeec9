import PromisedModel
import Testing

@testable import PromisedEngine

/// Patched profiles are those of a full build; until they are there, answers are never too early.
@Suite struct ProfilePatchTests {
  /// An ordinary week, the US spring change, the US autumn change, Lord Howe's half hour.
  static let bases = [
    utc(2026, 1, 12), utc(2026, 3, 6), utc(2026, 10, 30), utc(2026, 10, 2),
  ]

  /// Counts a leg's departures, in order to be wrong whenever one is forgotten.
  private static let counting: ConfidentScan = { departures, frame in
    { destination in
      ConfidenceLevel.allCases.map { level in
        var rows = DestinationRows()
        rows.isExact = false
        rows.windows = [DeliveryWindow(from: 10, to: 20, offset: 0, days: 0)]
        let leg = Int(destination) + Int(level.rawValue)
        rows.legs.insert(leg)
        var count = departures.feeders.filter { Int($0.id) == leg }.count
        for slot in 0..<departures.connections.count
        where Int(departures.connections.ids[slot]) == leg {
          count += 1
        }
        for rank in frame.rankedNodes.indices {
          if rank == 0 {
            rows.append(
              ProfileEntry(
                cutoff: 5, window: 0, orderBy: ProfileEntry.unpublished, confidence: UInt16(count)),
              .wave)
          }
          rows.endRow()
        }
        return rows
      }
    }
  }

  @Test("Patched profiles equal a full build, change after change", arguments: bases)
  func patched(base: Int64) throws {
    let horizon = Horizon(base: base, promisedDays: 4, slackDays: 4)
    var (shared, replaced) = (0, 0)
    for seed in 0..<4 {
      var random = SplitMix(UInt64(seed) &* 6_700_417 &+ UInt64(base))
      var rows = RandomNetwork.tieredRows(&random)
      // Half of them with the scan that is used, and legs that are often late.
      let confident = seed % 2 == 0 ? Self.counting : ProfileBuild.confidentScan
      for leg in rows.legs.indices where seed % 2 == 1 && leg % 3 == 0 || seed == 0 && leg == 1 {
        rows.legs[leg].delays = [
          DelayOutcome(minutes: 0, probability: 50_000),
          DelayOutcome(minutes: Int32(20 + 30 * leg), probability: 15_535),
        ]
      }
      var network = try tables(rows)
      var catalogue = ProfileBuild.catalogue(
        image: network.image(), horizon: horizon, confident: confident)
      for step in 0..<4 {
        for _ in 0..<(1 + random.below(3)) {
          network.append(RandomChanges.change(rows, base: base, days: 8, &random))
        }
        let image = network.image()
        let patched = ProfileBuild.patch(catalogue, image: image, confident: confident)
        let full = ProfileBuild.whole(image, horizon, confident)
        #expect(patched.digest == full.digest, "seed \(seed), step \(step)")
        for (old, new) in zip(catalogue.tiers, patched.tiers) {
          for (before, after) in zip(old.schedule.blocks, new.schedule.blocks) {
            if before === after { shared += 1 } else { replaced += 1 }
          }
        }
        #expect(patched.unchanged?.image.changes.isEmpty == true)
        catalogue = patched
      }
      let again = ProfileBuild.catalogue(
        image: network.image(), horizon: horizon, confident: confident)
      #expect(again.digest == catalogue.digest)
      #expect(again.unchanged?.digest == catalogue.unchanged?.digest)
    }
    #expect(shared > 60 && replaced > 10, "\(shared) \(replaced)")
  }

  @Test("On a larger network most destinations keep their blocks when a departure is closed")
  func larger() throws {
    let base = utc(2026, 3, 6)
    let rows = NetworkGenerator(centres: 8, sortCentres: 6, stations: 25, hubs: 3).rows()
    var network = try tables(rows)
    let horizon = Horizon(base: base, promisedDays: 5, slackDays: 3)
    var catalogue = ProfileBuild.catalogue(image: network.image(), horizon: horizon)
    var random = SplitMix(12)
    var affected = 0
    for _ in 0..<25 {
      let change = RandomChanges.change(rows, base: base, days: 6, &random)
      network.append(change)
      let image = network.image()
      let patched = ProfileBuild.patch(catalogue, image: image)
      #expect(patched.digest == ProfileBuild.whole(image, horizon, nil).digest, "\(change)")
      affected +=
        zip(catalogue.schedule(.whole).blocks, patched.schedule(.whole).blocks)
        .filter { $0 !== $1 }.count
      catalogue = patched
    }
    #expect(affected > 5 && affected < 25 * 25 / 2, "\(affected)")
  }

  @Test("While changes are pending answers may be late but never too early", arguments: bases)
  func pending(base: Int64) throws {
    let horizon = Horizon(base: base, promisedDays: 4, slackDays: 4)
    var (tooEarlyWithout, late, equal) = (0, 0, 0)
    for seed in 0..<12 {
      var random = SplitMix(UInt64(seed) &* 2_147_483_647 &+ UInt64(base))
      let rows = RandomNetwork.rows(&random)
      var network = try tables(rows)
      let published = ProfileBuild.catalogue(image: network.image(), horizon: horizon)
      for _ in 0..<8 {
        network.append(RandomChanges.change(rows, base: base, days: 8, &random))
      }
      let pending = PendingChanges(published, network)
      let built = ProfileBuild.patch(published, image: network.image())
      for _ in 0..<60 {
        let minute = 1440 + random.below(4320)
        let nodes = [UInt16(random.below(3))]
        let destination = UInt32(random.below(4))
        func window(_ catalogue: ProfileCatalogue, _ pending: PendingChanges?) -> Int64 {
          let decision = nodes.withUnsafeBufferPointer { nodes in
            [Int64(1)].withUnsafeBufferPointer { units in
              catalogue.schedule(.whole).decideOffer(
                StockCandidates(nodes: Column(nodes), available: Column(units)), quantity: 1,
                destination: destination,
                now: UnixMilliseconds((base + Int64(minute) * 60) * 1000), handlingMinutes: 0,
                pending: pending)
            }
          }
          guard case .offer(let offer) = decision else { return .max }
          return offer.windowToUnixSeconds
        }
        let truth = window(built, nil)
        let meanwhile = window(published, pending)
        #expect(meanwhile >= truth, "seed \(seed), minute \(minute)")
        if meanwhile == truth { equal += 1 } else { late += 1 }
        if window(published, nil) < truth { tooEarlyWithout += 1 }
      }
    }
    // Without the overlay answers would be too early, and with it not all of them late.
    #expect(tooEarlyWithout > 5 && equal > 100, "\(tooEarlyWithout) \(late) \(equal)")
  }

  @Test("A network with other rows is built as a whole")
  func otherRows() throws {
    let horizon = Horizon(base: utc(2026, 1, 12), promisedDays: 4, slackDays: 4)
    var network = try tables(s4Rows())
    let before = ProfileBuild.catalogue(image: network.image(), horizon: horizon)
    var rows = NetworkRows()
    rows.legs = [leg("L9", "FC", "DS", at: 200, lasting: 10)]
    network.upsert(rows)
    let image = network.image()
    let patched = ProfileBuild.patch(before, image: image)
    #expect(patched.digest == ProfileBuild.whole(image, horizon, nil).digest)
    #expect(patched.digest != before.digest)
  }
}
