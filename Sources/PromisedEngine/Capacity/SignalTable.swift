import Glibc
import PromisedInvariants
import PromisedModel

/// What a seller expects to sell of an item in a month beyond the usual.
struct Signal {
  var seller: UInt32
  var item: UInt64
  var month: UInt32
  var kind: UInt8
  var low: Int64
  var high: Int64
  var confidence: UInt16
  /// The item's rate when the signal came, units a day in thousandths.
  var baselinePerDayMilli: Int64
  var putUnixSeconds: Int64
  var sold: Int64 = 0

  /// How well it came true, in thousandths, once its month of `days` is over: 1000 when what was
  /// sold beyond the baseline lies within the range, less by the share that it lies outside.
  func score(days: Int32) -> Int64 {
    let usual = Int128(baselinePerDayMilli) * Int128(days) / 1000
    let beyond = Int128(sold) - usual
    let nearest = min(max(beyond, Int128(low)), Int128(high))
    let scale = max(Int128(low.magnitude), Int128(high.magnitude), 1)
    let miss = (beyond - nearest).magnitude * 1000 / scale.magnitude
    return 1000 - Int64(min(1000, miss))
  }
}

/// Signals in order of arrival, by seller and by item.
struct SignalTable {
  private struct Key: Hashable {
    var seller: UInt32
    var item: UInt64
    var month: UInt32
  }

  private(set) var rows: [Signal] = []
  // Places in `rows`. Looked up, never walked.
  private var byKey: [Key: Int] = [:]
  private var bySeller: [UInt32: [Int]] = [:]

  var isEmpty: Bool { rows.isEmpty }

  /// The signals of a seller, in order of arrival.
  func places(of seller: UInt32) -> [Int] { bySeller[seller] ?? [] }

  /// Adds or replaces; what was sold so far stays.
  mutating func put(_ signal: Signal) {
    let key = Key(seller: signal.seller, item: signal.item, month: signal.month)
    if let place = byKey[key] {
      let sold = rows[place].sold
      rows[place] = signal
      rows[place].sold = max(sold, signal.sold)
      return
    }
    byKey[key] = rows.count
    bySeller[signal.seller, default: []].append(rows.count)
    rows.append(signal)
  }

  /// Takes a signal back. Linear in all.
  mutating func remove(seller: UInt32, item: UInt64, month: UInt32) {
    guard let place = byKey[Key(seller: seller, item: item, month: month)] else { return }
    var kept = rows
    kept.remove(at: place)
    self = SignalTable()
    for row in kept { put(row) }
  }

  mutating func count(_ units: Int64, item: UInt64, seller: UInt32, month: UInt32) {
    guard let place = byKey[Key(seller: seller, item: item, month: month)] else { return }
    let sum = rows[place].sold.addingReportingOverflow(units)
    rows[place].sold = sum.overflow ? .max : sum.partialValue
  }
}

/// Volume that is expected to be sold, and what that rests on.
struct ExpectedSales {
  var volume: Int128 = 0
  var source = SellThroughSource.none
}

extension State {
  /// What the seller's signals weigh, in thousandths: the mean score of those whose month is over,
  /// shrunk towards one half as if four signals had scored that.
  func signalWeight(of seller: UInt32, before month: Month) -> Int64 {
    var (sum, count): (Int64, Int64) = (4 * 500, 4)
    for place in signals.places(of: seller) {
      let signal = signals.rows[place]
      guard let own = Month(yyyymm: signal.month), own < month else { continue }
      sum += signal.score(days: own.dayCount)
      count += 1
    }
    return sum / count
  }

  /// Units beyond the usual that a seller signalled for an item in a month, at the weight its
  /// earlier signals deserve: an input for a forecast of the item. nil = no signal.
  package func signalledUnits(
    of item: UInt64, seller: UInt32, month: Month, at now: UnixMilliseconds
  ) -> (low: Int64, high: Int64, weightPermille: Int64)? {
    let running = Month(localDate(at: now.seconds, marketplace: sellers[Int(seller)].marketplace))
    let weight = signalWeight(of: seller, before: running)
    for place in signals.places(of: seller) {
      let signal = signals.rows[place]
      if signal.item == item && signal.month == month.yyyymm {
        return (signal.low, signal.high, weight * Int64(signal.confidence) / 1000)
      }
    }
    return nil
  }

  /// P10 of what the seller's items of a type sell from now until `month` begins, from their
  /// declared rates taken as independent, and the low end of what it signalled for the time until
  /// then. Nothing for the running month. For answers only: floating point, and never stored.
  func expectedSales(
    seller: Int, type: UInt8, before month: Month, at now: UnixMilliseconds
  ) -> ExpectedSales {
    let marketplace = sellers[seller].marketplace
    let running = Month(localDate(at: now.seconds, marketplace: marketplace))
    if month <= running { return ExpectedSales() }
    var expected = ExpectedSales()
    let rate = usage.sellThrough(seller: seller, type: type)
    if rate.perDayMilli > 0 {
      let days = Double(start(of: month, marketplace: marketplace) - now.seconds) / 86_400
      let mean = Double(rate.perDayMilli) / 1000 * days
      let deviation = sqrt(Double(rate.variance) * days) * 1000
      expected.volume = Int128(max(0, mean - 1.281_551_565_545 * deviation))
      expected.source = .declaredRates
    }
    let extra = signalledVolume(seller: seller, type: type, from: running, before: month)
    if extra != 0 {
      expected.volume = max(0, expected.volume + extra)
      expected.source = .declaredRatesAndSignals
    }
    return expected
  }

  private func signalledVolume(
    seller: Int, type: UInt8, from running: Month, before month: Month
  ) -> Int128 {
    let places = signals.places(of: UInt32(seller))
    if places.isEmpty { return 0 }
    let weight = signalWeight(of: UInt32(seller), before: running)
    var volume: Int128 = 0
    for place in places {
      let signal = signals.rows[place]
      if signal.month < running.yyyymm || signal.month >= month.yyyymm { continue }
      let slot = positions.find(signal.item)
      let index = slot < 0 ? 0 : positions.attribute(slot)
      if index == 0 || attributes[Int(index)].storageType != type { continue }
      let units = Int128(signal.low) * Int128(signal.confidence) * Int128(weight) / 1_000_000
      volume += units * Int128(attributes[Int(index)].volumeMicroCubicFeet)
    }
    return volume
  }
}
