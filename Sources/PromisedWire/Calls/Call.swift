import CPromisedMessages
import CProtobufC
import PromisedModel

/// One request to the service and how its answer is read.
///
///     let call = Call.offer(items: ["B0001"], postcodes: ["98109"])
///     let answer = try connection.perform(call)      // an OfferAnswer
///
/// A call is a value: it can be kept, sent again after a connection was lost (`isRepeatable` says
/// whether that is safe), and sent over several connections.
public struct Call<Answer: Sendable>: Sendable {
  /// The method called.
  package let method: Method
  /// The encoded request message; nil when it cannot fit a frame.
  package let payload: [UInt8]?
  /// Whether asking twice has the effect of asking once: a read, or a change under its own key.
  public let isRepeatable: Bool
  /// Reads the encoded answer.
  package let decode: @Sendable (BorrowedBytes) throws(MalformedAnswer) -> Answer

  package init(
    _ method: Method, repeatable: Bool = true, payload: [UInt8]?,
    decode: @escaping @Sendable (BorrowedBytes) throws(MalformedAnswer) -> Answer
  ) {
    self.method = method
    isRepeatable = repeatable
    self.payload = payload
    self.decode = decode
  }

  /// The method's full name, such as `promised.v1.Promises/Offer`.
  public var name: String { method.fullName }
}

/// An answer whose bytes are not the message they should be.
public struct MalformedAnswer: Error, Sendable, Equatable {
  /// What is wrong with it.
  public let reason: String

  package init(_ reason: String) { self.reason = reason }
}

/// Builds request messages for libprotobuf-c in one arena.
struct CallBuilder: ~Copyable {
  private var arena = MessageArena()
  private var isExhausted = false

  init() { arena.reset(payloadBytes: Limits.frameBytes) }

  /// Encodes the message that `fill` made; nil when it needs more memory than any frame can carry.
  static func encode<Message: BitwiseCopyable>(
    _ initialize: (UnsafeMutablePointer<Message>?) -> Void,
    _ fill: (inout CallBuilder, UnsafeMutablePointer<Message>) -> Void
  ) -> [UInt8]? {
    var builder = CallBuilder()
    guard let message = builder.make(initialize) else { return nil }
    fill(&builder, message)
    if builder.isExhausted { return nil }
    let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
    let size = protobuf_c_message_get_packed_size(base)
    if size > Limits.frameBytes { return nil }
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = size == 0 ? 0 : protobuf_c_message_pack(base, buffer.baseAddress)
    }
  }

  /// An initialised message in the arena.
  mutating func make<Message: BitwiseCopyable>(
    _ initialize: (UnsafeMutablePointer<Message>?) -> Void
  ) -> UnsafeMutablePointer<Message>? {
    guard let message = allocate(Message.self, 1) else { return nil }
    initialize(message)
    return message
  }

  private mutating func allocate<Element: BitwiseCopyable>(
    _ type: Element.Type, _ count: Int
  ) -> UnsafeMutablePointer<Element>? {
    let memory = arena.allocate(type, count: count)
    if memory == nil { isExhausted = true }
    return memory
  }

  mutating func bytes(_ source: some Collection<UInt8>) -> ProtobufCBinaryData {
    if source.isEmpty { return ProtobufCBinaryData() }
    guard let memory = allocate(UInt8.self, source.count) else { return ProtobufCBinaryData() }
    _ = UnsafeMutableBufferPointer(start: memory, count: source.count).initialize(from: source)
    return ProtobufCBinaryData(len: source.count, data: memory)
  }

  mutating func text(_ text: String) -> ProtobufCBinaryData { bytes(text.utf8) }

  mutating func name(_ name: Name) -> ProtobufCBinaryData { bytes(name.bytes) }

  /// A column, each number converted; values are in range because the caller's types say so.
  mutating func column<Source: BinaryInteger, Target: FixedWidthInteger & BitwiseCopyable>(
    _ values: [Source], as type: Target.Type
  ) -> (Int, UnsafeMutablePointer<Target>?) {
    guard !values.isEmpty, let memory = allocate(type, values.count) else { return (0, nil) }
    values.withUnsafeBufferPointer { values in
      for index in 0..<values.count { memory[index] = Target(truncatingIfNeeded: values[index]) }
    }
    return (values.count, memory)
  }

  /// As `column`, but nothing when every value is 0: the wire then means just that.
  mutating func sparseColumn(_ values: [Int32]) -> (Int, UnsafeMutablePointer<UInt64>?) {
    values.allSatisfy { $0 == 0 } ? (0, nil) : column(values, as: UInt64.self)
  }

  mutating func texts(_ texts: [String]) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
    guard !texts.isEmpty, let memory = allocate(ProtobufCBinaryData.self, texts.count) else {
      return (0, nil)
    }
    for (index, text) in texts.enumerated() { memory[index] = bytes(text.utf8) }
    return (texts.count, memory)
  }

  mutating func names(_ names: [Name]) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
    guard !names.isEmpty, let memory = allocate(ProtobufCBinaryData.self, names.count) else {
      return (0, nil)
    }
    for (index, name) in names.enumerated() { memory[index] = bytes(name.bytes) }
    return (names.count, memory)
  }

  /// Sub-messages, one per row.
  mutating func messages<Row, Message: BitwiseCopyable>(
    _ rows: [Row], _ initialize: (UnsafeMutablePointer<Message>?) -> Void,
    _ fill: (inout CallBuilder, Row, UnsafeMutablePointer<Message>) -> Void
  ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?) {
    typealias Pointer = UnsafeMutablePointer<Message>?
    guard !rows.isEmpty, let memory = allocate(Pointer.self, rows.count) else { return (0, nil) }
    for (index, row) in rows.enumerated() {
      guard let message = make(initialize) else { return (0, nil) }
      fill(&self, row, message)
      memory[index] = message
    }
    return (rows.count, memory)
  }

  /// The keys of a batch, packed.
  mutating func keys(
    _ keys: [String]
  ) -> (ProtobufCBinaryData, Int, UnsafeMutablePointer<UInt32>?) {
    var packed = PackedKeys()
    for key in keys { packed.append(key.utf8) }
    return self.keys(packed)
  }

  mutating func keys(
    _ keys: PackedKeys
  ) -> (ProtobufCBinaryData, Int, UnsafeMutablePointer<UInt32>?) {
    let (count, lengths) = column(keys.lengths, as: UInt32.self)
    return (bytes(keys.bytes), count, lengths)
  }

  /// Read options; none when nothing is asked.
  mutating func read(
    _ minimum: UInt64
  ) -> UnsafeMutablePointer<Promised__V1__ReadOptions>? {
    if minimum == 0 { return nil }
    let options = make(promised__v1__read_options__init)
    options?.pointee.min_position = minimum
    return options
  }
}

