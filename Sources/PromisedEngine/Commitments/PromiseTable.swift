import PromisedInvariants
import PromisedModel

/// The fixed part of a promised shipment as the table holds it.
struct PromiseRecord: BitwiseCopyable {
  var windowFromUnixSeconds: Int64
  var windowToUnixSeconds: Int64
  var shipByUnixSeconds: Int64
  /// When it was promised: the order counts from then.
  var orderedAtUnixSeconds: Int64
  /// When it was reported delivered; 0 = not yet.
  var deliveredAtUnixSeconds: Int64
  /// The next shipment of the hold, 0 = none.
  var next: UInt32
  var lane: UInt32
  var deliveryDays: Int32
  var node: UInt16
  var chance: UInt16
  var firstLine: UInt16
  var lineCount: UInt16
  var level: UInt8
  var restrictions: UInt8
  var confidence: UInt8
  var wantsUpgrade: UInt8
  var claimCount: UInt8
  var countryBytes: UInt8
  var postcodeBytes: UInt8
}

/// Promised shipments in blocks of a pool, a list per hold in the order of its shipments:
///
///     record │ claims │ country, postcode
///
/// A hold names its first block; 0 is none, so that plain holds cost nothing. Pointers are valid
/// until a shipment is added.
struct PromiseTable: ~Copyable {
  private var pool = BlockPool(maximumWords: PromiseTable.words(claims: 255, textBytes: 128))
  private(set) var count = 0
  /// Shipments that want an earlier window.
  private(set) var wishCount = 0

  private static var recordWords: Int { MemoryLayout<PromiseRecord>.stride / 8 }
  private static var claimWords: Int { MemoryLayout<BucketClaim>.stride / 8 }

  private static func words(claims: Int, textBytes: Int) -> Int {
    recordWords + claims * claimWords + (textBytes + 7) / 8
  }

  // MARK: Reading

  func record(_ block: UInt32) -> UnsafeMutablePointer<PromiseRecord> {
    pool.elements(block, as: PromiseRecord.self)
  }

  func claims(_ block: UInt32) -> UnsafeBufferPointer<BucketClaim> {
    UnsafeBufferPointer(
      start: pool.elements(block + UInt32(Self.recordWords), as: BucketClaim.self),
      count: Int(record(block).pointee.claimCount))
  }

  /// For changes of its index; its bucket is the caller's business.
  func claim(_ block: UInt32, _ place: Int) -> UnsafeMutablePointer<BucketClaim> {
    pool.elements(block + UInt32(Self.recordWords), as: BucketClaim.self) + place
  }

  func country(_ block: UInt32) -> BorrowedBytes {
    BorrowedBytes(base: UnsafePointer(text(block)), count: Int(record(block).pointee.countryBytes))
  }

  func postcode(_ block: UInt32) -> BorrowedBytes {
    let record = record(block).pointee
    return BorrowedBytes(
      base: UnsafePointer(text(block)) + Int(record.countryBytes),
      count: Int(record.postcodeBytes))
  }

  private func text(_ block: UInt32) -> UnsafeMutablePointer<UInt8> {
    let claims = Int(record(block).pointee.claimCount)
    return pool.bytes(block + UInt32(Self.recordWords + claims * Self.claimWords))
  }

  /// The shipment of a block, owned.
  func shipment(_ block: UInt32) -> PromisedShipment {
    let record = record(block).pointee
    return PromisedShipment(
      node: record.node, level: ServiceLevel(rawValue: record.level) ?? .standard,
      restrictions: ItemRestrictions(rawValue: record.restrictions),
      confidence: ConfidenceLevel(rawValue: record.confidence) ?? .usual,
      firstLine: record.firstLine, lineCount: record.lineCount, country: country(block).name,
      postcode: postcode(block).name, windowFromUnixSeconds: record.windowFromUnixSeconds,
      windowToUnixSeconds: record.windowToUnixSeconds, deliveryDays: record.deliveryDays,
      chance: record.chance, shipByUnixSeconds: record.shipByUnixSeconds, lane: record.lane,
      claims: Array(claims(block)), wantsUpgrade: record.wantsUpgrade != 0)
  }

  /// The blocks of a hold's shipments, from its first.
  func blocks(from first: UInt32) -> [UInt32] {
    var blocks: [UInt32] = []
    var block = first
    while block != 0 {
      blocks.append(block)
      block = record(block).pointee.next
    }
    return blocks
  }

  // MARK: Changing

  /// A block with a shipment, in no list.
  mutating func insert(_ shipment: borrowing PromisedShipment, orderedAt: Int64) -> UInt32 {
    let (country, postcode) = (shipment.country.bytes, shipment.postcode.bytes)
    invariant(shipment.claims.count <= 255, "a promised shipment claims too many buckets")
    let block = pool.allocate(
      words: Self.words(
        claims: shipment.claims.count, textBytes: country.count + postcode.count))
    record(block).pointee = PromiseRecord(
      windowFromUnixSeconds: shipment.windowFromUnixSeconds,
      windowToUnixSeconds: shipment.windowToUnixSeconds,
      shipByUnixSeconds: shipment.shipByUnixSeconds, orderedAtUnixSeconds: orderedAt,
      deliveredAtUnixSeconds: 0, next: 0,
      lane: shipment.lane, deliveryDays: shipment.deliveryDays, node: shipment.node,
      chance: shipment.chance, firstLine: shipment.firstLine, lineCount: shipment.lineCount,
      level: shipment.level.rawValue, restrictions: shipment.restrictions.rawValue,
      confidence: shipment.confidence.rawValue, wantsUpgrade: shipment.wantsUpgrade ? 1 : 0,
      claimCount: UInt8(shipment.claims.count), countryBytes: UInt8(country.count),
      postcodeBytes: UInt8(postcode.count))
    let claims = pool.elements(block + UInt32(Self.recordWords), as: BucketClaim.self)
    for (place, claim) in shipment.claims.enumerated() { claims[place] = claim }
    let text = text(block)
    for (place, byte) in country.enumerated() { text[place] = byte }
    for (place, byte) in postcode.enumerated() { text[country.count + place] = byte }
    count += 1
    wishCount += shipment.wantsUpgrade ? 1 : 0
    return block
  }

  /// Puts another shipment in the place of the one at `number` of a list, which must exist; answers
  /// the list's first block.
  mutating func replace(
    _ number: Int, of first: UInt32, with shipment: borrowing PromisedShipment
  ) -> UInt32 {
    let blocks = blocks(from: first)
    invariant(number < blocks.count, "no such shipment of a hold")
    let old = blocks[number]
    let (orderedAt, next) = (record(old).pointee.orderedAtUnixSeconds, record(old).pointee.next)
    let block = insert(shipment, orderedAt: orderedAt)
    record(block).pointee.next = next
    release(block: old)
    if number == 0 { return block }
    record(blocks[number - 1]).pointee.next = block
    return first
  }

  /// Drops all shipments of a hold.
  mutating func remove(from first: UInt32) {
    for block in blocks(from: first) { release(block: block) }
  }

  private mutating func release(block: UInt32) {
    let record = record(block).pointee
    pool.release(
      block,
      words: Self.words(
        claims: Int(record.claimCount),
        textBytes: Int(record.countryBytes) + Int(record.postcodeBytes)))
    count -= 1
    wishCount -= Int(record.wantsUpgrade)
  }
}
