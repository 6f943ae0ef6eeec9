import PromisedInvariants
import PromisedModel

/// A change of departures and its number, counted from 1 over the life of the service.
package struct NumberedDepartureChange: Sendable, Equatable {
  package var number: UInt64
  package var change: DepartureChange

  package init(number: UInt64, change: DepartureChange) {
    self.number = number
    self.change = change
  }
}

extension NetworkTables {
  /// Says what is wrong with a change; changes nothing.
  ///
  /// - Throws: LEG_UNKNOWN, NODE_UNKNOWN, FIELD_OUT_OF_RANGE, KEY_INVALID.
  package func validate(_ change: DepartureChange) throws(NetworkRefusal) {
    let isLeg = change.subject == .leg
    func refusal(
      _ code: OutcomeCode, _ field: String, _ value: String, _ allowed: String
    ) -> NetworkRefusal {
      NetworkRefusal(
        code: code, kind: isLeg ? .leg : .wave, row: 0,
        key: Name(Array(change.name.bytes.prefix(Name.maximumByteCount))), field: field,
        value: value, allowed: allowed)
    }
    if isLeg {
      if legNames.index(of: change.name) == nil {
        throw refusal(.legUnknown, "leg", "\"\(change.name)\"", "a leg that is known")
      }
      if change.minute != 0 {
        throw refusal(.fieldOutOfRange, "minute", "\(change.minute)", "0, as a leg has one time")
      }
    } else {
      guard let station = nodeNames.index(of: change.name), nodes[station] != nil else {
        throw refusal(.nodeUnknown, "station", "\"\(change.name)\"", "a station that is known")
      }
      if !waves.contains(where: {
        Int($0.station) == station && $0.cutoffMinute == change.minute
      }) {
        throw refusal(.fieldOutOfRange, "minute", "\(change.minute)", "the cut-off of a wave there")
      }
      if change.kind == .delayed {
        throw refusal(.fieldOutOfRange, "kind", "delayed", "a wave is closed or full, not delayed")
      }
    }
    if change.fromDays > change.toDays {
      throw refusal(
        .fieldOutOfRange, "to_days", "\(change.toDays)", "\(change.fromDays) or later")
    }
    let allowed: ClosedRange<Int32> = change.kind == .delayed ? 1...10_080 : 0...0
    if !allowed.contains(change.delayMinutes) {
      throw refusal(
        .fieldOutOfRange, "delay_minutes", "\(change.delayMinutes)",
        "\(allowed.lowerBound) to \(allowed.upperBound)")
    }
    for (field, text) in [("reason", change.reason), ("author", change.author)]
    where !text.isEmpty && !text.bytes.withUnsafeBufferPointer({ Name.isValid($0) }) {
      throw refusal(
        .keyInvalid, field, "\(text.bytes.count) bytes",
        "at most 64 bytes of UTF-8 without control characters")
    }
  }

  /// Records a change that `validate` has accepted and gives it its number.
  @discardableResult
  package mutating func append(_ change: DepartureChange) -> UInt64 {
    lastChange += 1
    changes.append(NumberedDepartureChange(number: lastChange, change: change))
    return lastChange
  }

  /// Forgets changes whose last date is before `days`: no profile will be built for them again.
  package mutating func dropChanges(endedBefore days: Int32) {
    changes.removeAll { $0.change.toDays < days }
  }

  /// The changes as a snapshot held them, in place of those that are here.
  package mutating func restore(changes: [NumberedDepartureChange], lastChange: UInt64) {
    invariant(changes.allSatisfy { $0.number <= lastChange }, "a change beyond the last number")
    self.changes = changes
    self.lastChange = lastChange
  }

  /// Changes by index; a leg or station that is no longer in the network has none.
  func resolvedChanges(through last: UInt64) -> [ResolvedChange] {
    changes.compactMap { numbered in
      if numbered.number > last { return nil }
      let change = numbered.change
      let index =
        change.subject == .leg ? legNames.index(of: change.name) : nodeNames.index(of: change.name)
      return index.map {
        ResolvedChange(
          departure: change.subject == .leg
            ? .leg(UInt32($0)) : .wave(station: UInt16($0), cutoffMinute: change.minute),
          fromDays: change.fromDays, toDays: change.toDays, kind: change.kind,
          delayMinutes: change.delayMinutes)
      }
    }
  }
}
