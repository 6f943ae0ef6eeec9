import PromisedWire

/// Why a call has no answer.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The service answered with no; nothing was changed.
  case refused(ServiceRefusal)
  /// There is no connection. Whether a change was made is not known unless it is asked again
  /// under its key.
  case unreachable(address: String, reason: String)
  /// No answer came in time. As with `unreachable`, a change may have been made.
  case deadline(method: String)
  /// An answer came that cannot be read: the peer is no promised server, or a newer one.
  case malformed(method: String, reason: String)
  /// The request does not fit a frame of 4 MiB; split it.
  case requestTooLarge(method: String)
  /// 4,096 requests wait for their answers to be taken.
  case tooManyInFlight

  /// One sentence for people.
  public var description: String {
    switch self {
    case .refused(let refusal): refusal.description
    case .unreachable(let address, let reason): "cannot reach \(address): \(reason)"
    case .deadline(let method): "\(method) was not answered in time"
    case .malformed(let method, let reason): "the answer of \(method) cannot be read: \(reason)"
    case .requestTooLarge(let method): "the request of \(method) exceeds 4 MiB"
    case .tooManyInFlight: "4,096 requests are in flight and none was taken"
    }
  }
}
