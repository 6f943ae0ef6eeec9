import PromisedModel

/// What a change is about, by index.
enum ChangedDeparture: Hashable, Sendable {
  case leg(UInt32)
  case wave(station: UInt16, cutoffMinute: Int16)
}

/// A change of departures with its names resolved.
struct ResolvedChange: Sendable, Equatable {
  var departure: ChangedDeparture
  /// Local dates of the departure, both included.
  var fromDays: Int32
  var toDays: Int32
  var kind: DepartureChangeKind
  var delayMinutes: Int32
}

/// How a departure stands on one date: the last change of each sort that covers the date holds.
struct DepartureStatus: Equatable, Sendable {
  var isClosed = false
  var isFull = false
  var delayMinutes: Int32 = 0

  /// Nothing more leaves with it.
  var isGone: Bool { isClosed || isFull }

  mutating func apply(_ change: ResolvedChange) {
    switch change.kind {
    case .closed:
      isClosed = true
      delayMinutes = 0
    case .delayed:
      isClosed = false
      delayMinutes = change.delayMinutes
    case .reopened:
      isClosed = false
      delayMinutes = 0
    case .full: isFull = true
    case .roomAgain: isFull = false
    }
  }
}

/// The changes of an image by what they are about. Looked up only, never listed in this order.
struct DepartureChanges: Sendable {
  private var lists: [ChangedDeparture: [ResolvedChange]] = [:]

  init(_ changes: [ResolvedChange]) {
    for change in changes { lists[change.departure, default: []].append(change) }
  }

  var isEmpty: Bool { lists.isEmpty }

  /// The changes of one departure, in the order of their numbers.
  func list(_ departure: ChangedDeparture) -> [ResolvedChange] { lists[departure] ?? [] }

  static func status(_ list: [ResolvedChange], days: Int32) -> DepartureStatus {
    var status = DepartureStatus()
    for change in list where change.fromDays <= days && days <= change.toDays {
      status.apply(change)
    }
    return status
  }

  /// What has other changes in one image than in the other, each once, in the order of the changes.
  static func differing(
    _ old: [ResolvedChange], _ new: [ResolvedChange]
  ) -> [ChangedDeparture] {
    let (before, after) = (DepartureChanges(old), DepartureChanges(new))
    var seen: Set<ChangedDeparture> = []
    return (old + new).map(\.departure).filter {
      seen.insert($0).inserted && before.list($0) != after.list($0)
    }
  }
}
