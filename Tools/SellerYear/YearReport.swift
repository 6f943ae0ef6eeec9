import PromisedModel

/// The year in words: month by month, then the sellers that were limited most.
enum YearReport {
  static func text(_ goods: OrderedGoods, _ replay: YearReplay, top: Int) -> String {
    var text = "\(Set(goods.sold.map(\.seller)).count) sellers, \(goods.sold.count) units sold, "
    text += "\(goods.withoutSize) without a size left out\n\n"
    text += "month    sellers  limited  units wanted  admitted  sold    missed  flagged\n"
    for month in replay.months {
      text += Self.month(month.month) + "  " + column(month.sellers, 7)
      text += column(month.limitedSellers, 9) + column(month.wantedUnits, 14)
      text += column(month.admittedUnits, 10) + column(month.soldUnits, 6)
      text += column(month.missedUnits, 10) + column(month.questionable, 9) + "\n"
    }
    let sellers = Set(replay.limited.map(\.seller)).count
    text += "\n\(sellers) sellers were limited in \(replay.limited.count) months and storage types"
    text += replay.limited.isEmpty || top == 0 ? "\n" : "; those cut by most units:\n"
    let most = replay.limited.sorted { left, right in
      let (one, other) = (
        left.wantedUnits - left.admittedUnits, right.wantedUnits - right.admittedUnits
      )
      return one != other ? one > other : (left.seller, left.month) < (right.seller, right.month)
    }
    for row in most.prefix(top) {
      text += "  \(row.seller.prefix(12))…  \(Self.month(row.month))  \(row.type.label): "
      text +=
        "limit \(cubicFeet(row.limit)) ft³, \(row.admittedUnits) of \(row.wantedUnits) units\n"
    }
    text +=
      replay.differences.isEmpty
      ? "\nThe service's sums of usage, buildings and due volumes are what its rows add up to.\n"
      : "\nWRONG SUMS: \(replay.differences.joined(separator: "; "))\n"
    return text
  }

  static func month(_ yyyymm: UInt32) -> String {
    let month = yyyymm % 100
    return "\(yyyymm / 100)-\(month < 10 ? "0" : "")\(month)"
  }

  private static func column(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: " ", count: max(0, width - digits.utf8.count)) + digits
  }

  private static func cubicFeet(_ micro: Int64) -> String {
    "\(micro / 1_000_000).\(micro / 100_000 % 10)"
  }
}
