import CPromisedMessages
import PromisedModel

extension Call where Answer == FeedAnswer {
  /// A batch of the update feed; row i has sequence `firstSequence + i`.
  public static func apply(
    source: String, firstSequence: UInt64, _ movements: [Movement]
  ) -> Call {
    var rows = FeedRows()
    rows.source = Name(source)
    rows.firstSequence = firstSequence
    var numbers: [String: UInt32] = [:]
    for movement in movements {
      let next = UInt32(rows.nodeNames.count)
      let index = numbers[movement.node, default: next]
      if index == next {
        numbers[movement.node] = next
        rows.nodeNames.append(Name(movement.node))
      }
      rows.keys.append(movement.item.utf8)
      rows.nodes.append(index)
      rows.kinds.append(UInt8(movement.type.rawValue))
      rows.quantities.append(movement.quantity)
    }
    return apply(rows)
  }

  /// A batch of the update feed with everything that can be said of a row.
  package static func apply(_ rows: FeedRows) -> Call {
    let details = rows.details
    let payload = MessageBuilder.encode(promised__v1__apply_request__init) { builder, message in
      let it = message
      it.pointee.source = builder.name(rows.source)
      it.pointee.first_sequence = rows.firstSequence
      (it.pointee.item_keys, it.pointee.n_item_key_lengths, it.pointee.item_key_lengths) =
        builder.keys(rows.keys)
      (it.pointee.n_nodes, it.pointee.nodes) = builder.names(rows.nodeNames)
      (it.pointee.n_node_indexes, it.pointee.node_indexes) =
        builder.column(rows.nodes, as: UInt32.self)
      (it.pointee.n_kinds, it.pointee.kinds) = builder.column(rows.kinds, as: UInt32.self)
      (it.pointee.n_quantities, it.pointee.quantities) =
        builder.column(rows.quantities, as: Int64.self)
      it.pointee.allow_gap = rows.allowsGap ? 1 : 0
      it.pointee.net_of_allocations = rows.isNetOfAllocations ? 1 : 0
      (it.pointee.n_alive_nodes, it.pointee.alive_nodes) = builder.names(rows.aliveNodes)
      (it.pointee.n_sequences, it.pointee.sequences) =
        builder.column(details.sequences, as: UInt64.self)
      (it.pointee.n_occurred_unix_ms, it.pointee.occurred_unix_ms) =
        builder.column(details.occurredMilliseconds, as: Int64.self)
      (it.pointee.references, it.pointee.n_reference_lengths, it.pointee.reference_lengths) =
        builder.keys(details.references)
      (it.pointee.n_destination_indexes, it.pointee.destination_indexes) =
        builder.column(details.destinations, as: UInt32.self)
      (it.pointee.n_eta_unix_s, it.pointee.eta_unix_s) =
        builder.column(details.etaUnixSeconds, as: Int64.self)
      (it.pointee.n_eta_early_unix_s, it.pointee.eta_early_unix_s) =
        builder.column(details.earlyUnixSeconds, as: Int64.self)
      (it.pointee.n_eta_late_unix_s, it.pointee.eta_late_unix_s) =
        builder.column(details.lateUnixSeconds, as: Int64.self)
      (it.pointee.n_stages, it.pointee.stages) = builder.column(details.stages, as: UInt32.self)
      (it.pointee.n_dispositions, it.pointee.dispositions) =
        builder.column(details.dispositions, as: UInt32.self)
      (it.pointee.n_from_dispositions, it.pointee.from_dispositions) =
        builder.column(details.fromDispositions, as: UInt32.self)
      (it.pointee.n_causes, it.pointee.causes) = builder.column(details.causes, as: UInt32.self)
      (it.pointee.n_hold_ids, it.pointee.hold_ids) =
        builder.column(details.holdIDs, as: UInt64.self)
    }
    let count = rows.keys.count
    return Call(.apply, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ApplyResponse", promised__v1__apply_response__unpack) {
        (message) throws(MalformedAnswer) in
        let outcomes = try column(
          message.n_outcomes, message.outcomes, rows: count, "outcomes")
        return FeedAnswer(
          asOf: AnswerStamp(message.as_of), outcomes: outcomes.map { RowOutcome(number: $0) },
          lastSequence: message.last_sequence)
      }
    }
  }
}

/// A row that a reversal did not undo.
public struct KeptFeedRow: Sendable, Equatable {
  /// Its sequence.
  public var sequence: UInt64
  /// Why.
  public var outcome: RowOutcome
}

/// What a reversal did.
public struct ReversalAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// Rows that were undone.
  public var reversedRows: UInt64
  /// Rows of the range that were not.
  public var keptRows: UInt64
  /// Of these, the last 65,536.
  public var kept: [KeptFeedRow]
  /// Whether this repeats an earlier answer, which names no single rows.
  public var isRepeated: Bool
}

extension Call where Answer == ReversalAnswer {
  /// Undoes what a source's rows did, newest first.
  ///
  /// - Parameter key: the caller's name for this intent, 1…64 bytes.
  public static func reverseFeed(
    source: String, from: UInt64, through: UInt64, key: String
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__reverse_feed_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.source = builder.text(source)
      message.pointee.from_sequence = from
      message.pointee.to_sequence = through
    }
    return Call(.reverseFeed, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ReverseFeedResponse", promised__v1__reverse_feed_response__unpack) {
        (message) throws(MalformedAnswer) in
        let rows = message.n_kept_sequences
        let sequences = try column(rows, message.kept_sequences, rows: rows, "kept_sequences")
        let codes = try column(
          message.n_kept_outcomes, message.kept_outcomes, rows: rows, "kept_outcomes")
        return ReversalAnswer(
          asOf: AnswerStamp(message.as_of), reversedRows: message.reversed_rows,
          keptRows: message.kept_rows,
          kept: (0..<rows).map {
            KeptFeedRow(sequence: sequences[$0], outcome: RowOutcome(number: codes[$0]))
          }, isRepeated: message.repeated_answer != 0)
      }
    }
  }
}
