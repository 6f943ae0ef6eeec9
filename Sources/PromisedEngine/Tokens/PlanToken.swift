import PromisedModel

/// One plan as its token holds it: the whole question and the shipments that answer it.
///
/// After the header of every token, varints as in protobuf and instants as zigzag varints of
/// seconds after the decision:
///
///     24  u16  lines
///     26  u16  shipments
///     28  u8   fill policy
///     29  u8   bit 0 ships together, bit 1 mixes levels
///     30  u8   levels asked for, bit n = level n
///     31  u8   bytes of the channel
///     32  u16  at most so many shipments, 0 = no limit
///     34  u16  0
///     36  i32  needed by, days; 0 = whenever
///     40  i64  cost
///     48       postcode, channel
///              per line: u8 bytes of the key, key, varint quantity
///              per shipment: u16 node, u8 level, u16 chance, i32 delivery date; window's end and
///                its length, order by, ship by; varint lines, and of each: varint line, quantity
///              checksum
package struct PlanToken: Sendable, Equatable {
  package var position: Position
  package var decidedAt: UnixMilliseconds
  package var items = PackedKeys()
  package var quantities: [Int32] = []
  package var country: Name
  package var postcode: Name
  /// The level of this plan, and all levels the question named.
  package var level: ServiceLevel
  package var levels: [ServiceLevel] = []
  package var confidence: ConfidenceLevel
  package var objective: PlanObjective
  package var policy: FillPolicy
  package var shipsTogether: Bool
  package var mixesLevels: Bool
  package var neededByDays: Int32
  package var maximumShipments: Int32
  package var cost: Money
  /// Who asked; empty = no channel.
  package var channel: Name
  /// Without their costs and offsets from UTC.
  package var shipments: [PlannedShipment] = []

  /// The token of one level's plan.
  package init(
    _ query: PlanQuery, _ plan: CartPlan, position: Position, decidedAt: UnixMilliseconds
  ) {
    self.position = position
    self.decidedAt = decidedAt
    items = PackedKeys(
      bytes: Array(query.items.bytes.buffer), lengths: Array(query.items.lengths.buffer))
    quantities = Array(query.quantities.buffer)
    country = query.country.name
    postcode = query.postcode.name
    level = plan.level
    levels = query.levels.buffer.compactMap { ServiceLevel(rawValue: $0) }
    if levels.isEmpty { levels = [.standard] }
    confidence = query.confidence
    objective = query.objective
    policy = query.policy
    shipsTogether = query.shipsTogether
    mixesLevels = query.mixesLevels
    neededByDays = query.neededByDays
    maximumShipments = query.maximumShipments
    cost = plan.cost
    channel = query.channel.name
    shipments = plan.shipments.map {
      var shipment = $0
      shipment.cost = 0
      shipment.windowUTCOffsetSeconds = 0
      return shipment
    }
  }

  /// The earliest of its shipments' order-by times.
  package var orderByUnixSeconds: Int64 {
    shipments.reduce(TokenBytes.lastUnixSecond) { min($0, $1.orderByUnixSeconds) }
  }

  package var expiresUnixSeconds: Int64 {
    OfferLifetime.expires(orderBy: orderByUnixSeconds, decidedAt: decidedAt)
  }

  /// Lends the question.
  package func withQuery<Result>(_ body: (PlanQuery) -> Result) -> Result {
    let levelBytes = levels.map(\.rawValue)
    return items.withKeyColumn { keys in
      quantities.withUnsafeBufferPointer { quantities in
        country.bytes.withUnsafeBufferPointer { country in
          postcode.bytes.withUnsafeBufferPointer { postcode in
            levelBytes.withUnsafeBufferPointer { levels in
              channel.bytes.withUnsafeBufferPointer { channel in
                body(
                  PlanQuery(
                    items: keys, quantities: Column(quantities), country: BorrowedBytes(country),
                    postcode: BorrowedBytes(postcode), levels: Column(levels),
                    confidence: confidence, objective: objective, policy: policy,
                    shipsTogether: shipsTogether, neededByDays: neededByDays,
                    maximumShipments: maximumShipments, mixesLevels: mixesLevels,
                    channel: BorrowedBytes(channel)))
              }
            }
          }
        }
      }
    }
  }
}

// MARK: Bytes

extension PlanToken {
  private static var fixedBytes: Int { 48 }

