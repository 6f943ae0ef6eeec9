import PromisedInvariants
import PromisedModel

/// Where nodes and marketplaces are found by name.
struct NetworkPlaces: ~Copyable {
  private var nodes = KeyTable()
  private var rows = NetworkRows()

  var nodeCount: Int { nodes.count }

  func node(_ name: BorrowedBytes) -> UInt16? {
    nodes.find(name).map { UInt16(truncatingIfNeeded: $0) }
  }

  func node(_ name: Name) -> UInt16? {
    nodes.find(name).map { UInt16(truncatingIfNeeded: $0) }
  }

  func name(_ node: UInt16) -> BorrowedBytes { nodes.name(Int(node)) }

  func hasMarketplace(_ name: Name) -> Bool { rows.marketplaces.contains { $0.name == name } }

  func month(at now: UnixMilliseconds, marketplace: Name) -> Month {
    let days = now.seconds >= 0 ? now.seconds / 86_400 : (now.seconds - 86_399) / 86_400
    return Month(LocalDate(days: Int32(clamping: days)))
  }

  func validate(_ rows: NetworkRows) throws(Refusal) {
    for row in rows.nodes where row.timeZone.isEmpty {
      throw Refusal(.timeZoneUnknown, "node \(row.name) has no time zone", key: row.name)
    }
  }

  mutating func upsert(_ new: NetworkRows) {
    for row in new.marketplaces {
      rows.marketplaces.removeAll { $0.name == row.name }
      rows.marketplaces.append(row)
    }
    for row in new.nodes {
      let index = nodes.insert(row.name)
      if index == rows.nodes.count { rows.nodes.append(row) } else { rows.nodes[index] = row }
    }
  }

  func exportRows() -> NetworkRows { rows }
}

extension State {
  func validate(network rows: NetworkRows, staged: OpenLoad?) throws(Refusal) {
    try places.validate(rows)
  }

  func apply(network rows: NetworkRows) {
    places.upsert(rows)
    stamps.network = appliedPosition
  }

  func apply(published publication: ProfilePublication) {
    self.publication = publication
    stamps.network = appliedPosition
  }

  func clearNetwork() {}
}

extension State {
  func exportNetwork() -> NetworkRows { places.exportRows() }

  func nodeName(_ index: UInt16) -> BorrowedBytes { places.name(index) }

  func digestNetwork(_ sum: inout DigestSum) {}
}
