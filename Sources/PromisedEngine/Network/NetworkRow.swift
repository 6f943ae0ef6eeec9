import PromisedModel

// The network's rows with names resolved to indexes: what the tables hold and the image copies.

extension UInt32 {
  /// No node, no calendar.
  package static var noIndex: UInt32 { .max }
}

package struct NodeRow: Sendable, Equatable {
  package var kind: NodeKind
  package var timeZone: UInt32
  /// `UInt32.noIndex` = none.
  package var calendar: UInt32
  package var dwellMinutes: Int32
  package var processingMinutes: Int32
  package var handling: DelaySpan
  package var unitsPerHour: Int32
}

/// Where a distribution stands among those of the network; empty = never late.
package struct DelaySpan: BitwiseCopyable, Sendable, Equatable {
  package var start: UInt32
  package var count: UInt32

  package static var none: DelaySpan { DelaySpan(start: 0, count: 0) }
}

package struct WaveRow: Sendable, Equatable {
  package var station: UInt16
  package var weekdays: UInt8
  package var cutoffMinute: Int16
  package var fromMinute: Int16
  package var toMinute: Int16
  package var level: ServiceLevel
  package var capacityUnits: Int32
}

package struct ZoneRow: BitwiseCopyable, Sendable, Equatable {
  package var zone: UInt32
  /// `UInt32.noIndex` = none.
  package var station: UInt32
  package var destination: UInt32
}

/// A place of delivery that the profiles tell apart: a zone and the station that serves it.
package struct DestinationRow: BitwiseCopyable, Sendable, Hashable {
  package var zone: UInt32
  /// `UInt32.noIndex` = only lanes reach it.
  package var station: UInt32
}

package struct LaneKey: BitwiseCopyable, Sendable, Hashable {
  package var origin: UInt16
  package var service: UInt32
  package var zone: UInt32
}

package struct LaneRow: Sendable, Equatable {
  package var key: LaneKey
  package var mode: TransportMode
  package var pickupCalendar: UInt32
  package var transitCalendar: UInt32
  package var deliveryCalendar: UInt32
  package var cutoffMinute: Int16
  /// Where its outcomes stand among those of all lanes.
  package var transitStart: UInt32
  package var transitCount: UInt32
  package var deliveryTimeZone: UInt32
  /// `UInt32.noIndex` = not said.
  package var carrier: UInt32
  package var level: ServiceLevel
  package var refuses: ItemRestrictions
}

package struct LegRow: Sendable, Equatable {
  package var origin: UInt16
  package var destination: UInt16
  package var mode: TransportMode
  package var weekdays: UInt8
  package var departureMinute: Int16
  package var durationMinutes: Int32
  /// `UInt32.noIndex` = every day its weekdays name.
  package var calendar: UInt32
  package var level: ServiceLevel
  package var refuses: ItemRestrictions
  package var capacityUnits: Int32
  package var delays: DelaySpan
}
