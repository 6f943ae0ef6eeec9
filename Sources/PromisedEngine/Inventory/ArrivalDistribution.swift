import PromisedModel

/// When units under way have come: P(arrived by t), piecewise linear through 10 % at `early`, 50 %
/// at `median` and 90 % at `late`.
///
/// Beyond the outer two the lines go on to 0 and 1, so that the tails end. Where two of the three
/// coincide the chance steps there, and the instant itself counts as arrived. Integers only: the
/// same everywhere, and fit for what is stored.
package struct ArrivalDistribution: Sendable, Equatable, BitwiseCopyable {
  package let earlyUnixSeconds: Int64
  package let medianUnixSeconds: Int64
  package let lateUnixSeconds: Int64

  /// `early` and `late` of 0 are the median; ones on the wrong side of it are taken to it.
  package init(median: Int64, early: Int64 = 0, late: Int64 = 0) {
    medianUnixSeconds = median
    earlyUnixSeconds = early == 0 ? median : max(min(early, median), median - Self.widest)
    lateUnixSeconds = late == 0 ? median : min(max(late, median), median + Self.widest)
  }

  private static var widest: Int64 { Limits.arrivalSpreadSeconds }
  /// Chances in 1/65535, rounded down.
  private static var tenth: Int64 { 6553 }
  /// The chance at the median.
  package static var half: UInt16 { 32_767 }
  package static var certain: UInt16 { 65_535 }

  /// No unit comes before this instant.
  package var firstUnixSeconds: Int64 {
    earlyUnixSeconds - (medianUnixSeconds - earlyUnixSeconds) / 4
  }

  /// Every unit has come at this instant.
  package var lastUnixSeconds: Int64 {
    lateUnixSeconds + (lateUnixSeconds - medianUnixSeconds) / 4
  }

  /// P(arrived by `instant`), in 1/65535: 0 before `firstUnixSeconds`, 65535 from
  /// `lastUnixSeconds` on, never falling. Constant time.
  package func probability(by instant: Int64) -> UInt16 {
    if instant >= lastUnixSeconds { return Self.certain }
    if instant < firstUnixSeconds { return 0 }
    let chance: Int64
    if instant < earlyUnixSeconds {
      chance = line(instant, firstUnixSeconds, earlyUnixSeconds, 0, Self.tenth)
    } else if instant < medianUnixSeconds {
      chance = line(
        instant, earlyUnixSeconds, medianUnixSeconds, Self.tenth, Int64(Self.half))
    } else if instant < lateUnixSeconds {
      chance = line(
        instant, medianUnixSeconds, lateUnixSeconds, Int64(Self.half), 65_535 - Self.tenth)
    } else {
      chance = line(instant, lateUnixSeconds, lastUnixSeconds, 65_535 - Self.tenth, 65_535)
    }
    return UInt16(clamping: chance)
  }

  /// P(arrived by `instant` | not arrived at `now`), in 1/65535. 0 once it should long have come:
  /// of what is overdue nobody has said when it comes.
  package func probability(by instant: Int64, notBy now: Int64) -> UInt16 {
    let before = Int64(probability(by: now))
    if before == 65_535 || instant <= now { return 0 }
    return UInt16(clamping: (Int64(probability(by: instant)) - before) * 65_535 / (65_535 - before))
  }

  /// The earliest instant with at least this chance, in 1/65535. About 30 steps.
  package func quantile(_ chance: UInt16) -> Int64 {
    var (low, high) = (firstUnixSeconds, lastUnixSeconds)
    while low < high {
      let middle = low + (high - low) / 2
      if probability(by: middle) >= chance { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// The earliest instant by which it has come with this chance, given that it has not at `now`; nil
  /// once it should long have come.
  package func quantile(_ chance: UInt16, notBy now: Int64) -> Int64? {
    let before = Int64(probability(by: now))
    if before == 65_535 { return nil }
    let wanted = before + (Int64(chance) * (65_535 - before) + 65_534) / 65_535
    return max(now + 1, quantile(UInt16(clamping: wanted)))
  }

  private func line(
    _ instant: Int64, _ from: Int64, _ to: Int64, _ low: Int64, _ high: Int64
  ) -> Int64 {
    to == from ? high : low + (high - low) * (instant - from) / (to - from)
  }
}

extension InboundRow {
  /// When its units come.
  var arrival: ArrivalDistribution {
    ArrivalDistribution(
      median: etaUnixSeconds, early: etaUnixSeconds - Int64(earlySeconds),
      late: etaUnixSeconds + Int64(lateSeconds))
  }
}
