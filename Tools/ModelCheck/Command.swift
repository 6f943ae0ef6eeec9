/// Names of the small world that all commands are about.
enum Names {
  /// The first few are asked for much more often, so that the last units are fought over.
  static let items = (0..<24).map { $0 < 12 ? "I\($0)" : "an-item-of-a-long-key-\($0)" }
  static let hotItems = 5
  static let nodes = ["N0", "N1", "N2"]
  static let owners = ["ann", "bob", "eve"]
  static let sources = ["wms", "erp"]
  static let unknownItem = items.count
  static let unknownNode = nodes.count

  static func item(_ index: Int) -> String { index < items.count ? items[index] : "nothing" }
  static func node(_ index: Int) -> String { index < nodes.count ? nodes[index] : "nowhere" }
}

/// Units of an item in a node.
struct Place: Hashable {
  var item: Int
  var node: Int
}

struct ClaimLine: Equatable {
  var place: Place
  /// Units that are still claimed.
  var quantity: Int64
  /// Of these, units that were picked.
  var picked: Int64 = 0
}

/// A feed row: `kind` is the wire's number.
struct FeedLine: Equatable {
  var place: Place
  var kind: UInt32
  var quantity: Int64
}

/// Amounts as they are put: on hand, then the five conditions of the wire's kinds 5 to 9.
struct PutLine: Equatable {
  var place: Place
  var onHand: Int64
  var conditions: [Int64]
}

enum Change: String {
  case commit, release
}

/// One command, with everything it says. Holds are named by the number of the command that made them.
enum Command {
  case wait(milliseconds: Int)
  case hold(lines: [ClaimLine], owner: Int, seconds: Int)
  case change(Change, hold: Int, owner: Int)
  case get(hold: Int)
  case extend(hold: Int, seconds: Int)
  /// All that is left, or so many units of one line of it.
  case consume(hold: Int, line: Int?, units: Int64)
  case pick(hold: Int, line: Int, units: Int64, missing: Int64)
  /// The command of that number again under its key; with another owner it says something else.
  case again(Int, withOtherOwner: Bool)
  /// `back` rows repeat sequences that were applied before.
  case feed(source: Int, back: Int, rows: [FeedLine])
  /// A batch that leaves out sequences.
  case gap(source: Int, skipped: Int, rows: [FeedLine])
  case put([PutLine])
  case load(replace: Bool, chunks: [[PutLine]], commits: Bool)
  case availability(items: [Int])
  case snapshot
  case restart
  /// The server dies after it decided the hold and before anything of that is on disk.
  case crashDuring(lines: [ClaimLine], owner: Int)
}

extension Command {
  /// The command of a number in the run of a seed.
  static func numbered(_ index: Int, seed: UInt64) -> Command {
    var draws = Draws(seed: seed, index: index)
    switch draws.below(1000) {
    case 0..<300:
      return .hold(
        lines: claims(&draws), owner: draws.below(Names.owners.count),
        seconds: draws.onceIn(10) ? draws.within(100...2000) : draws.within(1...30))
    case 300..<400:
      return .change(.commit, hold: earlier(index, seed, &draws), owner: owner(&draws))
    case 400..<480:
      return .change(.release, hold: earlier(index, seed, &draws), owner: owner(&draws))
    case 480..<520: return .get(hold: earlier(index, seed, &draws))
    case 520..<580:
      return .again(max(0, index - draws.within(1...200)), withOtherOwner: draws.onceIn(6))
    case 580..<780:
      return .feed(
        source: draws.below(Names.sources.count), back: draws.onceIn(4) ? draws.below(5) : 0,
        rows: feedRows(&draws))
    case 780..<790:
      return .gap(
        source: draws.below(Names.sources.count), skipped: draws.within(1...3),
        rows: feedRows(&draws))
    case 790..<830: return .put((0...draws.below(4)).map { _ in putLine(&draws) })
    case 830..<850:
      return .extend(hold: earlier(index, seed, &draws), seconds: draws.within(1...60))
    case 850..<880:
      return .consume(
        hold: earlier(index, seed, &draws), line: draws.onceIn(2) ? nil : draws.below(3),
        units: Int64(draws.within(1...4)))
    case 880..<900:
      return .pick(
        hold: earlier(index, seed, &draws), line: draws.below(3), units: Int64(draws.below(4)),
        missing: draws.onceIn(3) ? Int64(draws.within(1...2)) : 1 - Int64(draws.below(2)))
    case 900..<920: return .availability(items: (0...draws.below(3)).map { _ in item(&draws) })
    case 920..<985:
      return .wait(
        milliseconds: draws.onceIn(60) ? draws.within(1...700_000) : draws.within(1...6000))
    case 985..<990:
      return .load(
        replace: draws.onceIn(2),
        chunks: (0...draws.below(3)).map { _ in (0...draws.below(20)).map { _ in putLine(&draws) }
        },
        commits: !draws.onceIn(4))
    case 990..<998: return .wait(milliseconds: draws.below(3))
    case 998:
      // Snapshots are often, so that a restart has little to read again.
      return draws.onceIn(4)
        ? .crashDuring(lines: claims(&draws), owner: draws.below(2)) : .snapshot
    default: return draws.onceIn(4) ? .restart : .snapshot
    }
  }

  var isHold: Bool { if case .hold = self { true } else { false } }

  // MARK: Parts

  /// The number of a hold among the last commands; sometimes one of another command, which is no hold.
  private static func earlier(_ index: Int, _ seed: UInt64, _ draws: inout Draws) -> Int {
    for _ in 0..<6 {
      let candidate = index - draws.within(1...120)
      if candidate < 0 { continue }
      var first = Draws(seed: seed, index: candidate)
      if first.below(1000) < 300 { return candidate }
    }
    return max(0, index - 1)
  }

  private static func item(_ draws: inout Draws) -> Int {
    draws.below(10) < 7 ? draws.below(Names.hotItems) : draws.below(Names.items.count)
  }

  private static func place(_ draws: inout Draws) -> Place {
    Place(item: item(&draws), node: draws.below(Names.nodes.count))
  }

  /// Mostly the one who holds: owners of holds are drawn alike.
  private static func owner(_ draws: inout Draws) -> Int { draws.onceIn(12) ? 2 : -1 }

  private static func claims(_ draws: inout Draws) -> [ClaimLine] {
    var lines: [ClaimLine] = []
    for _ in 0...(draws.onceIn(3) ? draws.below(6) : draws.below(2)) {
      var place = place(&draws)
      if draws.onceIn(200) { place.item = Names.unknownItem }
      if draws.onceIn(200) { place.node = Names.unknownNode }
      lines.append(ClaimLine(place: place, quantity: Int64(draws.within(1...5))))
    }
    return lines
  }

  private static func feedRows(_ draws: inout Draws) -> [FeedLine] {
    var rows: [FeedLine] = []
    for _ in 0...draws.below(6) {
      let kind = UInt32(draws.onceIn(3) ? draws.within(4...9) : draws.within(1...3))
      var quantity = Int64(kind >= 5 ? draws.below(4) : draws.below(12))
      if kind == 3 { quantity -= 5 }
      if draws.onceIn(500) { quantity = 2_000_000_000 - Int64(draws.below(3)) }
      rows.append(FeedLine(place: place(&draws), kind: kind, quantity: quantity))
    }
    return rows
  }

  private static func putLine(_ draws: inout Draws) -> PutLine {
    PutLine(
      place: place(&draws), onHand: Int64(draws.below(25)),
      conditions: (0..<5).map { _ in draws.onceIn(6) ? Int64(draws.below(3)) : 0 })
  }
}
