import PromisedInvariants
import PromisedModel

/// What of an item matters to a promise besides where it stands.
struct StockClass: Hashable {
  var handlingMinutes: Int32 = 0
  var restrictions: ItemRestrictions = []
  /// When it is released, if that is still to come; else 0.
  var releaseUnixSeconds: Int64 = 0
  /// The item, when an override names it; else 0.
  var item: UInt64 = 0
  /// Its seller, when an override names one; else nil.
  var seller: UInt32?
}

/// Items with units to sell, grouped by what decides their promises: the set of nodes that hold one
/// unit, and their class. Items of a group have the same promise everywhere.
///
/// Groups of a class are numbered together. Columns of plain integers: a catalogue has many.
struct StockGroups {
  private(set) var classes: [StockClass] = []
  /// By class: the nodes of its groups, ascending.
  private(set) var nodes: [[UInt16]] = []
  /// By class: where the groups that hold a node begin in `members`, by place in `nodes`.
  private(set) var memberStarts: [[Int]] = []
  private(set) var members: [[UInt32]] = []
  /// By group: its class, and its nodes by place in `nodes` of the class.
  private(set) var classOf: [UInt32] = []
  private(set) var placeStarts: [Int] = [0]
  private(set) var places: [UInt16] = []
  /// Items in the order of the position table: their slots, their groups.
  private(set) var slots: [UInt32] = []
  private(set) var groupOf: [UInt32] = []
  /// By group: where its items begin in `items`, which are places in `slots`, ascending.
  private(set) var itemStarts: [Int] = []
  private(set) var items: [UInt32] = []

  // Finding groups while they are made: open addressing, group + 1; at most half are taken.
  private var table = [UInt32](repeating: 0, count: 1024)
  private var hashes: [UInt64] = []
  private var classIndexes: [StockClass: UInt32] = [:]
  private var lastClass: (key: StockClass, index: UInt32)?

  var itemCount: Int { slots.count }
  var groupCount: Int { classOf.count }

  /// Adds an item whose units stand in `nodes`, ascending and at least one.
  mutating func add(slot: Int, _ nodes: UnsafeBufferPointer<UInt16>, _ key: StockClass) {
    let kind = index(of: key)
    var hash = mix(UInt64(kind) &+ 1)
    for node in nodes { hash = mix(hash ^ UInt64(node)) &+ 0x9e37_79b9_7f4a_7c15 }
    slots.append(UInt32(truncatingIfNeeded: slot))
    groupOf.append(group(kind, nodes, hash))
  }

  private mutating func index(of key: StockClass) -> UInt32 {
    if let lastClass, lastClass.key == key { return lastClass.index }
    let next = UInt32(classes.count)
    let found = classIndexes[key] ?? next
    if found == next {
      classIndexes[key] = next
      classes.append(key)
    }
    lastClass = (key, found)
    return found
  }

  private mutating func group(
    _ kind: UInt32, _ nodes: UnsafeBufferPointer<UInt16>, _ hash: UInt64
  ) -> UInt32 {
    var slot = Int(truncatingIfNeeded: hash) & (table.count - 1)
    while table[slot] != 0 {
      let group = Int(table[slot]) - 1
      if hashes[group] == hash && classOf[group] == kind && holds(group, nodes) {
        return UInt32(group)
      }
      slot = (slot + 1) & (table.count - 1)
    }
    let group = UInt32(classOf.count)
    table[slot] = group + 1
    classOf.append(kind)
    hashes.append(hash)
    places.append(contentsOf: nodes)
    placeStarts.append(places.count)
    if classOf.count * 2 > table.count { grow() }
    return group
  }

  private func holds(_ group: Int, _ nodes: UnsafeBufferPointer<UInt16>) -> Bool {
    let start = placeStarts[group]
    if placeStarts[group + 1] - start != nodes.count { return false }
    for place in 0..<nodes.count where places[start + place] != nodes[place] { return false }
    return true
  }

  private mutating func grow() {
    table = [UInt32](repeating: 0, count: table.count * 4)
    for group in hashes.indices {
      var slot = Int(truncatingIfNeeded: hashes[group]) & (table.count - 1)
      while table[slot] != 0 { slot = (slot + 1) & (table.count - 1) }
      table[slot] = UInt32(group) + 1
    }
  }

  /// After the last item: nodes become places within their class, and groups learn their items and
  /// nodes their groups.
  mutating func finish() {
    table = []
    hashes = []
    var isUsed = Array(repeating: [Bool](), count: classes.count)
    for group in classOf.indices {
      let kind = Int(classOf[group])
      for node in places[placeStarts[group]..<placeStarts[group + 1]] {
        if Int(node) >= isUsed[kind].count {
          isUsed[kind] += Array(repeating: false, count: Int(node) + 1 - isUsed[kind].count)
        }
        isUsed[kind][Int(node)] = true
      }
    }
    var placeOf = isUsed.map { Array(repeating: UInt16(0), count: $0.count) }
    for kind in classes.indices {
      nodes.append([])
      for node in isUsed[kind].indices where isUsed[kind][node] {
        placeOf[kind][node] = UInt16(nodes[kind].count)
        nodes[kind].append(UInt16(node))
      }
      memberStarts.append(Array(repeating: 0, count: nodes[kind].count + 1))
    }
    for group in classOf.indices {
      let kind = Int(classOf[group])
      for index in placeStarts[group]..<placeStarts[group + 1] {
        places[index] = placeOf[kind][Int(places[index])]
        memberStarts[kind][Int(places[index]) + 1] += 1
      }
    }
    fillMembers()
    fillItems()
  }

  private mutating func fillMembers() {
    for kind in classes.indices {
      for place in nodes[kind].indices {
        memberStarts[kind][place + 1] += memberStarts[kind][place]
      }
      members.append(Array(repeating: 0, count: memberStarts[kind].last ?? 0))
    }
    var next = memberStarts
    for group in classOf.indices {
      let kind = Int(classOf[group])
      for place in places[placeStarts[group]..<placeStarts[group + 1]] {
        members[kind][next[kind][Int(place)]] = UInt32(group)
        next[kind][Int(place)] += 1
      }
    }
  }

  private mutating func fillItems() {
    itemStarts = Array(repeating: 0, count: groupCount + 1)
    for group in groupOf { itemStarts[Int(group) + 1] += 1 }
    for group in 0..<groupCount { itemStarts[group + 1] += itemStarts[group] }
    var next = itemStarts
    items = Array(repeating: 0, count: groupOf.count)
    for (item, group) in groupOf.enumerated() {
      items[next[Int(group)]] = UInt32(item)
      next[Int(group)] += 1
    }
  }

  /// How many items a group has.
  func size(_ group: UInt32) -> Int { itemStarts[Int(group) + 1] - itemStarts[Int(group)] }
}
