import CPromisedMessages
import CProtobufC
import PromisedInvariants
import PromisedModel

extension FrameBuffer {
  /// Appends the request frame of a call.
  ///
  /// - Returns: false, and nothing is appended, when it would exceed a frame.
  package mutating func appendRequest(
    streamID: UInt32, method: Method, payload: UnsafeBufferPointer<UInt8>, timeoutNano: Int64
  ) -> Bool {
    let start = count
    let flags = method.row.isStream ? FrameFlags.remoteOpen : 0
    append(FrameHeader(length: 0, streamID: streamID, type: FrameType.request, flags: flags))
    appendField(1, method.row.service.name)
    appendField(2, method.row.name)
    if payload.count > 0 {
      append(UInt8(3 << 3 | 2))
      appendVarint(UInt64(payload.count))
      append(UnsafeRawBufferPointer(payload))
    }
    if timeoutNano != 0 {
      append(UInt8(4 << 3))
      appendVarint(UInt64(bitPattern: timeoutNano))
    }
    let length = count - start - FrameHeader.byteCount
    guard length <= Limits.frameBytes else {
      truncate(to: start)
      return false
    }
    patchBigEndian(UInt32(length), at: start)
    return true
  }

  /// Appends a message of a stream; nil ends the client's half.
  package mutating func appendMessage(streamID: UInt32, _ message: [UInt8]?) {
    let flags = message == nil ? FrameFlags.remoteClosed | FrameFlags.noData : 0
    append(
      FrameHeader(
        length: UInt32(message?.count ?? 0), streamID: streamID, type: FrameType.data,
        flags: flags))
    if let message { append(message) }
  }

  private mutating func appendField(_ number: UInt8, _ text: StaticString) {
    append(number << 3 | 2)
    appendVarint(UInt64(text.utf8CodeUnitCount))
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}

/// A `ttrpc.Response` without its wrapping; the bytes lie in the receive buffer.
package struct ResponseEnvelope {
  /// The encoded `google.rpc.Status`; nil = OK.
  package var status: BorrowedBytes?
  package var payload = BorrowedBytes.empty

  /// Reads the data of a response frame. Unknown fields are passed over: they are room for more.
  package init(_ data: BorrowedBytes) throws(MalformedAnswer) {
    var cursor = WireCursor(data)
    while !cursor.isAtEnd {
      guard let tag = cursor.tag() else { throw MalformedAnswer("a response is cut short") }
      if tag.number <= 2, tag.wireType == WireType.lengthDelimited {
        guard let bytes = cursor.lengthDelimited() else {
          throw MalformedAnswer("a response is cut short")
        }
        if tag.number == 1 { status = bytes } else { payload = bytes }
      } else if !cursor.skipValue(tag.wireType) {
        throw MalformedAnswer("a response is cut short")
      }
    }
  }
}

/// The service's no: what it refused, why, and what would help.
public struct ServiceRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// The google.rpc canonical code, 1…16.
  public var code: Int32
  /// One sentence: what was wrong, where, and what is allowed.
  public var message: String
  /// The outcome's name, such as INSUFFICIENT_STOCK; empty from a peer that sends no ErrorInfo.
  public var reason = ""
  /// The outcome's number, which never changes its meaning; 0 without ErrorInfo.
  public var outcome: UInt32 = 0
  /// Whether the same request with the same key may succeed later, unchanged.
  public var isRetryable = false
  /// How long to wait before that; 0 = not stated.
  public var retryAfterMilliseconds: UInt64 = 0
  /// The item, node, seller, postcode or field the refusal is about; may be empty.
  public var key = ""
  /// The row of the request from 0; −1 = not about a row.
  public var row: Int64 = -1
  /// Units that were available; −1 = not about stock.
  public var availableUnits: Int64 = -1
  /// When more will be there, in UTC seconds; 0 = not known.
  public var nextSupplyUnixSeconds: Int64 = 0

  /// Makes a refusal from its code and text.
  public init(code: Int32, message: String) {
    self.code = code
    self.message = message
  }

  /// `REASON: message`.
  public var description: String {
    reason.isEmpty ? "code \(code): \(message)" : "\(reason): \(message)"
  }

  /// The outcome, where this client knows its number.
  package var outcomeCode: OutcomeCode? {
    UInt16(exactly: outcome).flatMap { OutcomeCode(rawValue: $0) }
  }

  /// Reads a `google.rpc.Status`; nil when its code is OK.
  package static func read(
    _ status: BorrowedBytes
  ) throws(MalformedAnswer) -> ServiceRefusal? {
    try withAnswer(status, "google.rpc.Status", google__rpc__status__unpack) {
      (status) throws(MalformedAnswer) -> ServiceRefusal? in
      if status.code == 0 { return nil }
      var refusal = ServiceRefusal(code: status.code, message: status.message.text)
      for index in 0..<status.n_details {
        guard let detail = status.details[index]?.pointee else { continue }
        if detail.type_url.text.hasSuffix("promised.v1.ErrorInfo") {
          try refusal.take(
            BorrowedBytes(base: UnsafePointer(detail.value.data), count: detail.value.len))
        }
      }
      return refusal
    }
  }

  private mutating func take(_ info: BorrowedBytes) throws(MalformedAnswer) {
    self = try withAnswer(info, "promised.v1.ErrorInfo", promised__v1__error_info__unpack) {
      [self] (info) in
      var filled = self
      filled.reason = info.reason.text
      filled.outcome = info.outcome
      filled.isRetryable = info.retryable != 0
      filled.retryAfterMilliseconds = info.retry_after_ms
      filled.key = info.key.text
      filled.row = info.row
      filled.availableUnits = info.available_units
      filled.nextSupplyUnixSeconds = info.next_supply_unix_s
      return filled
    }
  }
}
