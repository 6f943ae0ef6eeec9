import CPromisedMessages
import CProtobufC
import PromisedModel

extension ReplyEncoder {
  /// - Parameter horizonDays: the query's.
  @discardableResult
  package func encode(
    _ reply: borrowing AtpReply, horizonDays: Int32, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    var message = Promised__V1__AtpResponse()
    promised__v1__atp_response__init(&message)
    message.as_of = at(asOf)
    message.n_outcomes = reply.codes.count
    message.outcomes = reply.codes.column.packed
    message.n_available_now = reply.availableNow.count
    message.available_now = reply.availableNow.column.packed
    message.n_step_counts = reply.stepCounts.count
    message.step_counts = reply.stepCounts.column.packed
    message.n_step_unix_s = reply.stepUnixSeconds.count
    message.step_unix_s = reply.stepUnixSeconds.column.packed
    message.n_step_units = reply.stepUnits.count
    message.step_units = reply.stepUnits.column.packed
    message.n_first_unix_s = reply.firstUnixSeconds.count
    message.first_unix_s = reply.firstUnixSeconds.column.packed
    message.n_first_sources = reply.firstSources.count
    message.first_sources = reply.firstSources.column.packed
    message.n_unsourced = reply.unsourced.count
    message.unsourced = reply.unsourced.column.packed
    message.n_backorder_left = reply.backorderLeft.count
    message.backorder_left = reply.backorderLeft.column.packed
    message.horizon_days = UInt64(horizonDays)
    return send(&message, streamID, &output)
  }
}
