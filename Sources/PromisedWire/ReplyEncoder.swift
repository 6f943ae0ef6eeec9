import CPromisedMessages
import CProtobufC
import PromisedInvariants
import PromisedModel

/// Writes replies as whole Response frames.
///
/// A reply's columns are packed by libprotobuf-c straight from the reply's memory into the
/// connection's output buffer: nothing is copied between. Every `encode` appends exactly one frame
/// and returns what it says: `ok`, or the refusal's code, which is `replyTooLarge` where the reply
/// did not fit into a frame of `Limits.frameBytes`.
package struct ReplyEncoder: ~Copyable {
  /// Stands in every reply; at a fixed address, because messages point at it.
  private let stamp: UnsafeMutablePointer<Promised__V1__AsOf>
  /// Every outcome's reason, indexed by its number.
  private let reasons: ReasonTable
  /// Strings of the reply at hand, as the C messages want them.
  private var texts = TextColumn()
  /// The message of the reply at hand, where it is made of others.
  var builder = MessageBuilder()

  package init() {
    stamp = .allocate(capacity: 1)
    promised__v1__as_of__init(stamp)
    reasons = ReasonTable()
  }

  deinit { stamp.deallocate() }

  func at(_ asOf: AsOf) -> UnsafeMutablePointer<Promised__V1__AsOf> {
    stamp.pointee.position = asOf.position
    stamp.pointee.unix_s = asOf.unixSeconds
    return stamp
  }

  /// Holds `strings` as C byte strings, at `textEntries` until the next call.
  mutating func setTexts(_ strings: [String]) { texts.set(strings) }

  var textEntries: UnsafeMutablePointer<ProtobufCBinaryData> { texts.entries }

  /// The serialised FileDescriptorSet of Protocol/, static memory of the program.
  var descriptorSet: BorrowedBytes {
    BorrowedBytes(base: promised_descriptor_set_bytes(), count: Int(promised_descriptor_set_size))
  }

  /// Appends a Response frame with `message` as its payload.
  func send<Message>(
    _ message: inout Message, _ streamID: UInt32, _ output: inout FrameBuffer
  ) -> OutcomeCode {
    let size = Self.packedSize(&message)
    // Tag, length and payload; an empty payload is left out, which every client reads the same.
    let dataBytes = size == 0 ? 0 : 1 + Self.varintBytes(size) + size
    guard dataBytes <= Limits.frameBytes else { return tooLarge(dataBytes, streamID, &output) }
    output.append(
      FrameHeader(length: UInt32(dataBytes), streamID: streamID, type: FrameType.response))
    if size > 0 {
      output.append(0x12)
      output.appendVarint(UInt64(size))
      Self.pack(&message, size, &output)
    }
    return .ok
  }

  /// Appends a Data frame with `message`; one that is too large ends its stream instead.
  func sendData<Message>(
    _ message: inout Message, _ streamID: UInt32, _ output: inout FrameBuffer
  ) -> OutcomeCode {
    let size = Self.packedSize(&message)
    guard size <= Limits.frameBytes else { return tooLarge(size, streamID, &output) }
    output.append(FrameHeader(length: UInt32(size), streamID: streamID, type: FrameType.data))
    if size > 0 { Self.pack(&message, size, &output) }
    return .ok
  }

  private func tooLarge(
    _ size: Int, _ streamID: UInt32, _ output: inout FrameBuffer
  ) -> OutcomeCode {
    encode(
      Refusal(
        .replyTooLarge,
        "the reply would be \(size) bytes; a frame has at most \(Limits.frameBytes): "
          + "ask for less at a time"), streamID: streamID, into: &output)
  }

  private static func packedSize<Message>(_ message: inout Message) -> Int {
    withUnsafePointer(to: &message) {
      protobuf_c_message_get_packed_size(
        UnsafeRawPointer($0).assumingMemoryBound(to: ProtobufCMessage.self))
    }
  }

  /// Appends a Response frame that says no: a `google.rpc.Status` with an `ErrorInfo`.
  @discardableResult
  package func encode(
    _ refusal: Refusal, streamID: UInt32, into output: inout FrameBuffer
  ) -> OutcomeCode {
    invariant(refusal.code != .ok, "a refusal that says ok")
    var info = Promised__V1__ErrorInfo()
    promised__v1__error_info__init(&info)
    info.reason = ProtobufCBinaryData(reasons.reason(refusal.code))
    info.outcome = UInt32(refusal.code.rawValue)
    info.retryable = refusal.code.isRetryable ? 1 : 0
    info.retry_after_ms = refusal.code.retryAfterMilliseconds
    info.row = Int64(refusal.row)
    info.available_units = refusal.availableUnits
    info.next_supply_unix_s = refusal.nextSupplyUnixSeconds
    // A frame is at most 4 MiB, a status a few KiB: a key is at most 64 bytes, but a bug may not
    // reach the wire either.
    let key = refusal.key.bytes.prefix(Limits.frameBytes / 64)
    var message = refusal.message
    key.withUnsafeBufferPointer { key in
      info.key = ProtobufCBinaryData(BorrowedBytes(key))
      message.withUTF8 { text in
        Self.sendStatus(
          code: refusal.code.canonicalCode.rawValue,
          message: BorrowedBytes(base: text.baseAddress, count: Self.cut(text)), &info,
          streamID, &output)
      }
    }
    return refusal.code
  }

  private static func sendStatus(
    code: Int32, message: BorrowedBytes, _ info: inout Promised__V1__ErrorInfo,
    _ streamID: UInt32, _ output: inout FrameBuffer
  ) {
    let infoBytes = promised__v1__error_info__get_packed_size(&info)
    withUnsafeTemporaryAllocation(byteCount: infoBytes, alignment: 16) { packed in
      let bytes = packed.baseAddress?.assumingMemoryBound(to: UInt8.self)
      promised__v1__error_info__pack(&info, bytes)
      let url: StaticString = "type.googleapis.com/promised.v1.ErrorInfo"
      var detail = Google__Rpc__Detail()
      google__rpc__detail__init(&detail)
      detail.type_url = ProtobufCBinaryData(
        BorrowedBytes(base: url.utf8Start, count: url.utf8CodeUnitCount))
      detail.value = ProtobufCBinaryData(len: infoBytes, data: bytes)
      var status = Google__Rpc__Status()
      google__rpc__status__init(&status)
      status.code = code
      status.message = ProtobufCBinaryData(message)
      withUnsafeMutablePointer(to: &detail) { detail in
        var details: UnsafeMutablePointer<Google__Rpc__Detail>? = detail
        withUnsafeMutablePointer(to: &details) { details in
          status.n_details = 1
          status.details = details
          let size = google__rpc__status__get_packed_size(&status)
          let dataBytes = 1 + varintBytes(size) + size
          output.append(
            FrameHeader(
              length: UInt32(dataBytes), streamID: streamID, type: FrameType.response))
          output.append(0x0a)
          output.appendVarint(UInt64(size))
          pack(&status, size, &output)
        }
      }
    }
  }

  private static func pack<Message>(
    _ message: inout Message, _ size: Int, _ output: inout FrameBuffer
  ) {
    let target = output.reserve(size).assumingMemoryBound(to: UInt8.self)
    let written = withUnsafePointer(to: &message) {
      protobuf_c_message_pack(
        UnsafeRawPointer($0).assumingMemoryBound(to: ProtobufCMessage.self), target)
    }
    invariant(written == size, "a message packed to another size than it declared")
    output.commit(size)
  }

  /// The longest part of at most 1 KiB that ends between characters.
  private static func cut(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var end = min(text.count, 1024)
    while end < text.count, end > 0, text[end] & 0xc0 == 0x80 { end -= 1 }
    return end
  }

  private static func varintBytes(_ value: Int) -> Int {
    max(1, (70 - UInt64(value).leadingZeroBitCount) / 7)
  }
}

