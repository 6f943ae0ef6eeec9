import PromisedClient
import PromisedModel

/// An explanation as a page of its own: no script, nothing from elsewhere, light and dark.
func explanationPage(_ answer: ExplainAnswer, hasToken: Bool, clocks: [String]) -> String {
  var body = header(answer, hasToken: hasToken)
  body += maps(answer)
  if answer.outcome.isOK { body += timeline(answer, clocks) }
  body += reasons(answer)
  body += candidates(answer)
  body += footer(answer)
  return """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <title>\(escaped(answer.questionWords))</title>
    <style>
    \(styleSheet)
    </style>
    </head>
    <body>
    <main>
    \(body)
    </main>
    </body>
    </html>

    """
}

private func section(_ title: String, _ content: String) -> String {
  "<section>\n<h2>\(escaped(title))</h2>\n\(content)</section>\n"
}

private func header(_ answer: ExplainAnswer, hasToken: Bool) -> String {
  var text = "<header>\n<p class=\"asked\">\(escaped(answer.questionWords))</p>\n"
  guard answer.outcome.isOK else {
    text += "<h1 class=\"no\">No offer</h1>\n"
    return text + "<p>\(escaped(answer.refusalWords)).</p>\n</header>\n"
  }
  let window = windowClock(
    from: answer.windowFromUnixSeconds, to: answer.windowToUnixSeconds,
    offset: answer.windowUTCOffsetSeconds)
  text += "<h1>\(escaped(longDay(LocalDate(days: answer.deliveryDay))))</h1>\n"
  text += "<p class=\"window\">\(escaped(window))</p>\n<dl>\n"
  let source = sourceWords(answer.confidenceSource, sampleSizeMilli: answer.sampleSizeMilli)
  let asked = answer.confidenceAsked > 0 ? "; asked for \(percent(answer.confidenceAsked))" : ""
  var zone = answer.zone
  if !answer.station.isEmpty { zone += ", station \(answer.station)" }
  if !answer.isPostcodeExact { zone += "; known by its area only" }
  var facts = [
    ("Chance", "\(percent(answer.confidence)), \(source)\(asked)"),
    ("Order by", moment(answer.orderByUnixSeconds, answer.orderByUTCOffsetSeconds)),
    ("From", answer.chosen.map { ExplainAnswer.place($0.node, $0.title) } ?? answer.node),
    ("Zone", zone), ("Found", answer.originWords(hasToken: hasToken)),
  ]
  if answer.supply > 1 { facts.append(("Supply", answer.supplyWords)) }
  if answer.silence > 0 {
    facts.append(("Silent", silenceWords(answer.silence, answer.node)))
  }
  for (name, value) in facts {
    text += "<div><dt>\(escaped(name))</dt><dd>\(escaped(value))</dd></div>\n"
  }
  return text + "</dl>\n</header>\n"
}

private func maps(_ answer: ExplainAnswer) -> String {
  var figures = ""
  let hasWay = !answer.steps.isEmpty
  if hasWay {
    figures += "<figure>\n" + answer.wayMap.svg(title: "The way chosen")
    figures += "<figcaption>The way chosen</figcaption>\n</figure>\n"
  }
  if answer.candidates.contains(where: { $0.fate != 1 }) {
    figures += "<figure>\n" + answer.candidateMap.svg(title: "The nodes that could ship")
    figures += "<figcaption>The nodes that could ship; point at one for what became of it"
    figures += "</figcaption>\n</figure>\n"
  }
  if figures.isEmpty { return "" }
  let key = """
    <p class="key"><span class="chosen">chosen</span><span class="hub">on the way</span>\
    <span class="rejected">not chosen</span><span class="destination">customer</span>\
    <span class="road">road</span><span class="air">air</span></p>

    """
  return section("Map", figures + key)
}

private func timeline(_ answer: ExplainAnswer, _ clocks: [String]) -> String {
  var text = "<ol class=\"timeline\">\n"
  for entry in answer.timeline {
    text += "<li class=\"\(entry.kind)\"><time>"
    text += escaped(moment(entry.unixSeconds, entry.utcOffsetSeconds)) + "</time><div>"
    let what = entry.what.prefix(1).uppercased() + entry.what.dropFirst()
    text += escaped(what)
    if let slack = entry.slackMinutes {
      text += " <span class=\"badge\">\(escaped(minutesText(slack))) to spare</span>"
    }
    if let left = entry.unitsLeft {
      text += " <span class=\"badge\">room for \(escaped(grouped(left)))</span>"
    }
    text += "</div></li>\n"
  }
  text += "</ol>\n"
  if !clocks.isEmpty {
    text += "<p class=\"note\">Clocks: \(escaped(clocks.joined(separator: "; "))).</p>\n"
  }
  return section("Timeline", text)
}

