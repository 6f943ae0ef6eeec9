import PromisedModel

// Tokens are what clients carry from an answer to a hold or an explanation: the question, the
// answer and when it was given. They are no secret and are never trusted: everything in them is
// checked again. The checksum only tells a whole token from one that was cut or altered.
//
// All kinds begin with the same 24 bytes, integers little-endian, and end with the checksum of
// all bytes before it:
//
//      0  u8   version, 1
//      1  u8   kind: 1 offer, 2 plan, 3 offer of units that come, or of a channel
//      2  u8   service level
//      3  u8   confidence level
//      4  u8   offer: bytes of the item key; plan: the objective
//      5  u8   bytes of the postcode
//      6  2 B  country, two letters
//      8  u64  log position of the state that decided
//     16  i64  when it decided, ms
//     24  ...  by kind
//      e  u64  checksum

package enum TokenKind: UInt8, Sendable {
  case offer = 1
  case plan = 2
  /// An offer of units that are not there yet, or to a channel.
  case suppliedOffer = 3
}

enum TokenBytes {
  static var version: UInt8 { 1 }
  static var headerBytes: Int { 24 }
  static var checksumBytes: Int { 8 }
  /// Instants beyond the year 9999 are in no token.
  static var lastUnixSecond: Int64 { 253_402_300_799 }

  /// 64 bits over `count` (16 or more) bytes.
  ///
  /// Folded multiplication as in wyhash (Wang Yi, 2019): one multiplication for 16 bytes, the last
  /// 16 read overlapping.
  @inline(__always)
  static func checksum(_ base: UnsafeRawPointer, count: Int) -> UInt64 {
    var state = 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: count)
    var offset = 0
    while offset + 16 < count {
      state = fold(state, base + offset)
      offset += 16
    }
    return mix(fold(state, base + (count - 16)))
  }

  @inline(__always)
  private static func fold(_ state: UInt64, _ at: UnsafeRawPointer) -> UInt64 {
    let first = UInt64(littleEndian: at.loadUnaligned(as: UInt64.self))
    let second = UInt64(littleEndian: at.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    let product = (first ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: second ^ state)
    return product.high ^ product.low
  }

  @inline(__always)
  static func store<Value: FixedWidthInteger>(
    _ value: Value, _ base: UnsafeMutableRawPointer, _ offset: Int
  ) {
    base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
  }

  @inline(__always)
  static func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ base: UnsafeRawPointer, _ offset: Int, as type: Value.Type
  ) -> Value {
    Value(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: type))
  }
}

/// What every token says, read from its first bytes.
struct TokenHeader {
  var kind: TokenKind
  var level: ServiceLevel
  var confidence: ConfidenceLevel
  /// Byte 4, whose meaning the kind decides.
  var detail: UInt8
  var postcodeBytes: Int
  var country: BorrowedBytes
  var position: Position
  var decidedAt: UnixMilliseconds

  /// Nil unless the bytes are whole and begin as a token does.
  init?(_ token: BorrowedBytes) {
    guard let base = token.base,
      token.count >= TokenBytes.headerBytes + TokenBytes.checksumBytes
    else { return nil }
    let raw = UnsafeRawPointer(base)
    let body = token.count - TokenBytes.checksumBytes
    guard
      TokenBytes.load(raw, body, as: UInt64.self) == TokenBytes.checksum(raw, count: body),
      base[0] == TokenBytes.version, let kind = TokenKind(rawValue: base[1]),
      let level = ServiceLevel(rawValue: base[2]),
      let confidence = ConfidenceLevel(rawValue: base[3]),
      (1...Name.maximumByteCount).contains(Int(base[5])),
      (0x41...0x5a).contains(base[6]), (0x41...0x5a).contains(base[7])
    else { return nil }
    let decidedAt = TokenBytes.load(raw, 16, as: Int64.self)
    guard decidedAt >= 0, decidedAt / 1000 <= TokenBytes.lastUnixSecond else { return nil }
    self.kind = kind
    self.level = level
    self.confidence = confidence
    detail = base[4]
    postcodeBytes = Int(base[5])
    country = BorrowedBytes(base: base + 6, count: 2)
    position = TokenBytes.load(raw, 8, as: UInt64.self)
    self.decidedAt = UnixMilliseconds(decidedAt)
  }
}

/// A token of either kind.
package enum Token {
  case offer(OfferToken)
  case plan(PlanToken)

  /// Reads a token. What it names borrows `bytes`.
  ///
  /// - Throws: TOKEN_INVALID when the bytes are no whole token of this version.
  package init(_ bytes: BorrowedBytes) throws(Refusal) {
    if let header = TokenHeader(bytes) {
      switch header.kind {
      case .offer, .suppliedOffer:
        if let offer = OfferToken(bytes, header) {
          self = .offer(offer)
          return
        }
      case .plan:
        if let plan = PlanToken(bytes, header) {
          self = .plan(plan)
          return
        }
      }
    }
    throw Refusal(
      .tokenInvalid, "the \(bytes.count) bytes are no token of this server, or not all of it")
  }
}

/// How long a page may show an answer, and how long its token can be redeemed.
package enum OfferLifetime {
  /// Nobody is shown a promise longer than this, or than it can be kept.
  package static func cacheUntil(orderBy: Int64, decidedAt: UnixMilliseconds) -> Int64 {
    min(orderBy, decidedAt.seconds + Limits.offerCacheSeconds)
  }

  /// The last second at which a hold may name the token.
  package static func expires(orderBy: Int64, decidedAt: UnixMilliseconds) -> Int64 {
    min(orderBy, decidedAt.seconds + Limits.offerLifetimeSeconds)
  }
}
