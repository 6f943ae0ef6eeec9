import CPromisedMessages
import CProtobufC
import PromisedModel

// Answers about the feed.
extension ReplyEncoder {
  /// The columns of sources of a status, which live while it is sent.
  func encodeSources(
    _ sources: [FeedSourceFacts], _ message: inout Promised__V1__StatusResponse,
    _ streamID: UInt32, _ output: inout FrameBuffer
  ) -> OutcomeCode {
    let count = sources.count
    let numbers: [(FeedSourceFacts) -> UInt64] = [
      \.lastSequence, \.gaps, \.appliedRows, \.refusedRows, \.parkedRows, \.repeatedRows,
      \.drivenRows, \.failedRows,
    ]
    var values = numbers.flatMap { sources.map($0) }
    var instants =
      sources.map(\.lastAppliedMilliseconds) + sources.map(\.lastOccurredMilliseconds)
    var sparse = sources.map { protobuf_c_boolean($0.isSparse ? 1 : 0) }
    return values.withUnsafeMutableBufferPointer { values in
      instants.withUnsafeMutableBufferPointer { instants in
        sparse.withUnsafeMutableBufferPointer { sparse in
          func column(_ index: Int) -> UnsafeMutablePointer<UInt64>? {
            values.baseAddress.map { $0 + index * count }
          }
          message.n_source_last_sequences = count
          message.source_last_sequences = column(0)
          message.n_source_gaps = count
          message.source_gaps = column(1)
          message.n_source_applied_rows = count
          message.source_applied_rows = column(2)
          message.n_source_refused_rows = count
          message.source_refused_rows = column(3)
          message.n_source_parked_rows = count
          message.source_parked_rows = column(4)
          message.n_source_repeated_rows = count
          message.source_repeated_rows = column(5)
          message.n_source_driven_rows = count
          message.source_driven_rows = column(6)
          message.n_source_failed_rows = count
          message.source_failed_rows = column(7)
          message.n_source_last_applied_unix_ms = count
          message.source_last_applied_unix_ms = instants.baseAddress
          message.n_source_last_occurred_unix_ms = count
          message.source_last_occurred_unix_ms = instants.baseAddress.map { $0 + count }
          message.n_source_sparse = count
          message.source_sparse = sparse.baseAddress
          return send(&message, streamID, &output)
        }
      }
    }
  }

  @discardableResult
  package func encode(
    _ reply: FeedReversalReply, streamID: UInt32, asOf: AsOf, into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__ReverseFeedResponse()
    promised__v1__reverse_feed_response__init(&message)
    message.as_of = at(asOf)
    message.reversed_rows = reply.reversedRows
    message.kept_rows = reply.keptRows
    message.repeated_answer = reply.isRepeated ? 1 : 0
    var (sequences, codes) = (reply.keptSequences, reply.keptCodes)
    return sequences.withUnsafeMutableBufferPointer { sequences in
      codes.withUnsafeMutableBufferPointer { codes in
        message.n_kept_sequences = sequences.count
        message.kept_sequences = sequences.baseAddress
        message.n_kept_outcomes = codes.count
        message.kept_outcomes = codes.baseAddress
        return send(&message, streamID, &output)
      }
    }
  }
}
