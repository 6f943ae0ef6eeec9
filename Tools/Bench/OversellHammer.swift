import CLinux
import Glibc
import PromisedModel
import PromisedWire

/// Many connections fight for the units of one item: single lines and several, the same request again,
/// releases, holds that expire at the same moment. What was granted is added up from the answers alone.
///
/// Grants and releases are ordered by the log positions that the answers state, so that the units
/// granted after each of them can be told exactly. A refusal states no position: it is false when
/// even all that was on its way could not have taken the units.
struct OversellHammer {
  private let attempts: Int
  private let stock: Int64
  private let rounds: Int
  private let seed: UInt64
  /// The server is a sandbox, whose clock is moved until all holds of a round expire at once.
  private let isSandbox: Bool

  /// So that what is kept of a round stays little, and its keys are fewer than a server remembers.
  static var attemptsPerRound: Int { 500_000 }
  static var mostAttemptsPerRound: Int { 2_000_000 }
  static var hot: String { "HOT" }
  static var side: String { "SIDE" }
  static var sideStock: Int64 { 50 }
  private static var depth: Int { 8 }
  private static var lifetimeSeconds: UInt64 { 3600 }

  /// A hold that is wanted, however often it is asked for.
  private struct Order {
    var key: String
    var owner: String
    var lines: [HoldLine]
    var hotUnits: Int64
    var sideUnits: Int64
    /// The hold, 0 = refused; nil = no answer yet.
    var answer: UInt64?
    /// Answers that did not say that they are a repetition.
    var originals = 0
    /// Hot units that had been released, as far as known, when it was sent first.
    var releasedBefore: Int64
  }

  private(set) var links: [HammerLink]
  private var orders: [Order] = []
  /// Granted orders that nobody gives back yet.
  private var live: [Int] = []
  private var sent = 0
  private var random: UInt64
  /// Changes of the hot item's claimed units by log position.
  private var changes: [(position: UInt64, units: Int64)] = []
  private var granted: Int64 = 0
  private var inFlight: Int64 = 0
  private var released: Int64 = 0
  private var sideClaimed: Int64 = 0
  private(set) var figures: [String: Int] = [:]
  private(set) var violations: [String] = []

  init(
    port: UInt16, connections: Int, attempts: Int, stock: Int64, rounds: Int, seed: UInt64,
    isSandbox: Bool
  ) {
    self.attempts = attempts
    self.stock = stock
    self.rounds = rounds
    self.seed = seed
    self.isSandbox = isSandbox
    random = seed &* 1_000_003
    links = (0..<connections).map { _ in HammerLink(port: port) }
  }

  /// Hammers and prints what came of it as JSON; answers whether every rule held.
  mutating func run() -> Bool {
    let began = now()
    HammerWorld.put(over: &links[0], stock: stock)
    for round in 0..<rounds {
      hammer(round)
      takeTheRest(round)
      check(round)
      expireAll()
    }
    raceForLastUnits()
    switch links[0].ask(.audit()) {
    case .success(let answer):
      if !answer.isSound { violations.append("the audit found \(answer.violations.prefix(3))") }
    case .failure(let refusal): violations.append("audit: \(refusal)")
    }
    figures["attempts"] = sent
    figures["connections"] = links.count
    figures["milliseconds"] = Int((now() - began) / 1_000_000)
    figures["violations"] = violations.count
    for text in violations.prefix(20) { print("VIOLATION \(text)") }
    let fields = figures.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
    print("{" + fields.joined(separator: ", ") + "}")
    return violations.isEmpty
  }

  private mutating func note(_ what: String) { figures[what, default: 0] += 1 }

  private mutating func violate(_ text: String) { violations.append(text) }

  // MARK: A round

