import CPromisedMessages
import PromisedModel

/// A method that takes a stream of messages and answers with one.
///
///     let stream = try connection.open(.watch)
public struct StreamMethod<Answer: Sendable>: Sendable {
  package let method: Method
  /// Reads one message of the service.
  package let decode: @Sendable (BorrowedBytes) throws(MalformedAnswer) -> Answer

  /// The method's full name.
  public var name: String { method.fullName }
}

/// One message of a client to a stream.
public struct StreamMessage<Answer: Sendable>: Sendable {
  /// The encoded message; nil when it cannot fit a frame.
  package let payload: [UInt8]?
}

/// What to watch.
public struct WatchWishes: Sendable, Equatable {
  /// Only items whose key begins with this; empty = all.
  public var itemPrefix = ""
  /// Only these nodes; empty = all.
  public var nodes: [String] = []
  /// Only the nodes of this group; empty = all.
  public var group = ""
  /// Whose share the units of thresholds are: a channel's; empty = of none.
  public var channel = ""
  /// Go on behind this position and part; 0 = from now.
  public var position: UInt64 = 0
  /// Within the next event.
  public var part: UInt64 = 0
  /// Batches that may be unacknowledged, 1…64; 0 = 16.
  public var credit: UInt64 = 0
  /// Thresholds only.
  public var onlyCrossings = false
  /// An empty batch after this long without another, 100…600,000 ms; 0 = 15,000.
  public var heartbeatMilliseconds: UInt64 = 0
  /// At most 1,000.
  public var thresholds: [WatchThreshold] = []
  /// ISO 3166-1 of the postcodes; empty = US.
  public var country = ""
  /// The least chance of a promised window in 1/65535; 0 = .95.
  public var confidence: UInt64 = 0

  /// Everything, from now on.
  public init() {}
}

/// A condition whose crossing is told.
public struct WatchThreshold: Sendable, Equatable {
  /// The item.
  public var item: String
  /// Below how many units; of a promise, how many units are promised.
  public var units: UInt64
  /// Of a promise: where to; empty = units.
  public var postcode: String
  /// Of a promise: 1 economy, 2 standard, 3 expedited, 4 two-hour.
  public var level: UInt32
  /// Of a promise: later than this instant, UTC seconds; 0 = than it was when it was told last.
  public var laterThanUnixSeconds: Int64

  /// Fewer than `units` of an item are available in the nodes of the watch.
  public static func below(_ item: String, units: UInt64) -> WatchThreshold {
    WatchThreshold(item: item, units: units, postcode: "", level: 2, laterThanUnixSeconds: 0)
  }

  /// The promise of an item to a postcode ends later.
  public static func later(
    _ item: String, to postcode: String, units: UInt64 = 1, level: UInt32 = 2,
    thanUnixSeconds: Int64 = 0
  ) -> WatchThreshold {
    WatchThreshold(
      item: item, units: units, postcode: postcode, level: level,
      laterThanUnixSeconds: thanUnixSeconds)
  }
}

extension StreamMethod where Answer == WatchAnswer {
  /// Changes of stock and crossings of thresholds. Begin with `create`.
  public static var watch: StreamMethod {
    StreamMethod(method: .watch, decode: decodeBatch)
  }
}

extension StreamMethod where Answer == FeedAnswer {
  /// Batches of the update feed, each answered in order.
  public static var applyStream: StreamMethod {
    StreamMethod(method: .applyStream) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ApplyResponse", promised__v1__apply_response__unpack) { message in
        FeedAnswer(
          asOf: AnswerStamp(message.as_of),
          outcomes: UnsafeBufferPointer(start: message.outcomes, count: message.n_outcomes).map {
            RowOutcome(number: $0)
          }, lastSequence: message.last_sequence, credit: message.credit)
      }
    }
  }
}

private func decodeBatch(_ bytes: BorrowedBytes) throws(MalformedAnswer) -> WatchAnswer {
  try withAnswer(bytes, "WatchBatch", promised__v1__watch_batch__unpack) {
    (message) throws(MalformedAnswer) in try WatchAnswer(message)
  }
}

