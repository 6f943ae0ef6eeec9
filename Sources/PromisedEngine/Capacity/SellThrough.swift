import Glibc
import PromisedInvariants
import PromisedModel

/// Volume that is expected to be sold, and what that rests on.
struct ExpectedSales {
  var volume: Int128 = 0
  /// A sum of `SellThroughSources`.
  var sources: UInt32 = 0
  /// Seconds since the oldest of that was made; −1 = declared, or nothing is known.
  var ageSeconds: Int64 = -1
}

/// What a seller's items of a type sell at least until the coming months begin, as it was worked out
/// last.
struct SellThroughFigure: BitwiseCopyable {
  /// `Month.ordinal` of the month after the one that was running.
  var firstMonth = 0
  var figuredUnixSeconds: Int64 = 0
  /// When the oldest input was made; `Int64.max` = all are declared.
  var oldestUnixSeconds = Int64.max
  var sources: UInt32 = 0
}

/// Figures by seller and storage type; rows exist from the first figure on.
struct SellThroughFigures: ~Copyable {
  /// The months after the running one that are answered.
  static var months: Int { CapacityHorizon.months - 1 }

  private var places = Store<UInt32>(zeroed: UsageTable.typesPerSeller)
  private var rows = Store<SellThroughFigure>()
  /// Micro-cubic-feet, `months` a row.
  private var volumes = Store<Int64>()

  /// - Returns: the volume until a month begins; nil = none was figured.
  func read(seller: Int, type: UInt8, month: Int) -> (row: SellThroughFigure, volume: Int64)? {
    let place = place(seller, type)
    if place == 0 { return nil }
    let row = rows[place - 1]
    let index = month - row.firstMonth
    if row.figuredUnixSeconds == 0 || index < 0 || index >= Self.months { return nil }
    return (row, volumes[(place - 1) * Self.months + index])
  }

  /// - Parameter volume: by month, from the row's first on.
  mutating func put(
    _ row: SellThroughFigure, seller: Int, type: UInt8, volume: (Int) -> Int64
  ) {
    var place = place(seller, type)
    if place == 0 {
      if row.sources == 0 { return }
      let key = seller * UsageTable.typesPerSeller + Int(type)
      if key >= places.count { places.resize(to: (seller + 1) * UsageTable.typesPerSeller) }
      place = rows.append(row) + 1
      places[key] = UInt32(place)
      volumes.resize(to: place * Self.months)
    }
    rows[place - 1] = row
    for month in 0..<Self.months { volumes[(place - 1) * Self.months + month] = volume(month) }
  }

  private func place(_ seller: Int, _ type: UInt8) -> Int {
    let key = seller * UsageTable.typesPerSeller + Int(type)
    return key >= places.count ? 0 : Int(places[key])
  }
}

extension State {
  /// A figure older than this is not used: what it expected has been sold, or has not.
  private static var figureSeconds: Int64 { 2 * 86_400 }

  /// P10 of what the seller's items of a type sell from now until `month` begins, as worked out last
  /// (`SellThroughPass`); before anything was, from their declared rates taken as independent. Nothing
  /// for the running month. Constant time. For answers only: floating point, and never stored.
  func expectedSales(
    seller: Int, type: UInt8, before month: Month, at now: UnixMilliseconds
  ) -> ExpectedSales {
    let found = sellThrough.figures.read(seller: seller, type: type, month: month.ordinal)
    if let (row, volume) = found, now.seconds - row.figuredUnixSeconds < Self.figureSeconds {
      observe(sellThrough.figuredPosition)
      var expected = ExpectedSales(volume: Int128(volume), sources: row.sources)
      if row.oldestUnixSeconds != .max {
        expected.ageSeconds = max(0, now.seconds - row.oldestUnixSeconds)
      }
      return expected
    }
    let rate = usage.sellThrough(seller: seller, type: type)
    if rate.perDayMilli <= 0 { return ExpectedSales() }
    let marketplace = sellers[seller].marketplace
    let days = Double(start(of: month, marketplace: marketplace) - now.seconds) / 86_400
    if days <= 0 { return ExpectedSales() }
    let mean = Double(rate.perDayMilli) / 1000 * days
    let deviation = (Double(rate.variance) * days).squareRoot() * 1000
    let least = max(0, mean - 1.281_551_565_545 * deviation)
    return ExpectedSales(
      volume: Int128(least), sources: SellThroughSources.declaredRates)
  }
}