  private mutating func hammer(_ round: Int) {
    orders.removeAll(keepingCapacity: true)
    changes.removeAll(keepingCapacity: true)
    live.removeAll(keepingCapacity: true)
    (granted, inFlight, released, sideClaimed) = (0, 0, 0, 0)
    let end = sent + attempts / rounds
    let epoll = clinux_epoll_create()
    defer { close(epoll) }
    for index in links.indices {
      _ = clinux_epoll_control(
        epoll, clinux_epoll_add, links[index].socket, clinux_epoll_in, UInt64(index))
      fill(index, round, until: end)
    }
    let events = UnsafeMutablePointer<clinux_event>.allocate(capacity: 256)
    defer { events.deallocate() }
    while links.contains(where: { !$0.waiting.isEmpty }) {
      let found = clinux_epoll_wait(epoll, events, 256, 20_000)
      if found <= 0 { fail("no reply for twenty seconds") }
      for event in 0..<Int(found) {
        let index = Int(events[event].data)
        for (tag, data) in links[index].receive() { take(tag, HammerLink.read(data, .getHold(1))) }
        fill(index, round, until: end)
      }
    }
  }

  private mutating func fill(_ index: Int, _ round: Int, until end: Int) {
    while links[index].waiting.count < Self.depth && sent < end {
      sent += 1
      let draw = draw(100)
      if draw < 12, !orders.isEmpty {
        // The same request again: answered already, or still on its way.
        ask(again: orders.count - 1 - self.draw(min(512, orders.count)), over: index)
      } else if draw >= 18 || !release(over: index) {
        orders.append(order(draw, index, round))
        inFlight += orders[orders.count - 1].hotUnits
        ask(again: orders.count - 1, over: index)
      }
    }
    links[index].send()
  }

  private mutating func draw(_ bound: Int) -> Int {
    random &+= 1
    return Int(mixed(random) % UInt64(bound))
  }

  private mutating func order(_ kind: Int, _ index: Int, _ round: Int) -> Order {
    var lines = [HoldLine(item: Self.hot, node: "N1", quantity: Int64(1 + draw(2)))]
    if kind >= 80 { lines.append(HoldLine(item: Self.side, node: "N1", quantity: 1)) }
    // Two lines of the same item: each alone might fit where both do not.
    if kind >= 95 { lines.append(HoldLine(item: Self.hot, node: "N1", quantity: 1)) }
    func units(_ item: String) -> Int64 {
      lines.reduce(0) { $0 + ($1.item == item ? $1.quantity : 0) }
    }
    return Order(
      key: "\(seed)-\(round)-\(orders.count)", owner: "cart-\(index)", lines: lines,
      hotUnits: units(Self.hot), sideUnits: units(Self.side), releasedBefore: released)
  }

  private mutating func ask(again place: Int, over index: Int) {
    let order = orders[place]
    links[index].add(
      .hold(
        order.lines, owner: order.owner, key: order.key,
        timeToLiveSeconds: Self.lifetimeSeconds), tag: place * 2)
  }

  /// Gives one of the granted orders back, whoever it belongs to; false when none is granted.
  private mutating func release(over index: Int) -> Bool {
    if live.isEmpty { return false }
    live.swapAt(draw(live.count), live.count - 1)
    let place = live.removeLast()
    links[index].add(
      .release(
        holdID: orders[place].answer ?? 0, owner: orders[place].owner,
        key: "r-" + orders[place].key), tag: place * 2 + 1)
    return true
  }

  // MARK: Answers

  private mutating func take(_ tag: Int, _ result: Result<HoldAnswer, ServiceRefusal>) {
    let place = tag / 2
    if tag % 2 == 1 { return takeRelease(place, result) }
    let answer: UInt64
    switch result {
    case .success(let hold):
      answer = hold.holdID
      orders[place].originals += hold.isRepeated ? 0 : 1
      if !(orders[place].originals < 2) { violate("\(orders[place].key) was decided twice") }
      note(hold.isRepeated ? "repeated" : "granted")
    case .failure(let refusal):
      answer = 0
      note("refused")
      if !(refusal.outcomeCode == .insufficientStock) { violate("\(refusal)") }
      checkRefusal(place, refusal)
    }
    if let before = orders[place].answer {
      if !(before == answer) {
        violate("\(orders[place].key) was answered \(before), then \(answer)")
      }
      return
    }
    orders[place].answer = answer
    inFlight -= orders[place].hotUnits
    if answer == 0 { return }
    granted += orders[place].hotUnits
    sideClaimed += orders[place].sideUnits
    changes.append((answer, orders[place].hotUnits))
    live.append(place)
  }