private func reasons(_ answer: ExplainAnswer) -> String {
  var text = "<p>\(escaped(answer.constraintWords))</p>\n"
  if !answer.alternatives.isEmpty {
    text += "<h3>\(escaped(answer.alternativesHeading))</h3>\n<ul>\n"
    for alternative in answer.alternatives {
      text += "<li>\(escaped(answer.sentence(alternative)))</li>\n"
    }
    text += "</ul>\n"
  }
  return section(answer.reasonHeading, text)
}

private func candidates(_ answer: ExplainAnswer) -> String {
  if answer.candidates.isEmpty { return "" }
  var text = ""
  if !answer.tellingCandidates.isEmpty {
    text += candidateTable(answer, answer.tellingCandidates)
  }
  let others = answer.otherCandidates
  if !others.isEmpty {
    text += "<details><summary>\(counted(others.count, "more place")) without stock would be no "
    text += "sooner</summary>\n\(candidateTable(answer, others))</details>\n"
  }
  return section("Candidates", text)
}

private func candidateTable(_ answer: ExplainAnswer, _ rows: [ExplainedCandidate]) -> String {
  var text = """
    <div class="wide"><table>
    <thead><tr><th>From</th><th>Place</th><th class="number">There</th>\
    <th>Would deliver by</th><th class="number">Chance</th><th>What became of it</th></tr></thead>
    <tbody>

    """
  for candidate in rows {
    text += candidate.fate == 1 ? "<tr class=\"chosen\">" : "<tr>"
    text += "<td>\(escaped(candidate.node))</td><td>\(escaped(candidate.title))</td>"
    text += "<td class=\"number\">\(grouped(candidate.available))</td>"
    text += "<td>\(escaped(answer.deliveryWords(candidate)))</td>"
    let chance = candidate.confidence == 0 ? "–" : percent(candidate.confidence)
    text += "<td class=\"number\">\(chance)</td>"
    text += "<td>\(escaped(answer.fateWords(candidate)))</td></tr>\n"
  }
  return text + "</tbody>\n</table></div>\n"
}

private func footer(_ answer: ExplainAnswer) -> String {
  var text = "<footer>Decided \(escaped(utcText(answer.decidedUnixSeconds))) at log position "
  text += "\(grouped(answer.position)), network revision \(grouped(answer.networkRevision)), "
  text += "delivery profiles of epoch \(grouped(answer.profileEpoch))."
  if !answer.overrides.isEmpty {
    text += " Overrides consulted: \(answer.overrides.map(String.init).joined(separator: ", "))."
  }
  return text + "</footer>\n"
}

