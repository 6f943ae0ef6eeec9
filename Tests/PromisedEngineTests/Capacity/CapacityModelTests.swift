import Glibc
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
    var received: Int64 = 0
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

/// A state and the naive model that go the same way.
private struct ModelRun {
  static let items = ["A", "B", "C"]
  static let nodes = ["F1", "F2"]
  static let sellers = ["S1", "S2"]

  var random: Counter
  var desk: Desk
  var model = NaiveStorage()
  var granted = 0
  var refused = 0
  private var sequence: UInt64 = 1
  private var plans = 0
  private(set) var told = 0
  private(set) var expired = 0
  private(set) var restarts = 0

  init(seed: UInt64) throws {
    random = Counter(seed: seed)
    desk = try Desk.storage(at: "2026-03-03")
    var policy = CapacityPolicy(marketplace: Name("US"))
    // From the 14th of the month of its ETA: what was not sent ends before the next 14th.
    policy.planDays = 20
    policy.maximumAsk = 1_000_000 * cubicFoot
    try desk.put(.policies([policy]))
  }

  private static func yyyymm(_ month: Int) -> UInt32 {
    UInt32((2026 + (month + 2) / 12) * 100 + (month + 2) % 12 + 1)
  }

  private static func date(_ month: Int) -> String {
    let number = yyyymm(month)
    let part = number % 100
    return "\(number / 100)-\(part < 10 ? "0" : "")\(part)-14"
  }

  private mutating func below(_ bound: Int64) -> Int64 { Int64(random.next(below: UInt64(bound))) }

  private mutating func pick(_ list: [String]) -> String { list[Int(below(Int64(list.count)))] }

  mutating func step(_ number: Int) throws {
    switch below(20) {
    case 0..<4: try admit(number)
    case 4, 5: try receive()
    case 6:
      let open = model.plans.filter(\.value.isOpen).keys.sorted()
      if open.isEmpty { return }
      let name = pick(open)
      try desk.close(name)
      model.plans[name]?.isOpen = false
      model.plans[name]?.lines[0].open = 0
    case 7, 8: try sell()
    case 9: try remove()
    case 10: try announce(number)
    case 11:
      let node = pick(Self.nodes)
      let usable = (100 + below(400)) * cubicFoot
      try desk.put(Rows.buildings([(node, .standard, usable)]))
      model.usable[node] = usable
    case 12: try bid()
    case 13, 14: try tell(number)
    case 15..<19: try sell()
    default:
      if below(8) == 0 {
        model.month += 1
        desk.go(to: Self.date(model.month))
        expire()
      } else {
        restarts += 1
        desk = desk.restarted()
      }
    }
  }

  private mutating func admit(_ number: Int) throws {
    let item = pick(Self.items)
    let (node, month) = (pick(Self.nodes), model.month + Int(below(5)))
    let units = 1 + below(60)
    let seller = try #require(NaiveStorage.owners[item])
    let volume = units * (NaiveStorage.volumes[item] ?? 0)
    let room = model.admissible(seller, in: month)
    let fits = room != nil && volume <= room ?? 0 && volume <= model.free(node) ?? .max
    plans += 1
    let name = "P\(plans)"
    let planned = [SentLine(item, node, Int32(units), eta: noon(Self.date(month)))]
    let no = desk.refusal { () throws(Refusal) in try desk.admit(name, planned, seller: seller) }
    #expect((no == nil) == fits, "step \(number): \(no?.message ?? "admitted")")
    if no != nil {
      refused += 1
      return
    }
    granted += 1
    let line = NaiveStorage.Line(
      item: item, node: node, admitted: units, open: units, month: month)
    model.plans[name] = NaiveStorage.Plan(seller: seller, lines: [line])
  }

  private mutating func receive() throws {
    let known = model.plans.keys.sorted()
    if known.isEmpty { return }
    let name = pick(known)
    let units = 1 + below(70)
    let receipt = "R\(below(3))"
    guard var plan = model.plans[name] else { return }
    let line = plan.lines[0]
    let isNew = plan.receipts.insert(receipt).inserted
    let taken = try desk.receive(
      name, [SentLine(line.item, line.node, Int32(units))], receipt: receipt)
    #expect(taken == isNew, "a receipt is taken once")
    if !isNew { return }
    plan.lines[0].open -= min(plan.lines[0].open, units)
    plan.received += units
    model.onHand[NaiveStorage.place(line.item, line.node), default: 0] += units
    if plan.lines[0].open == 0 { plan.isOpen = false }
    model.plans[name] = plan
  }

  /// Plans of which nothing came and whose ETA was in a month before.
  private mutating func expire() {
    for (name, plan) in model.plans
    where plan.isOpen && plan.received == 0 && plan.lines[0].month < model.month {
      model.plans[name]?.isOpen = false
      model.plans[name]?.lines[0].open = 0
      expired += 1
    }
  }

  /// A few plans more, and months in which nothing is sent: in every sequence some expire.
  mutating func letPlansExpire(_ step: Int) throws {
    try announce(step)
    for number in 1...12 { try admit(step + number) }
    for month in 1...6 {
      model.month += 1
      desk.go(to: Self.date(model.month))
      expire()
      try compare(step + 12 + month)
    }
  }

