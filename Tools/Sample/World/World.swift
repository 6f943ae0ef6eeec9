import PromisedInvariants

/// A made-up company in real places: the import files of a delivery network, its items, its stock
/// and its sellers, of any size.
///
/// Every value is a pure function of the seed and of its own place (`Draws`), so the same
/// arguments give the same bytes on every machine, files can be written in any order, and memory
/// stays small however many items are asked for.
///
/// ```swift
/// let world = SampleWorld(items: 100_000, seed: 1, startUnixSeconds: 1_795_219_200)
/// for name in SampleWorld.fileNames { save(name, world.file(name)) }
/// ```
package struct SampleWorld: Sendable {
  /// How many items, at least `Showcase.allCases.count`.
  package let items: Int
  /// How many sellers share them.
  package let sellers: Int
  package let seed: UInt64
  /// The instant the stock figures are of; limits cover its month and the next two.
  package let startUnixSeconds: Int64

  let draws: Draws
  let places: Places

  /// - Parameters:
  ///   - items: raised to the number of showcase items, lowered to 100 million.
  ///   - sellers: raised to 1, lowered to 99,999.
  package init(items: Int, seed: UInt64 = 1, startUnixSeconds: Int64, sellers: Int = 500) {
    self.items = min(max(items, Showcase.allCases.count), 100_000_000)
    self.sellers = min(max(sellers, 1), 99_999)
    self.seed = seed
    self.startUnixSeconds = startUnixSeconds
    draws = Draws(seed: seed)
    places = Places()
  }

  /// The files of the import format, in the order they are loaded.
  package static var fileNames: [String] {
    [
      "marketplaces.csv", "calendars.csv", "nodes.csv", "waves.csv", "zones.csv", "lanes.csv",
      "legs.csv", "rates.csv", "sellers.csv", "items.csv", "kits.csv", "positions.csv",
      "opportunity.csv", "inbound.csv", "limits.csv", "groups.csv", "channels.csv",
      "backorders.csv", "policies.csv", "buildings.csv", "signals.csv",
    ]
  }

  /// Writes one file in pieces of about a mebibyte and returns how many rows it has, header apart.
  ///
  /// - Parameter name: one of `fileNames`; any other is a bug.
  package func write<Failure: Error>(
    _ name: String, to receive: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    var table = Table<Failure>()
    switch name {
    case "marketplaces.csv": try writeMarketplaces(&table, receive)
    case "calendars.csv": try writeCalendars(&table, receive)
    case "nodes.csv": try writeNodes(&table, receive)
    case "waves.csv": try writeWaves(&table, receive)
    case "zones.csv": try writeZones(&table, receive)
    case "lanes.csv": try writeLanes(&table, receive)
    case "legs.csv": try writeLegs(&table, receive)
    case "rates.csv": try writeRates(&table, receive)
    case "sellers.csv": try writeSellers(&table, receive)
    case "items.csv": try writeItems(&table, receive)
    case "kits.csv": try writeKits(&table, receive)
    case "positions.csv": try writePositions(&table, receive)
    case "opportunity.csv": try writeOpportunity(&table, receive)
    case "inbound.csv": try writeInbound(&table, receive)
    case "limits.csv": try writeLimits(&table, receive)
    case "groups.csv": try writeGroups(&table, receive)
    case "channels.csv": try writeChannels(&table, receive)
    case "backorders.csv": try writeBackorders(&table, receive)
    case "policies.csv": try writePolicies(&table, receive)
    case "buildings.csv": try writeBuildings(&table, receive)
    case "signals.csv": try writeSignals(&table, receive)
    default: stop("the sample world has no file \(name)")
    }
    try table.flush(receive)
    return table.rows
  }

  /// One whole file. Memory: its size.
  package func file(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    _ = write(name) { piece in bytes.append(contentsOf: piece) }
    return bytes
  }

  /// The key of item `index` (0 ..< `items`): `B0` and eight base-36 characters.
  package func itemKey(_ index: Int) -> String {
    String(decoding: itemKeyBytes(index), as: UTF8.self)
  }

  /// The key of seller `index` (0 ..< `sellers`).
  package func sellerKey(_ index: Int) -> String {
    SellerName(index: index, draws: draws).key
  }
}

extension SampleWorld {
  /// Noon UTC of a date of 1970…2200, or nil when there is no such day.
  package static func unixSeconds(year: Int, month: Int, day: Int) -> Int64? {
    guard (1970...2200).contains(year), (1...12).contains(month), (1...31).contains(day) else {
      return nil
    }
    let days = Dates.days(year: year, month: month, day: day)
    if Dates.civil(days) != (year, month, day) { return nil }
    return Int64(days) * 86_400 + 43_200
  }
}
