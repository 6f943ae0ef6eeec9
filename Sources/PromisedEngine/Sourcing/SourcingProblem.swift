import PromisedInvariants
import PromisedModel

/// What a plan is asked to be. An objective's later criteria decide between equals:
///
/// - `earliest`: the latest window, then cost, then fewer shipments.
/// - `cost`: cost, then the latest window, then fewer shipments.
/// - `fewestShipments`: shipments, then the latest window, then cost.
///
/// The last one is always the lower fulfilment centre, line by line.
package struct SourcingRequest {
  package var objective: PlanObjective
  package var policy: FillPolicy
  /// No window of the plan ranks higher.
  package var latestWindow: UInt32 = SourcingProblem.noWindow - 1
  /// At most so many shipments; 1 = everything ships together.
  package var shipmentLimit: Int = .max
  /// Bit per centre, by its index: where the plan may ship from.
  package var permittedCentres: UInt64 = .max

  package init(objective: PlanObjective, policy: FillPolicy = .fillOrKill) {
    self.objective = objective
    self.policy = policy
  }
}

package enum SourcingOutcome: Equatable {
  case planned
  /// Lines lack units; `shortUnits` says how many.
  case short
  /// There are units enough, but not in time, or not by any way to the customer.
  case late
  /// No rate card in question takes a line's weight or volume.
  case unshippable
  /// It takes more shipments than allowed.
  case tooManyShipments
}

/// A line of the cart. Quantities are 1…2·10⁹, weights and volumes of a unit 0…2³¹.
struct SourcingLine: BitwiseCopyable {
  var quantity: Int64
  var unitGrams: Int64
  var unitCubicMillimetres: Int64
  var firstUse: Int32
  var useCount: Int32
}

/// What a unit of a line takes of a component.
struct ComponentUse: BitwiseCopyable {
  var component: Int32
  var units: Int64
}

/// A line at a centre.
struct SourcingCell: BitwiseCopyable {
  var window: UInt32
  var opportunityValue: Int64
}

struct SourcingCentre: BitwiseCopyable {
  var node: UInt16
  var card: Int32
}

struct SourcingCard: BitwiseCopyable {
  var terms: RateTerms
  var firstBreak: Int32
  var breakCount: Int32
  /// The first card with the same weight breaks, steps and divisor.
  var shape: Int32
  /// Beyond these a box is refused.
  var maximumGrams: Int64
  var maximumCubicMillimetres: Int64
}

/// Units of a line that ship from one centre: the whole line, or its share of a split.
struct SourcingPart: BitwiseCopyable {
  var line: Int32
  var quantity: Int64
  var grams: Int64
  var cubicMillimetres: Int64
  /// Bit per centre that could ship it alone.
  var allowed: UInt64
  /// The least of its opportunity values where one is negative, else 0. Every plan has it, so that
  /// decisions leave it out and deal with what is not negative.
  var opportunityBase: Int64
}

/// A shipment of the plan.
package struct SourcedBox: BitwiseCopyable, Equatable {
  /// Index of the centre, and its node.
  package var centre: Int32
  package var node: UInt16
  /// Where its lines stand in `allotments`.
  package var first: Int32
  package var count: Int32
  /// The latest of its lines' windows.
  package var window: UInt32
  package var shippingCost: Int64
  /// What its units were worth where they stood.
  package var opportunityCost: Int64
  package var billedGrams: Int64
}

/// Units of a line in a shipment.
package struct Allotment: BitwiseCopyable, Equatable {
  package var line: Int32
  package var quantity: Int64
}