  /// The token's bytes; none when they would exceed `Limits.tokenBytes`. O(lines).
  package func encode() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.fixedBytes)
    let letters = country.bytes
    guard letters.count == 2, postcode.bytes.count <= Name.maximumByteCount,
      channel.bytes.count <= Name.maximumByteCount
    else { return [] }
    bytes[0] = TokenBytes.version
    bytes[1] = TokenKind.plan.rawValue
    bytes[2] = level.rawValue
    bytes[3] = confidence.rawValue
    bytes[4] = objective.rawValue
    bytes[5] = UInt8(postcode.bytes.count)
    bytes[6] = letters[0]
    bytes[7] = letters[1]
    bytes[28] = policy.rawValue
    bytes[29] = (shipsTogether ? 1 : 0) | (mixesLevels ? 2 : 0)
    bytes[30] = levels.reduce(0) { $0 | 1 << $1.rawValue }
    bytes[31] = UInt8(channel.bytes.count)
    bytes.withUnsafeMutableBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      TokenBytes.store(position, base, 8)
      TokenBytes.store(decidedAt.milliseconds, base, 16)
      TokenBytes.store(UInt16(truncatingIfNeeded: quantities.count), base, 24)
      TokenBytes.store(UInt16(truncatingIfNeeded: shipments.count), base, 26)
      TokenBytes.store(UInt16(clamping: maximumShipments), base, 32)
      TokenBytes.store(neededByDays, base, 36)
      TokenBytes.store(cost, base, 40)
    }
    bytes += postcode.bytes
    bytes += channel.bytes
    appendLines(to: &bytes)
    for shipment in shipments { append(shipment, to: &bytes) }
    let sum = bytes.withUnsafeBytes { buffer -> UInt64 in
      guard let base = buffer.baseAddress else { return 0 }
      return TokenBytes.checksum(base, count: buffer.count)
    }
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: sum >> (8 * UInt64(shift)))) }
    return bytes.count <= Limits.tokenBytes ? bytes : []
  }

  private func appendLines(to bytes: inout [UInt8]) {
    var start = 0
    for (index, length) in items.lengths.enumerated() {
      bytes.append(UInt8(truncatingIfNeeded: length))
      bytes += items.bytes[start..<(start + Int(length))]
      start += Int(length)
      Self.append(UInt64(quantities[index]), to: &bytes)
    }
  }

  private func append(_ shipment: PlannedShipment, to bytes: inout [UInt8]) {
    bytes.append(UInt8(truncatingIfNeeded: shipment.node))
    bytes.append(UInt8(truncatingIfNeeded: shipment.node >> 8))
    bytes.append(shipment.level.rawValue)
    bytes.append(UInt8(truncatingIfNeeded: shipment.chance))
    bytes.append(UInt8(truncatingIfNeeded: shipment.chance >> 8))
    for shift in 0..<4 {
      bytes.append(UInt8(truncatingIfNeeded: shipment.deliveryDays >> (8 * Int32(shift))))
    }
    let origin = decidedAt.seconds
    Self.appendSigned(shipment.windowToUnixSeconds - origin, to: &bytes)
    Self.append(
      UInt64(clamping: shipment.windowToUnixSeconds - shipment.windowFromUnixSeconds), to: &bytes)
    Self.appendSigned(shipment.orderByUnixSeconds - origin, to: &bytes)
    Self.appendSigned(shipment.shipByUnixSeconds - origin, to: &bytes)
    Self.append(UInt64(shipment.lines.count), to: &bytes)
    for line in shipment.lines {
      Self.append(UInt64(line.line), to: &bytes)
      Self.append(UInt64(clamping: line.quantity), to: &bytes)
    }
  }

  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private static func appendSigned(_ value: Int64, to bytes: inout [UInt8]) {
    append(UInt64(bitPattern: value << 1 ^ value >> 63), to: &bytes)
  }

  /// Nil when the bytes after a sound header are none of a plan's.
  init?(_ token: BorrowedBytes, _ header: TokenHeader) {
    guard let base = token.base, token.count <= Limits.tokenBytes,
      token.count >= Self.fixedBytes + header.postcodeBytes + TokenBytes.checksumBytes,
      let objective = PlanObjective(rawValue: header.detail),
      let policy = FillPolicy(rawValue: base[28]), base[29] <= 3
    else { return nil }
    let raw = UnsafeRawPointer(base)
    let lineCount = Int(TokenBytes.load(raw, 24, as: UInt16.self))
    let shipmentCount = Int(TokenBytes.load(raw, 26, as: UInt16.self))
    guard (1...Limits.linesPerHold).contains(lineCount),
      (1...Limits.linesPerHold).contains(shipmentCount),
      TokenBytes.load(raw, 34, as: UInt16.self) == 0
    else { return nil }
    position = header.position
    decidedAt = header.decidedAt
    country = header.country.name
    level = header.level
    confidence = header.confidence
    self.objective = objective
    self.policy = policy
    shipsTogether = base[29] & 1 != 0
    mixesLevels = base[29] & 2 != 0
    levels = ServiceLevel.allCases.filter { base[30] & (1 << $0.rawValue) != 0 }
    maximumShipments = Int32(TokenBytes.load(raw, 32, as: UInt16.self))
    neededByDays = TokenBytes.load(raw, 36, as: Int32.self)
    cost = TokenBytes.load(raw, 40, as: Int64.self)
    let known = levels.reduce(UInt8(0)) { $0 | 1 << $1.rawValue }
    var reader = TokenReader(
      token, from: Self.fixedBytes, to: token.count - TokenBytes.checksumBytes)
    guard !levels.isEmpty, known == base[30], maximumShipments <= Limits.linesPerHold,
      let postcode = reader.name(header.postcodeBytes)
    else { return nil }
    self.postcode = postcode
    channel = .empty
    if base[31] > 0 {
      guard let channel = reader.name(Int(base[31])) else { return nil }
      self.channel = channel
    }
    for _ in 0..<lineCount {
      guard let count = reader.byte(), let key = reader.name(Int(count)),
        let quantity = reader.quantity()
      else { return nil }
      items.append(key.bytes)
      quantities.append(quantity)
    }
    for _ in 0..<shipmentCount {
      guard let shipment = reader.shipment(after: decidedAt.seconds, lines: lineCount) else {
        return nil
      }
      shipments.append(shipment)
    }
    if !reader.isAtEnd || !areWithinQuantities { return nil }
  }

  /// No shipment takes more of a line than was asked for.
  private var areWithinQuantities: Bool {
    var left = quantities.map { Int64($0) }
    for shipment in shipments {
      for line in shipment.lines { left[Int(line.line)] -= Int64(line.quantity) }
    }
    return left.allSatisfy { $0 >= 0 }
  }
}

