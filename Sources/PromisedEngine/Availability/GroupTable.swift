import PromisedInvariants
import PromisedModel

/// Distribution groups by name. A group's index is that of its name for ever, so that claims keep
/// it also when its nodes change; whether a node is in it is one bit.
struct GroupTable: ~Copyable {
  private var names = KeyTable()
  /// Ascending node indexes of each group.
  private var nodes: [[UInt16]] = []
  private var bits = Store<UInt64>()
  /// Groups that have nodes.
  private(set) var liveCount = 0

  /// A bit for each node index there can be.
  private static var wordsPerGroup: Int { 1024 }

  var count: Int { names.count }

  func find(_ name: BorrowedBytes) -> UInt16? { names.find(name).map { UInt16($0) } }

  func find(_ name: Name) -> UInt16? { names.find(name).map { UInt16($0) } }

  func name(_ group: UInt16) -> BorrowedBytes { names.name(Int(group)) }

  func nodes(_ group: UInt16) -> [UInt16] { nodes[Int(group)] }

  @inline(__always)
  func contains(_ group: UInt16, node: UInt16) -> Bool {
    let word = bits.base[Int(group) * Self.wordsPerGroup + Int(node >> 6)]
    return word >> UInt64(node & 63) & 1 == 1
  }

  /// Replaces a group's nodes, which are sorted and freed of repetitions.
  mutating func put(_ name: Name, _ members: [UInt16]) {
    let group = names.insert(name)
    invariant(group < Int(UInt16.max), "more groups than indexes")
    if group == nodes.count {
      nodes.append([])
      bits.resize(to: (group + 1) * Self.wordsPerGroup)
    }
    let base = bits.base + group * Self.wordsPerGroup
    for node in nodes[group] { base[Int(node >> 6)] = 0 }
    if !nodes[group].isEmpty { liveCount -= 1 }
    var kept: [UInt16] = []
    for node in members.sorted() where kept.last != node { kept.append(node) }
    for node in kept { base[Int(node >> 6)] |= 1 << UInt64(node & 63) }
    if !kept.isEmpty { liveCount += 1 }
    nodes[group] = kept
  }

  /// Takes the nodes of all groups away.
  mutating func removeAllNodes() {
    for group in 0..<count where !nodes[group].isEmpty {
      put(names.name(group).name, [])
    }
  }
}
