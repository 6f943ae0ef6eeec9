import CPromisedMessages
import CProtobufC
import PromisedModel

/// Builds messages for libprotobuf-c in one arena: the requests of a client, and replies that are made
/// of sub-messages.
struct MessageBuilder: ~Copyable {
  private var arena = MessageArena()
  /// Something was left out, because there was no memory for it: the message is not whole.
  private(set) var isExhausted = false

  init() { reset() }

  /// Forgets every message and keeps the memory.
  mutating func reset() {
    arena.reset(payloadBytes: Limits.frameBytes)
    isExhausted = false
  }

  /// Encodes the message that `fill` made; nil when it needs more memory than any frame can carry.
  static func encode<Message: BitwiseCopyable>(
    _ initialize: (UnsafeMutablePointer<Message>?) -> Void,
    _ fill: (inout MessageBuilder, UnsafeMutablePointer<Message>) -> Void
  ) -> [UInt8]? {
    var builder = MessageBuilder()
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

  mutating func pieces(
    _ pieces: [[UInt8]]
  ) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
    guard !pieces.isEmpty, let memory = allocate(ProtobufCBinaryData.self, pieces.count) else {
      return (0, nil)
    }
    for (index, piece) in pieces.enumerated() { memory[index] = bytes(piece) }
    return (pieces.count, memory)
  }

  mutating func names(_ names: [Name]) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
    guard !names.isEmpty, let memory = allocate(ProtobufCBinaryData.self, names.count) else {
      return (0, nil)
    }
    for (index, name) in names.enumerated() { memory[index] = bytes(name.bytes) }
    return (names.count, memory)
  }

  /// Bytes that stay where they are until the message is packed.
  mutating func lent(
    _ bytes: [BorrowedBytes]
  ) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
    guard !bytes.isEmpty, let memory = allocate(ProtobufCBinaryData.self, bytes.count) else {
      return (0, nil)
    }
    for (index, bytes) in bytes.enumerated() { memory[index] = ProtobufCBinaryData(bytes) }
    return (bytes.count, memory)
  }

  /// Sub-messages, one per row.
  mutating func messages<Row, Message: BitwiseCopyable>(
    _ rows: [Row], _ initialize: (UnsafeMutablePointer<Message>?) -> Void,
    _ fill: (inout MessageBuilder, Row, UnsafeMutablePointer<Message>) -> Void
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