/// Reads the part of a plan's token that has no fixed place; nil where it ends or says nonsense.
private struct TokenReader {
  private let bytes: BorrowedBytes
  private var offset: Int
  private let end: Int

  init(_ bytes: BorrowedBytes, from start: Int, to end: Int) {
    self.bytes = bytes
    offset = start
    self.end = end
  }

  var isAtEnd: Bool { offset == end }

  mutating func byte() -> UInt8? {
    guard offset < end, let base = bytes.base else { return nil }
    offset += 1
    return base[offset - 1]
  }

  mutating func name(_ count: Int) -> Name? {
    guard let base = bytes.base, count <= end - offset else { return nil }
    let name = BorrowedBytes(base: base + offset, count: count)
    offset += count
    return Name.isValid(name.buffer) ? name.name : nil
  }

  /// At most nine bytes, so that nothing beyond 63 bits is read.
  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in 0..<9 {
      guard let byte = byte() else { return nil }
      value |= UInt64(byte & 0x7f) << (7 * UInt64(shift))
      if byte < 0x80 { return value }
    }
    return nil
  }

  mutating func quantity() -> Int32? {
    guard let value = varint(), value >= 1, value <= UInt64(Limits.unitsPerPosition) else {
      return nil
    }
    return Int32(value)
  }

  mutating func instant(after origin: Int64) -> Int64? {
    guard let value = varint() else { return nil }
    let signed = Int64(value >> 1) ^ -Int64(value & 1)
    let sum = origin.addingReportingOverflow(signed)
    guard !sum.overflow, (0...TokenBytes.lastUnixSecond).contains(sum.partialValue) else {
      return nil
    }
    return sum.partialValue
  }

  mutating func shipment(after origin: Int64, lines lineCount: Int) -> PlannedShipment? {
    guard let low = byte(), let high = byte(), let levelByte = byte(),
      let level = ServiceLevel(rawValue: levelByte), let chanceLow = byte(),
      let chanceHigh = byte()
    else { return nil }
    var shipment = PlannedShipment()
    shipment.node = UInt16(low) | UInt16(high) << 8
    shipment.level = level
    shipment.chance = UInt16(chanceLow) | UInt16(chanceHigh) << 8
    for shift in 0..<4 {
      guard let byte = byte() else { return nil }
      shipment.deliveryDays |= Int32(truncatingIfNeeded: UInt32(byte) << (8 * UInt32(shift)))
    }
    guard let windowTo = instant(after: origin), let length = varint(),
      length <= UInt64(UInt32.max), let orderBy = instant(after: origin),
      let shipBy = instant(after: origin), let count = varint(), count >= 1,
      count <= UInt64(lineCount)
    else { return nil }
    shipment.windowToUnixSeconds = windowTo
    shipment.windowFromUnixSeconds = windowTo - Int64(length)
    shipment.orderByUnixSeconds = orderBy
    shipment.shipByUnixSeconds = shipBy
    for _ in 0..<count {
      guard let line = varint(), line < UInt64(lineCount), let quantity = quantity() else {
        return nil
      }
      shipment.lines.append(PlannedLine(line: UInt16(line), quantity: quantity))
    }
    return shipment
  }
}
