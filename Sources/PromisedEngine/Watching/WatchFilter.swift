import PromisedInvariants
import PromisedModel

/// Whose changes a reader wants: a prefix of item keys, and nodes.
///
/// Nearly every key is packed into its token, six bits a character, the first lowest. So a prefix
/// that packs is compared with one mask; any other prefix can only begin keys that do not pack.
package struct WatchFilter: Sendable {
  let prefix: [UInt8]
  private let mask: UInt64
  private let bits: UInt64
  private let packs: Bool
  /// Ascending; empty = all.
  private let nodes: [UInt16]
  /// Its nodes are those it has when it is asked.
  package let group: UInt16?

  fileprivate init(prefix: [UInt8], packed: UInt64, nodes: [UInt16], group: UInt16?) {
    self.prefix = prefix
    packs = prefix.isEmpty || packed != 0
    // Above the nibble that holds the length.
    mask = (UInt64(1) << UInt64(6 * min(prefix.count, ItemKeys.packedByteCount)) &- 1) << 4
    bits = packed & mask
    self.nodes = nodes
    self.group = group
  }

  /// Every node is asked for.
  var hasAllNodes: Bool { nodes.isEmpty && group == nil }

  /// Whether a packed token's key begins with the prefix; the length of a key that is too short is
  /// compared, because a missing character's bits are those of "0".
  @inline(__always)
  fileprivate func holdsPacked(_ token: UInt64) -> Bool {
    packs && token & mask == bits && Int(token & 15) >= prefix.count
  }

  fileprivate func isListed(_ node: UInt16) -> Bool {
    if nodes.isEmpty { return true }
    var (low, high) = (0, nodes.count)
    while low < high {
      let middle = (low + high) / 2
      if nodes[middle] == node { return true }
      if nodes[middle] < node { low = middle + 1 } else { high = middle }
    }
    return false
  }
}

extension State {
  /// - Throws: NODE_UNKNOWN, GROUP_UNKNOWN.
  package func filter(of scope: WatchScope) throws(Refusal) -> WatchFilter {
    var nodes: [UInt16] = []
    for name in scope.nodes {
      guard let node = nodeIndex(name) else {
        throw Refusal(.nodeUnknown, "no node is named \(name)", key: name)
      }
      nodes.append(node)
    }
    nodes.sort()
    let prefix = scope.itemPrefix.bytes
    let packed = prefix.withUnsafeBufferPointer { itemKeys.packed(BorrowedBytes($0)) }
    var group: UInt16?
    if !scope.group.isEmpty {
      group = try scope.group.bytes.withUnsafeBufferPointer { (name) throws(Refusal) in
        try groupIndex(BorrowedBytes(name))
      }
    }
    return WatchFilter(prefix: prefix, packed: packed, nodes: nodes, group: group)
  }

  @inline(__always)
  func isAsked(node: UInt16, _ filter: WatchFilter) -> Bool {
    if let group = filter.group, !groups.contains(group, node: node) { return false }
    return filter.isListed(node)
  }

  /// Whether a filter asks for other nodes than it did at a position.
  package func hasMoved(_ filter: WatchFilter, since position: Position) -> Bool {
    filter.group != nil && groupsChangedAt > position
  }

  @inline(__always)
  func isAsked(_ token: UInt64, _ filter: WatchFilter) -> Bool {
    ItemKeys.isPacked(token) ? filter.holdsPacked(token) : isAskedByName(token, filter)
  }

  private func isAskedByName(_ token: UInt64, _ filter: WatchFilter) -> Bool {
    if filter.prefix.isEmpty { return true }
    return withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: ItemKeys.maximumByteCount
    ) { key in
      guard let base = key.baseAddress else { return false }
      let count = itemKeys.write(token, to: base)
      return count >= filter.prefix.count
        && filter.prefix.elementsEqual(UnsafeBufferPointer(start: base, count: filter.prefix.count))
    }
  }
}
