import CPromisedMessages
import PromisedModel

extension Call where Answer == PutAnswer {
  static func groups(_ rows: GroupRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_groups_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (message.pointee.n_groups, message.pointee.groups) = builder.names(rows.names)
      (message.pointee.n_node_counts, message.pointee.node_counts) =
        builder.column(rows.counts, as: UInt32.self)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.names(rows.nodeNames)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(rows.nodes, as: UInt32.self)
    }
    return Call(putAnswer: .putGroups, load, payload: payload)
  }

  static func channelStock(
    _ rows: ChannelStockRows, _ load: LoadPlace?, _ key: String
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_channel_stock_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (message.pointee.n_channels, message.pointee.channels) = builder.names(rows.channelNames)
      (message.pointee.n_channel_indexes, message.pointee.channel_indexes) =
        builder.column(rows.channels, as: UInt32.self)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(rows.keys)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.names(rows.nodeNames)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(rows.nodes, as: UInt32.self)
      (message.pointee.n_buffers, message.pointee.buffers) = builder.sparseColumn(rows.buffers)
      (message.pointee.n_set_asides, message.pointee.set_asides) =
        builder.sparseColumn(rows.setAsides)
    }
    return Call(putAnswer: .putChannelStock, load, payload: payload)
  }

  static func backorders(_ rows: BackorderRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_backorders_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(rows.keys)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.names(rows.nodeNames)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(rows.nodes, as: UInt32.self)
      (message.pointee.n_kinds, message.pointee.kinds) =
        builder.column(rows.kinds, as: UInt32.self)
      (message.pointee.n_caps, message.pointee.caps) = builder.column(rows.caps, as: UInt64.self)
      (message.pointee.n_from_unix_s, message.pointee.from_unix_s) =
        builder.column(rows.fromUnixSeconds, as: Int64.self)
      (message.pointee.n_until_unix_s, message.pointee.until_unix_s) =
        builder.column(rows.untilUnixSeconds, as: Int64.self)
      (message.pointee.n_lead_days, message.pointee.lead_days) =
        builder.column(rows.leadDays, as: UInt32.self)
    }
    return Call(putAnswer: .putBackorders, load, payload: payload)
  }
}

/// From an instant on so many units may be promised.
public struct AtpStep: Sendable, Equatable {
  /// UTC seconds.
  public var unixSeconds: Int64
  /// Units a new claim for then or later may take; negative where more is claimed than there is.
  public var units: Int64
}

/// What may be promised of one item at one place.
public struct AtpPair: Sendable, Equatable {
  /// The item asked for.
  public var item: String
  /// The group or node asked for; empty = the whole network.
  public var place: String
  /// Whether the item is known; the other fields hold 0 where it is not.
  public var outcome: RowOutcome
  /// What a claim of now may take, backorders apart.
  public var availableNow: Int64
  /// By date, each claim made keeping its supply; the first step is now.
  public var steps: [AtpStep]
  /// The first instant at which the quantity can be had, UTC seconds; 0 = not within the horizon.
  public var firstUnixSeconds: Int64
  /// From what: 1 on hand, 2 inbound, 3 only as a backorder, 4 pre-order; 0 = nothing.
  public var firstSource: UInt32
  /// Units claimed of groups that share a node with the place, and of no node yet.
  public var unsourced: Int64
  /// Units that may be claimed beyond the supply yet.
  public var backorderLeft: Int64
}

/// The answer to a question for available-to-promise by date, a row per pair.
public struct AtpAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// How far the answer looks.
  public var horizonDays: UInt64
  /// In the order of the pairs asked for; else by item, then place.
  public var pairs: [AtpPair]
}

extension Call where Answer == AtpAnswer {
  /// What may be promised by date.
  ///
  /// - Parameters:
  ///   - groups, nodes: the places, groups first; neither = the whole network.
  ///   - pairs: indexes of items and of places; empty = every item with every place.
  ///   - quantities: per pair; empty = 1.
  ///   - channel: who asks; empty = no channel.
  ///   - horizonDays: 1…365; 0 = 90.
  ///   - minimumPosition: answer only from this log position or later.
  public static func atp(
    items: [String], groups: [String] = [], nodes: [String] = [],
    pairs: [(item: Int, place: Int)] = [], quantities: [UInt64] = [], channel: String = "",
    horizonDays: UInt64 = 0, confidence: UInt64 = 0, minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__atp_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(items)
      (message.pointee.n_groups, message.pointee.groups) = builder.texts(groups)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(nodes)
      (message.pointee.n_pair_items, message.pointee.pair_items) =
        builder.column(pairs.map(\.item), as: UInt32.self)
      (message.pointee.n_pair_places, message.pointee.pair_places) =
        builder.column(pairs.map(\.place), as: UInt32.self)
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(quantities, as: UInt64.self)
      message.pointee.channel = builder.text(channel)
      message.pointee.horizon_days = horizonDays
      message.pointee.confidence = confidence
    }
    let places = groups + nodes
    let named = places.isEmpty ? [""] : places
    let rows =
      pairs.isEmpty
      ? items.flatMap { item in named.map { (item, $0) } }
      : pairs.map { (items[$0.item], named[$0.place]) }
    return Call(.atp, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "AtpResponse", promised__v1__atp_response__unpack) {
        (message) throws(MalformedAnswer) in
        try AtpAnswer(message, rows: rows)
      }
    }
  }
}

extension AtpAnswer {
  init(
    _ message: Promised__V1__AtpResponse, rows: [(item: String, place: String)]
  ) throws(MalformedAnswer) {
    let count = rows.count
    let outcomes = try column(message.n_outcomes, message.outcomes, rows: count, "outcomes")
    let now = try column(
      message.n_available_now, message.available_now, rows: count, "available_now")
    let counts = try column(message.n_step_counts, message.step_counts, rows: count, "step_counts")
    let first = try column(
      message.n_first_unix_s, message.first_unix_s, rows: count, "first_unix_s")
    let sources = try column(
      message.n_first_sources, message.first_sources, rows: count, "first_sources")
    let unsourced = try column(message.n_unsourced, message.unsourced, rows: count, "unsourced")
    let left = try column(
      message.n_backorder_left, message.backorder_left, rows: count, "backorder_left")
    let total = counts.reduce(0) { $0 + Int($1) }
    let times = try column(message.n_step_unix_s, message.step_unix_s, rows: total, "step_unix_s")
    let units = try column(message.n_step_units, message.step_units, rows: total, "step_units")
    asOf = AnswerStamp(message.as_of)
    horizonDays = message.horizon_days
    pairs = []
    pairs.reserveCapacity(count)
    var start = 0
    for (row, pair) in rows.enumerated() {
      let end = start + Int(counts[row])
      pairs.append(
        AtpPair(
          item: pair.item, place: pair.place, outcome: RowOutcome(number: outcomes[row]),
          availableNow: now[row],
          steps: (start..<end).map { AtpStep(unixSeconds: times[$0], units: units[$0]) },
          firstUnixSeconds: first[row], firstSource: sources[row], unsourced: unsourced[row],
          backorderLeft: left[row]))
      start = end
    }
  }
}
