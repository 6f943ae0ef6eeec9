import PromisedModel
import Testing

@testable import PromisedEngine

/// Seller storage as plainly as it can be said: lists of units, summed up whenever asked. Shares no
/// code with the engine; months are numbers 0…11 from March 2026 on.
private struct NaiveStorage {
  struct Line {
    var item: String
    var node: String
    var admitted: Int64
    var open: Int64
    var month: Int
  }
  struct Plan {
    var seller: String
    var lines: [Line]
    var isOpen = true
    var receipts: Set<String> = []
  }
  static let volumes: [String: Int64] = ["A": 1_000_000, "B": 500_000, "C": 1_000_000]
  static let owners = ["A": "S1", "B": "S1", "C": "S2"]

  var onHand: [String: Int64] = [:]
  var leaving: [String: Int64] = [:]
  var plans: [String: Plan] = [:]
  var limits: [String: [Int: Int64]] = [:]
  var granted: [String: [Int: Int64]] = [:]
  var usable: [String: Int64] = [:]
  var month = 0

  static func place(_ item: String, _ node: String) -> String { "\(item)@\(node)" }
  static func item(_ place: String) -> String { String(place.prefix(1)) }
  static func node(_ place: String) -> String { String(place.dropFirst(2)) }

  func used(_ seller: String, by due: Int) -> Int64 {
    var stored: Int64 = 0
    for (place, units) in onHand where Self.owners[Self.item(place)] == seller {
      stored += units * (Self.volumes[Self.item(place)] ?? 0)
    }
    for (place, units) in leaving where Self.owners[Self.item(place)] == seller {
      stored -= units * (Self.volumes[Self.item(place)] ?? 0)
    }
    var sum = max(0, stored)
    for plan in plans.values where plan.seller == seller {
      for line in plan.lines where max(line.month, month) <= due {
        sum += line.open * (Self.volumes[line.item] ?? 0)
      }
    }
    return sum
  }

  /// With what was granted; nil = none confirmed. It holds on until the next one.
  func limit(_ seller: String, in asked: Int) -> Int64? {
    guard asked >= month else { return nil }
    for earlier in stride(from: asked, through: month, by: -1) {
      guard let limit = limits[seller]?[earlier] else { continue }
      let later = earlier == asked ? 0 : granted[seller]?[asked] ?? 0
      return limit + (granted[seller]?[earlier] ?? 0) + later
    }
    return nil
  }

  func headroom(_ seller: String, in asked: Int) -> Int64 {
    guard let limit = limits[seller]?[asked] else { return 0 }
    return max(0, limit + (granted[seller]?[asked] ?? 0) - used(seller, by: asked))
  }

  /// nil = none confirmed.
  func admissible(_ seller: String, in asked: Int) -> Int64? {
    var least: Int64?
    for later in asked..<(month + 12) {
      // The first month decides whether anything is confirmed: later ones carry it on.
      guard let limit = limit(seller, in: later) else { return nil }
      let room = limit - used(seller, by: later)
      least = min(least ?? room, room)
    }
    return least.map { max(0, $0) }
  }

  func free(_ node: String) -> Int64? {
    guard let usable = usable[node] else { return nil }
    var taken: Int64 = 0
    for (place, units) in onHand where Self.node(place) == node {
      taken += units * (Self.volumes[Self.item(place)] ?? 0)
    }
    for plan in plans.values {
      for line in plan.lines where line.node == node {
        taken += line.open * (Self.volumes[line.item] ?? 0)
      }
    }
    return max(0, usable - taken)
  }
}

/// Random admissions, receipts, closes, sales, removals, bids, changes of limits and of buildings,
/// against the naive model: the same decisions and the same headroom at every step, over restarts.
@Suite struct CapacityModelTests {
  private let items = ["A", "B", "C"]
  private let nodes = ["F1", "F2"]
  private let sellers = ["S1", "S2"]

  private func yyyymm(_ month: Int) -> UInt32 {
    UInt32((2026 + (month + 2) / 12) * 100 + (month + 2) % 12 + 1)
  }

