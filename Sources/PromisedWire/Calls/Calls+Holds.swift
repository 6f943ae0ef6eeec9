import CPromisedMessages
import PromisedModel

extension Call where Answer == HoldAnswer {
  /// Claims units for an owner.
  ///
  /// - Parameters:
  ///   - key: the caller's name for this intent, 1…64 bytes; asking again with it changes nothing.
  ///   - name: the caller's own id of the hold, of no other hold that is kept; empty = none.
  ///   - timeToLiveSeconds: 1…86,400; 0 = 600.
  ///   - fill: what to do when not all is there.
  ///   - channel: the sales channel whose units are claimed; empty = none.
  ///   - replaces: a hold of the same owner that the grant releases; 0 = none.
  ///   - tokens: of offers, or of one plan, to redeem: their lines are held besides.
  ///   - wantsUpgrade: move the promises to earlier windows when room comes free.
  public static func hold(
    _ lines: [HoldLine], owner: String, key: String, name: String = "",
    timeToLiveSeconds: UInt64 = 0, fill: HoldFill = .orKill, channel: String = "",
    replaces: UInt64 = 0, tokens: [[UInt8]] = [], wantsUpgrade: Bool = false
  ) -> Call {
    let columns = LineColumns(lines)
    let payload = MessageBuilder.encode(promised__v1__hold_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.owner = builder.text(owner)
      message.pointee.name = builder.text(name)
      message.pointee.ttl_s = timeToLiveSeconds
      message.pointee.fill = fill.rawValue
      message.pointee.channel = builder.text(channel)
      message.pointee.replaces_hold_id = replaces
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(columns.nodes)
      (message.pointee.n_groups, message.pointee.groups) = builder.texts(columns.groups)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(lines.map(\.item))
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(columns.indexes, as: UInt32.self)
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(lines.map(\.quantity), as: UInt64.self)
      (message.pointee.n_due_unix_s, message.pointee.due_unix_s) =
        builder.column(columns.dues, as: Int64.self)
      (message.pointee.n_tokens, message.pointee.tokens) = builder.pieces(tokens)
      message.pointee.wants_upgrade = wantsUpgrade ? 1 : 0
    }
    return Call(holdAnswer: .hold, payload: payload)
  }

  /// Makes a hold an allocation. An expired hold is claimed again, or refused.
  public static func commit(holdID: UInt64, owner: String, key: String) -> Call {
    commit(.id(holdID), owner: owner, key: key)
  }

  /// Makes a hold an allocation. An expired hold is claimed again, or refused.
  public static func commit(_ hold: HoldName, owner: String, key: String) -> Call {
    change(.holdCommit, hold, owner, key)
  }

  /// Gives back what has not left.
  public static func release(holdID: UInt64, owner: String, key: String) -> Call {
    release(.id(holdID), owner: owner, key: key)
  }

  /// Gives back what has not left.
  public static func release(_ hold: HoldName, owner: String, key: String) -> Call {
    change(.holdRelease, hold, owner, key)
  }

  /// A hold as it stands, with its lines.
  public static func getHold(_ holdID: UInt64, minimumPosition: UInt64 = 0) -> Call {
    getHold(.id(holdID), minimumPosition: minimumPosition)
  }

  /// A hold as it stands, with its lines.
  public static func getHold(_ hold: HoldName, minimumPosition: UInt64 = 0) -> Call {
    let payload = MessageBuilder.encode(promised__v1__get_hold_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      message.pointee.hold_id = hold.number
      message.pointee.name = builder.text(hold.text)
    }
    return Call(holdAnswer: .holdGet, payload: payload)
  }

