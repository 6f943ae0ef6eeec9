// What happens to single departures after the timetable was written.

/// What a change is about.
package enum DepartureSubject: UInt8, Sendable, CaseIterable {
  case leg = 1
  /// A wave of a station, named by its station; `minute` tells which.
  case wave = 2
}

package enum DepartureChangeKind: UInt8, Sendable, CaseIterable {
  case closed = 1
  /// Leaves `delayMinutes` later and arrives as much later.
  case delayed = 2
  /// Runs as the timetable says again.
  case reopened = 3
  /// Its capacity is taken; closed to new offers only.
  case full = 4
  case roomAgain = 5
}

/// One entry of the numbered list of changes; for a departure the last one that covers its date
/// holds, apart for (closed, delayed, reopened) and for (full, roomAgain).
package struct DepartureChange: Sendable, Equatable {
  package var subject: DepartureSubject
  /// The leg, or the wave's station.
  package var name: Name
  /// The wave's cut-off in local minutes; 0 for a leg.
  package var minute: Int16
  /// Local dates of the departure (leg: at its origin; wave: at its station), both included; from
  /// now on and for good is 0 to `LocalDate.last`.
  package var fromDays: Int32
  package var toDays: Int32
  package var kind: DepartureChangeKind
  /// 1…10,080 with `delayed`, else 0.
  package var delayMinutes: Int32
  /// For people, at most 64 bytes; may be empty.
  package var reason: Name
  package var author: Name

  package init(
    subject: DepartureSubject, name: Name, minute: Int16 = 0, fromDays: Int32, toDays: Int32,
    kind: DepartureChangeKind, delayMinutes: Int32 = 0, reason: Name = .empty,
    author: Name = .empty
  ) {
    self.subject = subject
    self.name = name
    self.minute = minute
    self.fromDays = fromDays
    self.toDays = toDays
    self.kind = kind
    self.delayMinutes = delayMinutes
    self.reason = reason
    self.author = author
  }
}

/// Close, delay or reopen departures of a leg.
package struct DepartureCommand: Sendable {
  package var change: DepartureChange

  package init(change: DepartureChange) { self.change = change }
}
