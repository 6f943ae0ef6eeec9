import PromisedInvariants
import PromisedModel

/// What a building can store of one type, and what it does.
struct BuildingSpace: BitwiseCopyable, Equatable {
  /// On hand, in micro-cubic-feet.
  var stored: Int128 = 0
  /// Open inbound to it.
  var inbound: Int128 = 0
  /// −1 = not declared; 0 = it does not take the type.
  var usable: Int64 = -1
  var warningPermille: UInt16 = 850
  var alarmPermille: UInt16 = 950

  /// What more fits; nil where nothing is declared.
  var free: Int128? { usable < 0 ? nil : max(0, Int128(usable) - stored - inbound) }

  /// Stored and inbound in thousandths of what is usable; 0 where none is declared, 10^6 and more
  /// where it takes none and has some.
  var permille: Int64 {
    if usable < 0 { return 0 }
    let taken = max(0, stored + inbound)
    if usable == 0 { return taken == 0 ? 0 : 1_000_000 }
    return Int64(clamping: min(1_000_000, taken * 1000 / Int128(usable)))
  }

  /// 0 normal, 1 warning, 2 alarm.
  var band: UInt32 {
    if usable < 0 { return 0 }
    let permille = permille
    return permille >= Int64(alarmPermille) ? 2 : permille >= Int64(warningPermille) ? 1 : 0
  }
}

/// The space of buildings by (node, storage type), dense by node.
struct BuildingTable: ~Copyable {
  private var rows = Store<BuildingSpace>()

  /// Nodes that a row may exist of.
  var nodeCount: Int { rows.count / 8 }

  func read(node: UInt16, type: UInt8) -> BuildingSpace {
    let place = Int(node) * 8 + Int(type)
    return place < rows.count ? rows.base[place] : BuildingSpace()
  }

  @inline(__always)
  mutating func add(stored: Int128, inbound: Int128, node: UInt16, type: UInt8) {
    let place = Int(node) * 8 + Int(type)
    if _slowPath(place >= rows.count) { grow(to: Int(node) + 1) }
    let row = rows.at(place)
    row.pointee.stored += stored
    row.pointee.inbound += inbound
  }

  mutating func declare(
    node: UInt16, type: UInt8, usable: Int64, warningPermille: UInt16, alarmPermille: UInt16
  ) {
    let place = Int(node) * 8 + Int(type)
    if place >= rows.count { grow(to: Int(node) + 1) }
    let row = rows.at(place)
    row.pointee.usable = usable
    row.pointee.warningPermille = warningPermille
    row.pointee.alarmPermille = alarmPermille
  }

  /// Forgets what is stored, and keeps what is declared.
  mutating func clearVolumes() {
    for place in 0..<rows.count {
      rows.at(place).pointee.stored = 0
      rows.at(place).pointee.inbound = 0
    }
  }

  /// Forgets what is declared.
  mutating func clearDeclared() {
    for place in 0..<rows.count {
      let row = rows[place]
      rows[place] = BuildingSpace(stored: row.stored, inbound: row.inbound)
    }
  }

  /// The free room of all buildings that declare the type; nil where none does.
  func networkFree(type: UInt8) -> Int128? {
    var free: Int128?
    for node in 0..<nodeCount {
      if let room = rows.base[node * 8 + Int(type)].free { free = (free ?? 0) + room }
    }
    return free
  }

  @inline(never)
  private mutating func grow(to nodes: Int) {
    let count = rows.count
    rows.resize(to: nodes * 8)
    for place in count..<rows.count { rows[place] = BuildingSpace() }
  }
}
