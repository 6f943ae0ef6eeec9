/// What an evaluation came to, for people and for programs.
struct Report {
  var evaluation: Evaluation
  var series: Int

  private var rows: [(key: String, title: String, score: Score)] {
    [
      ("service", "the service", evaluation.service),
      ("seasonal_naive", "seasonal naive", evaluation.seasonalNaive),
      ("ses", "simple exponential smoothing", evaluation.smoothing),
      ("sba", "intermittent (SBA)", evaluation.intermittent),
      ("empirical_quantile", "empirical quantile", evaluation.empiricalQuantile),
    ]
  }

  var text: String {
    var lines = [
      "\(series) series, \(evaluation.origins.count) origins, \(evaluation.service.cases) cases",
      "",
      Self.padded("", 30) + "pinball .95   pinball   coverage .95",
    ]
    for row in rows {
      lines.append(
        Self.padded(row.title, 30) + Self.padded(Self.number(row.score.scaledPinball95), 14)
          + Self.padded(Self.number(row.score.scaledPinball), 10)
          + Self.number(row.score.coverage95))
    }
    lines.append("")
    lines.append(
      "given 98 % in stock: met in \(Self.number(evaluation.inStock98)) of"
        + " \(evaluation.inStockCases) cases")
    return lines.joined(separator: "\n") + "\n"
  }

  var json: String {
    let service = Self.fields(evaluation.service)
    let baselines = rows.dropFirst().map { "\"\($0.key)\": {\(Self.fields($0.score))}" }
    return """
      {"series": \(series), "origins": [\(Self.list(evaluation.origins))], \
      "cases": \(evaluation.service.cases), \(service), \
      "in_stock_98": \(Self.number(evaluation.inStock98)), \
      "in_stock_98_cases": \(evaluation.inStockCases), \
      "baselines": {\(baselines.joined(separator: ", "))}}

      """
  }

  private static func fields(_ score: Score) -> String {
    "\"scaled_pinball_95\": \(number(score.scaledPinball95)), "
      + "\"scaled_pinball\": \(number(score.scaledPinball)), "
      + "\"coverage_95\": \(number(score.coverage95))"
  }

  private static func list(_ values: [Int]) -> String {
    values.map { "\($0)" }.joined(separator: ", ")
  }

  /// Four decimals.
  static func number(_ value: Double) -> String {
    let scaled = Int64((value * 10_000).rounded())
    let digits = "\(scaled % 10_000)"
    return "\(scaled / 10_000)." + String(repeating: "0", count: 4 - digits.count) + digits
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}
