import PromisedClient
import PromisedModel

// The sentences of an explanation, the same in the terminal and on the page. They are data of the
// service in them: whoever shows them makes them printable, or escapes them.

/// A line of the timeline: an instant on the clocks of its place, and what happens.
struct TimelineEntry: Equatable {
  enum Kind { case order, work, leaves, arrives, delivered }

  var kind: Kind
  var unixSeconds: Int64
  var utcOffsetSeconds: Int32
  var what: String
  /// Minutes between being ready and leaving; nil where nothing waits.
  var slackMinutes: Int64?
  /// Units its departure has room for; nil = no limit.
  var unitsLeft: Int64?
}

extension ExplainAnswer {
  /// The node that ships.
  var chosen: ExplainedCandidate? { candidates.first { $0.fate == 1 } }

  var decidedUnixSeconds: Int64 { decidedUnixMilliseconds / 1000 }

  /// `BFI4, Kent, WA`.
  static func place(_ node: String, _ title: String) -> String {
    title.isEmpty ? node : "\(node), \(title)"
  }

  /// What was asked: `B1 × 2 to 98109, standard`.
  var questionWords: String {
    let units = quantity > 1 ? " × \(grouped(quantity))" : ""
    return "\(item)\(units) to \(postcode), \(levelWord(level))"
  }

  /// What the promise rests on.
  var supplyWords: String {
    promise.supplyWords(supply, from: availableFromUnixSeconds, units: suppliedUnits)
  }

  /// How this trace belongs to the decision asked about.
  func originWords(hasToken: Bool) -> String {
    if !hasToken { return "the decision as it would be made now" }
    let found =
      origin == 2
      ? "computed again from the archived log" : "nothing it depends on has changed since"
    return agreesWithToken
      ? "the token's decision bit for bit; \(found)"
      : "NOT the token's decision; \(found)"
  }

  /// Ordered, worked on, leg by leg, delivered.
  var timeline: [TimelineEntry] {
    guard outcome.isOK, let chosen else { return [] }
    let offset = chosen.utcOffsetSeconds
    var entries = [
      TimelineEntry(
        kind: .order, unixSeconds: decidedUnixSeconds, utcOffsetSeconds: offset, what: "ordered")
    ]
    if availableFromUnixSeconds > 0 {
      entries.append(
        TimelineEntry(
          kind: .arrives, unixSeconds: availableFromUnixSeconds, utcOffsetSeconds: offset,
          what: "its units are at \(Self.place(chosen.node, chosen.title))"))
    }
    if chosen.readyUnixSeconds > 0 {
      entries.append(
        TimelineEntry(
          kind: .work, unixSeconds: chosen.readyUnixSeconds, utcOffsetSeconds: offset,
          what: "packed and at the dock of \(Self.place(chosen.node, chosen.title))"))
    }
    for step in steps {
      let way = step.mode == 2 ? "by air" : "by road"
      let carrier = step.carrier.isEmpty ? "" : " with \(step.carrier)"
      let isLast = step.to.isEmpty
      let name = step.name.isEmpty ? "" : " (\(step.name))"
      let leaving =
        isLast && step.carrier.isEmpty
        ? "goes out for delivery from \(Self.place(step.from, step.fromTitle))\(name)"
        : "leaves \(Self.place(step.from, step.fromTitle)) \(way)\(carrier)\(name)"
      entries.append(
        TimelineEntry(
          kind: .leaves, unixSeconds: step.departureUnixSeconds,
          utcOffsetSeconds: step.departureUTCOffsetSeconds, what: leaving,
          slackMinutes: step.slackMinutes, unitsLeft: step.unitsLeft < 0 ? nil : step.unitsLeft))
      if !isLast {
        entries.append(
          TimelineEntry(
            kind: .arrives, unixSeconds: step.arrivalUnixSeconds,
            utcOffsetSeconds: step.arrivalUTCOffsetSeconds,
            what: "arrives at \(Self.place(step.to, step.toTitle))"))
      }
    }
    entries.append(
      TimelineEntry(
        kind: .delivered, unixSeconds: windowToUnixSeconds,
        utcOffsetSeconds: windowUTCOffsetSeconds, what: "delivered to \(postcode), at the latest"))
    return entries
  }

  /// What decides that the promise is not earlier.
  var constraintWords: String {
    let subject = constraintSubject
    func of(_ words: String, _ without: String) -> String { subject.isEmpty ? without : words }
    switch constraint {
    case 0: return "Nothing stands against an earlier window."
    case 1:
      return of(
        "The cut-off of \(subject) for the departure before had passed when it was ordered.",
        "The cut-off for the departure before had passed when it was ordered.")
    case 2:
      return of(
        "\(subject) would be sooner and holds no stock.", "What would be sooner holds no stock.")
    case 3: return of("Leg \(subject) does not run.", "A leg does not run.")
    case 4: return of("\(subject) is full.", "What would be sooner is full.")
    case 5: return "An earlier window is there, and less certain than asked for."
    case 6: return "What goes faster is for faster service levels."
    case 7:
      return of(
        "It may not travel on \(subject), because of what it is.",
        "It may not travel on what goes faster, because of what it is.")
    case 8: return of("Override \(subject) stands against it.", "An override stands against it.")
    case 9: return "Nothing in the network goes there any faster."
    case 10: return "It is not shipped before its release."
    case 11:
      return of("Its units come to \(subject) no earlier.", "Its units come no earlier.")
    case 12:
      return of(
        "The feed has not spoken of \(subject) lately.", "The feed has not spoken of a node lately."
      )
    default: return "Constraint \(constraint) \(subject)."
    }
  }

