/// What the commands of a run are.
extension Command {
  /// The command of a number in the run of a seed.
  static func numbered(_ index: Int, seed: UInt64) -> Command {
    var draws = Draws(seed: seed, index: index)
    let kind = draws.below(1000)
    switch kind {
    case 0..<300: return .hold(wanted(index, seed, &draws))
    case 300..<530: return change(kind, index, seed, &draws)
    case 530..<580:
      return .again(max(0, index - draws.within(1...200)), withOtherOwner: draws.onceIn(6))
    case 580..<790: return fed(kind, index, seed, &draws)
    case 790..<820: return .put((0...draws.below(4)).map { _ in putLine(&draws) })
    case 820..<850: return .rule(rule(index, &draws))
    case 850..<910: return fulfilment(kind, index, seed, &draws)
    case 910..<930:
      return .availability(
        items: (0...draws.below(3)).map { _ in item(&draws) },
        channel: draws.onceIn(2) ? draws.below(Names.channels.count + 1) : 0)
    case 930..<935: return .shortfalls
    case 935..<985:
      return .wait(
        milliseconds: draws.onceIn(60) ? draws.within(1...700_000) : draws.within(1...6000))
    case 985..<988:
      return .load(
        replace: draws.onceIn(2),
        chunks: (0...draws.below(3)).map { _ in (0...draws.below(20)).map { _ in putLine(&draws) }
        },
        commits: !draws.onceIn(4))
    case 988..<998: return .wait(milliseconds: draws.below(3))
    case 998:
      // Snapshots are often, so that a restart has little to read again.
      return draws.onceIn(4)
        ? .crashDuring(lines: claims(&draws), owner: draws.below(2)) : .snapshot
    default: return draws.onceIn(4) ? .restart : .snapshot
    }
  }

  // MARK: Kinds

  private static func change(
    _ kind: Int, _ index: Int, _ seed: UInt64, _ draws: inout Draws
  ) -> Command {
    switch kind {
    case 300..<400:
      return .change(.commit, hold: earlier(index, seed, &draws), owner: owner(&draws))
    case 400..<470:
      return .change(.release, hold: earlier(index, seed, &draws), owner: owner(&draws))
    case 470..<500: return .get(hold: earlier(index, seed, &draws))
    default:
      return .amend(
        hold: draws.onceIn(2) ? earlier(index, seed, &draws) : ordered(index, seed, &draws),
        by: (0...draws.below(3)).map { _ in Int64(draws.below(6)) - 3 },
        added: draws.onceIn(3) ? claims(&draws).first : nil,
        node: draws.onceIn(2) ? draws.below(Names.nodes.count) : nil)
    }
  }

  private static func fulfilment(
    _ kind: Int, _ index: Int, _ seed: UInt64, _ draws: inout Draws
  ) -> Command {
    switch kind {
    case 850..<865:
      return .extend(hold: earlier(index, seed, &draws), seconds: draws.within(1...60))
    case 865..<890:
      return .consume(
        hold: ordered(index, seed, &draws), line: draws.onceIn(2) ? nil : draws.below(3),
        units: Int64(draws.within(1...4)))
    default:
      return .pick(
        hold: ordered(index, seed, &draws), line: draws.below(3), units: Int64(draws.below(4)),
        missing: draws.onceIn(3) ? Int64(draws.within(1...2)) : 1 - Int64(draws.below(2)))
    }
  }

  private static func fed(
    _ kind: Int, _ index: Int, _ seed: UInt64, _ draws: inout Draws
  ) -> Command {
    let back = draws.onceIn(4) ? draws.below(5) : 0
    switch kind {
    case 580..<680: return .feed(source: draws.below(2), back: back, rows: feedRows(index, &draws))
    case 680..<775:
      return .told(
        source: draws.below(Names.sources.count), back: back, batch(index, seed, &draws))
    case 775..<783:
      return .reverse(
        source: draws.below(Names.sources.count), newest: draws.below(6),
        count: draws.within(1...8))
    default:
      return .gap(
        source: draws.below(2), skipped: draws.within(1...3), rows: feedRows(index, &draws),
        isAllowed: draws.onceIn(2))
    }
  }

  private static func wanted(_ index: Int, _ seed: UInt64, _ draws: inout Draws) -> Wanted {
    var wanted = Wanted(
      lines: claims(&draws), owner: draws.below(Names.owners.count),
      seconds: draws.onceIn(10) ? draws.within(100...2000) : draws.within(1...30))
    if draws.onceIn(2) { return wanted }
    if draws.onceIn(3) { wanted.fill = draws.within(1...2) }
    if draws.onceIn(4) { wanted.channel = draws.within(1...Names.channels.count) }
    if draws.onceIn(8) { wanted.replaces = earlier(index, seed, &draws) }
    for line in wanted.lines.indices {
      // The number of the node is that of a group then.
      if draws.onceIn(6), wanted.lines[line].place.node < Names.groups.count {
        wanted.lines[line].isPool = true
      }
      if draws.onceIn(10) && !wanted.lines[line].isPool {
        wanted.lines[line].due = Int64(draws.within(-5...400))
      }
    }
    return wanted
  }

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

  /// The number of a hold that one of the last commands committed, if it could.
  private static func ordered(_ index: Int, _ seed: UInt64, _ draws: inout Draws) -> Int {
    for _ in 0..<12 {
      let candidate = index - draws.within(1...60)
      if candidate < 0 { continue }
      var first = Draws(seed: seed, index: candidate)
      let kind = first.below(1000)
      if !(300..<400).contains(kind) { continue }
      if case .change(_, let hold, _) = change(kind, candidate, seed, &first) { return hold }
    }
    return earlier(index, seed, &draws)
  }