  private func date(_ month: Int) -> String {
    let number = yyyymm(month)
    let part = number % 100
    return "\(number / 100)-\(part < 10 ? "0" : "")\(part)-14"
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func randomSequencesAgreeWithTheNaiveModel(_ seed: UInt64) throws {
    var random = Counter(seed: seed)
    var desk = try Desk.storage(at: "2026-03-03")
    var model = NaiveStorage()
    var policy = CapacityPolicy(marketplace: Name("US"))
    policy.planDays = 366
    policy.maximumAsk = 1_000_000 * cubicFoot
    try desk.put(.policies([policy]))
    var (granted, refused, sequence, names): (Int, Int, UInt64, Int) = (0, 0, 1, 0)
    func pick(_ list: [String]) -> String { list[Int(random.next(below: UInt64(list.count)))] }
    for step in 0..<900 {
      switch random.next(below: 14) {
      case 0..<4:
        let item = pick(items)
        let line = (node: pick(nodes), month: model.month + Int(random.next(below: 5)))
        let units = Int64(1 + random.next(below: 60))
        let seller = try #require(NaiveStorage.owners[item])
        let volume = units * (NaiveStorage.volumes[item] ?? 0)
        let room = model.admissible(seller, in: line.month)
        let fits =
          room != nil && volume <= room ?? 0 && volume <= model.free(line.node) ?? .max
        names += 1
        let name = "P\(names)"
        let planned = [PlannedLine(item, line.node, Int32(units), eta: noon(date(line.month)))]
        let no = desk.refusal { () throws(Refusal) in
          try desk.admit(name, planned, seller: seller)
        }
        #expect((no == nil) == fits, "step \(step): \(no?.message ?? "admitted")")
        if no == nil {
          granted += 1
          model.plans[name] = NaiveStorage.Plan(
            seller: seller,
            lines: [
              NaiveStorage.Line(
                item: item, node: line.node, admitted: units, open: units, month: line.month)
            ])
        } else {
          refused += 1
        }
      case 4, 5:
        let open = model.plans.keys.sorted()
        if open.isEmpty { continue }
        let name = pick(open)
        let units = Int64(1 + random.next(below: 70))
        let receipt = "R\(random.next(below: 3))"
        guard var plan = model.plans[name] else { continue }
        let line = plan.lines[0]
        let isNew = plan.receipts.insert(receipt).inserted
        let taken = try desk.receive(
          name, [PlannedLine(line.item, line.node, Int32(units))], receipt: receipt)
        #expect(taken == isNew, "a receipt is taken once")
        if isNew {
          plan.lines[0].open -= min(plan.lines[0].open, units)
          model.onHand[NaiveStorage.place(line.item, line.node), default: 0] += units
          if plan.lines[0].open == 0 { plan.isOpen = false }
          model.plans[name] = plan
        }
      case 6:
        let open = model.plans.filter(\.value.isOpen).keys.sorted()
        if open.isEmpty { continue }
        let name = pick(open)
        try desk.close(name)
        model.plans[name]?.isOpen = false
        model.plans[name]?.lines[0].open = 0
      case 7, 8:
        let places = model.onHand.keys.sorted()
        if places.isEmpty { continue }
        let place = pick(places)
        let units = Int64(random.next(below: UInt64(model.onHand[place] ?? 0) + 1))
        if units == 0 || units > (model.onHand[place] ?? 0) - (model.leaving[place] ?? 0) {
          continue
        }
        try desk.feed(
          [(NaiveStorage.item(place), NaiveStorage.node(place), .shipment, units)],
          from: sequence)
        sequence += 1
        model.onHand[place, default: 0] -= units
      case 9:
        let places = model.onHand.keys.sorted()
        if places.isEmpty { continue }
        let place = pick(places)
        let most = (model.onHand[place] ?? 0) - (model.leaving[place] ?? 0)
        if most <= 0 { continue }
        let units = Int64(1 + random.next(below: UInt64(most)))
        let line = [
          PlannedLine(NaiveStorage.item(place), NaiveStorage.node(place), Int32(units))
        ]
        try desk.remove("R", .order, line)
        model.leaving[place, default: 0] += units
        if random.next(below: 2) == 0 {
          try desk.remove("R", .ship, line)
          model.leaving[place, default: 0] -= units
          model.onHand[place, default: 0] -= units
        }
      case 10:
        let (seller, month) = (pick(sellers), model.month + Int(random.next(below: 4)))
        let limit = Int64(random.next(below: 200)) * cubicFoot
        let old = model.limits[seller]?[month]
        let isCut = random.next(below: 3) == 0
        let no = desk.refusal { () throws(Refusal) in
          try desk.announce(
            Rows.limit(
              yyyymm(month), .confirmed, limit, cause: isCut ? .operatorCut : .forecast,
              forced: isCut, notice: isCut ? "cut" : "", seller: seller))
        }
        let stands = isCut || limit >= old ?? 0
        #expect((no == nil) == stands, "step \(step)")
        if stands { model.limits[seller, default: [:]][month] = limit }
      case 11:
        let node = pick(nodes)
        let usable = Int64(100 + random.next(below: 400)) * cubicFoot
        try desk.put(Rows.buildings([(node, .standard, usable)]))
        model.usable[node] = usable
      case 12:
        let seller = pick(sellers)
        if model.limits[seller]?[model.month] == nil { continue }
        let volume = Int64(1 + random.next(below: 50)) * cubicFoot
        try desk.bid(seller, volume, fee: 10, month: yyyymm(model.month))
        try desk.clear(volume, month: yyyymm(model.month))
        model.granted[seller, default: [:]][model.month, default: 0] += volume
      default:
        if random.next(below: 8) == 0 {
          model.month += 1
          desk.go(to: date(model.month))
        } else {
          desk = desk.restarted()
        }
      }
      try compare(desk, model, step)
    }
    #expect(granted > 40 && refused > 40, "\(granted) granted, \(refused) refused")
    #expect(desk.state.storageDifferences().isEmpty)
  }

  private func compare(_ desk: Desk, _ model: NaiveStorage, _ step: Int) throws {
    for seller in sellers {
      for ahead in 0..<5 {
        let month = model.month + ahead
        guard let row = try desk.room(yyyymm(month), seller: seller) else {
          #expect(model.used(seller, by: month) == 0, "step \(step)")
          continue
        }
        #expect(
          row.headroom == model.headroom(seller, in: month),
          "step \(step): \(seller) month \(month)")
        let expected = model.admissible(seller, in: month)
        #expect(row.admissible == expected ?? 0, "step \(step): \(seller) month \(month)")
        #expect((row.binding == .notConfirmed) == (expected == nil), "step \(step)")
      }
    }
    for node in nodes {
      let space = desk.state.buildings.read(
        node: desk.state.knownNode(Name(node)), type: StorageType.standard.rawValue)
      #expect(space.free == model.free(node).map { Int128($0) }, "step \(step): \(node)")
    }
  }
}
