import PromisedModel
import Testing

@testable import PromisedEngine

/// Offers by level, restriction, confidence, release and admission, on variants of S4. New York is
/// at −5 h in January.
@Suite struct PromiseTermsTests {
  let base = utc(2026, 1, 12)
  /// Tuesday 2026-01-13, 12:00 in New York.
  let noon = utc(2026, 1, 13, 17)

  private func catalogue(_ rows: NetworkRows) throws -> ProfileCatalogue {
    ProfileBuild.catalogue(image: try tables(rows).image(), horizon: Horizon(base: base))
  }

  private func decide(
    _ catalogue: ProfileCatalogue, _ terms: PromiseTerms, at now: Int64? = nil,
    available: Int64 = 1, admittedFrom: Int64? = nil
  ) -> OfferDecision {
    let admitted = admittedFrom.map { [$0] } ?? []
    return [UInt16(0)].withUnsafeBufferPointer { nodes in
      [available].withUnsafeBufferPointer { units in
        admitted.withUnsafeBufferPointer { admitted in
          catalogue.decideOffer(
            StockCandidates(
              nodes: Column(nodes), available: Column(units),
              admittedFromUnixSeconds: Column(admitted)), terms, destination: 0,
            now: UnixMilliseconds((now ?? noon) * 1000))
        }
      }
    }
  }

  private func offer(
    _ catalogue: ProfileCatalogue, _ terms: PromiseTerms, at now: Int64? = nil,
    admittedFrom: Int64? = nil
  ) -> Offer? {
    let decision = decide(catalogue, terms, at: now, admittedFrom: admittedFrom)
    guard case .offer(let offer) = decision else { return nil }
    return offer
  }