  /// The feed receives a plan, open or not; sometimes the row is told twice, or undone.
  private mutating func tell(_ number: Int) throws {
    let open = model.plans.filter(\.value.isOpen).keys.sorted()
    let known = open.isEmpty || below(4) == 0 ? model.plans.keys.sorted() : open
    if known.isEmpty { return }
    let name = pick(known)
    guard var plan = model.plans[name] else { return }
    let (line, units) = (plan.lines[0], 1 + below(70))
    let row = Told(line.item, line.node, .inboundReceipt, units).with { $0.reference = name }
    told += 1
    try desk.tell(row, source: "dock", from: UInt64(told))
    switch below(4) {
    case 0:
      let again = try desk.tell(row, source: "dock", from: UInt64(told))
      #expect(again == [.alreadyApplied])
    case 1:
      // As if it had not been told. What had ended before goes on being ended.
      let reply = try desk.reverse("dock", UInt64(told), UInt64(told))
      #expect(reply.reversedRows == 1, "step \(number)")
      return
    default: break
    }
    plan.lines[0].open -= min(line.open, units)
    plan.received += units
    if plan.lines[0].open == 0 { plan.isOpen = false }
    model.plans[name] = plan
    model.onHand[NaiveStorage.place(line.item, line.node), default: 0] += units
  }

  /// A place with units that are not ordered to leave, and how many.
  private mutating func stocked() -> (place: String, units: Int64)? {
    let places = model.onHand.keys.sorted()
    if places.isEmpty { return nil }
    let place = pick(places)
    let units = (model.onHand[place] ?? 0) - (model.leaving[place] ?? 0)
    return units > 0 ? (place, units) : nil
  }

  private mutating func sell() throws {
    guard let (place, most) = stocked() else { return }
    let units = 1 + below(most)
    try desk.feed(
      [(NaiveStorage.item(place), NaiveStorage.node(place), .shipment, units)], from: sequence)
    sequence += 1
    model.onHand[place, default: 0] -= units
  }

  private mutating func remove() throws {
    guard let (place, most) = stocked() else { return }
    let units = 1 + below(most)
    let line = [SentLine(NaiveStorage.item(place), NaiveStorage.node(place), Int32(units))]
    try desk.remove("R", .order, line)
    model.leaving[place, default: 0] += units
    if below(2) == 0 { return }
    try desk.remove("R", .ship, line)
    model.leaving[place, default: 0] -= units
    model.onHand[place, default: 0] -= units
  }

  private mutating func announce(_ number: Int) throws {
    let (seller, month) = (pick(Self.sellers), model.month + Int(below(4)))
    let limit = below(200) * cubicFoot
    let old = model.limits[seller]?[month] ?? 0
    let isCut = below(3) == 0
    let rows = Rows.limit(
      Self.yyyymm(month), .confirmed, limit, cause: isCut ? .operatorCut : .forecast,
      forced: isCut, notice: isCut ? "cut" : "", seller: seller)
    let no = desk.refusal { () throws(Refusal) in try desk.announce(rows) }
    #expect((no == nil) == (isCut || limit >= old), "step \(number)")
    if no == nil { model.limits[seller, default: [:]][month] = limit }
  }

  private mutating func bid() throws {
    let seller = pick(Self.sellers)
    if model.limits[seller]?[model.month] == nil { return }
    let volume = (1 + below(50)) * cubicFoot
    try desk.bid(seller, volume, fee: 10, month: Self.yyyymm(model.month))
    try desk.clear(volume, month: Self.yyyymm(model.month))
    model.granted[seller, default: [:]][model.month, default: 0] += volume
  }

  func compare(_ step: Int) throws {
    for seller in Self.sellers {
      for month in model.month..<model.month + 5 {
        guard let row = try desk.room(Self.yyyymm(month), seller: seller) else {
          #expect(model.used(seller, by: month) == 0, "step \(step)")
          continue
        }
        let place = "step \(step): \(seller) month \(month)"
        #expect(row.headroom == model.headroom(seller, in: month), "\(place)")
        let expected = model.admissible(seller, in: month)
        #expect(row.admissible == expected ?? 0, "\(place)")
        #expect((row.binding == .notConfirmed) == (expected == nil), "\(place)")
      }
    }
    // They are many, and only grow.
    for (name, plan) in model.plans where step % 20 == 0 {
      guard let place = desk.state.inboundPlans.place(of: Name(name)) else {
        Issue.record("step \(step): \(name) is not known")
        continue
      }
      let row = desk.state.inboundPlans.rows[place]
      let what = "step \(step): \(name)"
      #expect(row.lines.map(\.received) == [plan.received], "\(what)")
      #expect((row.state == .open) == plan.isOpen, "\(what)")
    }
    for node in Self.nodes {
      let space = desk.state.buildings.read(
        node: desk.state.knownNode(Name(node)), type: StorageType.standard.rawValue)
      #expect(space.free == model.free(node).map { Int128($0) }, "step \(step): \(node)")
    }
  }
}

/// Random admissions, receipts by call and by feed, undone ones, closes, expiry, sales, removals, bids, changes of limits and of buildings,
/// against the naive model: the same decisions and the same headroom at every step, over restarts.
@Suite struct CapacityModelTests {
  /// Three sequences, or as many as PROMISED_SEEDS says.
  static var seeds: ClosedRange<UInt64> {
    1...(getenv("PROMISED_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 3)
  }

  @Test(arguments: seeds)
  func randomSequencesAgreeWithTheNaiveModel(_ seed: UInt64) throws {
    var run = try ModelRun(seed: seed)
    for step in 0..<900 {
      try run.step(step)
      try run.compare(step)
    }
    try run.letPlansExpire(900)
    #expect(run.granted > 40 && run.refused > 40, "\(run.granted), \(run.refused)")
    #expect(
      run.told > 50 && run.restarts > 20 && run.expired > 0,
      "\(run.told), \(run.restarts), \(run.expired)")
    #expect(run.desk.state.storageDifferences().isEmpty)
  }
}
