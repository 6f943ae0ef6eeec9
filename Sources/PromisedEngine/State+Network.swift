import PromisedInvariants
import PromisedModel

/// The network and the delivery profiles within the state.
extension State {
  /// Whether a profile set may answer: it was not built from a network that has been replaced.
  package func canPublish(_ profiles: ProfileCatalogue) -> Bool {
    profiles.image.revision >= replacedRevision
  }

  /// Whether the last publication was built from the network as it is now. Holds across a restart,
  /// also by way of a snapshot.
  package var isPublicationOfNetwork: Bool {
    publication.epoch > 0 && publishedRevision == network.revision
  }

  /// Answers offers from `profiles` from now on. The caller has applied `profilePublished` with
  /// the same publication; replay, which builds none, leaves this out.
  package func publish(_ profiles: ProfileCatalogue, _ publication: ProfilePublication) {
    invariant(canPublish(profiles), "profiles of a replaced network are published")
    invariant(publication == self.publication, "profiles are published without their event")
    if let old = self.profiles, let answering, answering.epoch != publication.epoch {
      previous = PreviousProfiles(profiles: old, publication: answering)
    }
    self.profiles = profiles
    answering = publication
    pendingChanges = PendingChanges(profiles, network)
    recentProfiles.append(profiles, from: appliedPosition, at: appliedTime.seconds)
    // Room that came free shows in what was built since.
    hasFreedRoom = true
  }

  func apply(published publication: ProfilePublication) {
    self.publication = publication
    publishedRevision = network.revision
    stamps.network = appliedPosition
    forgetChanges(
      endedBefore: Int32(publication.horizonBaseUnixSeconds / 86_400) - Limits.departureChangeDays)
  }

  /// Drops changes of departures that nothing asks about any more, so that the list does not grow
  /// with the years.
  private func forgetChanges(endedBefore days: Int32) {
    let count = network.changes.count
    network.dropChanges(endedBefore: days)
    if network.changes.count != count {
      board = DepartureBoard(network.resolvedChanges(through: network.lastChange))
    }
  }

  func validate(network rows: NetworkRows, staged: OpenLoad?) throws(Refusal) {
    if staged == nil, let load {
      // A load is checked against the network as it stood when the load began.
      throw Refusal(
        .loadInProgress, "load \(load.description.id) is open: commit or abort it first",
        key: load.description.id)
    }
    do throws(NetworkRefusal) {
      if let staged { try staged.network.validate(rows) } else { try network.validate(rows) }
    } catch {
      throw error.refusal
    }
  }

  func apply(network rows: NetworkRows) {
    let zones = network.marketplaces.map(\.timeZone)
    network.upsert(rows)
    for row in rows.nodes { keepTitle(of: row) }
    resolveOverrides()
    // Months are those of the marketplaces' zones.
    if zip(zones, network.marketplaces).contains(where: { $0 != $1.timeZone }) {
      followMarketplaces()
    }
    stamps.network = appliedPosition
    followNetwork(waves: !rows.waves.isEmpty || !rows.nodes.isEmpty, legs: !rows.legs.isEmpty)
    release(nodes: rows.nodes)
  }

  /// What is derived from the network's rows for promises.
  private func followNetwork(waves: Bool, legs: Bool) {
    if waves { stationWaves = network.wavesByStation() }
    if network.lastChange > 0 && (waves || legs) {
      board = DepartureBoard(network.resolvedChanges(through: network.lastChange))
    }
    if buckets.count > 0 { reviewBuckets() }
    hasSilenceRules = network.hasSilenceRules
  }

  /// Replaces the network; profiles of the old one name destinations by other indexes and answer
  /// no more.
  func replaceNetwork(with other: consuming NetworkTables) {
    let indexes = PromiseIndexes(from: network, to: other)
    network = other
    replacedRevision = network.revision
    profiles = nil
    previous = nil
    answering = nil
    pendingChanges = nil
    recentProfiles.removeAll()
    renumberPromises(indexes)
    for node in network.nodes { if let node { keepTitle(of: node) } }
    resolveOverrides()
    followMarketplaces()
    stamps.network = appliedPosition
    followNetwork(waves: true, legs: true)
    release(nodes: network.nodes.compactMap { $0 })
  }

  private func keepTitle(of node: Node) {
    guard let index = network.nodeNames.index(of: node.name) else { return }
    if index >= titlesByNode.count { titlesByNode.resize(to: index + 1) }
    titlesByNode[index] = UInt32(titles.insert(node.title))
  }

  func nodeIndex(_ name: Name) -> UInt16? {
    var index: UInt16?
    name.bytes.withUnsafeBufferPointer { index = network.nodeIndex(BorrowedBytes($0)) }
    return index
  }

  /// Valid until the network changes.
  package func nodeTitle(_ node: UInt16) -> BorrowedBytes {
    Int(node) < titlesByNode.count ? titles.name(Int(titlesByNode[Int(node)])) : .empty
  }

  func hasMarketplace(_ name: Name) -> Bool {
    var found = false
    name.bytes.withUnsafeBufferPointer { found = network.hasMarketplace(BorrowedBytes($0)) }
    return found
  }

  /// The month of an instant in a marketplace's zone; in UTC when a replacing load has dropped the
  /// marketplace.
  func month(at now: UnixMilliseconds, marketplace name: Name) -> Month {
    var zone: Name?
    name.bytes.withUnsafeBufferPointer {
      zone = network.marketplace(BorrowedBytes($0))?.timeZone
    }
    if let zone, let rules = network.timeZone(zone) {
      return Month(rules.localDate(at: now.seconds))
    }
    return Month(LocalDate(days: Int32(clamping: floorDivide(now.seconds, 86_400))))
  }
}
