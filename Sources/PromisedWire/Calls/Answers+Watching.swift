import CPromisedMessages
import PromisedModel

/// Units of a changed item at a node, as they are now.
public struct WatchedPosition: Sendable, Equatable {
  /// The node.
  public var node: String
  /// Units there.
  public var onHand: Int64
  /// Of those, in a condition to be shipped.
  public var fulfillable: Int64
  /// Held.
  public var held: Int64
  /// Allocated.
  public var allocated: Int64
  /// What a new claim could take; negative after a count fell short.
  public var availableNow: Int64
}

/// An item that changed, with its stock as it is now.
public struct ChangedItem: Sendable, Equatable {
  /// The item.
  public var item: String
  /// The log position that changed it last.
  public var changedAt: UInt64
  /// What changed it: 1 a feed batch, 2 rows put, 3 a load, 4 a hold, 5 a change of a hold, 6 an
  /// expiry, 7 a promise moved, 8 anything else.
  public var cause: UInt32
  /// Units on the way, without drafts.
  public var inboundUnits: Int64
  /// Its stock in the nodes asked for.
  public var positions: [WatchedPosition]

  /// What changed it, in words.
  public var causeText: String { ChangedItem.text(ofCause: cause) }

  static func text(ofCause cause: UInt32) -> String {
    switch UInt8(exactly: cause).flatMap({ ChangeCause(rawValue: $0) }) {
    case .feed: "feed"
    case .put: "put"
    case .load: "load"
    case .held: "hold"
    case .holdChanged: "hold change"
    case .expired: "expiry"
    case .moved: "moved promise"
    case .other: "other"
    case .published: "profiles"
    case .departures: "departures"
    case .override: "override"
    case .time: "time"
    case nil: cause == 0 ? "now" : "cause \(cause)"
    }
  }
}

/// A threshold that was crossed, or the side it is on at creation.
public struct ThresholdCrossing: Sendable, Equatable {
  /// The place of the threshold in the creation.
  public var threshold: Int
  /// Below, or later.
  public var isBeyond: Bool
  /// Units, or the promised window's end (0 = no promise).
  public var before: Int64
  /// As `before`, now.
  public var after: Int64
  /// 0 = the side at creation; else as of a changed item, or 9 profiles published, 10 departures
  /// changed, 11 an override, 12 time.
  public var cause: UInt32
  /// The last log position that had to do with it.
  public var position: UInt64
  /// Of a promise: what binds it, by the numbers of an explanation.
  public var constraint: UInt32
  /// The node whose stock changed most, or what the constraint is about.
  public var subject: String
  /// A sentence.
  public var reason: String

  /// What made it cross, in words.
  public var causeText: String { ChangedItem.text(ofCause: cause) }
}

/// A batch of changes of a watch.
public struct WatchAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// From 1, without a gap; 0 in the answer to a poll.
  public var sequence: UInt64
  /// Where to go on.
  public var position: UInt64
  /// Where to go on, within the next event.
  public var part: UInt64
  /// Changes before `position` are not known any more: read everything again.
  public var isLost: Bool
  /// Each once.
  public var items: [ChangedItem]
  /// In order of their places.
  public var crossings: [ThresholdCrossing]

  init(_ message: Promised__V1__WatchBatch) throws(MalformedAnswer) {
    asOf = AnswerStamp(message.as_of)
    sequence = message.sequence
    position = message.position
    part = message.part
    isLost = message.lost != 0
    items = try Self.items(message)
    crossings = try Self.crossings(message)
  }

  private static func items(
    _ message: Promised__V1__WatchBatch
  ) throws(MalformedAnswer) -> [ChangedItem] {
    let names = try keys(
      message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys")
    let rows = names.count
    let changedAt = try column(message.n_changed_at, message.changed_at, rows: rows, "changed_at")
    let causes = try column(message.n_causes, message.causes, rows: rows, "causes")
    let inbound = try column(
      message.n_inbound_units, message.inbound_units, rows: rows, "inbound_units")
    let counts = try column(
      message.n_position_counts, message.position_counts, rows: rows, "position_counts")
    let positions = try Self.positions(message)
    guard counts.reduce(0, { $0 + Int($1) }) == positions.count else {
      throw MalformedAnswer("position_counts do not add up to the positions")
    }
    var first = 0
    return names.indices.map { row in
      defer { first += Int(counts[row]) }
      return ChangedItem(
        item: names[row], changedAt: changedAt[row], cause: causes[row],
        inboundUnits: inbound[row],
        positions: Array(positions[first..<(first + Int(counts[row]))]))
    }
  }

  private static func positions(
    _ message: Promised__V1__WatchBatch
  ) throws(MalformedAnswer) -> [WatchedPosition] {
    let names = texts(message.n_node_names, message.node_names)
    let rows = message.n_nodes
    let nodes = UnsafeBufferPointer(start: message.nodes, count: rows)
    let onHand = try column(message.n_on_hand, message.on_hand, rows: rows, "on_hand")
    let fulfillable = try column(
      message.n_fulfillable, message.fulfillable, rows: rows, "fulfillable")
    let held = try column(message.n_held, message.held, rows: rows, "held")
    let allocated = try column(message.n_allocated, message.allocated, rows: rows, "allocated")
    let available = try column(
      message.n_available_now, message.available_now, rows: rows, "available_now")
    var positions: [WatchedPosition] = []
    positions.reserveCapacity(rows)
    for row in 0..<rows {
      positions.append(
        WatchedPosition(
          node: try text(nodes[row], of: names), onHand: onHand[row],
          fulfillable: fulfillable[row], held: held[row], allocated: allocated[row],
          availableNow: available[row]))
    }
    return positions
  }

  private static func crossings(
    _ message: Promised__V1__WatchBatch
  ) throws(MalformedAnswer) -> [ThresholdCrossing] {
    let rows = message.n_crossing_thresholds
    let lengths = [
      message.n_crossing_sides, message.n_crossing_before, message.n_crossing_after,
      message.n_crossing_causes, message.n_crossing_positions, message.n_crossing_constraints,
      message.n_crossing_subjects, message.n_crossing_reasons,
    ]
    guard lengths.allSatisfy({ $0 == rows }) else {
      throw MalformedAnswer("the crossing columns differ in length")
    }
    let subjects = texts(rows, message.crossing_subjects)
    let reasons = texts(rows, message.crossing_reasons)
    return (0..<rows).map { row in
      ThresholdCrossing(
        threshold: Int(message.crossing_thresholds[row]),
        isBeyond: message.crossing_sides[row] == 1, before: message.crossing_before[row],
        after: message.crossing_after[row], cause: message.crossing_causes[row],
        position: message.crossing_positions[row],
        constraint: message.crossing_constraints[row], subject: subjects[row],
        reason: reasons[row])
    }
  }
}
