import PromisedModel

/// A load that is being sent: its chunks wait aside, checked, until all are there.
struct OpenLoad {
  var description: LoadDescription
  var chunks: [PutRows] = []
  /// Names its chunks bring, which later chunks may use. Asked, never listed.
  var nodes: Set<Name> = []
  var sellers: Set<Name> = []
  var marketplaces: Set<Name> = []
  /// All network rows so far, because a row is checked against those it names.
  var network = NetworkRows()

  init(_ description: LoadDescription) { self.description = description }

  var nextChunk: UInt32 { UInt32(chunks.count) }

  mutating func append(_ rows: PutRows) {
    switch rows {
    case .network(let rows):
      for node in rows.nodes { nodes.insert(node.name) }
      for marketplace in rows.marketplaces { marketplaces.insert(marketplace.name) }
      network.append(rows)
    case .sellers(let rows): for seller in rows { sellers.insert(seller.name) }
    case .items, .positions, .inbound, .limits: break
    }
    chunks.append(rows)
  }
}

extension NetworkRows {
  /// Adds rows behind these; among rows of one key the last counts.
  mutating func append(_ rows: NetworkRows) {
    timeZones += rows.timeZones
    marketplaces += rows.marketplaces
    calendars += rows.calendars
    nodes += rows.nodes
    waves += rows.waves
    zones += rows.zones
    lanes += rows.lanes
    legs += rows.legs
  }
}
