import CPromisedMessages
import CProtobufC
import PromisedModel

// The feed: it changes stock.
extension RequestDecoder {
  func commandKey(
    _ data: ProtobufCBinaryData, _ digest: UInt64
  ) throws(Refusal) -> CommandKey {
    CommandKey(bytes: try FieldPath("idempotency_key").key(data), bodyDigest: digest)
  }

  /// An owned copy of a column of names.
  func ownedNames(
    _ data: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int, _ field: StaticString
  ) throws(Refusal) -> [Name] {
    try names(data, count, field).buffer.map(\.name)
  }
}

extension Column {
  /// An owned copy.
  var owned: [Element] { Array(buffer) }
}

extension KeyColumn {
  /// An owned copy.
  var owned: PackedKeys { PackedKeys(bytes: bytes.owned, lengths: lengths.owned) }
}
