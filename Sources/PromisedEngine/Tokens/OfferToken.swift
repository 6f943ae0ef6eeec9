import PromisedInvariants
import PromisedModel

/// One offer as its token holds it: the question and the answer.
///
/// After the header of every token:
///
///     24  u32  quantity
///     28  u16  node index
///     30  u16  chance in 1/65535
///     32  i64  end of the window
///     40  i64  order by
///     48  i64  leaves the node by
///     56  i32  delivery date, days
///     60  u32  the window's length, s
///     64       item key, postcode, checksum
///
/// An offer of units that come, or to a channel, is of a kind of its own:
///
///     64  u32  from when the units are there, Unix seconds; 0 = they are on hand
///     68  u8   supply: 1 on hand, 2 inbound, 3 backorder, 4 pre-order
///     69  u8   confidence level of the profiles its way is of
///     70  u8   which supply it may rest on
///     71  u8   bytes of the channel
///     72       item key, postcode, channel, checksum
package struct OfferToken {
  /// The state at this position gives the same answer at `decidedAt`.
  package var position: Position
  package var decidedAt: UnixMilliseconds
  package var item: BorrowedBytes
  package var quantity: Int32
  /// Two capital letters.
  package var country: BorrowedBytes
  package var postcode: BorrowedBytes
  package var level: ServiceLevel
  package var confidence: ConfidenceLevel

  package var node: UInt16
  package var windowFromUnixSeconds: Int64
  package var windowToUnixSeconds: Int64
  package var deliveryDays: Int32
  package var orderByUnixSeconds: Int64
  package var shipByUnixSeconds: Int64
  /// Of delivery by the window's end, in 1/65535; 0 = not stated.
  package var chance: UInt16
  /// Who asked; empty = no channel.
  package var channel: BorrowedBytes
  /// What it rests on when that is not on hand.
  package var rest: TokenSupply?

  package init(
    position: Position, decidedAt: UnixMilliseconds, item: BorrowedBytes, quantity: Int32,
    country: BorrowedBytes, postcode: BorrowedBytes, level: ServiceLevel,
    confidence: ConfidenceLevel, node: UInt16, windowFromUnixSeconds: Int64,
    windowToUnixSeconds: Int64, deliveryDays: Int32, orderByUnixSeconds: Int64,
    shipByUnixSeconds: Int64, chance: UInt16, channel: BorrowedBytes = .empty,
    rest: TokenSupply? = nil
  ) {
    self.position = position
    self.decidedAt = decidedAt
    self.item = item
    self.quantity = quantity
    self.country = country
    self.postcode = postcode
    self.level = level
    self.confidence = confidence
    self.node = node
    self.windowFromUnixSeconds = windowFromUnixSeconds
    self.windowToUnixSeconds = windowToUnixSeconds
    self.deliveryDays = deliveryDays
    self.orderByUnixSeconds = orderByUnixSeconds
    self.shipByUnixSeconds = shipByUnixSeconds
    self.chance = chance
    self.channel = channel
    self.rest = rest
  }

  package var expiresUnixSeconds: Int64 {
    OfferLifetime.expires(orderBy: orderByUnixSeconds, decidedAt: decidedAt)
  }

  private static var fixedBytes: Int { 64 }
  /// What one with a supply or a channel has beside.
  private static var restBytes: Int { 8 }

  /// Writes the token, at most `Limits.offerTokenBytes`, and answers its length. Allocates nothing.
  ///
  /// The caller has an offer: a country of two letters, and a key and a postcode of 1 to 64 bytes.
  @inline(__always)
  package func encode(into target: UnsafeMutablePointer<UInt8>) -> Int {
    guard let country = country.base, let item = item.base, let postcode = postcode.base else {
      invariant(false, "an offer without its question")
      return 0
    }
    let (itemBytes, postcodeBytes) = (self.item.count, self.postcode.count)
    invariant(
      itemBytes <= Name.maximumByteCount && postcodeBytes <= Name.maximumByteCount,
      "a token's key is too long")
    let raw = UnsafeMutableRawPointer(target)
    target[0] = TokenBytes.version
    target[1] = TokenKind.offer.rawValue
    target[2] = level.rawValue
    target[3] = confidence.rawValue
    target[4] = UInt8(truncatingIfNeeded: itemBytes)
    target[5] = UInt8(truncatingIfNeeded: postcodeBytes)
    target[6] = country[0]
    target[7] = country[1]
    TokenBytes.store(position, raw, 8)
    TokenBytes.store(decidedAt.milliseconds, raw, 16)
    TokenBytes.store(quantity, raw, 24)
    TokenBytes.store(node, raw, 28)
    TokenBytes.store(chance, raw, 30)
    TokenBytes.store(windowToUnixSeconds, raw, 32)
    TokenBytes.store(orderByUnixSeconds, raw, 40)
    TokenBytes.store(shipByUnixSeconds, raw, 48)
    TokenBytes.store(deliveryDays, raw, 56)
    TokenBytes.store(UInt32(clamping: windowToUnixSeconds - windowFromUnixSeconds), raw, 60)
    var body = Self.fixedBytes
    if _slowPath(rest != nil || !channel.isEmpty) { body = encodeRest(into: target) }
    (target + body).update(from: item, count: itemBytes)
    (target + body + itemBytes).update(from: postcode, count: postcodeBytes)
    body += itemBytes + postcodeBytes
    if _slowPath(!channel.isEmpty), let channel = channel.base {
      (target + body).update(from: channel, count: self.channel.count)
      body += self.channel.count
    }
    TokenBytes.store(TokenBytes.checksum(raw, count: body), raw, body)
    return body + TokenBytes.checksumBytes
  }

  /// Writes what stands between the numbers and the keys; answers where the keys begin.
  @inline(never)
  private func encodeRest(into target: UnsafeMutablePointer<UInt8>) -> Int {
    invariant(channel.count <= Name.maximumByteCount, "a token's channel is too long")
    let rest = rest ?? TokenSupply(source: .onHand, layer: confidence, choice: .whenNeeded)
    target[1] = TokenKind.suppliedOffer.rawValue
    TokenBytes.store(rest.fromUnixSeconds, UnsafeMutableRawPointer(target), Self.fixedBytes)
    target[Self.fixedBytes + 4] = rest.source.rawValue
    target[Self.fixedBytes + 5] = rest.layer.rawValue
    target[Self.fixedBytes + 6] = rest.choice.rawValue
    target[Self.fixedBytes + 7] = UInt8(truncatingIfNeeded: channel.count)
    return Self.fixedBytes + Self.restBytes
  }

  /// Nil when the bytes after a sound header are none of an offer's.
  init?(_ token: BorrowedBytes, _ header: TokenHeader) {
    let itemBytes = Int(header.detail)
    guard let base = token.base, itemBytes > 0 else { return nil }
    let raw = UnsafeRawPointer(base)
    var (start, channelBytes) = (Self.fixedBytes, 0)
    var rest: TokenSupply?
    if header.kind == .suppliedOffer {
      guard token.count >= Self.fixedBytes + Self.restBytes + TokenBytes.checksumBytes,
        let supply = TokenSupply(base + Self.fixedBytes)
      else { return nil }
      channelBytes = Int(base[Self.fixedBytes + 7])
      if supply.source != .onHand { rest = supply } else if channelBytes == 0 { return nil }
      start += Self.restBytes
    }
    guard
      token.count
        == start + itemBytes + header.postcodeBytes + channelBytes + TokenBytes.checksumBytes
    else { return nil }
    let item = BorrowedBytes(base: base + start, count: itemBytes)
    let postcode = BorrowedBytes(base: base + start + itemBytes, count: header.postcodeBytes)
    let channel =
      channelBytes == 0
      ? BorrowedBytes.empty
      : BorrowedBytes(base: base + start + itemBytes + header.postcodeBytes, count: channelBytes)
    guard channelBytes == 0 || Name.isValid(channel.buffer) else { return nil }
    let quantity = TokenBytes.load(raw, 24, as: Int32.self)
    let windowTo = TokenBytes.load(raw, 32, as: Int64.self)
    let orderBy = TokenBytes.load(raw, 40, as: Int64.self)
    let shipBy = TokenBytes.load(raw, 48, as: Int64.self)
    let instants = 0...TokenBytes.lastUnixSecond
    guard Name.isValid(item.buffer), Name.isValid(postcode.buffer),
      (1...Limits.unitsPerPosition).contains(quantity), instants.contains(windowTo),
      instants.contains(orderBy), instants.contains(shipBy)
    else { return nil }
    self.init(
      position: header.position, decidedAt: header.decidedAt, item: item, quantity: quantity,
      country: header.country, postcode: postcode, level: header.level,
      confidence: header.confidence, node: TokenBytes.load(raw, 28, as: UInt16.self),
      windowFromUnixSeconds: windowTo - Int64(TokenBytes.load(raw, 60, as: UInt32.self)),
      windowToUnixSeconds: windowTo, deliveryDays: TokenBytes.load(raw, 56, as: Int32.self),
      orderByUnixSeconds: orderBy, shipByUnixSeconds: shipBy,
      chance: TokenBytes.load(raw, 30, as: UInt16.self), channel: channel, rest: rest)
  }
}

/// What an offer rests on that is not on hand, as its token holds it.
package struct TokenSupply: Sendable, Equatable {
  package var source: SupplySource
  /// Its way is one of these profiles.
  package var layer: ConfidenceLevel
  package var choice: SupplyChoice
  /// From when the units are there.
  package var fromUnixSeconds: UInt32

  package init(
    source: SupplySource, layer: ConfidenceLevel, choice: SupplyChoice,
    fromUnixSeconds: UInt32 = 0
  ) {
    self.source = source
    self.layer = layer
    self.choice = choice
    self.fromUnixSeconds = fromUnixSeconds
  }

  /// Of seven bytes; nil when they say nonsense.
  fileprivate init?(_ base: UnsafePointer<UInt8>) {
    let from = TokenBytes.load(UnsafeRawPointer(base), 0, as: UInt32.self)
    guard let source = SupplySource(rawValue: base[4]),
      let layer = ConfidenceLevel(rawValue: base[5]),
      let choice = SupplyChoice(rawValue: base[6]), (from == 0) == (source == .onHand)
    else { return nil }
    self.init(source: source, layer: layer, choice: choice, fromUnixSeconds: from)
  }
}
