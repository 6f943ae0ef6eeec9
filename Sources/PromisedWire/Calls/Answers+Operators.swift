/// Something that happened on the way to a customer.
public struct Observation: Sendable, Equatable {
  /// 1 leg delay, 2 handling, 3 transit, 4 delivery.
  public let kind: UInt32
  /// The leg, the node, or the lane's origin.
  public private(set) var subject = ""
  /// The lane's service.
  public private(set) var service = ""
  /// The lane's zone.
  public private(set) var zone = ""
  /// A local date, days since 1970-01-01.
  public private(set) var day: Int32 = 0
  /// Minutes, or working days of a transit.
  public private(set) var minutes: Int32 = 0
  /// The hold delivered.
  public private(set) var holdID: UInt64 = 0
  /// Its shipment, from 0.
  public private(set) var shipment: UInt32 = 0
  /// UTC seconds.
  public private(set) var atUnixSeconds: Int64 = 0

  private init(kind: UInt32) { self.kind = kind }

  /// A departure of a leg on a local date arrived so many minutes late, 0…10,080.
  public static func legDelay(leg: String, day: Int32, minutesLate: Int32) -> Observation {
    var row = Observation(kind: 1)
    (row.subject, row.day, row.minutes) = (leg, day, minutesLate)
    return row
  }

  /// An order took so many open minutes beyond the node's processing time, 0…20,160.
  public static func handling(node: String, minutesBeyond: Int32) -> Observation {
    var row = Observation(kind: 2)
    (row.subject, row.minutes) = (node, minutesBeyond)
    return row
  }

  /// A parcel handed over on a local date was delivered after so many working days, 0…60.
  public static func transit(
    origin: String, service: String, zone: String, day: Int32, workingDays: Int32
  ) -> Observation {
    var row = Observation(kind: 3)
    (row.subject, row.service, row.zone) = (origin, service, zone)
    (row.day, row.minutes) = (day, workingDays)
    return row
  }

  /// A shipment of a hold was delivered.
  public static func delivery(
    holdID: UInt64, shipment: UInt32, atUnixSeconds: Int64
  ) -> Observation {
    var row = Observation(kind: 4)
    (row.holdID, row.shipment, row.atUnixSeconds) = (holdID, shipment, atUnixSeconds)
    return row
  }
}

/// The fate of each observation.
public struct ObserveAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// Per row: learned, or why not.
  public var outcomes: [RowOutcome]
}

/// Departures of a leg were changed.
public struct DepartureAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// Destinations whose promises may fall back until the profiles are rebuilt.
  public var destinationsAffected: UInt64
}

/// An operator's word against the service's own answer; scopes that are empty fit everything.
public struct OverrideEntry: Sendable, Equatable {
  /// Its number; 0 before it is put.
  public var id: UInt64 = 0
  /// 1 = block, 2 = force.
  public var action: UInt32
  /// The item it fits.
  public var item = ""
  /// The node it fits.
  public var node = ""
  /// A way that uses this leg.
  public var leg = ""
  /// The zone it fits.
  public var zone = ""
  /// The seller it fits.
  public var seller = ""
  /// Why, 1 to 64 bytes.
  public var reason: String
  /// Who says so, 1 to 64 bytes.
  public var author: String
  /// When it was put, UTC seconds.
  public var createdUnixSeconds: Int64 = 0
  /// At most a year ahead; 0 = in a day.
  public var expiresUnixSeconds: Int64 = 0
  /// Since the service started: decisions it was consulted in.
  public var consulted: UInt64 = 0
  /// Of those, how many it made another.
  public var differed: UInt64 = 0

  /// Makes an override with empty scopes; `action` is 1 = block or 2 = force.
  public init(action: UInt32, reason: String, author: String) {
    self.action = action
    self.reason = reason
    self.author = author
  }
}

/// An override was put or removed.
public struct OverrideAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// Its number.
  public var id: UInt64
}

/// The overrides that hold.
public struct OverridesAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// In the order in which they were put.
  public var overrides: [OverrideEntry]
}
