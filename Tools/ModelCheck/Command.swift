/// Names of the small world that all commands are about.
enum Names {
  /// The first few are asked for much more often, so that the last units are fought over.
  static let items = (0..<24).map { $0 < 12 ? "I\($0)" : "an-item-of-a-long-key-\($0)" }
  static let hotItems = 5
  /// A key that packs and one that does not.
  static let kits = [5, 23]
  static let nodes = ["N0", "N1", "N2"]
  static let groups = ["east", "west", "all"]
  static let channels = ["web", "shop"]
  static let owners = ["ann", "bob", "eve"]
  /// The last one numbers its rows with gaps.
  static let sources = ["wms", "erp", "scan", "log"]
  static let sparse = 3
  static let references = ["r0", "r1", "r2", "r3"]
  static let unknownItem = items.count
  static let unknownNode = nodes.count
  /// From here on items that nobody knows until they are put, or named by inbound.
  static let late = 1000

  static func item(_ index: Int) -> String {
    index >= late ? "late-\(index - late)" : index < items.count ? items[index] : "nothing"
  }

  static func node(_ index: Int) -> String { index < nodes.count ? nodes[index] : "nowhere" }

  /// The number of an item by its key.
  static func item(named key: String) -> Int {
    if key.hasPrefix("late-") { return late + (Int(key.dropFirst(5)) ?? 0) }
    return items.firstIndex(of: key) ?? unknownItem
  }
}

/// Units of an item in a node, or in a group.
struct Place: Hashable {
  var item: Int
  var node: Int
}

enum Part: Equatable {
  case none, kit, component
}

struct ClaimLine: Equatable {
  /// Its node is the number of a group where `isPool`.
  var place: Place
  /// Units that are still claimed.
  var quantity: Int64
  /// Of these, units that were picked.
  var picked: Int64 = 0
  var shipped: Int64 = 0
  /// Units that are missing; worked out when it is asked for.
  var short: Int64 = 0
  /// Unix seconds, 0 = now; in a command seconds from then on.
  var due: Int64 = 0
  /// From 1; 0 = none.
  var channel = 0
  var isPool = false
  var isBackordered = false
  var part = Part.none

  /// Whether it is about the same units as another.
  func names(_ other: ClaimLine) -> Bool {
    place == other.place && isPool == other.isPool && due == other.due && channel == other.channel
  }

  /// Claims what lies in a node now.
  var isOnShelf: Bool { !isPool && part != .kit && due == 0 }
}

/// Everything that is asked for with a hold.
struct Wanted: Equatable {
  var lines: [ClaimLine]
  var owner: Int
  var seconds: Int
  /// As on the wire: all or nothing, all also later, what is there.
  var fill = 0
  var channel = 0
  /// The number of the command that made the hold which this one replaces.
  var replaces: Int?
}

/// A feed row: `kind` is the wire's number.
struct FeedLine: Equatable {
  var place: Place
  var kind: UInt32
  var quantity: Int64
}

/// A feed row with everything that can be said of one.
struct ToldLine: Equatable {
  var place: Place
  var kind: UInt32
  var quantity: Int64
  /// Milliseconds before now at which it happened; nil = not said.
  var ago: Int64?
  var reference: Int?
  /// A node.
  var destination = 0
  /// Seconds from now; 0 = not known.
  var arrival: Int64 = 0
  var stage: UInt8 = 0
  var disposition: UInt8 = 0
  var from: UInt8 = 0
  /// The number of the command that made the hold it names.
  var hold: Int?
  /// It happens where this line of the hold claims.
  var line: Int?
}

/// A batch in which more is said than movements.
struct ToldBatch: Equatable {
  var rows: [ToldLine]
  var isNetOfAllocations = false
  /// Whether the batch has a column for instants.
  var saysWhen = false
  var alive: Int?
}

/// Amounts as they are put: on hand, then the five conditions of the wire's kinds 5 to 9.
struct PutLine: Equatable {
  var place: Place
  var onHand: Int64
  var conditions: [Int64]
}

/// Rules that are put: what may be claimed beside stock.
enum Rule: Equatable {
  case group(Int, nodes: [Int])
  case channel(Int, Place, buffer: Int64, setAside: Int64)
  /// Seconds from now; a first date makes it a pre-order.
  case backorder(Place, cap: Int64, from: Int64, until: Int64)
  /// No components: it is no kit any more.
  case kit(Int, [KitPart])
  case inbound(Place, reference: Int, units: Int64, arrival: Int64, stage: UInt8)
  /// An item nobody knew.
  case item(Int)
}

struct KitPart: Equatable {
  var item: Int
  var units: Int64
}

enum Change: String {
  case commit, release
}

/// One command, with everything it says. Holds are named by the number of the command that made them.
enum Command {
  case wait(milliseconds: Int)
  case hold(Wanted)
  case change(Change, hold: Int, owner: Int)
  case get(hold: Int)
  case extend(hold: Int, seconds: Int)
  /// The hold's lines with other quantities (each by so many more), a line more, or with the units of
  /// groups taken from a node.
  case amend(hold: Int, by: [Int64], added: ClaimLine?, node: Int?)
  /// All that is left, or so many units of one line of it.
  case consume(hold: Int, line: Int?, units: Int64)
  case pick(hold: Int, line: Int, units: Int64, missing: Int64)
  /// The command of that number again under its key; with another owner it says something else.
  case again(Int, withOtherOwner: Bool)
  /// `back` rows repeat sequences that were applied before.
  case feed(source: Int, back: Int, rows: [FeedLine])
  case told(source: Int, back: Int, ToldBatch)
  /// A batch that leaves out sequences.
  case gap(source: Int, skipped: Int, rows: [FeedLine], isAllowed: Bool)
  /// So many of a source's last rows, the newest left out.
  case reverse(source: Int, newest: Int, count: Int)
  case put([PutLine])
  case rule(Rule)
  case load(replace: Bool, chunks: [[PutLine]], commits: Bool)
  case availability(items: [Int], channel: Int)
  case shortfalls
  case snapshot
  case restart
  /// The server dies after it decided the hold and before anything of that is on disk.
  case crashDuring(lines: [ClaimLine], owner: Int)
}
