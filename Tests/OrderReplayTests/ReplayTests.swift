import CZlib
import Glibc
import PromisedData
import PromisedModel
import Testing

@testable import promised_order_replay

/// A file under the temporary folder, gone with the test.
private final class Scratch {
  let path: String

  init(_ text: String, gzip: Bool = false) {
    var template = Array("/tmp/promised-orders-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    var bytes = Array(text.utf8)
    if gzip {
      let file = gzopen(path, "wb")
      _ = gzwrite(file, &bytes, UInt32(bytes.count))
      gzclose(file)
    } else {
      _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
    close(descriptor)
  }

  deinit { unlink(path) }
}

/// Made-up orders of two lanes over some months, and the marketplace's generous estimates.
private enum Made {
  static let header =
    "order_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,"
    + "order_delivered_customer_date,order_estimated_delivery_date,customer_state,seller_id,"
    + "seller_state,product_category_name,km,price,freight,weight_g,volume_cm3,n_items\n"

  static func stamp(_ day: Int32, _ hour: Int) -> String {
    Report.date(day) + (hour < 10 ? " 0\(hour):15:00" : " \(hour):15:00")
  }

  /// Rows from 2017-01-02 on; those of lane RJ take about twice as long. `late` adds days to what
  /// is delivered after `lateFrom`.
  static func rows(days: Int32, lateFrom: Int32 = .max, late: Int32 = 0) -> [String] {
    var state: UInt64 = 7
    func draw(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(count))
    }
    let first: Int32 = 17_168
    var rows: [String] = []
    for day in first..<first + days {
      for number in 0..<8 {
        let far = draw(3) == 0
        let transit = Int32(2 + draw(5) + draw(5)) * (far ? 2 : 1)
        var delivered = day + 1 + transit
        if delivered >= lateFrom { delivered += late }
        let isLost = draw(40) == 0
        let place = far ? "RJ,s\(draw(4)),SP,toys,430.5" : "SP,s\(draw(4)),SP,,25.0"
        let arrived = isLost ? "shipped" : "delivered"
        rows.append(
          "o\(day)-\(number),\(arrived),\(stamp(day, draw(24))),\(stamp(day, 23)),"
            + "\(stamp(day + 1, 9)),\(isLost ? "" : stamp(delivered, 17)),"
            + "\(Report.date(day + 26)),\(place),59.90,15.1,\(200 + draw(900)),3000,1\n")
      }
    }
    return rows
  }

  static func file(_ rows: [String]) -> String { header + rows.joined() }
}

private func fault(_ text: String) -> DataFault? {
  let scratch = Scratch(text)
  defer { withExtendedLifetime(scratch) {} }
  do throws(DataFault) {
    _ = try OrderFile.read([scratch.path])
    return nil
  } catch {
    return error
  }
}

@Suite("Order replay") struct ReplayTests {
  @Test("orders are read plain and gzip, and judged")
  func judged() throws {
    let text = Made.file(Made.rows(days: 240))
    let plain = Scratch(text)
    let packed = Scratch(text, gzip: true)
    defer { withExtendedLifetime((plain, packed)) {} }
    let orders = try OrderFile.read([plain.path])
    #expect(orders.count == 240 * 8)
    #expect(try OrderFile.read([packed.path]).map(\.id) == orders.map(\.id))
    let replay = Replay.run(orders, from: 17_268, to: 17_380)
    let judgement = Judgement(replay.judged, from: 17_268, to: 17_380)
    #expect(replay.judged.count > 800)
    #expect(replay.judged.allSatisfy { (17_268...17_380).contains($0.purchasedOn) })
    #expect(judgement.marketplace.onTimeRate > 0.95)
    #expect((0.92...0.99).contains(judgement.coverage.share))
    // The marketplace keeps every date here: tied to that, the longest of all has to be met.
    #expect(judgement.hindsight.daysSooner > 0.25)
    let report = Report(
      judgement: judgement, from: 17_268, to: 17_380, orderCount: orders.count, tooEarly: 0)
    for key in [
      "days_sooner_tied_ahead", "days_sooner_hindsight", "on_time_rate", "mean_promised_days",
      "coverage_95", "coverage_95_low", "coverage_95_high",
    ] { #expect(report.json.contains("\"\(key)\": "), "\(key)") }
    #expect(report.text.contains("2017-06"))
  }

  @Test("a promise knows nothing of what happens after it")
  func noFuture() throws {
    let steady = Scratch(Made.file(Made.rows(days: 200)))
    let change: Int32 = 17_168 + 150
    let broken = Scratch(Made.file(Made.rows(days: 200, lateFrom: change, late: 30)))
    defer { withExtendedLifetime((steady, broken)) {} }
    let before = Replay.run(try OrderFile.read([steady.path]), from: 0, to: .max).judged
    let after = Replay.run(try OrderFile.read([broken.path]), from: 0, to: .max).judged
    #expect(before.count == after.count)
    var differences = 0
    for (left, right) in zip(before, after) {
      if left.purchasedOn <= change {
        #expect(left.service == right.service && left.lane == right.lane)
      } else if left.service != right.service {
        differences += 1
      }
    }
    #expect(differences > 100)
  }

  @Test("an order of two files counts as the later file tells it")
  func twoFiles() throws {
    let rows = Made.rows(days: 3)
    let early = rows[0].replacing("delivered", with: "shipped")
    let first = Scratch(Made.file([early] + rows[1..<10]))
    let second = Scratch(Made.file([rows[0]] + rows[8...]))
    defer { withExtendedLifetime((first, second)) {} }
    let orders = try OrderFile.read([first.path, second.path])
    #expect(orders.count == 24)
    #expect(orders.first { $0.id == "o17168-0" }?.isDelivered == true)
    #expect(orders.map(\.purchasedAt) == orders.map(\.purchasedAt).sorted())
  }

  @Test("what is wrong with a file is said with its place")
  func faults() {
    #expect(fault("order_id,order_status\n")?.column == "order_purchase_timestamp")
    let good = Made.rows(days: 1)[0]
    let cells = good.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    for (column, value, name) in [
      (2, "", "order_purchase_timestamp"), (2, "2017-02-30 10:00:00", "order_purchase_timestamp"),
      (5, "soon", "order_delivered_customer_date"), (11, "near", "km"), (12, "-3", "price"),
    ] {
      var wrong = cells
      wrong[column] = value
      let found = fault(Made.file([good, wrong.joined(separator: ",")]))
      #expect(found?.column == name && found?.line == 3, "\(value): \(String(describing: found))")
    }
    #expect(fault(Made.file([good])) == nil)
  }

  @Test("times are local and to the second")
  func stamps() {
    #expect(OrderFile.seconds(Array("1970-01-02 01:02:03".utf8)) == 90_123)
    #expect(OrderFile.seconds(Array("1970-01-02".utf8)) == 86_400)
    for wrong in ["1970-01-02 24:00:00", "1970-1-02", "1970-01-02T", "2170-01-02", ""] {
      #expect(OrderFile.seconds(Array(wrong.utf8)) == nil, "\(wrong)")
    }
  }

  @Test("the holidays of Brazil")
  func holidays() throws {
    func date(_ year: Int, _ month: Int, _ day: Int) throws -> LocalDate {
      try #require(LocalDate(year: year, month: month, day: day))
    }
    for (year, month, day) in [(2016, 3, 27), (2017, 4, 16), (2018, 4, 1), (2019, 4, 21)] {
      #expect(BrazilianCalendar.easter(year) == (try date(year, month, day)))
    }
    for (month, day) in [(2, 12), (2, 13), (3, 30), (5, 1), (5, 31), (9, 7), (12, 25)] {
      #expect(BrazilianCalendar.isHoliday(try date(2018, month, day)), "\(month)-\(day)")
    }
    #expect(BrazilianCalendar.weight(try date(2018, 2, 14)) == 1000)
    #expect(BrazilianCalendar.weight(try date(2018, 2, 17)) == 280)
    #expect(BrazilianCalendar.weight(try date(2018, 12, 24)) == 300)
    #expect(BrazilianCalendar.weight(try date(2017, 12, 31)) == 80)
  }

  @Test("arguments")
  func arguments() {
    var expected = Arguments()
    expected.files = ["a", "b"]
    expected.from = 17_348
    expected.isJSON = true
    #expect(
      Arguments.parse(["--orders", "a", "--json", "--from", "2017-07-01", "--orders", "b"])
        == .good(expected))
    for wrong in [
      [], ["--orders"], ["--orders", "a", "--from", "yesterday"], ["--frob"],
      ["--orders", "a", "--from", "2018-01-02", "--to", "2018-01-01"],
    ] {
      guard case .wrong = Arguments.parse(wrong) else {
        Issue.record("\(wrong) is taken")
        continue
      }
    }
    #expect(Arguments.parse(["--help"]) == .help)
  }

  /// The ambition on real orders, where PROMISED_DATA names the evaluation data.
  @Test(.enabled(if: getenv("PROMISED_DATA") != nil, "not run: PROMISED_DATA is not set"))
  func realOrders() throws {
    let root = try #require(getenv("PROMISED_DATA").map { String(cString: $0) })
    let orders = try OrderFile.read(["\(root)/olist/olist_orders_to_2018-03-31.csv.gz"])
    let from: Int32 = 17_348
    let to: Int32 = 17_621
    let replay = Replay.run(orders, from: from, to: to)
    let judgement = Judgement(replay.judged, from: from, to: to)
    #expect(judgement.orders.count == 15_578)
    #expect(judgement.isCalibrated)
    #expect(judgement.daysSoonerThanLane > 1)
    #expect(judgement.hindsight.daysSooner > 1.5)
  }
}
