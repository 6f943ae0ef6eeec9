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

/// Packed keys as texts.
func keys(
  _ bytes: ProtobufCBinaryData, _ lengths: UnsafeMutablePointer<UInt32>?, _ count: Int,
  _ name: StaticString
) throws(MalformedAnswer) -> [String] {
  try pieces(bytes, lengths, count, name).map { String(decoding: $0, as: UTF8.self) }
}

/// Packed byte strings with a length each.
func pieces(
  _ bytes: ProtobufCBinaryData, _ lengths: UnsafeMutablePointer<UInt32>?, _ count: Int,
  _ name: StaticString
) throws(MalformedAnswer) -> [UnsafeBufferPointer<UInt8>] {
  let lengths = UnsafeBufferPointer(start: lengths, count: count)
  guard lengths.reduce(0, { $0 + Int($1) }) == bytes.len else {
    throw MalformedAnswer("the lengths do not add up to the bytes of \(name)")
  }
  var start = 0
  return lengths.map { length in
    defer { start += Int(length) }
    return UnsafeBufferPointer(
      start: UnsafePointer(bytes.data).map { $0 + start }, count: Int(length))
  }
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
