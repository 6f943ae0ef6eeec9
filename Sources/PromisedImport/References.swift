import PromisedModel

/// The keys one file defines and others name.
struct DefinedKeys: ~Copyable {
  private var table: KeyTable
  private(set) var definedCount = 0
  /// The number found last.
  private var last = 0
  /// Whether a key that no row defines is an error; otherwise the server decides.
  private let isClosed: Bool

  init(isClosed: Bool, expecting expected: Int = 16) {
    table = KeyTable(expecting: expected)
    self.isClosed = isClosed
  }

  /// Adds a key; false when it is there already. Definitions come before the first `number`.
  mutating func define(_ key: BorrowedBytes) -> Bool {
    let before = table.count
    let isNew = table.insert(key) == before
    definedCount = table.count
    return isNew
  }

  /// The key's number, or nil when it must be defined and is not.
  ///
  /// Other files mostly name keys in the order of their definition, several rows each; the guesses
  /// save the search then.
  @inline(__always)
  mutating func number(_ key: BorrowedBytes) -> Int? {
    if last < table.count, isEqual(table.key(last), key) {
      return last < definedCount || !isClosed ? last : nil
    }
    if last + 1 < table.count, isEqual(table.key(last + 1), key) {
      last += 1
    } else {
      last = table.insert(key)
    }
    return last < definedCount || !isClosed ? last : nil
  }

  /// Whether the key may be named.
  func allows(_ key: BorrowedBytes) -> Bool { !isClosed || isDefined(key) }

  func isDefined(_ key: BorrowedBytes) -> Bool {
    let number = table.find(key)
    return number >= 0 && number < definedCount
  }
}

/// Keys made of several cells, each once.
struct CompositeKeys: ~Copyable {
  private var table = KeyTable()
  private var scratch: [UInt8] = []

  init() {}

  /// Whether the combination was not there before. Names hold no control characters, so a zero
  /// byte between them keeps combinations apart.
  mutating func insert(_ parts: BorrowedBytes...) -> Bool {
    scratch.removeAll(keepingCapacity: true)
    for part in parts {
      scratch.append(contentsOf: part.buffer)
      scratch.append(0)
    }
    let before = table.count
    let number = scratch.withUnsafeBufferPointer { table.insert(BorrowedBytes($0)) }
    return number == before
  }
}

/// What the rows read so far define and name: the checks across files.
///
/// A reference is checked when the directory holds the file that defines it. With `--replace` the
/// network files it lacks count as empty, because loading will remove their rows.
final class References {
  var marketplaces: DefinedKeys
  var calendars: DefinedKeys
  var nodes: DefinedKeys
  var stations: DefinedKeys
  var zones: DefinedKeys
  var sellers: DefinedKeys
  var items: DefinedKeys
  var legs = DefinedKeys(isClosed: true)
  var waves = CompositeKeys()
  var prefixes = CompositeKeys()
  var lanes = CompositeKeys()
  var shipments = CompositeKeys()
  var limits = CompositeKeys()
  var rates = CompositeKeys()
  var kits = DefinedKeys(isClosed: true)
  var components = CompositeKeys()
  var opportunities = CompositeKeys()
  var groups = DefinedKeys(isClosed: true)
  var members = CompositeKeys()
  var channelStock = CompositeKeys()
  var backorders = CompositeKeys()
  var policies = CompositeKeys()
  var buildings = CompositeKeys()
  var signals = CompositeKeys()
  var positions: PairSet
  private var timeZones = KeyTable()
  private let lookUpTimeZone: (Name) -> Bool

  /// - Parameters:
  ///   - present: the files of the directory.
  ///   - expectedItems: rows of items.csv, roughly; likewise for positions.
  init(
    present: [ImportFile], options: ImportOptions, expectedItems: Int, expectedPositions: Int,
    isTimeZone: @escaping (Name) -> Bool
  ) {
    func isClosed(_ file: ImportFile) -> Bool {
      if options.isPartial { return false }
      if present.contains(file) { return true }
      return options.mode == .replace && file.rawValue <= ImportFile.rates.rawValue
    }
    marketplaces = DefinedKeys(isClosed: isClosed(.marketplaces))
    calendars = DefinedKeys(isClosed: isClosed(.calendars))
    nodes = DefinedKeys(isClosed: isClosed(.nodes), expecting: 1024)
    stations = DefinedKeys(isClosed: isClosed(.nodes))
    zones = DefinedKeys(isClosed: isClosed(.zones))
    sellers = DefinedKeys(isClosed: isClosed(.sellers), expecting: 1024)
    items = DefinedKeys(isClosed: isClosed(.items), expecting: expectedItems)
    positions = PairSet(expecting: expectedPositions, firstCount: expectedItems)
    lookUpTimeZone = isTimeZone
  }

  func isTimeZone(_ cell: BorrowedBytes) -> Bool {
    if timeZones.find(cell) >= 0 { return true }
    guard lookUpTimeZone(cell.name) else { return false }
    _ = timeZones.insert(cell)
    return true
  }
}

/// The distinct names of one chunk, which its rows then name by index.
struct ChunkNames: ~Copyable {
  private var table = KeyTable()
  private(set) var names: [Name] = []
  private var last = -1

  /// A chunk may have this many, since each is a field of the message (at most 4,096).
  static var limit: Int { 3800 }

  init() {}

  @inline(__always)
  mutating func index(_ name: BorrowedBytes) -> UInt32 {
    if last >= 0, isEqual(table.key(last), name) { return UInt32(truncatingIfNeeded: last) }
    last = table.insert(name)
    if last == names.count { names.append(name.name) }
    return UInt32(truncatingIfNeeded: last)
  }

  var isFull: Bool { names.count >= Self.limit }

  mutating func removeAll() {
    table.removeAll()
    names.removeAll(keepingCapacity: true)
    last = -1
  }
}
