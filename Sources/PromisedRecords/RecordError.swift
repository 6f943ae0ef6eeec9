import PromisedBytes
import PromisedModel

/// Bytes of the log or of a snapshot that passed their checksums and still say nothing we know:
/// written by a newer version, or by nobody.
package enum RecordError: Error, Equatable, Sendable {
  case bytes(ByteError)
  /// A kind this version does not know.
  case unknownKind(UInt8)
  /// A value that no writer produces, in the named place.
  case malformed(String)
  /// Bytes were left over after the last field.
  case trailingBytes(Int)
}