  @Test("Dangerous goods do not fly: without the air hub the latest order is an hour earlier")
  func hazmat() throws {
    let catalogue = try catalogue(s4Rows())
    #expect(offer(catalogue, PromiseTerms())?.orderByUnixSeconds == utc(2026, 1, 14, 2))
    let hazmat = offer(catalogue, PromiseTerms(restrictions: .hazmat))
    // 20:00 by L1 and L4, in New York.
    #expect(hazmat?.orderByUnixSeconds == utc(2026, 1, 14, 1))
    #expect(hazmat?.deliveryDate == LocalDate(year: 2026, month: 1, day: 14))
    #expect(
      offer(catalogue, PromiseTerms(restrictions: .oversize))?.orderByUnixSeconds
        == utc(2026, 1, 14, 2))
  }

  @Test("Faster levels use what slower ones use, and more")
  func levels() throws {
    var rows = s4Rows()
    rows.legs[2].level = .expedited
    rows.legs.append(leg("VAN", "FC", "DS", at: 780, lasting: 30))
    rows.legs[6].level = .twoHour
    rows.waves.append(wave("DS", cutoff: 900, from: 910, to: 1000))
    rows.waves[1].level = .twoHour
    let catalogue = try catalogue(rows)
    var found: [Int64] = []
    for level in ServiceLevel.allCases {
      let offer = offer(catalogue, PromiseTerms(level: level))
      found.append(offer?.orderByUnixSeconds ?? 0)
      #expect(
        offer?.deliveryDate == LocalDate(year: 2026, month: 1, day: level == .twoHour ? 13 : 14))
    }
    #expect(
      found == [
        utc(2026, 1, 14, 1), utc(2026, 1, 14, 1), utc(2026, 1, 14, 2), utc(2026, 1, 13, 18),
      ])
  }

  @Test("A higher confidence is a later window, and its chance is stated")
  func confidences() throws {
    var rows = s4Rows()
    rows.legs = []
    rows.zones = [prefix("1", zone: "east", station: "")]
    rows.lanes = [
      lane(
        "FC", "Ground", "east", cutoff: 1020,
        transit: [(1, 40_000), (2, 15_000), (3, 8000), (4, 2000), (5, 535)], delivery: "daily")
    ]
    rows.lanes[0].transitCalendar = Name("daily")
    let catalogue = try catalogue(rows)
    let expected: [(ConfidenceLevel, Int, UInt16)] = [
      (.even, 14, 40_000), (.likely, 15, 55_000), (.high, 16, 63_000), (.usual, 16, 63_000),
      (.nearlyCertain, 17, 65_000),
    ]
    for (level, day, chance) in expected {
      let offer = offer(catalogue, PromiseTerms(confidence: level))
      #expect(offer?.deliveryDate == LocalDate(year: 2026, month: 1, day: day))
      #expect(offer?.confidence == chance)
    }
    // The chance of a date is the highest one stated for a window up to it.
    let days = LocalDate(year: 2026, month: 1, day: 13)?.days ?? 0
    let chances = (0..<6).map {
      catalogue.chance(
        node: 0, PromiseTerms(), destination: 0, now: UnixMilliseconds(noon * 1000),
        byDays: days + $0)
    }
    #expect(chances == [0, 40_000, 55_000, 63_000, 65_000, 65_000])
    let late = catalogue.chance(
      node: 0, PromiseTerms(), destination: 0, now: UnixMilliseconds((noon + 6 * 3600) * 1000),
      byDays: days + 1)
    #expect(late == 0)
    let certain = try self.catalogue(s4Rows()).chance(
      node: 0, PromiseTerms(), destination: 0, now: UnixMilliseconds(noon * 1000),
      byDays: days + 1)
    #expect(certain == .max)
  }

  @Test("An order of an item to be released counts from its release")
  func release() throws {
    let catalogue = try catalogue(s4Rows())
    let release = utc(2026, 1, 15, 12)
    let offer = offer(catalogue, PromiseTerms(releaseUnixSeconds: release))
    #expect(offer?.deliveryDate == LocalDate(year: 2026, month: 1, day: 16))
    #expect(offer?.orderByUnixSeconds == utc(2026, 1, 16, 2))
    #expect(
      decide(catalogue, PromiseTerms(releaseUnixSeconds: utc(2026, 3, 1))) == .refused(.notReleased)
    )
    for absurd in [Int64.max, .min] {
      let decision = decide(catalogue, PromiseTerms(releaseUnixSeconds: absurd))
      #expect(decision == .refused(.notReleased) || absurd < 0)
    }
  }

  @Test("A full node takes on orders later")
  func admission() throws {
    let catalogue = try catalogue(s4Rows())
    // Full until 21:30 in New York: half an hour after the hub's departure.
    let offer = offer(catalogue, PromiseTerms(), admittedFrom: utc(2026, 1, 14, 2, 30))
    #expect(offer?.deliveryDate == LocalDate(year: 2026, month: 1, day: 15))
    let never = decide(catalogue, PromiseTerms(), admittedFrom: utc(2026, 3, 1))
    #expect(never == .refused(.nodeFull))
    let stock = decide(catalogue, PromiseTerms(), available: 0, admittedFrom: utc(2026, 3, 1))
    #expect(stock == .refused(.noStock))
  }

  @Test("The reason is what alone stands in the way")
  func reasons() throws {
    var rows = s4Rows()
    rows.legs = [leg("AIR", "FC", "DS", at: 1260, lasting: 90, mode: .air)]
    rows.legs[0].level = .expedited
    var built = try catalogue(rows)
    #expect(decide(built, PromiseTerms()) == .refused(.levelNotServed))
    #expect(offer(built, PromiseTerms(level: .expedited)) != nil)
    let hazmat = decide(built, PromiseTerms(level: .expedited, restrictions: .hazmat))
    #expect(hazmat == .refused(.restrictionForbids))
    // Neither alone would help.
    #expect(decide(built, PromiseTerms(restrictions: .hazmat)) == .refused(.noRoute))
    // One parcel in three is so late that it comes after the horizon.
    rows.legs[0].level = .economy
    rows.legs[0].delays = [
      DelayOutcome(minutes: 0, probability: 45_535),
      DelayOutcome(minutes: 9000, probability: 20_000),
    ]
    built = try catalogue(rows)
    let late = utc(2026, 1, 24)
    #expect(decide(built, PromiseTerms(), at: late) == .refused(.confidenceNotReached))
    #expect(offer(built, PromiseTerms(confidence: .even), at: late)?.confidence == 45_535)
    #expect(offer(built, PromiseTerms(confidence: nil)) != nil)
    let past = decide(built, PromiseTerms(confidence: nil), at: utc(2026, 1, 29, 20))
    #expect(past == .refused(.cutoffPassed))
  }
}
