import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

/// A made-up network of any size, the same for the same arguments: fulfilment centres feed nearby
/// sort centres and air hubs, which feed each other and the stations, every day of the week.
struct NetworkGenerator {
  var centres: Int
  var sortCentres: Int
  var stations: Int
  var hubs: Int

  func rows() -> NetworkRows {
    var random = SplitMix(2026)
    let zones = [
      "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
      "America/Phoenix",
    ]
    var rows = NetworkRows()
    rows.timeZones = zones.map { hostZone($0) }
    rows.calendars = [
      Calendar(name: Name("shifts"), rules: [rule(everyDay, 300, 1380)]),
      Calendar(name: Name("daily"), rules: [rule(everyDay, 480, 1200)]),
      Calendar(name: Name("working"), rules: [rule(weekdaysOnly, 480, 1200)]),
    ]
    func add(_ name: String, _ kind: NodeKind, _ dwell: Int32) {
      rows.nodes.append(
        node(
          name, kind, zone: zones[random.below(zones.count)],
          calendar: kind == .fulfilmentCentre ? "shifts" : "", dwell: dwell,
          processing: kind == .fulfilmentCentre ? 120 : 0))
    }
    for index in 0..<centres { add("F\(index)", .fulfilmentCentre, 30) }
    for index in 0..<sortCentres { add("S\(index)", .sortCentre, 60) }
    for index in 0..<hubs { add("H\(index)", .airHub, 75) }
    for index in 0..<stations { add("D\(index)", .station, 60) }
    var legs = 0
    func connect(_ from: String, _ to: String, times: Int, _ least: Int, _ spread: Int) {
      for _ in 0..<times {
        rows.legs.append(
          leg("L\(legs)", from, to, at: random.below(1440), lasting: least + random.below(spread)))
        legs += 1
      }
    }
    for index in 0..<centres {
      for _ in 0..<8 { connect("F\(index)", "S\(random.below(sortCentres))", times: 3, 60, 600) }
      connect("F\(index)", "H\(random.below(hubs))", times: 2, 60, 240)
    }
    for index in 0..<sortCentres {
      for _ in 0..<20 { connect("S\(index)", "S\(random.below(sortCentres))", times: 3, 120, 1400) }
      connect("S\(index)", "H\(random.below(hubs))", times: 3, 60, 240)
    }
    for index in 0..<hubs {
      for other in 0..<hubs where other != index {
        connect("H\(index)", "H\(other)", times: 1, 60, 300)
      }
      for _ in 0..<10 { connect("H\(index)", "S\(random.below(sortCentres))", times: 2, 30, 200) }
    }
    rows.legs.removeAll { $0.origin == $0.destination }
    for index in 0..<stations {
      for _ in 0..<3 { connect("S\(random.below(sortCentres))", "D\(index)", times: 2, 30, 180) }
      rows.waves.append(wave("D\(index)", cutoff: 270, from: 480, to: 1260))
      rows.zones.append(prefix("\(10_000 + index)", zone: "z\(index % 50)", station: "D\(index)"))
    }
    return rows
  }
}

/// Figures for people, on request only: run in a release build with PROMISED_MEASURE=1.
@Suite struct NetworkMeasurements {
  @Test func profileBuildAndDecision() throws {
    guard getenv("PROMISED_MEASURE") != nil else {
      print("NOT RUN: measurements of the profile build, because PROMISED_MEASURE is not set")
      return
    }
    let rows = NetworkGenerator(centres: 300, sortCentres: 100, stations: 1000, hubs: 20).rows()
    let tables = try tables(rows)
    var start = seconds()
    let set = ProfileBuild.build(image: tables.image(), horizonBase: utc(2026, 3, 1))
    print(
      "profile build: \(seconds() - start) s; \(rows.legs.count * 18) departures, "
        + "\(set.entryCount) entries, \(set.byteCount) bytes, digest \(set.digest)")

    var random = SplitMix(7)
    let queries = 1 << 16
    let nodes = (0..<(queries * 10)).map { _ in UInt16(random.below(300)) }
    let available = (0..<10).map { _ in Int64(5) }
    let destinations = (0..<queries).map { _ in UInt32(random.below(1000)) }
    let base = utc(2026, 3, 2) * 1000
    let times = (0..<queries).map { _ in UnixMilliseconds(base + Int64(random.below(86_400_000))) }
    for handling in [Int32(0), 30] {
      var hash: UInt64 = 0
      var rounds: [Double] = []
      for _ in 0..<21 {
        start = seconds()
        nodes.withUnsafeBufferPointer { nodes in
          available.withUnsafeBufferPointer { available in
            for query in 0..<queries {
              let candidates = StockCandidates(
                nodes: Column(
                  UnsafeBufferPointer(rebasing: nodes[(query * 10)..<(query * 10 + 10)])),
                available: Column(available))
              if case .offer(let offer) = set.decideOffer(
                candidates, quantity: 1, destination: destinations[query], now: times[query],
                handlingMinutes: handling)
              {
                hash = hash &* 31 &+ UInt64(bitPattern: offer.orderByUnixSeconds)
              }
            }
          }
        }
        rounds.append((seconds() - start) * 1e9 / Double(queries))
      }
      rounds.sort()
      print(
        "decision over 10 candidates, handling \(handling): median \(rounds[10]) ns, "
          + "fastest round \(rounds[0]) ns, hash \(hash)")
    }
    measureLookups(tables)
  }

  private func measureLookups(_ tables: borrowing NetworkTables) {
    var random = SplitMix(9)
    let postcodes = (0..<4096).map { _ in Array("\(10_000 + random.below(1000))".utf8) }
    var sum: UInt32 = 0
    let country = Array("US".utf8)
    let start = seconds()
    for _ in 0..<250 {
      for postcode in postcodes {
        country.withUnsafeBufferPointer { country in
          postcode.withUnsafeBufferPointer { postcode in
            let found = tables.destination(
              country: BorrowedBytes(country), postcode: BorrowedBytes(postcode))
            sum &+= found?.index ?? 0
          }
        }
      }
    }
    print("postcode lookup: \((seconds() - start) * 1e9 / (250 * 4096)) ns, sum \(sum)")
  }

  private func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