  /// One smallest change, and what it would have given.
  func sentence(_ alternative: ExplainedAlternative) -> String {
    let subject = alternative.subject
    let change: String
    switch alternative.kind {
    case 1:
      let offset = chosen?.utcOffsetSeconds ?? windowUTCOffsetSeconds
      change =
        "Ordered \(minutesText(alternative.minutes)) earlier, by "
        + moment(alternative.atUnixSeconds, offset)
    case 2: change = "With stock in \(subject)"
    case 3: change = "With leg \(subject) running"
    case 4: change = "Content with a chance of \(percent(alternative.confidence))"
    case 5: change = "At level \(levelWord(alternative.level))"
    case 6: change = "With room in \(subject)"
    case 7: change = "Without override \(subject)"
    case 8:
      let offset = candidates.first { $0.node == subject }?.utcOffsetSeconds ?? 0
      change =
        "With the units there now that come to \(subject) by "
        + "\(moment(alternative.atUnixSeconds, offset)), in \(minutesText(alternative.minutes))"
    case 9: change = "With \(subject) heard of again"
    default: change = "With change \(alternative.kind) of \(subject)"
    }
    guard outcome.isOK else {
      // Without a promise there is nothing to be sooner than, and no clock of the customer's.
      return "\(change): delivered \(longDay(LocalDate(days: alternative.deliveryDay)))."
    }
    let window = windowText(
      from: alternative.windowFromUnixSeconds, to: alternative.windowToUnixSeconds,
      offset: windowUTCOffsetSeconds, day: alternative.deliveryDay)
    let gain =
      alternative.gainMinutes > 0 ? ", \(minutesText(alternative.gainMinutes)) sooner" : ""
    return "\(change): delivered \(window)\(gain)."
  }

  /// The candidates worth a line: all but those that hold none and would not have been sooner.
  var tellingCandidates: [ExplainedCandidate] {
    candidates.filter {
      $0.fate != 2 || $0.available > 0
        || ($0.windowToUnixSeconds > 0
          && (!outcome.isOK || $0.windowToUnixSeconds < windowToUnixSeconds))
    }
  }

  /// The other ones.
  var otherCandidates: [ExplainedCandidate] {
    let telling = Set(tellingCandidates.map(\.node))
    return candidates.filter { !telling.contains($0.node) }
  }

  /// What becomes of an order now, above what would have changed it.
  var reasonHeading: String { outcome.isOK ? "Why not sooner" : "Why there is no offer" }

  var alternativesHeading: String {
    outcome.isOK ? "What would have made it sooner" : "What would have made it possible"
  }

  /// What became of a candidate.
  func fateWords(_ candidate: ExplainedCandidate) -> String {
    let subject = candidate.subject
    func naming(_ words: String) -> String { subject.isEmpty ? words : "\(words) \(subject)" }
    switch candidate.fate {
    case 1: return chosenWords(candidate)
    case 2:
      return candidate.available > 0
        ? "only \(grouped(candidate.available)) of \(counted(quantity, "unit"))" : "no stock"
    case 3: return "its last departure left \(minutesText(candidate.byMinutes)) ago"
    case 4: return subject.isEmpty ? "a leg is closed" : "leg \(subject) is closed"
    case 5: return "full; work would begin \(minutesText(candidate.byMinutes)) later"
    case 6: return "only faster levels go there"
    case 7:
      return subject.isEmpty ? "may not travel on what goes there" : "may not travel on \(subject)"
    case 8: return naming("blocked by override")
    case 9: return "as early, \(moneyText(candidate.byCost)) dearer"
    case 10: return "\(minutesText(candidate.byMinutes)) later"
    case 11: return "no way from there"
    case 12: return "closed for the days promised"
    case 13: return "as good; the first in the list is taken"
    case 14:
      return
        "\(counted(candidate.suppliedUnits, "unit")) come in \(minutesText(candidate.byMinutes))"
    case 15: return "silent; what is there is withheld"
    default: return naming("fate \(candidate.fate)")
    }
  }

  private func chosenWords(_ candidate: ExplainedCandidate) -> String {
    var words = "chosen"
    if candidate.supply > 1 { words += "; \(counted(candidate.suppliedUnits, "unit")) come" }
    switch candidate.silence {
    case 1: words += "; silent"
    case 3: words += "; silent, and later for it"
    default: break
    }
    return words
  }

  /// The window a candidate would give: `Tue 24 Nov 12:00 UTC−08:00`, on the customer's clocks.
  func deliveryWords(_ candidate: ExplainedCandidate) -> String {
    candidate.windowToUnixSeconds == 0
      ? "–" : moment(candidate.windowToUnixSeconds, windowUTCOffsetSeconds)
  }

  /// Why there is no offer.
  var refusalWords: String {
    switch outcome.code {
    case .noStock: "no fulfilment centre has \(counted(quantity, "unit")) free"
    case .supplyBeyondHorizon: "its units come later than promises reach"
    case .cutoffPassed: "the last departure within the days promised has been missed"
    case .noRoute: "no leg or lane leads there from a place with stock"
    case .nodeClosed: "every place with stock is closed for the days promised"
    case .restrictionForbids: "it may not travel on what goes there, because of what it is"
    case .legClosed: "the legs it would need are closed"
    case .nodeFull: "the hours and departures within the days promised are taken"
    case .notReleased: "it is not released within the days promised"
    case .levelNotServed: "nothing at this service level goes there"
    case .overrideBlocks: "an override stands against it"
    case .confidenceNotReached: "no window within the days promised is as certain as asked for"
    default: outcome.reason
    }
  }
}
