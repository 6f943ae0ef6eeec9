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
  /// The range that it is scored by: as it was when the month began, or when it came after that.
  var scoredLow: Int64
  var scoredHigh: Int64

  /// How well it came true, in thousandths, once its month is over: 1000 when what was sold beyond
  /// the baseline in those seconds is what was said. It is less by the share of the range's larger end
  /// that it was missed by, and by half the share that the range is wide: who says that anything may
  /// happen has said nothing.
  func score(seconds: Int64) -> Int64 {
    let usual = Int128(baselinePerDayMilli) * Int128(max(0, seconds)) / 86_400_000
    let beyond = Int128(sold) - usual
    let (low, high) = (Int128(scoredLow), Int128(scoredHigh))
    let nearest = min(max(beyond, low), high)
    let scale = max(low.magnitude, high.magnitude, 1)
    let miss = (beyond - nearest).magnitude * 1000 / scale
    let width = (high - low).magnitude * 500 / scale
    return 1000 - Int64(min(1000, miss + width))
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
  private var byItem: [UInt64: [Int]] = [:]
  /// What sellers' signals weigh in a month; follows from the rows.
  private var weights: [UInt32: (month: UInt32, weight: Int64)] = [:]

  var isEmpty: Bool { rows.isEmpty }

  /// The signals of a seller, in order of arrival.
  func places(of seller: UInt32) -> [Int] { bySeller[seller] ?? [] }

  /// The signals for an item, in order of arrival.
  func places(ofItem item: UInt64) -> [Int] { byItem[item] ?? [] }

  /// What a seller's signals weigh in thousandths: the mean score of those whose month was over before
  /// `month`, shrunk towards one half as if four signals had scored that. Linear in the seller's
  /// signals, once a month and change.
  mutating func weight(
    of seller: UInt32, before month: Month, score: (Signal) -> Int64
  ) -> Int64 {
    if let known = weights[seller], known.month == month.yyyymm { return known.weight }
    var (sum, count): (Int64, Int64) = (4 * 500, 4)
    for place in places(of: seller) {
      guard let own = Month(yyyymm: rows[place].month), own < month else { continue }
      sum += score(rows[place])
      count += 1
    }
    weights[seller] = (month.yyyymm, sum / count)
    return sum / count
  }

  /// Adds or replaces; what was sold so far stays, and once the month has begun also what the signal
  /// is scored by.
  mutating func put(_ signal: Signal, hasBegun: Bool) {
    let key = Key(seller: signal.seller, item: signal.item, month: signal.month)
    weights[signal.seller] = nil
    if let place = byKey[key] {
      let old = rows[place]
      rows[place] = signal
      rows[place].sold = old.sold
      if hasBegun {
        rows[place].baselinePerDayMilli = old.baselinePerDayMilli
        rows[place].putUnixSeconds = old.putUnixSeconds
        (rows[place].scoredLow, rows[place].scoredHigh) = (old.scoredLow, old.scoredHigh)
      }
      return
    }
    byKey[key] = rows.count
    bySeller[signal.seller, default: []].append(rows.count)
    byItem[signal.item, default: []].append(rows.count)
    rows.append(signal)
  }

  /// Takes a signal back: once its month has begun it says nothing more, and is scored all the same.
  /// Linear in all before that.
  mutating func remove(seller: UInt32, item: UInt64, month: UInt32, hasBegun: Bool) {
    guard let place = byKey[Key(seller: seller, item: item, month: month)] else { return }
    if hasBegun {
      (rows[place].low, rows[place].high, rows[place].confidence) = (0, 0, 0)
      return
    }
    var kept = rows
    kept.remove(at: place)
    self = SignalTable()
    for row in kept { put(row, hasBegun: false) }
  }

  mutating func count(_ units: Int64, item: UInt64, seller: UInt32, month: UInt32) {
    guard let place = byKey[Key(seller: seller, item: item, month: month)] else { return }
    let sum = rows[place].sold.addingReportingOverflow(units)
    rows[place].sold = sum.overflow ? .max : sum.partialValue
    // A sale that an older clock told belongs to a month that is over.
    weights[seller] = nil
  }
}

extension State {
  /// What the seller's signals weigh, in thousandths; see `SignalTable.weight`.
  func signalWeight(of seller: UInt32, before month: Month) -> Int64 {
    signals.weight(of: seller, before: month) { score(of: $0) }
  }

  /// How well a signal whose month is over came true, in thousandths.
  func score(of signal: Signal) -> Int64 {
    guard let month = Month(yyyymm: signal.month) else { return 0 }
    let marketplace = sellers[Int(signal.seller)].marketplace
    let from = max(start(of: month, marketplace: marketplace), signal.putUnixSeconds)
    return signal.score(seconds: start(of: month.next, marketplace: marketplace) - from)
  }

  /// What an item's seller signalled for the running month and those to come, as an input of the
  /// item's demand; nil = nothing.
  func signalledDemand(of item: UInt64, _ slot: Int, now: Int64) -> SignalledDemand? {
    let places = signals.places(ofItem: item)
    let index = slot < 0 ? 0 : Int(positions.attribute(slot))
    if places.isEmpty || index == 0 { return nil }
    let seller = attributes[index].seller
    let today = localDate(at: now, marketplace: sellers[Int(seller)].marketplace)
    let running = Month(today)
    observe(.seller, UInt64(seller))
    var demand = SignalledDemand(weightPermille: signalWeight(of: seller, before: running))
    for place in places {
      let signal = signals.rows[place]
      guard signal.seller == seller, let month = Month(yyyymm: signal.month), month >= running,
        signal.confidence > 0
      else { continue }
      demand.add(
        low: signal.low, high: signal.high, confidencePermille: signal.confidence,
        from: month.firstDay.days - today.days, monthDays: month.dayCount)
    }
    return demand.isEmpty ? nil : demand
  }

  /// - Throws: FIELD_OUT_OF_RANGE for a month that is over where the seller sells.
  package func checkMonths(_ rows: SignalRows, at now: UnixMilliseconds) throws(Refusal) {
    for row in 0..<rows.months.count {
      guard let seller = sellerKeys.find(rows.sellerNames[Int(rows.sellers[row])]) else { continue }
      let running = Month(
        localDate(at: now.seconds, marketplace: sellers[seller].marketplace))
      if rows.months[row] >= running.yyyymm { continue }
      throw Refusal(
        .fieldOutOfRange,
        "months[\(row)] is \(rows.months[row]): it is over; \(running.yyyymm) and later are allowed",
        row: Int32(row))
    }
  }

  /// A put of signals with what each is scored against: the item's mean demand a day as it is known
  /// now, from wherever it is known, without what is signalled.
  package func completed(_ rows: SignalRows, at now: UnixMilliseconds) -> SignalRows {
    var rows = rows
    rows.keys.withKeyColumn { keys in
      var offset = 0
      for row in 0..<keys.count {
        let token = itemKeys.token(keys.key(row, at: &offset))
        let slot = token == 0 ? -1 : positions.find(token)
        var rate: Int64 = 0
        if slot >= 0 {
          rate = usualOutlook(of: token, slot, now: now.seconds, only: nil).perDayMilli
        }
        rows.baselinesPerDayMilli.append(rate)
        rows.putUnixSeconds.append(now.seconds)
        rows.sold.append(0)
      }
    }
    return rows
  }
}