/// Which centre ships which lines of a cart.
///
/// Filled once per question (cards, centres in ascending node order, then components and lines),
/// solved, read. It keeps its memory, so that nothing is allocated in the steady state.
///
/// A line ships whole from one centre; its quantity is split only when no permitted centre holds it
/// whole in time, and then over as few centres as can be. What a centre ships is one shipment, and
/// its cost is any function of the set of lines in it: rate cards have weight breaks. Stock is that
/// of components (a plain item is its own), and a unit of a component serves once.
///
/// - Up to 10 parts over up to 10 centres: exact (`SourcingProblem+Exact`).
/// - More: greedy and local search with a lower bound (`SourcingProblem+Search`).
package struct SourcingProblem: ~Copyable {
  package static var centreLimit: Int { 64 }
  package static var lineLimit: Int { 256 }
  /// The rank of no window: the centre cannot make the line.
  package static var noWindow: UInt32 { .max }
  /// Parts and centres of the exact solution.
  static var exactParts: Int { 10 }
  static var exactCentres: Int { 10 }

  var cards = Store<SourcingCard>()
  var breaks = Store<RateBreak>()
  /// Beside the breaks: the largest volume that a break takes.
  var breakVolumes = Store<Int64>()
  var centres = Store<SourcingCentre>()
  var lines = Store<SourcingLine>()
  var uses = Store<ComponentUse>()
  /// By line × centre.
  var cells = Store<SourcingCell>()
  /// By component × centre.
  var available = Store<Int64>()
  /// By component: the line that uses it, −1 = none, −2 = several.
  var users = Store<Int32>()
  /// Components that several lines use.
  var shared = Store<Int32>()

  /// By line × centre: units in time from a permitted centre.
  var units = Store<Int64>()
  var parts = Store<SourcingPart>()
  /// By part × centre: the opportunity value of its units above the part's base.
  var opportunity = Store<Int64>()
  /// By part: the centre it ships from.
  var assigned = Store<Int32>()
  var exact = ExactTables()
  var search = SearchTables()

  /// The answer: shipments by ascending centre, their lines, and per line the units not planned.
  package internal(set) var boxes = Boxes()
  /// Shipping and opportunity costs of all shipments.
  package internal(set) var totalCost: Int64 = 0
  /// No plan that keeps this promise costs less.
  package internal(set) var lowerBound: Int64 = 0
  /// The latest window of all shipments: the promise of the cart.
  package internal(set) var window: UInt32 = 0
  /// Whether the plan is proven best.
  package internal(set) var isExact = false

  package var gap: Int64 { totalCost - lowerBound }

  package struct Boxes: ~Copyable {
    var list = Store<SourcedBox>()
    var allotments = Store<Allotment>()
    var shortUnits = Store<Int64>()
  }

  package init() {}

  package var boxCount: Int { boxes.list.count }
  package func box(_ index: Int) -> SourcedBox { boxes.list[index] }
  package func allotment(_ index: Int) -> Allotment { boxes.allotments[index] }
  /// Units of a line that the plan, or any plan, leaves out.
  package func shortUnits(line: Int) -> Int64 { boxes.shortUnits[line] }
  package var lineCount: Int { lines.count }
  package var centreCount: Int { centres.count }

  /// Forgets the question and keeps the memory.
  package mutating func begin() {
    cards.removeAll()
    breaks.removeAll()
    breakVolumes.removeAll()
    centres.removeAll()
    lines.removeAll()
    uses.removeAll()
    cells.removeAll()
    available.removeAll()
    users.removeAll()
    shared.removeAll()
  }

  /// Adds a validated card and answers its index.
  @discardableResult
  package mutating func addCard(_ card: RateCard) -> Int {
    let first = breaks.count
    let divisor = card.terms.cubicMillimetresPerGram
    // Free weight beyond the last break is one more break.
    let isFreeBeyond = card.terms.stepGrams > 0 && card.terms.stepCost == 0
    for index in 0..<card.breaks.count + (isFreeBeyond ? 1 : 0) {
      let step =
        index < card.breaks.count
        ? card.breaks[index] : RateBreak(upToGrams: RateCard.bound, cost: card.last.cost)
      breaks.append(step)
      let volume = step.upToGrams.multipliedReportingOverflow(by: divisor)
      breakVolumes.append(divisor == 0 || volume.overflow ? .max : volume.partialValue)
    }
    let refuses = card.terms.stepGrams == 0
    let index = cards.count
    cards.append(
      SourcingCard(
        terms: card.terms, firstBreak: Int32(first), breakCount: Int32(breaks.count - first),
        shape: Int32(index), maximumGrams: refuses ? breaks[breaks.count - 1].upToGrams : .max,
        maximumCubicMillimetres: refuses ? breakVolumes[breaks.count - 1] : .max))
    cards.at(index).pointee.shape = shape(of: index)
    return index
  }

  private func shape(of index: Int) -> Int32 {
    let card = cards[index]
    for other in 0..<index where cards[other].shape == other {
      let known = cards[other]
      if known.breakCount != card.breakCount
        || known.terms.cubicMillimetresPerGram != card.terms.cubicMillimetresPerGram
        || known.terms.stepGrams != card.terms.stepGrams
      {
        continue
      }
      var same = true
      for step in 0..<Int(card.breakCount)
      where breaks[Int(card.firstBreak) + step].upToGrams
        != breaks[Int(known.firstBreak) + step].upToGrams
      {
        same = false
      }
      if same { return Int32(other) }
    }
    return Int32(index)
  }

  /// Centres come in ascending node order, at most `centreLimit`, before components and lines.
  @discardableResult
  package mutating func addCentre(node: UInt16, card: Int) -> Int {
    invariant(centres.count < Self.centreLimit, "too many centres in a sourcing problem")
    invariant(users.count == 0 && lines.count == 0, "centres come first")
    invariant(
      centres.count == 0 || centres[centres.count - 1].node < node, "centres must ascend by node")
    return centres.append(SourcingCentre(node: node, card: Int32(card)))
  }

  /// Adds a component that no centre holds yet and answers its index.
  @discardableResult
  package mutating func addComponent() -> Int {
    available.resize(to: available.count + centres.count)
    return users.append(-1)
  }

  package mutating func setAvailable(component: Int, centre: Int, units: Int64) {
    available[component * centres.count + centre] = max(0, units)
  }

  /// Adds a line that no centre can make yet and answers its index.
  @discardableResult
  package mutating func addLine(
    quantity: Int64, unitGrams: Int64, unitCubicMillimetres: Int64
  ) -> Int {
    invariant(lines.count < Self.lineLimit, "too many lines in a sourcing problem")
    invariant(quantity > 0 && quantity <= 1 << 31, "a line's quantity is out of range")
    invariant(unitGrams >= 0 && unitGrams <= 1 << 31, "a unit's weight is out of range")
    invariant(unitCubicMillimetres >= 0, "a unit's volume is negative")
    for _ in 0..<centres.count {
      cells.append(SourcingCell(window: Self.noWindow, opportunityValue: 0))
    }
    return lines.append(
      SourcingLine(
        quantity: quantity, unitGrams: unitGrams, unitCubicMillimetres: unitCubicMillimetres,
        firstUse: Int32(uses.count), useCount: 0))
  }

  /// A unit of the last line takes so many units of a component.
  package mutating func addUse(component: Int, units: Int64) {
    invariant(units > 0 && units <= 1 << 31, "units of a component are out of range")
    let line = lines.count - 1
    let place = lines.at(line)
    for use in 0..<Int(place.pointee.useCount) {
      let known = uses.at(Int(place.pointee.firstUse) + use)
      if known.pointee.component == Int32(component) {
        known.pointee.units = min(known.pointee.units + units, 1 << 31)
        return
      }
    }
    uses.append(ComponentUse(component: Int32(component), units: units))
    place.pointee.useCount += 1
    let user = users[component]
    if user == -1 {
      users[component] = Int32(line)
    } else if user >= 0 {
      users[component] = -2
      shared.append(Int32(component))
    }
  }

  /// - Parameter opportunityValue: of a unit, in 1/10,000 of the currency; may be negative.
  package mutating func setCell(
    line: Int, centre: Int, window: UInt32, opportunityValue: Int64 = 0
  ) {
    cells[line * centres.count + centre] = SourcingCell(
      window: window, opportunityValue: opportunityValue)
  }

  /// Units that the centres hold of a line, whether or not they can ship it, or that one holds.
  package func unitsEverywhere(line: Int) -> Int64 {
    var total: Int64 = 0
    for centre in 0..<centres.count {
      let sum = total.addingReportingOverflow(unitsEverywhere(line: line, centre: centre))
      total = sum.overflow ? .max : sum.partialValue
    }
    return total
  }

  package func unitsEverywhere(line: Int, centre: Int) -> Int64 {
    let item = lines[line]
    var least = item.useCount == 0 ? Int64(0) : .max
    for use in 0..<Int(item.useCount) {
      let use = uses[Int(item.firstUse) + use]
      least = min(least, available[Int(use.component) * centres.count + centre] / use.units)
    }
    return least
  }

  /// Whether the centre cannot make the line at all.
  package func isBlocked(line: Int, centre: Int) -> Bool {
    cells[line * centres.count + centre].window == Self.noWindow
  }

  func card(_ index: Int) -> RateCard {
    let card = cards[index]
    return RateCard(
      terms: card.terms,
      breaks: Column(
        base: UnsafePointer(breaks.base + Int(card.firstBreak)), count: Int(card.breakCount)))
  }
}