private let styleSheet = """
  :root { --ink: #1c2127; --soft: #5b6570; --line: #d9dee3; --paper: #ffffff; --sheet: #f4f6f8;
    --accent: #0b6e4f; --air: #2b62c9; --warn: #a33b1f; --chip: #e7efe9; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e6eaee; --soft: #98a3ae; --line: #343c45; --paper: #1b2026; --sheet: #12161a;
      --accent: #4cc79a; --air: #7fa8ff; --warn: #ff9a7d; --chip: #22332c; }
  }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--sheet); color: var(--ink);
    font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
  main { max-width: 1040px; margin: 0 auto; padding: 24px 16px 48px; }
  header, section { background: var(--paper); border: 1px solid var(--line);
    border-radius: 12px; padding: 20px 24px; margin-bottom: 16px; }
  h1 { margin: 0; font-size: 30px; line-height: 1.2; color: var(--accent); }
  h1.no { color: var(--warn); }
  h2 { margin: 0 0 12px; font-size: 18px; }
  h3 { margin: 16px 0 4px; font-size: 15px; }
  p { margin: 4px 0; }
  .asked { color: var(--soft); margin-bottom: 6px; overflow-wrap: anywhere; }
  .window { font-size: 20px; margin-bottom: 14px; }
  dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 10px 24px;
    margin: 0; padding-top: 14px; border-top: 1px solid var(--line); }
  dt { color: var(--soft); font-size: 13px; }
  dd { margin: 0; overflow-wrap: anywhere; }
  ul { margin: 4px 0; padding-left: 20px; }
  li { margin: 4px 0; }
  figure { margin: 0 0 12px; }
  figcaption, .note, .key { color: var(--soft); font-size: 13px; }
  svg { display: block; width: 100%; height: auto; background: var(--sheet);
    border: 1px solid var(--line); border-radius: 8px; }
  svg text { font: 13px system-ui, sans-serif; fill: var(--ink); paint-order: stroke;
    stroke: var(--sheet); stroke-width: 3px; }
  .graticule path { stroke: var(--line); fill: none; }
  .graticule text { font-size: 11px; fill: var(--soft); stroke: none; }
  svg .road, svg .air, svg .lastMile, svg .rejected { fill: none; }
  svg path.road { stroke: var(--accent); stroke-width: 3; }
  svg path.air { stroke: var(--air); stroke-width: 3; stroke-dasharray: 9 6; }
  svg path.lastMile { stroke: var(--accent); stroke-width: 2; stroke-dasharray: 2 5; }
  svg path.rejected { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 6; opacity: .6; }
  .mark.destination path { fill: var(--warn); stroke: var(--paper); stroke-width: 1.5; }
  .mark.chosen circle { fill: var(--accent); stroke: var(--paper); stroke-width: 1.5; }
  .mark.hub rect { fill: var(--paper); stroke: var(--accent); stroke-width: 2; }
  .mark.rejected circle { fill: var(--paper); stroke: var(--soft); stroke-width: 2; }
  .mark.chosen text, .mark.destination text { font-weight: 600; }
  .mark.rejected text { fill: var(--soft); }
  .key span { margin-right: 18px; white-space: nowrap; }
  .key span::before { content: ""; display: inline-block; width: 12px; height: 12px;
    margin-right: 6px; vertical-align: -1px; border: 2px solid var(--soft); border-radius: 50%; }
  .key .chosen::before { background: var(--accent); border-color: var(--accent); }
  .key .hub::before { border-color: var(--accent); border-radius: 3px; }
  .key .destination::before { background: var(--warn); border-color: var(--warn);
    border-radius: 0; transform: rotate(45deg) scale(.8); }
  .key .road::before, .key .air::before { width: 22px; height: 0; border: 0; border-radius: 0;
    border-top: 3px solid var(--accent); vertical-align: 4px; }
  .key .air::before { border-top: 3px dashed var(--air); }
  .timeline { list-style: none; margin: 0; padding: 0; }
  .timeline li { display: grid; grid-template-columns: 236px 1fr; gap: 30px; margin: 0;
    padding: 5px 0; position: relative; }
  .timeline time { color: var(--soft); font-variant-numeric: tabular-nums; text-align: right;
    font-size: 15px; font-weight: 400; white-space: nowrap; }
  .timeline li::before { content: ""; position: absolute; left: 246px; top: 11px; width: 11px;
    height: 11px; border-radius: 50%; background: var(--paper); border: 2px solid var(--accent);
    z-index: 1; }
  .timeline li::after { content: ""; position: absolute; left: 251px; top: 0; bottom: 0;
    border-left: 2px solid var(--line); }
  .timeline li:first-child::after { top: 14px; }
  .timeline li:last-child::after { bottom: calc(100% - 14px); }
  .timeline .order::before, .timeline .delivered::before { background: var(--accent); }
  .timeline .delivered { font-weight: 600; }
  .badge { display: inline-block; padding: 0 8px; border-radius: 9px; background: var(--chip);
    color: var(--ink); font-size: 13px; font-weight: 400; white-space: nowrap; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; font-size: 15px; }
  th { text-align: left; color: var(--soft); font-weight: 500; font-size: 13px; }
  th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
  tr:last-child td { border-bottom: 0; }
  tr.chosen td { font-weight: 600; }
  .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  summary { color: var(--soft); font-size: 15px; cursor: pointer; margin: 10px 0; }
  footer { color: var(--soft); font-size: 13px; padding: 0 8px; }
  @media (max-width: 640px) {
    .timeline li { grid-template-columns: 1fr; gap: 0; padding-left: 24px; }
    .timeline time { text-align: left; }
    .timeline li::before { left: 0; }
    .timeline li::after { left: 6px; }
  }
  """
