import PromisedModel
package final class NetworkImage: Sendable {}
package final class ProfileSet: Sendable {}
package enum ProfileBuild { package static func build(image: NetworkImage, horizonBaseUnixSeconds: Int64) -> ProfileSet { ProfileSet() } }
package struct NetworkTables { package var revision: UInt64 { 0 }; package func image() -> NetworkImage { NetworkImage() } }
package struct NetworkCounts { package var revision: UInt64 = 0; package var profileEpoch: UInt64 = 0; package var horizonBaseUnixSeconds: Int64 = 0; package var marketplaces = 0, calendars = 0, nodes = 0, waves = 0, zonePrefixes = 0, lanes = 0, legs = 0, destinations = 0, profileEntries = 0 }
extension State {
  package var network: NetworkTables { NetworkTables() }
  package var publication: ProfilePublication? { nil }
  package var hasProfiles: Bool { false }
  package func install(_ p: ProfileSet) {}
  package func beginExport() {}
  package func nextExportBlock() -> StateBlock? { nil }
  package func importBlock(_ b: StateBlock) throws(Refusal) {}
  package func finishImport(at: Position, time: UnixMilliseconds) {}
  package func knowsTimeZone(_ n: Name) -> Bool { true }
  package var sourceMarks: [(name: Name, lastSequence: UInt64)] { [] }
  package var networkCounts: NetworkCounts { NetworkCounts() }
  package func countNetwork() -> NetworkCounts { NetworkCounts() }
  package func list(_ k: ListKind, pageToken: BorrowedBytes, pageSize: Int, into r: inout ListReply) throws(Refusal) {}
  package func answer(_ q: OfferQuery, at: UnixMilliseconds, into r: inout OfferReply) throws(Refusal) {}
  package func answer(_ q: AvailabilityQuery, into r: inout AvailabilityReply) throws(Refusal) {}
  package func answer(_ q: InStockQuery, at: UnixMilliseconds, into r: inout InStockReply) throws(Refusal) {}
  package func answer(_ q: HeadroomQuery, at: UnixMilliseconds, into r: inout HeadroomReply) throws(Refusal) {}
}
