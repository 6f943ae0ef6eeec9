import PromisedInvariants

/// Legs by their index in the network.
struct LegSet: Sendable, Equatable {
  private(set) var words: [UInt64] = []

  init() {}
  init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

  mutating func insert(_ leg: Int) {
    while leg >> 6 >= words.count { words.append(0) }
    words[leg >> 6] |= 1 << UInt64(leg & 63)
  }

  func contains(_ leg: Int) -> Bool {
    leg >> 6 < words.count && words[leg >> 6] & 1 << UInt64(leg & 63) != 0
  }
}

/// The rows of one destination in the making, by rank; used again for the next one.
struct DestinationRows {
  /// Where the entries of each rank begin; the end of the last one follows with the last row.
  private(set) var starts: [UInt32] = [0]
  private(set) var entries: [ProfileEntry] = []
  private(set) var vias: [Via] = []
  /// In order of (end, start); entries name them by index.
  var windows: [DeliveryWindow] = []
  /// Every leg the rows count on; those that entries take are added as entries are.
  var legs = LegSet()
  /// Whether the rows follow from the vias alone. Where a parcel that misses a connection goes on
  /// by others, the rows count on more legs than the vias name.
  var isExact = true

  /// Entries of a row come by ascending cutoff, rows by ascending rank.
  @inline(__always)
  mutating func append(_ entry: ProfileEntry, _ via: Via) {
    entries.append(entry)
    vias.append(via)
    if via.isLeg { legs.insert(via.index) }
  }

  /// States the chance of an entry that is there already.
  mutating func setChance(_ chance: UInt16, of index: Int) { entries[index].confidence = chance }

  /// The bounds of a row that has ended.
  func row(rank: UInt16) -> Range<Int> {
    if rank == ProfileFrame.noRank { return 0..<0 }
    return Int(starts[Int(rank)])..<Int(starts[Int(rank) + 1])
  }

  mutating func endRow() {
    invariant(entries.count <= Int(UInt32.max), "more profile entries than a row can point to")
    starts.append(UInt32(entries.count))
  }

  /// Equal rows have equal digests.
  var digest: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01b3 }
    for start in starts { mix(UInt64(start)) }
    for (entry, via) in zip(entries, vias) {
      mix(
        UInt64(entry.cutoff) << 48 | UInt64(entry.window) << 32
          | UInt64(entry.orderBy) << 16 | UInt64(entry.confidence))
      mix(UInt64(via.rawValue))
    }
    for window in windows {
      mix(UInt64(UInt32(bitPattern: window.from)) << 32 | UInt64(UInt32(bitPattern: window.to)))
      mix(
        UInt64(UInt32(bitPattern: window.offset)) << 32 | UInt64(UInt32(bitPattern: window.days)))
    }
    return hash
  }

  mutating func removeAll(legCount: Int) {
    starts.removeAll(keepingCapacity: true)
    starts.append(0)
    entries.removeAll(keepingCapacity: true)
    vias.removeAll(keepingCapacity: true)
    windows.removeAll(keepingCapacity: true)
    legs = LegSet(count: legCount)
    isExact = true
  }
}
