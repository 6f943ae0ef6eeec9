import CPromisedMessages
import CProtobufC
import PromisedModel

// For whom units are and by when: groups, channels, backorders, and the question by date.
extension RequestDecoder {
  mutating func atp(_ raw: UnsafeRawPointer) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__AtpRequest.self).pointee
    let days: Int32 = try FieldPath("horizon_days").number(
      message.horizon_days, in: 0...Limits.atpDays)
    let items = try someKeys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.queryItems)
    let groups = try names(message.groups, message.n_groups, "groups")
    let nodes = try names(message.nodes, message.n_nodes, "nodes")
    let places = max(1, groups.count + nodes.count)
    let listed = message.n_pair_items
    try FieldPath("pair_items").isAtMost(Limits.atpPairs, rows: listed)
    // The counts are bounded by the payload, so the product fits.
    let pairs = listed > 0 ? listed : items.count * places
    guard pairs <= Limits.atpPairs else {
      throw Refusal(
        .tooManyRows,
        "item_keys × places is \(items.count) × \(places) = \(pairs) pairs; allowed: at most "
          + "\(Limits.atpPairs)")
    }
    try FieldPath("pair_places").hasValues(message.n_pair_places, for: listed)
    var quantities = Column<Int32>.empty
    if message.n_quantities > 0 {
      quantities = try self.quantities(
        message.quantities, message.n_quantities, rows: pairs, in: 1...Limits.unitsPerPosition,
        "quantities")
    }
    let query = AtpQuery(
      items: items, groupNames: groups, nodeNames: nodes,
      pairItems: try indexes(
        message.pair_items, listed, rows: listed, below: items.count, "pair_items",
        of: "item_keys"),
      pairPlaces: try indexes(
        message.pair_places, listed, rows: listed, below: places, "pair_places", of: "places"),
      quantities: quantities,
      channel: try FieldPath("channel").optionalKey(BorrowedBytes(message.channel)),
      horizonDays: days == 0 ? 90 : days,
      confidence: try FieldPath("confidence").number(message.confidence, in: 0...65_535))
    return .atp(query, minPosition: minPosition(message.read))
  }

  func putGroups(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutGroupsRequest.self).pointee
    var rows = GroupRows()
    rows.names = try ownedNames(message.groups, message.n_groups, "groups")
    try FieldPath("groups").isAtMost(Limits.batchRows, rows: rows.names.count)
    rows.nodeNames = try ownedNames(message.nodes, message.n_nodes, "nodes")
    let count = message.n_node_indexes
    try FieldPath("node_indexes").isAtMost(Limits.batchRows, rows: count)
    rows.counts = try numbers(
      message.node_counts, message.n_node_counts, rows.names.count,
      in: 0...UInt32(Limits.batchRows), "node_counts")
    var total = 0
    for nodes in rows.counts { total += Int(nodes) }
    guard total == count else {
      throw Refusal(
        .columnLengthMismatch,
        "node_counts add up to \(total) where node_indexes has \(count) values")
    }
    rows.nodes = try indexes(
      message.node_indexes, count, rows: count, below: rows.nodeNames.count, "node_indexes",
      of: "nodes"
    ).owned
    return try put(.groups(rows), message.idempotency_key, message.load, digest)
  }

  func putChannelStock(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutChannelStockRequest.self).pointee
    let keys = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.batchRows)
    let units = 0...Limits.unitsPerPosition
    var rows = ChannelStockRows()
    rows.keys = keys.owned
    rows.channelNames = try ownedNames(message.channels, message.n_channels, "channels")
    rows.channels = try indexes(
      message.channel_indexes, message.n_channel_indexes, rows: keys.count,
      below: rows.channelNames.count, "channel_indexes", of: "channels"
    ).owned
    rows.nodeNames = try ownedNames(message.nodes, message.n_nodes, "nodes")
    rows.nodes = try indexes(
      message.node_indexes, message.n_node_indexes, rows: keys.count, below: rows.nodeNames.count,
      "node_indexes", of: "nodes"
    ).owned
    rows.buffers = try numbers(
      message.buffers, message.n_buffers, keys.count, in: units, "buffers", whenEmpty: 0)
    rows.setAsides = try numbers(
      message.set_asides, message.n_set_asides, keys.count, in: units, "set_asides", whenEmpty: 0)
    return try put(.channelStock(rows), message.idempotency_key, message.load, digest)
  }

  func putBackorders(_ raw: UnsafeRawPointer, _ digest: UInt64) throws(Refusal) -> Request {
    let message = raw.assumingMemoryBound(to: Promised__V1__PutBackordersRequest.self).pointee
    let keys = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys",
      lengthsField: "item_key_lengths", atMost: Limits.batchRows)
    var rows = BackorderRows()
    rows.keys = keys.owned
    rows.nodeNames = try ownedNames(message.nodes, message.n_nodes, "nodes")
    rows.nodes = try indexes(
      message.node_indexes, message.n_node_indexes, rows: keys.count, below: rows.nodeNames.count,
      "node_indexes", of: "nodes"
    ).owned
    rows.kinds = try numbers(message.kinds, message.n_kinds, keys.count, in: 1...2, "kinds")
    rows.caps = try numbers(
      message.caps, message.n_caps, keys.count, in: 0...Limits.unitsPerPosition, "caps")
    rows.fromUnixSeconds = try numbers(
      message.from_unix_s, message.n_from_unix_s, keys.count, in: Self.instants, "from_unix_s",
      whenEmpty: 0)
    rows.untilUnixSeconds = try numbers(
      message.until_unix_s, message.n_until_unix_s, keys.count, in: Self.instants, "until_unix_s",
      whenEmpty: 0)
    for row in 0..<keys.count {
      let from = rows.fromUnixSeconds[row]
      if (rows.kinds[row] == BackorderKind.preorder.rawValue) == (from > 0) { continue }
      throw FieldPath("from_unix_s", row: row).outOfRange(
        "\(from)", "from 1 for a pre-order, 0 for a backorder")
    }
    if message.n_lead_days > 0 {
      rows.leadDays = try numbers(
        message.lead_days, message.n_lead_days, keys.count, in: 0...Limits.leadDays, "lead_days")
      for row in 0..<keys.count where rows.leadDays[row] > 0 {
        if rows.kinds[row] == BackorderKind.backorder.rawValue { continue }
        throw FieldPath("lead_days", row: row).outOfRange(
          "\(rows.leadDays[row])", "0 for a pre-order: it has a first date")
      }
    }
    return try put(.backorders(rows), message.idempotency_key, message.load, digest)
  }
}
