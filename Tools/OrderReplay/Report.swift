import PromisedModel

/// The judgement as a table for people and as JSON.
struct Report {
  let judgement: Judgement
  let from: Int32
  let to: Int32
  let orderCount: Int
  let tooEarly: Int

  static func month(_ day: Int32) -> UInt32 { Month(LocalDate(days: day)).yyyymm }

  static func date(_ day: Int32) -> String {
    let civil = LocalDate(days: day).civil
    return "\(civil.year)-\(padded(civil.month))-\(padded(civil.day))"
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// A number with so many digits behind the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((value.magnitude * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if digits == 0 { return "\(sign)\(scaled)" }
    let fraction = String(scaled % scale)
    return "\(sign)\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count)
      + fraction
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  // MARK: For people

  var text: String {
    let j = judgement
    var lines = [
      "\(j.orders.count) delivered orders purchased \(Self.date(from)) to \(Self.date(to)), of "
        + "\(orderCount) orders in all; \(tooEarly) came before anything was learned", "",
      Self.left("", 34) + " on time   mean median   loss .5    .9   .95",
    ]
    func row(_ name: String, _ score: Score, _ losses: [Double]) {
      lines.append(
        Self.left(name, 34) + Self.right(Self.fixed(score.onTimeRate, 4), 8)
          + Self.right(Self.fixed(score.meanDays, 2), 7)
          + Self.right(Self.fixed(score.medianDays, 1), 7)
          + Self.right(Self.fixed(losses[0], 3), 10)
          + losses.dropFirst().map { Self.right(Self.fixed($0, 3), 6) }.joined())
    }
    row("the marketplace's own date", j.marketplace, j.losses.marketplace)
    row("the service at 0.95", j.service, j.losses.service)
    row("plain lane quantile at 0.95", j.lane, j.losses.lane)
    lines += ["", "at equal on-time rate:"]
    func tie(_ name: String, _ tie: Tie) {
      lines.append(
        "  " + Self.left(name, 42) + Self.right(Self.fixed(tie.daysSooner, 2), 6)
          + " days sooner  (confidence \(Self.fixed(tie.confidence, 4)), on time "
          + "\(Self.fixed(tie.service.onTimeRate, 4)) against "
          + "\(Self.fixed(tie.marketplace.onTimeRate, 4)), means differ by "
          + "\(Self.fixed(tie.meanDifference, 2)))")
    }
    tie("service, tied over the whole", j.hindsight)
    tie("service, tied on the first half, on the second", j.ahead)
    tie("service, tied on the second half, on it", j.secondHalf)
    tie("lane quantile, tied over the whole", j.laneHindsight)
    lines.append(
      "  where the rates differ, the marketplace's dates are first moved to the service's rate")
    lines += ["", "coverage by confidence:              service               lane quantile"]
    for band in j.bands {
      lines.append(
        "  " + Self.left(Self.fixed(band.level, 2), 30) + interval(band.service) + "  "
          + interval(band.lane))
    }
    lines += ["", "coverage by month at 0.95:   orders  service               marketplace"]
    for month in j.months {
      lines.append(
        "  " + Self.left(Self.name(month.yyyymm), 22)
          + Self.right("\(month.service.count)", 10) + "  " + interval(month.service) + "  "
          + interval(month.marketplace))
    }
    lines += [
      "",
      (j.isCalibrated ? "calibrated: " : "NOT calibrated: ")
        + "coverage \(interval(j.coverage)) at "
        + "0.95; interval by weeks, those up to four apart let be alike",
      (j.daysSoonerThanLane >= 0 ? "no slower" : "SLOWER") + " than the plain lane quantile: "
        + "\(Self.fixed(j.daysSoonerThanLane, 2)) days sooner at the marketplace's on-time rate",
      "",
    ]
    return lines.joined(separator: "\n")
  }

  private func interval(_ coverage: Coverage) -> String {
    "\(Self.fixed(coverage.share, 4)) [\(Self.fixed(coverage.low, 4)), "
      + "\(Self.fixed(coverage.high, 4))]"
  }

  private static func name(_ yyyymm: UInt32) -> String {
    "\(yyyymm / 100)-\(padded(Int(yyyymm % 100)))"
  }

  // MARK: For programs

  /// One object; the rates and days at the top are the service's at a confidence of 0.95.
  var json: String {
    let j = judgement
    func number(_ value: Double) -> String { Self.fixed(value, 6) }
    func object(_ members: [(String, String)]) -> String {
      "{" + members.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }
    func method(_ score: Score, _ losses: [Double]) -> String {
      object([
        ("on_time_rate", number(score.onTimeRate)),
        ("mean_promised_days", number(score.meanDays)),
        ("median_promised_days", number(score.medianDays)), ("pinball_50", number(losses[0])),
        ("pinball_90", number(losses[1])), ("pinball_95", number(losses[2])),
      ])
    }
    func tie(_ tie: Tie) -> String {
      object([
        ("days_sooner", number(tie.daysSooner)),
        ("mean_difference_days", number(tie.meanDifference)),
        ("confidence", number(tie.confidence)),
        ("on_time_rate", number(tie.service.onTimeRate)),
        ("marketplace_on_time_rate", number(tie.marketplace.onTimeRate)),
        ("mean_promised_days", number(tie.service.meanDays)),
        ("marketplace_mean_promised_days", number(tie.marketplace.meanDays)),
      ])
    }
    func cover(_ name: String, _ value: String, _ coverage: Coverage) -> String {
      object([
        (name, value), ("orders", "\(coverage.count)"), ("coverage", number(coverage.share)),
        ("low", number(coverage.low)), ("high", number(coverage.high)),
      ])
    }
    let bands = j.bands.map { cover("confidence", Self.fixed($0.level, 2), $0.service) }
    let months = j.months.map { cover("month", "\"\(Self.name($0.yyyymm))\"", $0.service) }
    return object([
      ("orders_judged", "\(j.orders.count)"), ("orders_before_learning", "\(tooEarly)"),
      ("from", "\"\(Self.date(from))\""), ("to", "\"\(Self.date(to))\""),
      ("days_sooner_tied_ahead", number(j.ahead.daysSooner)),
      ("mean_difference_days_tied_ahead", number(j.ahead.meanDifference)),
      ("days_sooner_hindsight", number(j.hindsight.daysSooner)),
      ("on_time_rate", number(j.service.onTimeRate)),
      ("mean_promised_days", number(j.service.meanDays)),
      ("coverage_95", number(j.coverage.share)), ("coverage_95_low", number(j.coverage.low)),
      ("coverage_95_high", number(j.coverage.high)),
      ("days_sooner_than_lane_quantile", number(j.daysSoonerThanLane)),
      ("is_calibrated", "\(j.isCalibrated)"),
      ("service", method(j.service, j.losses.service)),
      ("marketplace", method(j.marketplace, j.losses.marketplace)),
      ("lane_quantile", method(j.lane, j.losses.lane)),
      ("tied_ahead", tie(j.ahead)), ("tied_hindsight", tie(j.hindsight)),
      ("tied_second_half", tie(j.secondHalf)), ("lane_quantile_tied", tie(j.laneHindsight)),
      ("coverage_by_confidence", "[" + bands.joined(separator: ", ") + "]"),
      ("coverage_by_month", "[" + months.joined(separator: ", ") + "]"),
    ]) + "\n"
  }
}
