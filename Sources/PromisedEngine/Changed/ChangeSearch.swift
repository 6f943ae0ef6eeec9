import PromisedInvariants
import PromisedModel

/// A window as customers are told it, in the order in which offers prefer them.
struct ComparedWindow: Comparable, BitwiseCopyable {
  var toUnixSeconds: Int64
  var fromUnixSeconds: Int64
  var days: Int32
  var offset: Int32

  init(_ offer: Offer) {
    toUnixSeconds = offer.windowToUnixSeconds
    fromUnixSeconds = offer.windowFromUnixSeconds
    days = offer.deliveryDate.days
    offset = offer.windowUTCOffsetSeconds
  }

  static func < (left: Self, right: Self) -> Bool {
    (left.toUnixSeconds, left.fromUnixSeconds, left.days, left.offset)
      < (right.toUnixSeconds, right.fromUnixSeconds, right.days, right.offset)
  }
}

/// A group whose promise to one destination changed; nil = no promise.
struct ChangedGroup {
  var group: UInt32
  var before: ComparedWindow?
  var after: ComparedWindow?
}

extension ProfileSet {
  /// The rows of a destination; empty ones for one the build did not know.
  func block(_ destination: UInt32) -> DestinationBlock {
    Int(destination) < blocks.count ? blocks[Int(destination)] : frame.emptyBlock
  }
}

/// Finds the groups of items whose promise to a destination differs between two profile sets.
///
/// Nodes are asked alone, before and after; only groups that hold a node whose own answer differs
/// are looked at, and a group's promise is the best of its nodes' answers: the minimum of small
/// numbers.
struct ChangeSearch {
  let state: State
  let groups: StockGroups
  let before: ProfileCatalogue
  let after: ProfileCatalogue
  let level: ServiceLevel
  let confidence: ConfidenceLevel
  let at: UnixMilliseconds

  // Answers of a class's nodes as numbers: the place of the window among the distinct ones of the
  // destination, forced nodes before all others.
  private var answersBefore: [UInt32] = []
  private var answersAfter: [UInt32] = []
  private var windows: [ComparedWindow] = []
  /// By group, the last (destination, class) that looked at it.
  private var seen: [UInt64]
  private var turn: UInt64 = 0

  private static var none: UInt32 { .max }
  private static var unforced: UInt32 { 0x8000_0000 }

  init(
    state: State, groups: StockGroups, before: ProfileCatalogue, after: ProfileCatalogue,
    level: ServiceLevel, confidence: ConfidenceLevel, at: UnixMilliseconds
  ) {
    self.state = state
    self.groups = groups
    self.before = before
    self.after = after
    self.level = level
    self.confidence = confidence
    self.at = at
    seen = Array(repeating: 0, count: groups.groupCount)
  }

  /// Appends the groups whose promise to a destination changed, by class, then as their nodes lead
  /// to them. O(nodes that hold stock + groups of those that changed).
  mutating func find(_ destination: UInt32, into changed: inout [ChangedGroup]) {
    for kind in groups.classes.indices {
      let subject = OfferSubject(groups.classes[kind], destination, level, confidence)
      let old = OfferProfiles(before, subject.terms, pending: nil)
      let new = OfferProfiles(after, subject.terms, pending: nil)
      if old.set.frame === new.set.frame
        && old.set.block(destination) === new.set.block(destination)
      {
        continue
      }
      answer(kind, subject, old, new)
      turn += 1
      for place in answersBefore.indices where answersBefore[place] != answersAfter[place] {
        let members = groups.memberStarts[kind][place]..<groups.memberStarts[kind][place + 1]
        for index in members { look(groups.members[kind][index], &changed) }
      }
    }
  }

  private mutating func look(_ group: UInt32, _ changed: inout [ChangedGroup]) {
    if seen[Int(group)] == turn { return }
    seen[Int(group)] = turn
    var (old, new) = (Self.none, Self.none)
    for index in groups.placeStarts[Int(group)]..<groups.placeStarts[Int(group) + 1] {
      let place = Int(groups.places[index])
      old = min(old, answersBefore[place])
      new = min(new, answersAfter[place])
    }
    let (first, second) = (window(old), window(new))
    if first != second {
      changed.append(ChangedGroup(group: group, before: first, after: second))
    }
  }

  private func window(_ answer: UInt32) -> ComparedWindow? {
    answer == Self.none ? nil : windows[Int(answer & ~Self.unforced)]
  }

  // MARK: What nodes answer alone

  private mutating func answer(
    _ kind: Int, _ subject: OfferSubject, _ old: OfferProfiles, _ new: OfferProfiles
  ) {
    let places = state.overridesFitting(subject, at: at)
    windows.removeAll(keepingCapacity: true)
    answersBefore.removeAll(keepingCapacity: true)
    answersAfter.removeAll(keepingCapacity: true)
    for node in groups.nodes[kind] {
      answersBefore.append(answer(node, subject, old, places))
      answersAfter.append(answer(node, subject, new, places))
    }
    sortWindows()
  }

  private mutating func answer(
    _ node: UInt16, _ subject: OfferSubject, _ profiles: OfferProfiles, _ places: [Int]
  ) -> UInt32 {
    withUnsafePointer(to: node) { node in
      withUnsafePointer(to: subject.terms.quantity) { units in
        answer(
          StockCandidates(
            nodes: Column(base: node, count: 1), available: Column(base: units, count: 1)),
          subject, profiles, places)
      }
    }
  }

  private mutating func answer(
    _ candidate: StockCandidates, _ subject: OfferSubject, _ profiles: OfferProfiles,
    _ places: [Int]
  ) -> UInt32 {
    guard case .offer(let offer) = profiles.decide(candidate, subject, at: at) else {
      return Self.none
    }
    var isForced = false
    for place in places where state.fits(place, candidate, subject, profiles, at: at) {
      if state.overrides.rows[place].action == .block { return Self.none }
      isForced = true
    }
    let window = ComparedWindow(offer)
    let index = windows.firstIndex(of: window) ?? windows.count
    if index == windows.count { windows.append(window) }
    return UInt32(index) | (isForced ? 0 : Self.unforced)
  }

  /// Numbers windows by their order instead of their appearance.
  private mutating func sortWindows() {
    if windows.count < 2 { return }
    let order = windows.indices.sorted { windows[$0] < windows[$1] }
    var rank = Array(repeating: UInt32(0), count: windows.count)
    for (place, index) in order.enumerated() { rank[index] = UInt32(place) }
    windows = order.map { windows[$0] }
    for place in answersBefore.indices {
      answersBefore[place] = renumbered(answersBefore[place], rank)
      answersAfter[place] = renumbered(answersAfter[place], rank)
    }
  }

  private func renumbered(_ answer: UInt32, _ rank: [UInt32]) -> UInt32 {
    if answer == Self.none { return answer }
    return rank[Int(answer & ~Self.unforced)] | answer & Self.unforced
  }
}
