import PromisedClient
import PromisedModel

/// An explanation for the terminal.
func explanationText(
  _ answer: ExplainAnswer, hasToken: Bool, clocks: [String], _ style: Style
) -> String {
  var text = style.bold(printable(answer.questionWords)) + "\n"
  text += field("Decided", decidedText(answer))
  let origin = answer.originWords(hasToken: hasToken)
  text += field(
    "Found", hasToken && !answer.agreesWithToken ? style.bad(origin) : origin)
  if answer.outcome.isOK {
    text += promiseText(answer, style)
    text += timelineText(answer, style)
  } else {
    text += "  " + style.bad("No offer: ") + printable(answer.refusalWords) + ".\n"
  }
  text += style.bold(answer.reasonHeading) + "\n  \(printable(answer.constraintWords))\n"
  if !answer.alternatives.isEmpty {
    text += style.bold(answer.alternativesHeading) + "\n"
    for alternative in answer.alternatives {
      text += "  • \(printable(answer.sentence(alternative)))\n"
    }
  }
  text += candidatesText(answer, style)
  if !answer.overrides.isEmpty {
    let ids = answer.overrides.map(String.init).joined(separator: ", ")
    text += "Overrides consulted: \(ids).\n"
  }
  if !clocks.isEmpty { text += style.dim("Clocks: \(clocks.joined(separator: "; ")).") + "\n" }
  return text
}

private func field(_ name: String, _ value: String) -> String {
  "  \(padded(name, 10)) \(value)\n"
}

private func decidedText(_ answer: ExplainAnswer) -> String {
  "\(utcText(answer.decidedUnixSeconds)), log position \(grouped(answer.position)), "
    + "network revision \(grouped(answer.networkRevision)), "
    + "profiles of epoch \(grouped(answer.profileEpoch))"
}

private func promiseText(_ answer: ExplainAnswer, _ style: Style) -> String {
  let window = windowClock(
    from: answer.windowFromUnixSeconds, to: answer.windowToUnixSeconds,
    offset: answer.windowUTCOffsetSeconds)
  var text = field(
    "Delivered", style.good(longDay(LocalDate(days: answer.deliveryDay))) + ", " + window)
  var chance = "\(percent(answer.confidence)), "
  chance += sourceWords(answer.confidenceSource, sampleSizeMilli: answer.sampleSizeMilli)
  if answer.confidenceAsked > 0 { chance += "; asked for \(percent(answer.confidenceAsked))" }
  text += field("Chance", chance)
  let orderBy = moment(answer.orderByUnixSeconds, answer.orderByUTCOffsetSeconds)
  text += field("Order by", "\(orderBy), for the same window")
  let shipper = answer.chosen.map { ExplainAnswer.place($0.node, $0.title) } ?? answer.node
  text += field("From", printable(shipper))
  if answer.supply > 1 { text += field("Supply", style.notice(answer.supplyWords)) }
  if answer.silence > 0 {
    text += field("Silent", style.bad(silenceWords(answer.silence, answer.node)))
  }
  var zone = "zone \(answer.zone)"
  if !answer.station.isEmpty { zone += ", station \(answer.station)" }
  if !answer.isPostcodeExact { zone += "; the postcode is known by its area only" }
  return text + field("To", printable(zone))
}

private func timelineText(_ answer: ExplainAnswer, _ style: Style) -> String {
  var table = Table("When", "What", "#To spare", "#Room left")
  for entry in answer.timeline {
    table.add(
      moment(entry.unixSeconds, entry.utcOffsetSeconds), entry.what,
      entry.slackMinutes.map(minutesText) ?? "", entry.unitsLeft.map { grouped($0) } ?? "")
  }
  return style.bold("Timeline") + "\n" + table.text(style, indent: "  ")
}

private func candidatesText(_ answer: ExplainAnswer, _ style: Style) -> String {
  if answer.candidates.isEmpty { return "" }
  var table = Table("From", "Place", "#There", "Would deliver by", "#Chance", "What became of it")
  for candidate in answer.tellingCandidates {
    table.add(
      candidate.node, candidate.title, grouped(candidate.available),
      answer.deliveryWords(candidate),
      candidate.confidence == 0 ? "–" : percent(candidate.confidence),
      answer.fateWords(candidate))
  }
  var text = style.bold("Candidates") + "\n"
  if !table.isEmpty { text += table.text(style, indent: "  ") }
  let others = answer.otherCandidates.count
  if others > 0 { text += "  \(counted(others, "more place")) without stock would be no sooner.\n" }
  return text
}