  /// What can have been taken when it was decided: all that is granted or on its way, and what was
  /// released since it was sent.
  private mutating func checkRefusal(_ place: Int, _ refusal: ServiceRefusal) {
    let order = orders[place]
    if order.answer != nil || refusal.key != Self.hot { return }
    let most = granted + inFlight - order.hotUnits + released - order.releasedBefore
    if !(most + order.hotUnits > stock) {
      violate("\(order.key) was refused although \(stock - most) were free")
    }
    if !(refusal.availableUnits >= 0 && refusal.availableUnits < order.hotUnits) {
      violate(
        "\(order.key) wants \(order.hotUnits), refused with \(refusal.availableUnits) available")
    }
  }

  private mutating func takeRelease(
    _ place: Int, _ result: Result<HoldAnswer, ServiceRefusal>
  ) {
    switch result {
    case .success(let answer):
      changes.append((answer.asOf.position, -orders[place].hotUnits))
      granted -= orders[place].hotUnits
      released += orders[place].hotUnits
      sideClaimed -= orders[place].sideUnits
      note("released")
    case .failure(let refusal): violations.append("release of \(orders[place].key): \(refusal)")
    }
  }

  // MARK: After a round

  /// Single units, until there are none.
  private mutating func takeTheRest(_ round: Int) {
    for number in 0..<(2 * Int(stock)) {
      let call = Call.hold(
        [HoldLine(item: Self.hot, node: "N1", quantity: 1)], owner: "rest",
        key: "\(seed)-\(round)-rest-\(number)", timeToLiveSeconds: Self.lifetimeSeconds)
      guard case .success(let answer) = links[0].ask(call) else { break }
      changes.append((answer.holdID, 1))
      granted += 1
    }
  }

  private mutating func check(_ round: Int) {
    changes.sort { $0.position < $1.position }
    var sum: Int64 = 0
    var most: Int64 = 0
    for change in changes {
      sum += change.units
      most = max(most, sum)
    }
    if !(most <= stock) {
      violate("round \(round): \(most) units were granted at a time, of \(stock)")
    }
    if !(sum == stock) {
      violate("round \(round): \(sum) units are granted in the end, not \(stock)")
    }
    figures["most_granted"] = max(figures["most_granted", default: 0], Int(most))
    let hot = HammerWorld.position(of: Self.hot, over: &links[0])
    let side = HammerWorld.position(of: Self.side, over: &links[0])
    if !(hot.held == stock && hot.availableNow == 0) { violate("round \(round): \(hot)") }
    if !(side.held == sideClaimed && side.held <= Self.sideStock) {
      violate("round \(round): \(side.held) of SIDE are held, \(sideClaimed) were granted")
    }
  }

  /// All holds of the round expire at the same moment, and every unit is there again.
  private mutating func expireAll() {
    guard isSandbox, case .success(let status) = links[0].ask(.status()) else { return }
    let later = status.asOf.unixSeconds + Int64(Self.lifetimeSeconds) + 1
    guard case .success = links[0].ask(.setTime(unixSeconds: later)) else {
      return violations.append("the clock could not be moved")
    }
    let hot = HammerWorld.position(of: Self.hot, over: &links[0])
    if !(hot.held == 0 && hot.availableNow == stock) { violate("after the expiry: \(hot)") }
  }

  /// Every connection asks for the last unit of an item at the same moment, for many items.
  private mutating func raceForLastUnits() {
    for item in HammerWorld.lastItems {
      for index in links.indices {
        links[index].add(
          .hold(
            [HoldLine(item: item, node: "N1", quantity: 1)], owner: "cart-\(index)",
            key: "\(seed)-\(item)-\(index)", timeToLiveSeconds: 60), tag: index)
      }
      for index in links.indices { links[index].send() }
      var winners = 0
      for index in links.indices {
        while !links[index].waiting.isEmpty {
          for (_, data) in links[index].receiveWaiting() {
            if case .success = HammerLink.read(data, Call<HoldAnswer>.getHold(1)) { winners += 1 }
          }
        }
      }
      if !(winners == 1) { violate("the last unit of \(item) was granted \(winners) times") }
      note("races")
    }
  }
}
