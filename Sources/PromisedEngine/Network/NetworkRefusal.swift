import PromisedModel

/// Why rows of the network are refused: which row, which field, what it held, what is allowed.
package struct NetworkRefusal: Error, Sendable, Equatable {
  package enum RowKind: String, Sendable {
    case timeZone = "time zone"
    case marketplace
    case calendar
    case node
    case wave
    case zone = "zone prefix"
    case lane
    case leg
    case rate
  }

  package var code: OutcomeCode
  package var kind: RowKind
  /// The row among those of its kind, from 0.
  package var row: Int
  package var key: Name
  package var field: String
  package var value: String
  package var allowed: String

  /// One sentence naming all of it.
  package var message: String {
    "\(kind.rawValue) \(row) (\(key)): \(field) is \(value); allowed: \(allowed)"
  }

  /// As the answer to a request. A row number counts within its kind, so the message holds it too.
  package var refusal: Refusal { Refusal(code, message, key: key, row: Int32(clamping: row)) }
}
