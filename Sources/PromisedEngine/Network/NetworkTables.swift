import PromisedInvariants
import PromisedModel

/// All rows of the network by name, with dense indexes that stay as they are once assigned.
///
/// Rows enter in two steps: `validate` says what is wrong with a batch and changes nothing; `upsert`
/// makes a valid batch true and cannot fail. Rows leave only all at once, by `emptied`, which keeps
/// the indexes of nodes: stock is stored by them.
///
/// Looking up a node or a postcode allocates nothing. Everything else is for changes, listings and
/// snapshots. Rows come out in the order in which their keys first came in.
package struct NetworkTables: ~Copyable {
  /// Counts the batches upserted; equal revisions of one process hold equal rows.
  package internal(set) var revision: UInt64 = 0

  var timeZoneNames = NameTable()
  var timeZoneFiles: [TimeZoneFile] = []
  var timeZoneRules: [TimeZoneRules] = []

  package internal(set) var marketplaces: [Marketplace] = []
  var marketplaceNames = NameTable()

  var calendarNames = NameTable()
  package internal(set) var calendars: [Calendar] = []

  var nodeNames = NameTable()
  /// By node index; nil = the index is taken by a node that is no longer in the network.
  package internal(set) var nodes: [Node?] = []

  var waves: [WaveRow] = []
  var waveIndexes: [WaveKey: Int] = [:]

  var zoneNames = NameTable()
  var postcodes = PostcodeTable()
  var destinations: [DestinationRow] = []
  var destinationIndexes: [DestinationRow: UInt32] = [:]

  var serviceNames = NameTable()
  var lanes: [LaneRow] = []
  var laneIndexes: [LaneKey: Int] = [:]
  var transits: [TransitOutcome] = []
  var transitIndexes: [[UInt32]: UInt32] = [:]
  var carrierNames = NameTable()

  var legNames = NameTable()
  var legs: [LegRow] = []
  var delays: [DelayOutcome] = []
  /// Takes the place of what is declared.
  package internal(set) var adopted = AdoptedDistributions()
  var delayStarts: [[UInt64]: UInt32] = [:]

  /// What happened to departures, in the order of it.
  package internal(set) var changes: [NumberedDepartureChange] = []
  /// The number of the last change ever recorded; numbers begin at 1.
  package internal(set) var lastChange: UInt64 = 0

  var rates: [RateRow] = []
  var rateIndexes: [RateKey: Int] = [:]

  struct WaveKey: Hashable {
    var station: UInt16
    var weekdays: UInt8
    var cutoffMinute: Int16
  }

  package init() {}

  /// Empty tables in which every node that ever had an index keeps it: the start of a replacement.
  package func emptied() -> NetworkTables {
    var tables = NetworkTables()
    tables.revision = revision + 1
    tables.nodeNames = nodeNames.copy()
    tables.nodes = Array(repeating: nil, count: nodes.count)
    // A closure outlives the timetable: the leg of that name in the new one is closed as well.
    tables.changes = changes
    tables.lastChange = lastChange
    return tables
  }

  // MARK: Counts

  /// Node indexes ever assigned: every index is below it.
  package var nodeIndexCount: Int { nodes.count }
  package var nodeCount: Int { nodes.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }
  package var waveCount: Int { waves.count }
  package var zonePrefixCount: Int { postcodes.count }
  package var laneCount: Int { lanes.count }
  package var legCount: Int { legs.count }
  package var destinationCount: Int { destinations.count }

  // MARK: Lookups

  /// The index of a node of the network, or nil. No allocation.
  package func nodeIndex(_ name: BorrowedBytes) -> UInt16? {
    guard let index = nodeNames.index(of: name), isPresent(index) else { return nil }
    return UInt16(truncatingIfNeeded: index)
  }

  /// Without a copy of the node, which would count references to its names.
  @inline(__always)
  private func isPresent(_ index: Int) -> Bool {
    nodes.withUnsafeBufferPointer { nodes in
      if case .none = nodes[index] { false } else { true }
    }
  }

  /// The name behind a node index, also of a removed node; valid until the next change.
  package func nodeName(_ index: UInt16) -> BorrowedBytes { nodeNames.borrowed(Int(index)) }

  package func hasMarketplace(_ name: BorrowedBytes) -> Bool {
    marketplaceNames.index(of: name) != nil
  }

  /// The marketplace of a name, or nil.
  package func marketplace(_ name: BorrowedBytes) -> Marketplace? {
    marketplaceNames.index(of: name).map { marketplaces[$0] }
  }

  /// The rules of a time zone that a row has named, or nil.
  package func timeZone(_ name: Name) -> TimeZoneRules? {
    timeZoneNames.index(of: name).map { timeZoneRules[$0] }
  }

  package func hasTimeZone(_ name: Name) -> Bool { timeZoneNames.index(of: name) != nil }

  /// Seconds east of UTC at a node at an instant; 0 for a node that is no longer in the network.
  /// No allocation.
  package func utcOffset(of node: UInt16, at unixSeconds: Int64) -> Int32 {
    guard let zone = nodes[Int(node)]?.timeZone, let index = timeZoneNames.index(of: zone) else {
      return 0
    }
    return timeZoneRules[index].offset(at: unixSeconds)
  }

  /// Where a postcode is delivered: the longest prefix of it that is a row of the country's zone
  /// table, or nil. A postcode of digits only that is shorter than those of the country is read
  /// with the zeros it has lost. No allocation.
  package func destination(country: BorrowedBytes, postcode: BorrowedBytes) -> Destination? {
    postcodes.destination(country: country, postcode: postcode)
  }

  /// The zone's name, valid until the next change.
  package func zoneName(of destination: UInt32) -> BorrowedBytes {
    zoneNames.borrowed(Int(destinations[Int(destination)].zone))
  }
}

/// What a postcode leads to.
package struct Destination: BitwiseCopyable, Equatable {
  /// The destination's index in the profiles.
  package var index: UInt32
  /// The whole postcode is a row, not only a prefix of it.
  package var exact: Bool
}
