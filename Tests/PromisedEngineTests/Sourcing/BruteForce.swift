import PromisedModel

@testable import PromisedEngine

/// The best plan by looking at every assignment of whole lines and of the shares of split ones.
///
/// Written from the definition, for carts so small that nothing has to be clever.
struct BruteForce {
  struct Part {
    var line: Int
    var quantity: Int64
    var centres: [Int]
  }

  let cart: Cart
  let request: SourcingRequest
  var parts: [Part] = []
  var short: [Int64]

  private var choice: [Int] = []
  private var left: [[Int64]]
  private var best: (order: [Int64], plan: Plan)?

  /// Nil when a line cannot be had, alone, in full.
  init?(_ cart: Cart, _ request: SourcingRequest) {
    self.cart = cart
    self.request = request
    short = cart.lines.map { _ in 0 }
    left = cart.stock
    for line in cart.lines.indices {
      let units = cart.centres.indices.map { held(line, $0) }
      var wanted = cart.lines[line].quantity
      let total = units.reduce(0, +)
      if total < wanted {
        if request.policy != .fillAvailable { return nil }
        short[line] = wanted - total
        wanted = total
        if wanted == 0 { continue }
      }
      let whole = units.indices.filter { units[$0] >= wanted }
      if !whole.isEmpty {
        parts.append(Part(line: line, quantity: wanted, centres: whole))
      } else {
        parts += Self.split(line, wanted, units, cart.lines[line].windows)
      }
    }
  }

  func held(_ line: Int, _ centre: Int) -> Int64 {
    guard request.permittedCentres >> UInt64(centre) & 1 == 1,
      let window = cart.lines[line].windows[centre], window <= request.latestWindow
    else { return 0 }
    return cart.lines[line].uses.map { cart.stock[$0.component][centre] / $0.units }.min() ?? 0
  }

  /// Every set of centres that holds the quantity: fewest, then the earliest latest window, then
  /// most units first, which are taken in that order.
  static func split(
    _ line: Int, _ wanted: Int64, _ units: [Int64], _ windows: [UInt32?]
  ) -> [Part] {
    var best: (order: (Int, UInt32), centres: [Int])?
    for set in 1..<1 << units.count {
      let centres = units.indices.filter { set >> $0 & 1 == 1 && units[$0] > 0 }
      if centres.reduce(0, { $0 + units[$1] }) < wanted { continue }
      let order = (centres.count, centres.map { windows[$0] ?? .max }.max() ?? 0)
      if best == nil || order < best!.order { best = (order, centres) }
    }
    let latest = best!.order.1
    let sorted = units.indices.filter { units[$0] > 0 && (windows[$0] ?? .max) <= latest }
      .sorted {
        (-units[$0], windows[$0] ?? .max, UInt32($0))
          < (-units[$1], windows[$1] ?? .max, UInt32($1))
      }
    var rest = wanted
    var parts: [Part] = []
    for centre in sorted where rest > 0 {
      let share = min(rest, units[centre])
      parts.append(Part(line: line, quantity: share, centres: [centre]))
      rest -= share
    }
    return parts
  }

  /// The number of assignments, at most.
  var size: Int { parts.reduce(1) { $0 * $1.centres.count } }

  mutating func plan() -> Plan? {
    search(0)
    return best?.plan
  }

  private mutating func search(_ index: Int) {
    if index == parts.count {
      judge()
      return
    }
    let part = parts[index]
    let uses = cart.lines[part.line].uses
    for centre in part.centres {
      for use in uses { left[use.component][centre] -= use.units * part.quantity }
      if uses.allSatisfy({ left[$0.component][centre] >= 0 }) {
        choice.append(centre)
        search(index + 1)
        choice.removeLast()
      }
      for use in uses { left[use.component][centre] += use.units * part.quantity }
    }
  }

