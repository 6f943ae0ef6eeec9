import PromisedModel

@testable import PromisedEngine

/// Random changes of departures of random networks.
enum RandomChanges {
  /// One change of some leg or wave on some dates of a horizon that begins at `base`.
  static func change(
    _ rows: NetworkRows, base: Int64, days: Int, _ random: inout SplitMix
  ) -> DepartureChange {
    let first = Int32(base / 86_400) + Int32(random.below(days))
    let last = random.below(3) == 0 ? first + Int32(random.below(days)) : first
    if random.below(6) == 0 {
      let wave = rows.waves[random.below(rows.waves.count)]
      let kinds: [DepartureChangeKind] = [.closed, .reopened, .full, .roomAgain]
      return DepartureChange(
        subject: .wave, name: wave.station, minute: wave.cutoffMinute, fromDays: first,
        toDays: last, kind: kinds[random.below(4)])
    }
    let kinds: [DepartureChangeKind] = [.closed, .closed, .delayed, .full, .reopened, .roomAgain]
    let kind = kinds[random.below(kinds.count)]
    return DepartureChange(
      subject: .leg, name: rows.legs[random.below(rows.legs.count)].name, fromDays: first,
      toDays: last, kind: kind,
      delayMinutes: kind == .delayed ? Int32(1 + random.below(900)) : 0)
  }
}
