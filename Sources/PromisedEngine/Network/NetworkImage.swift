import PromisedModel

/// The network as it stood at one revision: what profiles are built from, and what explains them
/// for as long as they answer. Never changes.
package final class NetworkImage: Sendable {
  package let revision: UInt64
  let timeZoneRules: [TimeZoneRules]
  /// The rules of each calendar.
  let calendars: [[CalendarRule]]
  /// By node index; nil = not in the network.
  let nodes: [NodeRow?]
  let waves: [WaveRow]
  let destinations: [DestinationRow]
  let zoneCount: Int
  let lanes: [LaneRow]
  let transits: [TransitOutcome]
  let legs: [LegRow]
  let serviceNames: NameTable
  let legNames: NameTable

  init(
    revision: UInt64, timeZoneRules: [TimeZoneRules], calendars: [[CalendarRule]],
    nodes: [NodeRow?], waves: [WaveRow], destinations: [DestinationRow], zoneCount: Int,
    lanes: [LaneRow], transits: [TransitOutcome], legs: [LegRow],
    serviceNames: consuming NameTable, legNames: consuming NameTable
  ) {
    self.revision = revision
    self.timeZoneRules = timeZoneRules
    self.calendars = calendars
    self.nodes = nodes
    self.waves = waves
    self.destinations = destinations
    self.zoneCount = zoneCount
    self.lanes = lanes
    self.transits = transits
    self.legs = legs
    self.serviceNames = serviceNames
    self.legNames = legNames
  }
}
