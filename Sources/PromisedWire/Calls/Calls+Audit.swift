import CPromisedMessages
import PromisedModel

extension Call where Answer == AuditAnswer {
  /// Checks the identities over the whole state, now.
  public static func audit() -> Call {
    Call(.audit, payload: []) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "AuditResponse", promised__v1__audit_response__unpack) {
        (message) throws(MalformedAnswer) in
        let names = texts(message.n_identities, message.identities)
        let checked = try column(
          message.n_checked, message.checked, rows: names.count, "checked")
        let differed = try column(
          message.n_violations, message.violations, rows: names.count, "violations")
        return AuditAnswer(
          asOf: AnswerStamp(message.as_of), isSound: message.sound != 0,
          identities: names.indices.map {
            AuditedIdentity(name: names[$0], checked: checked[$0], violations: differed[$0])
          }, items: message.items, positions: message.positions, holds: message.holds,
          milliseconds: message.milliseconds, violations: try violations(message, names))
      }
    }
  }

  private static func violations(
    _ message: Promised__V1__AuditResponse, _ names: [String]
  ) throws(MalformedAnswer) -> [AuditedViolation] {
    let count = message.n_violation_identities
    let identities = try column(
      count, message.violation_identities, rows: count, "violation_identities")
    let keys = texts(message.n_violation_keys, message.violation_keys)
    let nodes = texts(message.n_violation_nodes, message.violation_nodes)
    let details = texts(message.n_violation_details, message.violation_details)
    let expected = try column(
      message.n_violation_expected, message.violation_expected, rows: count, "violation_expected")
    let found = try column(
      message.n_violation_found, message.violation_found, rows: count, "violation_found")
    if keys.count != count || nodes.count != count || details.count != count {
      throw MalformedAnswer("a violation lacks a column")
    }
    var rows: [AuditedViolation] = []
    for row in 0..<count {
      rows.append(
        AuditedViolation(
          identity: try text(identities[row], of: names), key: keys[row], node: nodes[row],
          detail: details[row], expected: expected[row], found: found[row]))
    }
    return rows
  }
}

/// What an audit of the whole state found.
public struct AuditAnswer: Sendable, Equatable {
  /// What the answer reflects.
  public var asOf: AnswerStamp
  /// Whether every identity holds.
  public var isSound: Bool
  /// Per identity.
  public var identities: [AuditedIdentity]
  /// Items walked.
  public var items: UInt64
  /// Positions walked.
  public var positions: UInt64
  /// Holds counted.
  public var holds: UInt64
  /// How long it took.
  public var milliseconds: UInt64
  /// The first differences, at most 100.
  public var violations: [AuditedViolation]
}

/// How often an identity was compared, and how often it did not hold.
public struct AuditedIdentity: Sendable, Equatable {
  /// Its name.
  public var name: String
  /// Comparisons.
  public var checked: UInt64
  /// Differences.
  public var violations: UInt64
}

/// A difference that an audit found.
public struct AuditedViolation: Sendable, Equatable {
  /// The identity's name.
  public var identity: String
  /// The item, seller or shipment; empty = the whole.
  public var key: String
  /// The node; empty = none.
  public var node: String
  /// What of it.
  public var detail: String
  /// What it should be.
  public var expected: Int64
  /// What is kept.
  public var found: Int64
}
