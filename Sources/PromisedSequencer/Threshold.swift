import PromisedEngine
import PromisedModel

/// What a threshold's condition was held against.
struct ThresholdValue {
  /// Units, or the end of a promised window (0 = no promise).
  var value: Int64
  var cause: ChangeCause
  var position: Position
  /// Of units: the nodes they are in.
  var nodes: [NodeUnits] = []
}

/// One condition of a watch: what it was when it was told last, and what there is to tell.
struct Threshold {
  let row: ThresholdRow
  let token: UInt64
  /// What a kit was made of when it was first watched.
  let parts: [UInt64]
  /// Beside the row what a promise is asked by; nil for units.
  let question: OfferQuestion?
  /// What was told last; nil = nothing yet.
  private(set) var told: (value: Int64, isBeyond: Bool)?
  /// When it was looked at last.
  private(set) var last: ThresholdValue?
  private(set) var pending: Crossing?
  /// In the watch's list of rows that have something to tell.
  var isListed = false

  init(row: ThresholdRow, token: UInt64, parts: [UInt64] = [], question: OfferQuestion?) {
    self.row = row
    self.token = token
    self.parts = parts
    self.question = question
  }

  /// Whether a value is beyond the threshold, seen from what was told last.
  func isBeyond(_ value: Int64) -> Bool {
    switch row.kind {
    case .availableBelow: return value < Int64(row.units)
    case .promiseLater:
      if value == 0 { return true }
      if row.laterThanUnixSeconds != 0 { return value > row.laterThanUnixSeconds }
      guard let told, told.value != 0 else { return false }
      return value > told.value
    }
  }

  /// Whether a value is to be told.
  func isCrossing(_ value: Int64) -> Bool {
    guard let told else { return true }
    if row.kind == .promiseLater, row.laterThanUnixSeconds == 0 { return value != told.value }
    return isBeyond(value) != told.isBeyond
  }

  /// Takes a new value. A threshold that came back before it was told has nothing to tell.
  mutating func take(_ value: ThresholdValue, row index: Int) {
    defer { last = value }
    guard isCrossing(value.value) else {
      pending = nil
      return
    }
    let isFirst = told == nil
    let before = isFirst ? value.value : pending?.before ?? last?.value ?? value.value
    pending = Crossing(
      threshold: UInt32(index), isBeyond: isBeyond(value.value), before: before,
      after: value.value, cause: isFirst ? nil : value.cause, position: value.position)
    if !isFirst, row.kind == .availableBelow { blame(value) }
  }

  /// Says more of what is pending.
  mutating func explain(
    _ constraint: BindingConstraint, subject: Name, reason: String
  ) {
    pending?.constraint = constraint
    pending?.subject = subject
    pending?.reason = reason
  }

  /// The node that moved most in the direction of the crossing, resolved when it is told.
  private(set) var blamed: (node: UInt16, before: Int64, after: Int64)?

  private mutating func blame(_ value: ThresholdValue) {
    blamed = nil
    guard let last else { return }
    let falls = pending?.isBeyond ?? true
    var most: Int64 = 0
    for now in value.nodes + last.nodes {
      let before = last.nodes.first { $0.node == now.node }?.units ?? 0
      let after = value.nodes.first { $0.node == now.node }?.units ?? 0
      let moved = falls ? before - after : after - before
      if moved > most {
        most = moved
        blamed = (now.node, before, after)
      }
    }
  }

  mutating func takePending() -> Crossing? {
    guard let crossing = pending else { return nil }
    pending = nil
    told = (crossing.after, crossing.isBeyond)
    return crossing
  }
}

extension ChangeCause {
  /// As the subject of "by …".
  var words: String {
    switch self {
    case .feed: "a feed batch"
    case .put: "rows put"
    case .load: "a load"
    case .held: "a hold"
    case .holdChanged: "a change of a hold"
    case .expired: "an expiry"
    case .moved: "a moved promise"
    case .other: "an event"
    case .published: "new delivery profiles"
    case .departures: "changed departures"
    case .override: "an override"
    case .time: "the passing of time"
    }
  }
}

extension BindingConstraint {
  /// What holds a promise back, of a subject that may be empty.
  func words(_ subject: Name) -> String {
    switch self {
    case .none: "nothing binds it"
    case .cutoff: "the cut-off of \(subject) has passed"
    case .stock: "there is no stock in \(subject)"
    case .legClosed: "\(subject) is closed"
    case .nodeFull: "\(subject) is full"
    case .confidence: "an earlier window is less certain than asked for"
    case .level: "only a faster level is earlier"
    case .restriction: "the item may not travel on what is faster"
    case .override: "override \(subject) decides"
    case .network: "nothing goes faster"
    case .release: "the item is released later"
    case .supply: "its units come to \(subject) no earlier"
    case .silence: "the feed has not spoken of \(subject) lately"
    }
  }
}
