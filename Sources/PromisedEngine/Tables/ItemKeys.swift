import PromisedInvariants
import PromisedModel

/// Item keys as 64-bit tokens.
///
/// A key of 1 to 10 bytes of `[0-9A-Za-z_-]` packs: six bits a character, the first lowest, above
/// a low nibble that holds the length. Any other key is interned; its token has a low nibble of 0
/// and 60 bits of the hash of its bytes, counted up past tokens of other keys. So a token says
/// nothing about the order in which keys appeared, and a table ordered by token looks the same
/// after a snapshot. Zero is no token.
struct ItemKeys: ~Copyable {
  /// The longest key that packs.
  static var packedByteCount: Int { 10 }
  /// The most bytes `write` needs.
  static var maximumByteCount: Int { Name.maximumByteCount }

  private var codes: UnsafeMutablePointer<UInt8>
  private var characters: UnsafeMutablePointer<UInt8>
  private var interned = KeyTable()
  private var tokens = Store<UInt64>()
  private var byToken = SlotIndex()

  init() {
    codes = .allocate(capacity: 256)
    codes.initialize(repeating: 0xff, count: 256)
    characters = .allocate(capacity: 64)
    let alphabet: StaticString = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"
    characters.initialize(from: alphabet.utf8Start, count: 64)
    for code in 0..<64 { codes[Int(characters[code])] = UInt8(code) }
  }

  deinit {
    codes.deallocate()
    characters.deallocate()
  }

  /// The token of a key that packs, else 0.
  @inline(__always)
  func packed(_ key: BorrowedBytes) -> UInt64 {
    if key.count == 0 || key.count > Self.packedByteCount { return 0 }
    let base = key.base.unsafelyUnwrapped
    var bits: UInt64 = 0
    var seen: UInt8 = 0
    var place = key.count - 1
    while place >= 0 {
      let code = codes[Int(base[place])]
      seen |= code
      bits = bits << 6 | UInt64(code & 63)
      place -= 1
    }
    return seen > 63 ? 0 : bits << 4 | UInt64(key.count)
  }

  /// Whether a token holds its key.
  @inline(__always)
  static func isPacked(_ token: UInt64) -> Bool { token & 15 != 0 }

  /// The token of a key that packs or is interned, else 0.
  @inline(__always)
  func token(_ key: BorrowedBytes) -> UInt64 {
    let packed = packed(key)
    if packed != 0 { return packed }
    guard let slot = interned.find(key) else { return 0 }
    return tokens[slot]
  }

  /// The token of a key, interned when it must be.
  mutating func insert(_ key: BorrowedBytes) -> UInt64 {
    let packed = packed(key)
    if packed != 0 { return packed }
    if let slot = interned.find(key) { return tokens[slot] }
    var token = hash(key) & ~15
    while token == 0 || slot(of: token) != nil { token &+= 16 }
    let slot = interned.insert(key)
    tokens.append(token)
    invariant(tokens.count == interned.count, "interned keys and tokens drifted apart")
    byToken.insert(mix(token), slot: slot)
    return token
  }

  /// Writes a token's key to `target`, which has room for `maximumByteCount`; answers its length.
  func write(_ token: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let length = Int(token & 15)
    if length == 0 {
      guard let slot = slot(of: token) else {
        invariant(false, "a token without a key")
        return 0
      }
      let key = interned.name(slot)
      if let base = key.base { target.update(from: base, count: key.count) }
      return key.count
    }
    var bits = token >> 4
    for place in 0..<length {
      target[place] = characters[Int(bits & 63)]
      bits >>= 6
    }
    return length
  }

  /// An owned copy of a token's key.
  func name(_ token: UInt64) -> Name {
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.maximumByteCount) { buffer, count in
      count = buffer.baseAddress.map { write(token, to: $0) } ?? 0
    }
    return Name(bytes)
  }

  private func slot(of token: UInt64) -> Int? {
    byToken.find(mix(token)) { tokens[$0] == token }
  }
}
