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
  let delays: [DelayOutcome]
  /// What was learned; it stands in the rows above already.
  let adopted: AdoptedDistributions
  /// What happened to departures, in the order of it; changes of unknown legs are left out.
  let changes: [ResolvedChange]
  /// The number of the last change it knows.
  package let lastChange: UInt64
  let serviceNames: NameTable
  let legNames: NameTable
  let carrierNames: NameTable

  init(
    revision: UInt64, timeZoneRules: [TimeZoneRules], calendars: [[CalendarRule]],
    nodes: [NodeRow?], waves: [WaveRow], destinations: [DestinationRow], zoneCount: Int,
    lanes: [LaneRow], transits: [TransitOutcome], legs: [LegRow], delays: [DelayOutcome],
    adopted: AdoptedDistributions, changes: [ResolvedChange], lastChange: UInt64,
    serviceNames: consuming NameTable,
    legNames: consuming NameTable, carrierNames: consuming NameTable
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
    self.delays = delays
    self.adopted = adopted
    self.changes = changes
    self.lastChange = lastChange
    self.serviceNames = serviceNames
    self.legNames = legNames
    self.carrierNames = carrierNames
  }

  /// The same rows with every departure as the timetable says.
  func unchanged() -> NetworkImage {
    NetworkImage(
      revision: revision, timeZoneRules: timeZoneRules, calendars: calendars, nodes: nodes,
      waves: waves, destinations: destinations, zoneCount: zoneCount, lanes: lanes,
      transits: transits, legs: legs, delays: delays, adopted: adopted, changes: [],
      lastChange: 0, serviceNames: serviceNames.copy(), legNames: legNames.copy(),
      carrierNames: carrierNames.copy())
  }

  /// The outcomes of a distribution: ascending minutes, probabilities that add up to 65535; empty
  /// = never late.
  func outcomes(_ span: DelaySpan) -> ArraySlice<DelayOutcome> {
    delays[Int(span.start)..<Int(span.start + span.count)]
  }

  /// Whether a distribution can make anything late.
  func isUncertain(_ span: DelaySpan) -> Bool {
    outcomes(span).contains { $0.minutes > 0 && $0.probability > 0 }
  }
}
