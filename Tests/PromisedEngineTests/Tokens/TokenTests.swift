import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct TokenTests {
  let lender = Lender()

  func offer(item: String = "A1", postcode: String = "98109") -> OfferToken {
    OfferToken(
      position: 0x0102_0304_0506_0708, decidedAt: UnixMilliseconds(1_790_000_000_123),
      item: lender.bytes(item), quantity: 3, country: lender.bytes("US"),
      postcode: lender.bytes(postcode), level: .expedited, confidence: .high, node: 0xfffe,
      windowFromUnixSeconds: 1_790_100_000, windowToUnixSeconds: 1_790_140_000,
      deliveryDays: 20_718, orderByUnixSeconds: 1_790_003_600,
      shipByUnixSeconds: 1_790_010_000, chance: 62_300)
  }

  func bytes(_ token: OfferToken) -> [UInt8] {
    var buffer = [UInt8](repeating: 0xee, count: Limits.offerTokenBytes)
    let count = buffer.withUnsafeMutableBufferPointer { token.encode(into: $0.baseAddress!) }
    return Array(buffer[..<count])
  }

  /// A plan of `lines` lines with keys of `keyBytes` bytes, a shipment for every three lines.
  func plan(lines: Int, keyBytes: Int) -> PlanToken {
    let keys = (0..<lines).map { index in
      let digits = String(index)
      return String(repeating: "k", count: keyBytes - digits.count) + digits
    }
    let query = PlanQuery(
      items: lender.keys(keys), quantities: lender.column((0..<lines).map { Int32($0 + 1) }),
      country: lender.bytes("DE"), postcode: lender.bytes("10115"),
      levels: lender.column([2, 4]), confidence: .nearlyCertain, objective: .cost,
      policy: .fillAvailable, shipsTogether: true, neededByDays: 20_720, maximumShipments: 256,
      mixesLevels: true, channel: lender.bytes("app"))
    var plan = CartPlan(level: .twoHour, code: .ok)
    plan.cost = 123_456
    for start in stride(from: 0, to: lines, by: 3) {
      var shipment = PlannedShipment()
      shipment.node = UInt16(start)
      shipment.level = .standard
      shipment.chance = 65_535
      shipment.windowFromUnixSeconds = 1_790_100_000
      shipment.windowToUnixSeconds = 1_790_140_000
      shipment.deliveryDays = 20_718
      shipment.orderByUnixSeconds = 1_790_003_600 + Int64(start)
      shipment.shipByUnixSeconds = 1_790_010_000
      shipment.lines = (start..<min(lines, start + 3)).map {
        PlannedLine(line: UInt16($0), quantity: Int32($0 + 1))
      }
      plan.shipments.append(shipment)
    }
    return PlanToken(
      query, plan, position: 77, decidedAt: UnixMilliseconds(1_790_000_000_999))
  }

  func decode(_ bytes: [UInt8]) -> Token? {
    let column = lender.column(bytes)
    return try? Token(BorrowedBytes(base: column.base, count: column.count))
  }

  func code(_ bytes: [UInt8]) -> OutcomeCode? {
    let column = lender.column(bytes)
    do throws(Refusal) {
      _ = try Token(BorrowedBytes(base: column.base, count: column.count))
      return nil
    } catch {
      return error.code
    }
  }

  @Test func anOfferComesBackAsItWas() {
    let written = offer()
    guard case .offer(let read)? = decode(bytes(written)) else {
      Issue.record("not an offer")
      return
    }
    #expect(read.position == written.position && read.decidedAt == written.decidedAt)
    #expect(read.item.name == Name("A1") && read.quantity == 3)
    #expect(read.country.name == Name("US") && read.postcode.name == Name("98109"))
    #expect(read.level == .expedited && read.confidence == .high && read.node == 0xfffe)
    #expect(read.windowFromUnixSeconds == 1_790_100_000)
    #expect(read.windowToUnixSeconds == 1_790_140_000 && read.deliveryDays == 20_718)
    #expect(read.orderByUnixSeconds == 1_790_003_600)
    #expect(read.shipByUnixSeconds == 1_790_010_000 && read.chance == 62_300)
    #expect(bytes(read) == bytes(written))
  }

  /// What is on hand and of no channel has the bytes it always had.
  @Test func whatAnOfferRestsOnComesBackAsItWas() {
    let supplies: [TokenSupply?] = [
      nil,
      TokenSupply(
        source: .inbound, layer: .nearlyCertain, choice: .soonest,
        fromUnixSeconds: 1_790_200_000),
      TokenSupply(
        source: .backorder, layer: .even, choice: .whenNeeded, fromUnixSeconds: .max),
    ]
    for rest in supplies {
      for channel in ["", "app"] {
        var written = offer()
        written.rest = rest
        if !channel.isEmpty { written.channel = lender.bytes(channel) }
        guard case .offer(let read)? = decode(bytes(written)) else {
          Issue.record("not an offer")
          continue
        }
        #expect(read.rest == rest && read.channel.name == Name(channel))
        #expect(read.item.name == Name("A1") && read.postcode.name == Name("98109"))
        #expect(bytes(read) == bytes(written))
        let extra = rest == nil && channel.isEmpty ? 0 : 8 + channel.utf8.count
        #expect(bytes(written).count == bytes(offer()).count + extra)
      }
    }
  }

  @Test func aSupplyThatMakesNoSenseIsNoToken() {
    var sound = offer()
    sound.rest = TokenSupply(
      source: .inbound, layer: .usual, choice: .whenNeeded, fromUnixSeconds: 1_790_200_000)
    func broken(_ change: (inout [UInt8]) -> Void) -> Token? {
      var altered = bytes(sound)
      change(&altered)
      // Sound as a whole, so that only its meaning is judged.
      let body = altered.count - 8
      let sum = altered.withUnsafeBytes {
        TokenBytes.checksum($0.baseAddress!, count: body)
      }
      for shift in 0..<8 {
        altered[body + shift] = UInt8(truncatingIfNeeded: sum >> (8 * UInt64(shift)))
      }
      return decode(altered)
    }
    #expect(broken { _ in } != nil)
    #expect(broken { $0[68] = 5 } == nil && broken { $0[68] = 0 } == nil)
    #expect(broken { $0[69] = 5 } == nil && broken { $0[70] = 3 } == nil)
    #expect(broken { $0[71] = 1 } == nil && broken { $0[71] = 255 } == nil)
    // On hand from a later date, or coming from no date.
    #expect(broken { $0[68] = 1 } == nil)
    #expect(broken { for index in 64..<68 { $0[index] = 0 } } == nil)
    // On hand and to no channel is a token of the other kind.
    #expect(
      broken {
        for index in 64..<68 { $0[index] = 0 }; $0[68] = 1
      } == nil)
    // A channel whose name is none.
    sound.channel = lender.bytes("web")
    #expect(broken { _ in } != nil && broken { $0[$0.count - 9] = 9 } == nil)
  }

  @Test func theLongestKeysFit() {
    let long = offer(
      item: String(repeating: "i", count: 64), postcode: String(repeating: "p", count: 64))
    #expect(bytes(long).count == 200 && decode(bytes(long)) != nil)
    var longest = long
    longest.channel = lender.bytes(String(repeating: "c", count: 64))
    #expect(bytes(longest).count == Limits.offerTokenBytes && decode(bytes(longest)) != nil)
    let largest = plan(lines: Limits.linesPerHold, keyBytes: 64).encode()
    #expect(!largest.isEmpty && largest.count <= Limits.tokenBytes)
    #expect(decode(largest) != nil)
    // As many lines with ordinary keys.
    #expect(plan(lines: Limits.linesPerHold, keyBytes: 8).encode().count < 6000)
  }

  @Test func aPlanComesBackAsItWas() {
    for lines in [1, 4, 256] {
      let written = plan(lines: lines, keyBytes: 10)
      guard case .plan(let read)? = decode(written.encode()) else {
        Issue.record("not a plan")
        continue
      }
      #expect(read == written)
      #expect(read.orderByUnixSeconds == 1_790_003_600)
      let isSame = read.withQuery { query in
        query.items.count == lines && query.maximumShipments == 256 && query.mixesLevels
          && query.levels.count == 2 && query.neededByDays == 20_720
          && query.channel.name == Name("app")
      }
      #expect(isSame)
    }
  }

  @Test func everyAlteredOrCutTokenIsRefused() {
    for whole in [bytes(offer()), plan(lines: 5, keyBytes: 9).encode()] {
      for index in whole.indices {
        for bit in 0..<8 {
          var altered = whole
          altered[index] ^= 1 << UInt8(bit)
          #expect(code(altered) == .tokenInvalid, "byte \(index) bit \(bit)")
        }
        #expect(code(Array(whole[..<index])) == .tokenInvalid)
      }
      #expect(code(whole + [0]) == .tokenInvalid)
    }
    #expect(code([]) == .tokenInvalid)
  }

  /// Bytes with a right checksum: nothing but the fields themselves can refuse them.
  @Test func anyBytesDecodeOrAreRefused() {
    var random = Counter(seed: 11)
    let sound = [bytes(offer()), plan(lines: 3, keyBytes: 4).encode()]
    var accepted = 0
    for round in 0..<40_000 {
      var body = Array(sound[round % 2].dropLast(8))
      switch random.next(below: 4) {
      case 0:
        body = (0..<(24 + random.next(below: 180))).map { _ in UInt8(random.next(below: 256)) }
        body[0] = 1
        body[1] = UInt8(1 + random.next(below: 2))
      case 1: body.removeLast(Int(random.next(below: UInt64(body.count - 23))))
      default:
        for _ in 0...random.next(below: 6) {
          body[Int(random.next(below: UInt64(body.count)))] = UInt8(random.next(below: 256))
        }
      }
      let sum = body.withUnsafeBytes { TokenBytes.checksum($0.baseAddress!, count: $0.count) }
      let token = body + (0..<8).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt64($0))) }
      switch decode(token) {
      case .offer(let offer)?:
        accepted += 1
        #expect(bytes(offer) == token)
        #expect(offer.quantity >= 1 && Name.isValid(offer.item.buffer))
      case .plan(let plan)?:
        accepted += 1
        #expect(decode(plan.encode()) != nil)
      case nil: break
      }
    }
    #expect(accepted > 1000)
  }

  @Test func aTokenExpiresWithItsOrderTimeOrAQuarterOfAnHour() {
    var token = offer()
    #expect(token.expiresUnixSeconds == 1_790_000_900)
    token.orderByUnixSeconds = 1_790_000_100
    #expect(token.expiresUnixSeconds == 1_790_000_100)
    let decided = UnixMilliseconds(1_790_000_000_999)
    #expect(
      OfferLifetime.cacheUntil(orderBy: 1_790_000_100, decidedAt: decided) == 1_790_000_060)
    #expect(OfferLifetime.cacheUntil(orderBy: 1_790_000_010, decidedAt: decided) == 1_790_000_010)
  }
}
