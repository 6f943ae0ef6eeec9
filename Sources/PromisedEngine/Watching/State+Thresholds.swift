import PromisedInvariants
import PromisedModel

/// Units available of an item in a node, as a threshold saw them.
package struct NodeUnits: Sendable, Equatable {
  package var node: UInt16
  package var units: Int64
}

/// What thresholds are held against.
extension State {
  /// The token of an item that is known.
  ///
  /// - Throws: ITEM_UNKNOWN.
  package func watchedItem(_ item: Name) throws(Refusal) -> UInt64 {
    let token = token(of: item)
    if token == 0 || positions.find(token) < 0 { throw unknownItem(item) }
    return token
  }

  /// - Throws: POSTCODE_UNKNOWN.
  package func requireDestination(_ country: Name, _ postcode: Name) throws(Refusal) {
    let found = country.bytes.withUnsafeBufferPointer { country in
      postcode.bytes.withUnsafeBufferPointer { postcode in
        network.destination(country: BorrowedBytes(country), postcode: BorrowedBytes(postcode))
      }
    }
    if found == nil {
      throw Refusal(
        .postcodeUnknown, "postcode \(postcode) of \(country) is in no zone", key: postcode)
    }
  }

  /// The index of a channel by its name; 0 for none.
  ///
  /// - Throws: CHANNEL_UNKNOWN.
  package func watchedChannel(_ name: Name) throws(Refusal) -> UInt16 {
    try name.bytes.withUnsafeBufferPointer { (name) throws(Refusal) in
      try channelIndex(BorrowedBytes(name))
    }
  }

  /// The items that a kit is made of: what a change of changes what there is of the kit.
  package func watchedComponents(of token: UInt64) -> [UInt64] {
    kits.components(of: token).map(\.item)
  }

  /// Units that a new claim of now could take in the nodes asked for, as `Atp` answers them: what is
  /// short in one node is not made good by another. `nodes` gets what each of the first of them has,
  /// so that a change can be named; `work` what it cost beyond a look at a few rows.
  ///
  /// - Complexity: linear in the item's rows when it is plain, else as `claimable`.
  package func availableUnits(
    of token: UInt64, _ filter: WatchFilter, channel: UInt16, at now: UnixMilliseconds,
    into nodes: inout [NodeUnits], work: inout Int
  ) -> Int64 {
    nodes.removeAll(keepingCapacity: true)
    observe(item: token)
    observeNetwork()
    let slot = positions.find(token)
    if slot < 0 { return 0 }
    var total: Int64 = 0
    if isPlain(slot) {
      for place in 0..<positions.rowCount(slot) {
        let node = positions.nodes(slot)[place]
        total += note(
          node, offerable(positions.rows(slot)[place], node, at: now), filter, &nodes)
      }
      return total
    }
    scratch.model.work = 0
    fillCandidates(slot, channel: channel, backorders: .none, at: now)
    for place in 0..<scratch.candidates.count {
      total += note(scratch.candidates[place], scratch.available[place], filter, &nodes)
    }
    if kits.components(of: token).isEmpty {
      // Demand of groups that is not sourced yet takes from several nodes together.
      fillModel(of: token, slot, node: nil, backorders: .none, at: now.seconds)
      let limit = scratch.model.poolLimit(due: 0, channel: channel) { isAsked(node: $0, filter) }
      total = max(0, limit)
    }
    work += 1 + scratch.model.work / 64
    return total
  }

  private func note(
    _ node: UInt16, _ available: Int64, _ filter: WatchFilter, _ nodes: inout [NodeUnits]
  ) -> Int64 {
    if !isAsked(node: node, filter) { return 0 }
    let units = max(0, available)
    if nodes.count < Self.namedNodes { nodes.append(NodeUnits(node: node, units: units)) }
    return units
  }

  /// Nodes that a threshold remembers the units of.
  private static var namedNodes: Int { 32 }

  /// The end of the window that would be promised now; 0 = no promise can be made.
  ///
  /// - Throws: NETWORK_NOT_READY while nothing can be said.
  package func promisedEnd(
    _ question: OfferQuestion, at now: UnixMilliseconds
  ) throws(Refusal) -> Int64 {
    observeNetwork()
    let catalogue = try answeringCatalogue(at: now)
    do throws(Refusal) {
      let (basis, _) = try basis(of: question, at: now, catalogue)
      let decision = decideSupplied(basis, question.supply).decision
      guard case .offer(let offer) = decision else { return 0 }
      return offer.windowToUnixSeconds
    } catch {
      // The item or the postcode went away with a network or load that replaced them.
      return 0
    }
  }

  package func nodeName(of node: UInt16) -> Name { network.nodeName(node).name }

  /// The last change of which nodes a group has.
  package var groupsPosition: Position { groupsChangedAt }

  /// The change after which any promise may differ.
  package var networkPosition: Position { stamps.network }
}