extension OutcomeCode {
  /// What a client is told to wait before it tries again; 0 = at its own pace, or not at all.
  package var retryAfterMilliseconds: UInt64 {
    switch self {
    case .tooManyInFlight: 10
    case .positionNotReached: 20
    case .networkNotReady: 250
    case .snapshotInProgress, .loadInProgress, .idempotencyWindowFull, .draining,
      .streamLimit:
      1000
    case .storageFull: 10_000
    default: 0
    }
  }
}

extension ProtobufCBinaryData {
  /// The library packs what it points at and never writes to it.
  init(_ bytes: BorrowedBytes) {
    self.init(len: bytes.count, data: UnsafeMutablePointer(mutating: bytes.base))
  }
}

extension Column {
  /// For a message's column, which is packed and never written to.
  var packed: UnsafeMutablePointer<Element>? { UnsafeMutablePointer(mutating: base) }
}

extension Column where Element == BorrowedBytes {
  /// `BorrowedBytes` has the layout of `ProtobufCBinaryData`, which the decoder asserts.
  var packedTexts: UnsafeMutablePointer<ProtobufCBinaryData>? {
    UnsafeMutableRawPointer(mutating: base)?.assumingMemoryBound(to: ProtobufCBinaryData.self)
  }
}

/// Reasons are computed from names once, not for every refusal.
private struct ReasonTable: ~Copyable {
  private var bytes = GrowableColumn<UInt8>(capacity: 2048)
  private let starts: UnsafeMutablePointer<(start: UInt16, count: UInt16)>
  private static var codes: Int { 1 + OutcomeCode.allCases.reduce(0) { max($0, Int($1.rawValue)) } }

  init() {
    starts = .allocate(capacity: Self.codes)
    starts.initialize(repeating: (0, 0), count: Self.codes)
    for code in OutcomeCode.allCases {
      let start = UInt16(bytes.count)
      for byte in code.reason.utf8 { bytes.append(byte) }
      starts[Int(code.rawValue)] = (start, UInt16(bytes.count) - start)
    }
  }

  deinit { starts.deallocate() }

  func reason(_ code: OutcomeCode) -> BorrowedBytes {
    let (start, count) = starts[Int(code.rawValue)]
    return BorrowedBytes(base: bytes.column.base.map { $0 + Int(start) }, count: Int(count))
  }
}

/// Swift strings as a column of C byte strings; memory is kept between uses.
private struct TextColumn: ~Copyable {
  private var bytes = GrowableColumn<UInt8>(capacity: 256)
  private var column = GrowableColumn<BorrowedBytes>()

  mutating func set(_ strings: [String]) {
    bytes.removeAll()
    column.removeAll()
    for string in strings {
      for byte in string.utf8 { bytes.append(byte) }
    }
    // Only now does the memory stand still.
    var start = 0
    for string in strings {
      let count = string.utf8.count
      column.append(BorrowedBytes(base: bytes.column.base.map { $0 + start }, count: count))
      start += count
    }
  }

  /// Never nil: a growable column has memory even when it is empty.
  var entries: UnsafeMutablePointer<ProtobufCBinaryData> {
    column.column.packedTexts.unsafelyUnwrapped
  }
}