  /// Holds for longer: from now, never for less than before. An expired hold is claimed again, or
  /// refused.
  public static func extend(
    _ hold: HoldName, owner: String, key: String, timeToLiveSeconds: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__extend_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.owner = builder.text(owner)
      message.pointee.hold_id = hold.number
      message.pointee.name = builder.text(hold.text)
      message.pointee.ttl_s = timeToLiveSeconds
    }
    return Call(holdAnswer: .holdExtend, payload: payload)
  }

  /// Replaces the lines of a hold by these, which are all it shall have: with what was picked or
  /// shipped of them.
  public static func amend(
    _ hold: HoldName, _ lines: [HoldLine], owner: String, key: String, channel: String = ""
  ) -> Call {
    let columns = LineColumns(lines)
    let payload = MessageBuilder.encode(promised__v1__amend_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.owner = builder.text(owner)
      message.pointee.hold_id = hold.number
      message.pointee.name = builder.text(hold.text)
      message.pointee.channel = builder.text(channel)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(columns.nodes)
      (message.pointee.n_groups, message.pointee.groups) = builder.texts(columns.groups)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(lines.map(\.item))
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(columns.indexes, as: UInt32.self)
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(lines.map(\.quantity), as: UInt64.self)
      (message.pointee.n_due_unix_s, message.pointee.due_unix_s) =
        builder.column(columns.dues, as: Int64.self)
    }
    return Call(holdAnswer: .holdAmend, payload: payload)
  }

  /// Units of an allocation are picked; `missing` has as many values as `lines`, or none.
  public static func pick(
    _ hold: HoldName, _ lines: [HoldLine], missing: [Int64] = [], owner: String, key: String
  ) -> Call {
    let columns = LineColumns(lines)
    let payload = MessageBuilder.encode(promised__v1__pick_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.owner = builder.text(owner)
      message.pointee.hold_id = hold.number
      message.pointee.name = builder.text(hold.text)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(columns.nodes)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(lines.map(\.item))
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(columns.indexes, as: UInt32.self)
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(lines.map(\.quantity), as: UInt64.self)
      (message.pointee.n_missing, message.pointee.missing) =
        builder.column(missing, as: UInt64.self)
    }
    return Call(holdAnswer: .pick, payload: payload)
  }

  /// Units of an allocation leave; no lines: all that is left.
  public static func consume(
    _ hold: HoldName, _ lines: [HoldLine] = [], owner: String, key: String
  ) -> Call {
    let columns = LineColumns(lines)
    let payload = MessageBuilder.encode(promised__v1__consume_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.owner = builder.text(owner)
      message.pointee.hold_id = hold.number
      message.pointee.name = builder.text(hold.text)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(columns.nodes)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(lines.map(\.item))
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(columns.indexes, as: UInt32.self)
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(lines.map(\.quantity), as: UInt64.self)
    }
    return Call(holdAnswer: .holdConsume, payload: payload)
  }

  private static func change(
    _ method: Method, _ hold: HoldName, _ owner: String, _ key: String
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__hold_change_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.owner = builder.text(owner)
      message.pointee.hold_id = hold.number
      message.pointee.name = builder.text(hold.text)
    }
    return Call(holdAnswer: method, payload: payload)
  }
}

/// Places of lines, once each, and which of them every line has: groups after the nodes.
private struct LineColumns {
  var nodes: [String] = []
  var groups: [String] = []
  var indexes: [UInt32] = []
  /// Empty when every line is due now.
  var dues: [Int64] = []

  init(_ lines: [HoldLine]) {
    for line in lines where !line.isPool && !nodes.contains(line.node) { nodes.append(line.node) }
    for line in lines where line.isPool && !groups.contains(line.node) { groups.append(line.node) }
    indexes = lines.map { line in
      let place =
        line.isPool
        ? nodes.count + (groups.firstIndex(of: line.node) ?? 0)
        : nodes.firstIndex(of: line.node) ?? 0
      return UInt32(place)
    }
    if lines.contains(where: { $0.dueUnixSeconds != 0 }) { dues = lines.map(\.dueUnixSeconds) }
  }
}

extension HoldName {
  fileprivate var number: UInt64 {
    if case .id(let number) = self { return number }
    return 0
  }

  fileprivate var text: String {
    if case .name(let text) = self { return text }
    return ""
  }
}
