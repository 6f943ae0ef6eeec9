import PromisedInvariants
import PromisedModel

/// What the next bytes of a connection are.
package enum FrameScan {
  /// A whole frame; its data lies in the receive buffer and is valid until that changes.
  case frame(FrameHeader, data: BorrowedBytes)
  /// Nothing more can be said before this many bytes follow what was consumed. At least 1.
  case needMore(Int)
  /// The header of a frame that is too long to take. Its data is dropped as it comes, without
  /// being kept; `refusal` is the answer where the frame asks for one.
  case oversized(FrameHeader, refusal: Refusal?)
  /// The connection begins with "GET " or "HEAD": somebody speaks HTTP. Nothing was consumed.
  case http
  /// The connection begins with a TLS handshake record (0x16). Nothing was consumed.
  case tls
  /// Not ttRPC, or a length beyond what may be skipped: close, there is no way to go on.
  case close
}

/// Walks the received bytes of one connection frame by frame. No I/O, no memory of its own.
///
/// ```
/// var consumed = 0
/// while case .frame(let header, let data) = scanner.next(received, consumed: &consumed) { … }
/// // drop `consumed` bytes from the front of the receive buffer, read more
/// ```
///
/// A receive buffer needs room for one frame of the greatest length: 4 MiB and ten bytes.
package struct FrameScanner: ~Copyable {
  /// Bytes of an oversized frame that are still to come.
  private var bytesToSkip = 0
  /// Other protocols are only looked for in the first bytes of a connection.
  private var isFirst = true

  package init() {}

  /// Looks at `bytes` from `consumed` on and advances `consumed` past what is dealt with.
  /// Constant time, whatever the frame's length.
  package mutating func next(_ bytes: UnsafeRawBufferPointer, consumed: inout Int) -> FrameScan {
    invariant(consumed >= 0 && consumed <= bytes.count, "consumed more than was received")
    if bytesToSkip > 0 {
      let skipped = min(bytesToSkip, bytes.count - consumed)
      bytesToSkip -= skipped
      consumed += skipped
      if bytesToSkip > 0 { return .needMore(bytesToSkip) }
    }
    let available = bytes.count - consumed
    guard available > 0, let base = bytes.baseAddress.map({ $0 + consumed }) else {
      return .needMore(FrameHeader.byteCount)
    }
    if isFirst, let other = otherProtocol(base, available) { return other }
    guard available >= FrameHeader.byteCount else {
      return .needMore(FrameHeader.byteCount - available)
    }
    isFirst = false
    let header = FrameHeader(reading: base)
    let length = Int(header.length)
    if length > Limits.frameBytes {
      guard length <= Limits.skippedFrameBytes else { return .close }
      consumed += FrameHeader.byteCount
      bytesToSkip = length
      return .oversized(header, refusal: refusalOfLength(header))
    }
    guard available - FrameHeader.byteCount >= length else {
      return .needMore(FrameHeader.byteCount + length - available)
    }
    consumed += FrameHeader.byteCount + length
    let data = (base + FrameHeader.byteCount).assumingMemoryBound(to: UInt8.self)
    return .frame(header, data: BorrowedBytes(base: data, count: length))
  }

  /// A frame of ours begins with 0 (or 1, at exactly 16 MiB), so the first bytes tell.
  private func otherProtocol(_ base: UnsafeRawPointer, _ available: Int) -> FrameScan? {
    let first = base.load(as: UInt8.self)
    if first <= 1 { return nil }
    if first == 0x16 { return .tls }
    for verb: StaticString in ["GET ", "HEAD"] {
      var matched = 0
      while matched < min(4, available),
        base.load(fromByteOffset: matched, as: UInt8.self) == verb.utf8Start[matched]
      {
        matched += 1
      }
      if matched == 4 { return .http }
      if matched == available { return .needMore(4 - available) }
    }
    return .close
  }

  private func refusalOfLength(_ header: FrameHeader) -> Refusal? {
    guard header.type == FrameType.request, header.streamID & 1 == 1 else { return nil }
    return Refusal(
      .frameTooLarge,
      "the frame's data is \(header.length) bytes; at most \(Limits.frameBytes) are taken")
  }
}
