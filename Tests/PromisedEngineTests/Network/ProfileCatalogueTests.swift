import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct ProfileCatalogueTests {
  let base = utc(2026, 1, 12)
  let horizon = Horizon(base: utc(2026, 1, 12), promisedDays: 6, slackDays: 4)

  @Test("A network without levels, restrictions and distributions has one set of profiles")
  func oneSet() throws {
    let image = try tables(s4Rows()).image()
    let catalogue = ProfileBuild.catalogue(image: image, horizon: horizon)
    // Hazmat is the exception: L3 goes by air.
    #expect(catalogue.tierCount == 2)
    let whole = catalogue.schedule(.whole)
    for level in ServiceLevel.allCases {
      for restrictions in [ItemRestrictions(), .oversize] {
        let tier = NetworkTier(level: level, restrictions: restrictions)
        #expect(catalogue.schedule(tier) === whole)
        for confidence in ConfidenceLevel.allCases {
          #expect(catalogue.layer(tier, confidence) === whole)
        }
      }
      let hazmat = catalogue.schedule(NetworkTier(level: level, restrictions: .all))
      #expect(hazmat !== whole && hazmat.digest != whole.digest)
    }
    #expect(whole.digest == ProfileBuild.build(image: image, horizon: horizon).digest)
  }

  @Test("Every tier answers as a network of the rows it may use, on random networks")
  func tiers() throws {
    var several = 0
    for seed in 0..<8 {
      var random = SplitMix(UInt64(seed) &* 104_729)
      let rows = RandomNetwork.tieredRows(&random)
      let catalogue = ProfileBuild.catalogue(image: try tables(rows).image(), horizon: horizon)
      if catalogue.tierCount > 4 { several += 1 }
      for tier in NetworkTier.all {
        var own = rows
        own.legs.removeAll { !admits(tier, $0.level, $0.mode, $0.refuses) }
        own.lanes.removeAll { !admits(tier, $0.level, $0.mode, $0.refuses) }
        own.waves.removeAll { $0.level > tier.level }
        let alone = ProfileBuild.build(image: try tables(own).image(), horizon: horizon)
        let set = catalogue.schedule(tier)
        for _ in 0..<12 {
          let nodes = [UInt16(random.below(3))]
          let destination = UInt32(random.below(4))
          let now = base + 86_400 + Int64(random.below(5 * 86_400))
          let one = answer(set.decide(nodes, destination, at: now))
          let other = answer(alone.decide(nodes, destination, at: now))
          #expect(one == other, "seed \(seed), \(tier)")
        }
      }
    }
    #expect(several >= 6)
  }

  private func admits(
    _ tier: NetworkTier, _ level: ServiceLevel, _ mode: TransportMode, _ refuses: ItemRestrictions
  ) -> Bool {
    if level.rawValue > tier.level.rawValue { return false }
    let isHazmat = tier.restrictions.rawValue & 1 == 1
    if isHazmat, mode == .air || refuses.rawValue & 1 == 1 { return false }
    return tier.restrictions.rawValue & 2 == 0 || refuses.rawValue & 2 == 0
  }

  /// What customers see: entries stand at other places where legs have other indexes.
  private func answer(_ decision: OfferDecision) -> [Int64] {
    guard case .offer(let offer) = decision else { return [] }
    return [
      Int64(offer.node), offer.windowFromUnixSeconds, offer.windowToUnixSeconds,
      offer.orderByUnixSeconds, offer.cutoffUnixSeconds, Int64(offer.confidence),
    ]
  }

  @Test("Where only lanes are uncertain, a confident layer is the scan at that quantile")
  func confidentLayers() throws {
    var distinct = 0
    for seed in 0..<6 {
      var random = SplitMix(UInt64(seed) &* 15_485_863 &+ 3)
      let image = try tables(RandomNetwork.rows(&random)).image()
      let catalogue = ProfileBuild.catalogue(image: image, horizon: horizon)
      for level in ConfidenceLevel.allCases {
        let set = ProfileBuild.build(
          image: image, horizon: horizon, confidence: level.probability)
        #expect(catalogue.layer(.whole, level).digest == set.digest)
      }
      #expect(catalogue.layer(.whole, .usual) === catalogue.schedule(.whole))
      let sets = Set(ConfidenceLevel.allCases.map { catalogue.layer(.whole, $0).digest })
      distinct += sets.count
      // Blocks that do not differ are shared.
      let blocks = ConfidenceLevel.allCases.flatMap { catalogue.layer(.whole, $0).blocks }
      let objects = Set(blocks.map { ObjectIdentifier($0) }).count
      #expect(objects == Set(blocks.map(\.digest)).count)
    }
    #expect(distinct > 8)
  }

  @Test("An uncertain leg or node makes uncertain what it can reach, and nothing else")
  func uncertainReach() throws {
    let late = [DelayOutcome(minutes: 30, probability: 65_535)]
    var rows = s4Rows()
    rows.nodes += [node("DS2", .station), node("FC2", .fulfilmentCentre, calendar: "always")]
    rows.waves.append(wave("DS2", cutoff: 270, from: 540, to: 780))
    rows.zones.append(prefix("200", zone: "queens", station: "DS2"))
    rows.legs.append(leg("L7", "FC2", "DS2", at: 60, lasting: 60))
    rows.lanes = [lane("FC2", "G", "queens", cutoff: 900, transit: [(1, 60_000), (2, 5535)])]
    func certain(_ change: (inout NetworkRows) -> Void) throws -> [Bool] {
      var changed = rows
      change(&changed)
      let catalogue = ProfileBuild.catalogue(image: try tables(changed).image(), horizon: horizon)
      return catalogue.tiers[0].isCertain
    }
    #expect(try certain { _ in } == [true, true])
    #expect(try certain { $0.legs[0].delays = late } == [false, true])
    #expect(try certain { $0.legs[6].delays = late } == [true, false])
    #expect(try certain { $0.nodes[0].handling = late } == [false, true])
    #expect(try certain { $0.nodes[5].handling = late } == [true, false])
    // Outcomes that are never late are certain.
    let never = [DelayOutcome(minutes: 0, probability: 65_535)]
    #expect(try certain { $0.legs[0].delays = never } == [true, true])
  }

  @Test("Uncertain destinations are filled by the scan that is given, at every confidence")
  func confidentScan() throws {
    var rows = s4Rows()
    rows.legs[0].delays = [DelayOutcome(minutes: 30, probability: 65_535)]
    let image = try tables(rows).image()
    let empty = ProfileBuild.catalogue(image: image, horizon: horizon, confident: nil)
    #expect(empty.schedule(.whole).entryCount > 0)
    #expect(empty.layer(.whole, .even).entryCount == 0)
    let catalogue = ProfileBuild.catalogue(
      image: image, horizon: horizon,
      confident: { departures, frame in
        { destination in
          ConfidenceLevel.allCases.map { level in
            var made = DestinationRows()
            made.windows = [DeliveryWindow(from: 3000, to: 3060, offset: 0, days: 0)]
            made.isExact = false
            made.legs.insert(5)
            for rank in frame.rankedNodes.indices {
              if rank == 0 {
                made.append(
                  ProfileEntry(
                    cutoff: 2000 + UInt16(level.rawValue), window: 0, orderBy: 1900,
                    confidence: level.probability), .leg(0))
              }
              made.endRow()
            }
            return made
          }
        }
      })
    for level in ConfidenceLevel.allCases {
      let block = catalogue.layer(.whole, level).blocks[0]
      #expect(block.view.entries[0].cutoff == 2000 + UInt16(level.rawValue))
      #expect(block.legs.contains(5) && block.legs.contains(0) && !block.isExact)
    }
    #expect(catalogue.digest != empty.digest)
    #expect(catalogue.schedule(.whole).digest == empty.schedule(.whole).digest)
  }
}
