import PromisedModel

/// A load that is being sent: its chunks wait aside, checked, until all are there.
final class OpenLoad {
  /// Only `force` ever changes.
  var description: LoadDescription
  private(set) var chunks: [PutRows] = []
  /// The network as it will be when the load is committed.
  private(set) var network: NetworkTables
  /// Sellers its chunks bring, whom later chunks may name. Asked, never listed.
  private(set) var sellers: Set<Name> = []
  /// Groups and channels its chunks name, which count against what there may be. Asked, never listed.
  private(set) var groups: Set<Name> = []
  private(set) var channels: Set<Name> = []

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
    case .groups(let rows): for name in rows.names { groups.insert(name) }
    case .channelStock(let rows): for name in rows.channelNames { channels.insert(name) }
    case .items, .positions, .inbound, .limits, .kits, .opportunity, .backorders, .forecasts,
      .factors, .policies, .buildings, .signals:
      break
    }
    chunks.append(rows)
  }

  /// Items and positions it brings at most, as far as rows of one item stand together.
  var sizes: (items: Int, positions: Int) {
    var (described, stocked, positions) = (0, 0, 0)
    for chunk in chunks {
      switch chunk {
      case .items(let rows): described += rows.keys.count
      case .positions(let rows):
        positions += rows.keys.count
        stocked += rows.keys.countOfRuns
      case .inbound(let rows): stocked += rows.keys.countOfRuns
      case .kits(let rows): stocked += rows.kits.countOfRuns + rows.components.countOfRuns
      case .opportunity(let rows): stocked += rows.keys.countOfRuns
      case .forecasts(let rows): stocked += rows.keys.countOfRuns
      case .channelStock(let rows): stocked += rows.keys.countOfRuns
      case .backorders(let rows): stocked += rows.keys.countOfRuns
      case .network, .sellers, .limits, .groups, .factors, .policies, .buildings, .signals: break
      }
    }
    return (max(described, stocked), positions)
  }

  /// The network as it will be, taken out of the load.
  func takeNetwork() -> NetworkTables {
    var taken = NetworkTables()
    swap(&taken, &network)
    return taken
  }
}

extension PackedKeys {
  /// Keys that differ from the key before them.
  var countOfRuns: Int {
    withKeyColumn { keys in
      var (offset, runs) = (0, 0)
      var previous = BorrowedBytes.empty
      for row in 0..<keys.count {
        let key = keys.key(row, at: &offset)
        if !same(key, previous) { runs += 1 }
        previous = key
      }
      return runs
    }
  }
}
