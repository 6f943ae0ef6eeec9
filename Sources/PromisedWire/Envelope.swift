import PromisedInvariants
import PromisedModel

/// A ttRPC request without its wrapping; the payload lies in the receive buffer.
package struct Envelope {
  package var method: Method
  /// The method's request message, still encoded.
  package var payload: BorrowedBytes
  /// Nanoseconds the client waits from when it sent this; 0 = no limit, negative = already over.
  package var timeoutNano: Int64
  /// The client will send messages of the method in Data frames.
  package var isStream: Bool
}

/// Opens `ttrpc.Request` and names the method.
///
/// The message is read by hand, field by field, which is also its check: nothing is allocated,
/// at most `Limits.fieldsPerMessage` fields are looked at, metadata is checked and passed over.
/// Where a singular field is repeated the last one holds, as protobuf demands.
package struct EnvelopeReader: ~Copyable {
  private let router = MethodRouter()

  package init() {}

  /// - Parameter flags: the frame's; a method that takes a stream is asked for with an open client
  ///   half, and no other is.
  /// - Throws: `serviceUnknown`, `methodUnknown`, `methodNotBuilt`, or `messageMalformed` and
  ///   `tooManyFields` where the bytes are no `ttrpc.Request`.
  package func read(_ data: BorrowedBytes, flags: UInt8) throws(Refusal) -> Envelope {
    var service = BorrowedBytes.empty
    var name = BorrowedBytes.empty
    var payload = BorrowedBytes.empty
    var timeoutNano: Int64 = 0
    var fields = 0
    var cursor = WireCursor(data)
    while !cursor.isAtEnd {
      fields += 1
      guard fields <= Limits.fieldsPerMessage else {
        throw Refusal(
          .tooManyFields, "ttrpc.Request has more than \(Limits.fieldsPerMessage) fields")
      }
      let offset = cursor.offset
      guard let tag = cursor.tag() else { throw malformed(offset) }
      switch (tag.number, tag.wireType) {
      case (1, WireType.lengthDelimited):
        guard let bytes = cursor.lengthDelimited() else { throw malformed(offset) }
        service = bytes
      case (2, WireType.lengthDelimited):
        guard let bytes = cursor.lengthDelimited() else { throw malformed(offset) }
        name = bytes
      case (3, WireType.lengthDelimited):
        guard let bytes = cursor.lengthDelimited() else { throw malformed(offset) }
        payload = bytes
      case (4, WireType.varint):
        guard let value = cursor.varint() else { throw malformed(offset) }
        timeoutNano = Int64(bitPattern: value)
      case (5, WireType.lengthDelimited):
        guard let pair = cursor.lengthDelimited(), isKeyValue(pair, &fields) else {
          throw malformed(offset)
        }
      case (1...5, _):
        throw malformed(offset)
      default:
        guard cursor.skipValue(tag.wireType) else { throw malformed(offset) }
      }
    }
    let method = try router.method(service: service, name: name)
    let isStream = method.row.isStream
    if isStream != (flags & FrameFlags.remoteOpen != 0) { throw Self.wrongHalves(method) }
    return Envelope(
      method: method, payload: payload, timeoutNano: timeoutNano, isStream: isStream)
  }

  /// Without an open half a client could neither send batches nor give credit back.
  private static func wrongHalves(_ method: Method) -> Refusal {
    method.row.isStream
      ? Refusal(
        .messageMalformed,
        "\(method.fullName) takes a stream of messages: open it with flag 02 on its request")
      : Refusal(
        .messageMalformed, "\(method.fullName) is unary; the request opened a client stream")
  }

  private func isKeyValue(_ pair: BorrowedBytes, _ fields: inout Int) -> Bool {
    var cursor = WireCursor(pair)
    while !cursor.isAtEnd {
      fields += 1
      guard let tag = cursor.tag(), cursor.skipValue(tag.wireType) else { return false }
      if tag.number <= 2, tag.wireType != WireType.lengthDelimited { return false }
    }
    return true
  }

  private func malformed(_ offset: Int) -> Refusal {
    Refusal(.messageMalformed, "ttrpc.Request: the field at byte \(offset) cannot be read")
  }
}

/// Finds a method by the names a request carries. Constant time, allocates nothing when found.
struct MethodRouter: ~Copyable {
  /// Open addressing over the raw values of `Method`; 0, which no method has, marks an empty slot.
  private let slots: UnsafeMutablePointer<UInt8>
  private static var slotCount: Int { 256 }

  init() {
    slots = .allocate(capacity: Self.slotCount)
    slots.initialize(repeating: 0, count: Self.slotCount)
    for method in Method.allCases {
      let row = method.row
      var slot = Self.hash(Self.bytes(row.service.name), Self.bytes(row.name))
      while slots[slot] != 0 { slot = (slot + 1) % Self.slotCount }
      slots[slot] = method.rawValue
    }
  }

  deinit { slots.deallocate() }

  func method(service: BorrowedBytes, name: BorrowedBytes) throws(Refusal) -> Method {
    var slot = Self.hash(service, name)
    while let method = Method(rawValue: slots[slot]) {
      let row = method.row
      if Self.equal(name, row.name), Self.equal(service, row.service.name) {
        guard row.isBuilt else {
          throw Refusal(.methodNotBuilt, "\(method.fullName) is not built yet")
        }
        return method
      }
      slot = (slot + 1) % Self.slotCount
    }
    for known in ServiceName.allCases where Self.equal(service, known.name) {
      throw Refusal(.methodUnknown, "method \(Self.text(name))")
    }
    throw Refusal(.serviceUnknown, "service \(Self.text(service))")
  }

  /// Names differ in their length or their last bytes; a poor spread only costs a comparison.
  private static func hash(_ service: BorrowedBytes, _ name: BorrowedBytes) -> Int {
    var value = UInt32(truncatingIfNeeded: service.count) &* 31
    value = value &+ UInt32(truncatingIfNeeded: name.count) &* 131
    if let base = service.base, service.count >= 3 {
      value = value &+ UInt32(base[service.count - 3]) &* 0x9E37_79B1
    }
    if let base = name.base, name.count >= 2 {
      value ^= UInt32(base[0]) &* 0x85EB_CA6B
      value ^= UInt32(base[name.count - 1]) &* 0xC2B2_AE35
      value ^= UInt32(base[name.count - 2]) &* 0x27D4_EB2F
    }
    return Int(value >> 24)
  }

  private static func equal(_ bytes: BorrowedBytes, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount, let base = bytes.base else { return false }
    for index in 0..<bytes.count where base[index] != text.utf8Start[index] { return false }
    return true
  }

  private static func bytes(_ text: StaticString) -> BorrowedBytes {
    BorrowedBytes(base: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// What a client called, for the answer: a bounded part of it, with bad UTF-8 replaced.
  private static func text(_ bytes: BorrowedBytes) -> String {
    String(decoding: bytes.buffer.prefix(256), as: UTF8.self)
  }
}