  private mutating func judge() {
    var plan = Plan()
    for centre in cart.centres.indices where choice.contains(centre) {
      var box = Plan.Box(centre: centre, units: [], window: 0, cost: 0)
      var (grams, volume) = (Int64(0), Int64(0))
      for (index, part) in parts.enumerated() where choice[index] == centre {
        let line = cart.lines[part.line]
        box.units.append([Int64(part.line), part.quantity])
        box.window = max(box.window, line.windows[centre] ?? 0)
        box.cost += line.values[centre] * part.quantity
        grams += line.grams * part.quantity
        volume += line.volume * part.quantity
      }
      guard let cost = cart.cards[cart.centres[centre]].cost(grams, volume) else { return }
      box.cost += cost
      plan.boxes.append(box)
      plan.cost += box.cost
      plan.window = max(plan.window, box.window)
    }
    if plan.boxes.count > request.shipmentLimit { return }
    let (window, count) = (Int64(plan.window), Int64(plan.boxes.count))
    let order: [Int64]
    switch request.objective {
    case .earliest: order = [window, plan.cost, count]
    case .cost: order = [plan.cost, window, count]
    case .fewestShipments: order = [count, window, plan.cost]
    }
    // Choices ascend: the first of equals has the lower centres.
    if best.map({ order.lexicographicallyPrecedes($0.order) }) ?? true { best = (order, plan) }
  }
}

/// Draws small carts from a seed.
struct CartGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ mixed >> 31) >> 33) % bound
  }

  /// - Parameter coarse: few different numbers, so that many plans are equal.
  mutating func cart(lines: Int, centres: Int) -> Cart {
    let coarse = next(2) == 0
    var cart = Cart()
    let sameCard = next(3) == 0
    for centre in 0..<centres {
      if centre == 0 || !sameCard { cart.cards.append(card(coarse: coarse)) }
      cart.centres.append(cart.cards.count - 1)
    }
    let sharing = next(3) == 0
    let components = sharing ? 1 + next(3) : lines
    for _ in 0..<components {
      cart.stock.append((0..<centres).map { _ in next(3) == 0 ? 0 : Int64(next(sharing ? 9 : 5)) })
    }
    for line in 0..<lines {
      var uses: [(component: Int, units: Int64)] = []
      if sharing {
        let first = next(components)
        uses.append((first, Int64(1 + next(2))))
        let second = next(components)
        if second != first && next(2) == 0 { uses.append((second, 1)) }
      } else {
        uses.append((line, 1))
      }
      let windowed = next(4) != 0
      let valued = next(3) == 0
      cart.lines.append(
        Cart.Line(
          quantity: Int64(1 + next(3)), grams: Int64(next(coarse ? 3 : 900)) * 100,
          volume: Int64(next(4)) * 1_000_000, uses: uses,
          windows: (0..<centres).map { _ in
            windowed ? (next(8) == 0 ? nil : UInt32(next(coarse ? 3 : 12))) : 5
          },
          values: (0..<centres).map { _ in
            valued ? Int64(next(coarse ? 3 : 400)) - (next(4) == 0 ? 100 : 0) : 0
          }))
    }
    return cart
  }

  private mutating func card(coarse: Bool) -> Cart.Card {
    var breaks: [RateBreak] = []
    var (grams, cost) = (Int64(0), Int64(0))
    for _ in 0..<1 + next(4) {
      grams += Int64(1 + next(5)) * 10_000
      // Now and then a heavier box is much dearer, or cheaper, than two lighter ones.
      cost = max(0, cost + Int64(next(coarse ? 2 : 500)) - (next(10) == 0 ? 150 : 0))
      if next(8) == 0 { cost += 2000 }
      breaks.append(RateBreak(upToGrams: grams, cost: cost))
    }
    let refuses = next(4) == 0
    return Cart.Card(
      terms: RateTerms(
        fixedCost: Int64(next(coarse ? 2 : 600)),
        cubicMillimetresPerGram: next(2) == 0 ? 0 : Int64(100 + next(3) * 2000),
        stepGrams: refuses ? 0 : 1000, stepCost: Int64(next(3) * 7)),
      breaks: breaks)
  }

  mutating func request() -> SourcingRequest {
    var request = SourcingRequest(
      objective: PlanObjective.allCases[next(3)],
      policy: FillPolicy.allCases[next(2)])
    if next(3) == 0 { request.latestWindow = UInt32(next(10)) }
    if next(5) == 0 { request.shipmentLimit = 1 + next(3) }
    if next(8) == 0 { request.permittedCentres = UInt64(1 + next(31)) }
    return request
  }
}
