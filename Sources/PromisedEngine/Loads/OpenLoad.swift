import PromisedModel

/// A load that is being sent: its chunks wait aside, checked, until all are there.
final class OpenLoad {
  let description: LoadDescription
  private(set) var chunks: [PutRows] = []
  /// The network as it will be when the load is committed.
  private(set) var network: NetworkTables
  /// Sellers its chunks bring, whom later chunks may name. Asked, never listed.
  private(set) var sellers: Set<Name> = []

  /// Begins on a copy of the network, or without one when the load replaces it.
  init(_ description: LoadDescription, on live: borrowing NetworkTables) {
    self.description = description
    network = live.emptied()
    if description.mode == .merge { network.upsert(live.exportRows()) }
  }

  var nextChunk: UInt32 { UInt32(chunks.count) }

  func append(_ rows: PutRows) {
    switch rows {
    case .network(let rows): network.upsert(rows)
    case .sellers(let rows): for seller in rows { sellers.insert(seller.name) }
    case .items, .positions, .inbound, .limits: break
    }
    chunks.append(rows)
  }

  /// The network as it will be, taken out of the load.
  func takeNetwork() -> NetworkTables {
    var taken = NetworkTables()
    swap(&taken, &network)
    return taken
  }
}