/// Lends the unpacked message of an answer.
func withAnswer<Message, Result>(
  _ payload: BorrowedBytes, _ name: String,
  _ unpack: (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?) ->
    UnsafeMutablePointer<Message>?,
  _ body: (Message) throws(MalformedAnswer) -> Result
) throws(MalformedAnswer) -> Result {
  var arena = MessageArena()
  arena.reset(payloadBytes: payload.count)
  // The library wants an address even for no bytes.
  var nothing: UInt8 = 0
  guard
    let message = withUnsafePointer(
      to: &nothing, { unpack(arena.allocator, payload.count, payload.base ?? $0) })
  else { throw MalformedAnswer("\(name) cannot be decoded") }
  let result = try body(message.pointee)
  // Everything unpacked lies in the arena.
  _ = consume arena
  return result
}

/// A column of an answer with as many values as its rows.
func column<Element>(
  _ count: Int, _ base: UnsafeMutablePointer<Element>?, rows: Int, _ name: StaticString
) throws(MalformedAnswer) -> UnsafeBufferPointer<Element> {
  guard count == rows else {
    throw MalformedAnswer("\(name) has \(count) values where \(rows) are due")
  }
  return UnsafeBufferPointer(start: base, count: count)
}

extension ProtobufCBinaryData {
  /// The bytes as text; broken UTF-8 is repaired for display.
  var text: String {
    String(decoding: UnsafeBufferPointer(start: data, count: len), as: UTF8.self)
  }

  var array: [UInt8] { Array(UnsafeBufferPointer(start: data, count: len)) }
}

/// The texts of a column.
func texts(_ count: Int, _ base: UnsafeMutablePointer<ProtobufCBinaryData>?) -> [String] {
  UnsafeBufferPointer(start: base, count: count).map(\.text)
}

/// The text a row names by index.
func text(_ index: UInt32, of texts: [String]) throws(MalformedAnswer) -> String {
  guard index < texts.count else { throw MalformedAnswer("a name index is out of range") }
  return texts[Int(index)]
}