extension StreamMessage where Answer == FeedAnswer {
  /// A batch of the update feed; row i has sequence `firstSequence + i`.
  public static func batch(
    source: String, firstSequence: UInt64, _ movements: [Movement]
  ) -> StreamMessage {
    StreamMessage(
      payload: Call.apply(source: source, firstSequence: firstSequence, movements).payload)
  }
}

extension StreamMessage where Answer == WatchAnswer {
  /// The first message of a watch.
  public static func create(_ wishes: WatchWishes) -> StreamMessage {
    StreamMessage(
      payload: MessageBuilder.encode(promised__v1__watch_control__init) { builder, message in
        message.pointee.kind = 1
        message.pointee.item_prefix = builder.text(wishes.itemPrefix)
        (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(wishes.nodes)
        message.pointee.group = builder.text(wishes.group)
        message.pointee.channel = builder.text(wishes.channel)
        message.pointee.from_position = wishes.position
        message.pointee.from_part = wishes.part
        message.pointee.credit = wishes.credit
        message.pointee.content = wishes.onlyCrossings ? 1 : 0
        message.pointee.heartbeat_ms = wishes.heartbeatMilliseconds
        message.pointee.country = builder.text(wishes.country)
        message.pointee.confidence = wishes.confidence
        set(wishes.thresholds, &builder, message)
      })
  }

  private static func set(
    _ rows: [WatchThreshold], _ builder: inout MessageBuilder,
    _ message: UnsafeMutablePointer<Promised__V1__WatchControl>
  ) {
    (message.pointee.n_threshold_kinds, message.pointee.threshold_kinds) = builder.column(
      rows.map { $0.postcode.isEmpty ? 1 : 2 }, as: UInt32.self)
    (
      message.pointee.threshold_item_keys, message.pointee.n_threshold_item_key_lengths,
      message.pointee.threshold_item_key_lengths
    ) = builder.keys(rows.map(\.item))
    (message.pointee.n_threshold_units, message.pointee.threshold_units) = builder.column(
      rows.map(\.units), as: UInt64.self)
    if rows.allSatisfy(\.postcode.isEmpty) { return }
    (message.pointee.n_threshold_postcodes, message.pointee.threshold_postcodes) = builder.texts(
      rows.map(\.postcode))
    (message.pointee.n_threshold_unix_s, message.pointee.threshold_unix_s) = builder.column(
      rows.map(\.laterThanUnixSeconds), as: Int64.self)
    (message.pointee.n_threshold_levels, message.pointee.threshold_levels) = builder.column(
      rows.map(\.level), as: UInt32.self)
  }

  /// Batches up to `sequence` are dealt with.
  public static func acknowledge(_ sequence: UInt64) -> StreamMessage {
    StreamMessage(
      payload: MessageBuilder.encode(promised__v1__watch_control__init) { _, message in
        message.pointee.kind = 2
        message.pointee.sequence = sequence
      })
  }
}

extension Call where Answer == WatchAnswer {
  /// The next batch of changes behind a place, waited for.
  ///
  /// - Parameters:
  ///   - waitMilliseconds: at most 30,000; the call's timeout should be longer.
  ///   - limit: items of the answer, 1…1,000; 0 = 1,000.
  public static func watchPoll(
    itemPrefix: String = "", nodes: [String] = [], group: String = "", position: UInt64 = 0,
    part: UInt64 = 0, waitMilliseconds: UInt64, limit: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__watch_poll_request__init) {
      builder, message in
      message.pointee.item_prefix = builder.text(itemPrefix)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(nodes)
      message.pointee.group = builder.text(group)
      message.pointee.from_position = position
      message.pointee.from_part = part
      message.pointee.max_wait_ms = waitMilliseconds
      message.pointee.max_events = limit
    }
    return Call(.watchPoll, payload: payload, decode: decodeBatch)
  }
}