  private static func item(_ draws: inout Draws) -> Int {
    if draws.onceIn(20) { return Names.kits[draws.below(Names.kits.count)] }
    return draws.below(10) < 7 ? draws.below(Names.hotItems) : draws.below(Names.items.count)
  }

  private static func place(_ draws: inout Draws) -> Place {
    Place(item: item(&draws), node: draws.below(Names.nodes.count))
  }

  /// As above; rarely of an item nobody knows yet, which becomes known a little later.
  private static func fedPlace(_ index: Int, _ draws: inout Draws) -> Place {
    var place = place(&draws)
    if draws.onceIn(60) { place.item = late(index, &draws) }
    if draws.onceIn(2000) { place.item = Names.unknownItem }
    if draws.onceIn(2000) { place.node = Names.unknownNode }
    return place
  }

  /// A new item every few thousand commands, and the one before.
  private static func late(_ index: Int, _ draws: inout Draws) -> Int {
    Names.late + max(0, index / 4000 - draws.below(2))
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

  private static func feedRows(_ index: Int, _ draws: inout Draws) -> [FeedLine] {
    var rows: [FeedLine] = []
    for _ in 0...draws.below(6) {
      let kind = UInt32(draws.onceIn(3) ? draws.within(4...9) : draws.within(1...3))
      var quantity = Int64(kind >= 5 ? draws.below(4) : draws.below(12))
      if kind == 3 { quantity -= 5 }
      if draws.onceIn(500) { quantity = 2_000_000_000 - Int64(draws.below(3)) }
      rows.append(FeedLine(place: fedPlace(index, &draws), kind: kind, quantity: quantity))
    }
    return rows
  }

  private static func batch(_ index: Int, _ seed: UInt64, _ draws: inout Draws) -> ToldBatch {
    var batch = ToldBatch(
      rows: (0...draws.below(5)).map { _ in toldRow(index, seed, &draws) },
      isNetOfAllocations: draws.onceIn(6), saysWhen: draws.onceIn(2))
    if !batch.saysWhen { for row in batch.rows.indices { batch.rows[row].ago = nil } }
    if draws.onceIn(20) { batch.alive = draws.below(Names.nodes.count) }
    return batch
  }

  private static func toldRow(_ index: Int, _ seed: UInt64, _ draws: inout Draws) -> ToldLine {
    let kind = UInt32(
      draws.onceIn(3) ? draws.within(1...9) : draws.onceIn(3) ? 4 : draws.within(10...17))
    var row = ToldLine(
      place: fedPlace(index, &draws), kind: kind, quantity: Int64(draws.below(8)),
      ago: draws.onceIn(3) ? nil : Int64(draws.within(-2000...40_000)))
    if kind == 3 { row.quantity -= 4 }
    if kind == 4 || kind == 16 { row.quantity += Int64(draws.below(12)) }
    if draws.onceIn(700) { row.quantity = 2_000_000_000 - Int64(draws.below(3)) }
    if !draws.onceIn(12) { row.reference = draws.below(Names.references.count) }
    row.destination = draws.below(Names.nodes.count)
    row.arrival = draws.onceIn(5) ? 0 : Int64(draws.within(-60...500))
    row.stage = UInt8(draws.below(5))
    row.disposition = UInt8(draws.below(4))
    row.from = UInt8(draws.below(4))
    if kind == 17 || (kind == 2 && !draws.onceIn(4)) {
      row.hold = ordered(index, seed, &draws)
      row.line = draws.onceIn(5) ? nil : draws.below(3)
    }
    return row
  }

  private static func putLine(_ draws: inout Draws) -> PutLine {
    PutLine(
      place: place(&draws), onHand: Int64(draws.below(25)),
      conditions: (0..<5).map { _ in draws.onceIn(6) ? Int64(draws.below(3)) : 0 })
  }

  private static func rule(_ index: Int, _ draws: inout Draws) -> Rule {
    switch draws.below(30) {
    case 0..<4:
      return .group(
        draws.below(Names.groups.count),
        nodes: Names.nodes.indices.filter { _ in !draws.onceIn(3) })
    case 4..<11:
      let isGone = draws.onceIn(3)
      return .channel(
        draws.within(1...Names.channels.count), place(&draws),
        buffer: isGone ? 0 : Int64(draws.below(4)), setAside: isGone ? 0 : Int64(draws.below(5)))
    case 11..<18:
      return .backorder(
        place(&draws), cap: draws.onceIn(2) ? 0 : Int64(draws.within(1...8)),
        from: draws.onceIn(3) ? Int64(draws.within(-20...300)) : 0,
        until: draws.onceIn(4) ? Int64(draws.within(-10...200)) : 0)
    case 18..<22:
      let kit = Names.kits[draws.below(Names.kits.count)]
      // No item comes twice, and none is a kit.
      let parts = (0...draws.below(3)).map {
        KitPart(item: ($0 * 2 + draws.below(2)) % 5, units: Int64(draws.within(1...3)))
      }
      return .kit(kit, draws.onceIn(6) ? [] : Array(parts.prefix(2)))
    case 22..<28:
      return .inbound(
        place(&draws), reference: draws.below(Names.references.count),
        units: Int64(draws.below(9)), arrival: Int64(draws.within(-40...400)),
        stage: UInt8(draws.within(1...4)))
    default: return .item(late(index, &draws))
    }
  }
}
