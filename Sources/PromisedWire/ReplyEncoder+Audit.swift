import CPromisedMessages
import CProtobufC
import PromisedModel

// What an audit found: rare, so it may allocate.
extension ReplyEncoder {
  @discardableResult
  package mutating func encode(
    _ report: AuditReport, milliseconds: UInt64, streamID: UInt32, asOf: AsOf,
    into output: inout FrameBuffer
  ) -> OutcomeCode {
    let names = AuditIdentity.allCases.map(\.name)
    let rows = report.described
    var identities = GrowableColumn<UInt32>()
    var counts = GrowableColumn<UInt64>()
    var amounts = GrowableColumn<Int64>()
    for row in rows { identities.append(UInt32(row.identity.rawValue)) }
    for count in report.checked + report.violations { counts.append(count) }
    for amount in rows.map(\.expected) + rows.map(\.found) { amounts.append(amount) }
    var message = Promised__V1__AuditResponse()
    promised__v1__audit_response__init(&message)
    message.as_of = at(asOf)
    message.sound = report.isSound ? 1 : 0
    message.items = report.items
    message.positions = report.positions
    message.holds = report.holds
    message.milliseconds = milliseconds
    setTexts(
      names + rows.map(\.key.description) + rows.map(\.node.description) + rows.map(\.detail))
    message.n_identities = names.count
    message.identities = textEntries
    message.n_violation_keys = rows.count
    message.violation_keys = textEntries + names.count
    message.n_violation_nodes = rows.count
    message.violation_nodes = textEntries + names.count + rows.count
    message.n_violation_details = rows.count
    message.violation_details = textEntries + names.count + 2 * rows.count
    message.n_checked = names.count
    message.checked = counts.column.packed
    message.n_violations = names.count
    message.violations = counts.column.packed.map { $0 + names.count }
    message.n_violation_identities = rows.count
    message.violation_identities = identities.column.packed
    message.n_violation_expected = rows.count
    message.violation_expected = amounts.column.packed
    message.n_violation_found = rows.count
    message.violation_found = amounts.column.packed.map { $0 + rows.count }
    return send(&message, streamID, &output)
  }
}
