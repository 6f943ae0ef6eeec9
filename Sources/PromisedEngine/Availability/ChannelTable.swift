import PromisedModel

/// What a channel may take of an item in a node, and what it has claimed there.
struct ChannelRow: ItemListRow {
  var item: UInt64
  /// Units that lines of the channel claim there, whenever they are due.
  var claimed: Int64 = 0
  /// Units withheld from the channel.
  var buffer: Int32 = 0
  /// Units kept for the channel, of which `claimed` are used.
  var setAside: Int32 = 0
  var previous: UInt32 = 0
  var next: UInt32 = 0
  var node: UInt16
  var channel: UInt16

  init(item: UInt64, node: UInt16, channel: UInt16) {
    self.item = item
    self.node = node
    self.channel = channel
  }

  var keyHash: UInt64 { UInt64(channel) << 16 | UInt64(node) }

  func hasKey(of other: ChannelRow) -> Bool { channel == other.channel && node == other.node }

  /// Units that are kept for the channel yet.
  var setAsideLeft: Int64 { max(0, Int64(setAside) - claimed) }
}

/// Channels by name, from 1 in the order in which they were named first, and their stock.
struct ChannelTable: ~Copyable {
  private var names = KeyTable()
  var rows = ItemLists<ChannelRow>()

  var count: Int { names.count }

  /// Channels are numbered from 1; 0 is no channel.
  func find(_ name: BorrowedBytes) -> UInt16? { names.find(name).map { UInt16($0 + 1) } }

  func find(_ name: Name) -> UInt16? { names.find(name).map { UInt16($0 + 1) } }

  /// Empty for no channel.
  func name(_ channel: UInt16) -> BorrowedBytes {
    channel == 0 ? .empty : names.name(Int(channel) - 1)
  }

  mutating func insert(_ name: Name) -> UInt16 { UInt16(names.insert(name) + 1) }

  /// States what a channel may take; a row of zeros goes.
  mutating func put(
    item: UInt64, node: UInt16, channel: UInt16, buffer: Int32, setAside: Int32
  ) {
    change(ChannelRow(item: item, node: node, channel: channel)) {
      $0.buffer = buffer
      $0.setAside = setAside
    }
  }

  /// Adds to what a channel claims.
  mutating func claim(_ units: Int64, item: UInt64, node: UInt16, channel: UInt16) {
    change(ChannelRow(item: item, node: node, channel: channel)) { $0.claimed += units }
  }

  /// Units that were kept for a channel left: so many fewer are kept for it.
  mutating func use(_ units: Int32, item: UInt64, node: UInt16, channel: UInt16) {
    guard rows.find(ChannelRow(item: item, node: node, channel: channel)) != nil else { return }
    change(ChannelRow(item: item, node: node, channel: channel)) {
      $0.setAside -= min($0.setAside, units)
    }
  }

  private mutating func change(_ like: ChannelRow, by body: (inout ChannelRow) -> Void) {
    let found = rows.find(like)
    var row = found.map { rows.row($0) } ?? like
    body(&row)
    let isZero = row.claimed == 0 && row.buffer == 0 && row.setAside == 0
    switch (found, isZero) {
    case (let slot?, true): rows.remove(slot)
    case (let slot?, false): rows.at(slot).pointee = row
    case (nil, true): break
    case (nil, false): _ = rows.insert(row)
    }
  }

  /// Takes what is configured away; what is claimed stays.
  mutating func removeAllStock() {
    for slot in 0..<rows.slotCount {
      let row = rows.row(slot)
      if row.item == 0 { continue }
      put(item: row.item, node: row.node, channel: row.channel, buffer: 0, setAside: 0)
    }
  }
}
