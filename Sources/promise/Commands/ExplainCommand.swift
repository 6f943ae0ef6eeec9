import Glibc
import PromisedClient
import PromisedModel

extension Session {
  func explain() throws(Failure) -> Int32 {
    let token = try tokens(Array(arguments.operands)).first
    let answer: ExplainAnswer
    if let token {
      for option in [
        "item", "to", "level", "confidence", "quantity", "country", "channel", "supply",
      ]
      where arguments.has(option) {
        throw .usage("a token says what was asked; --\(option) does not go with it")
      }
      answer = try perform(.explain(token: token))
    } else {
      guard arguments.has("item"), arguments.has("to") else {
        throw .usage("explain needs TOKEN, or --item ITEM --to POSTCODE")
      }
      answer = try perform(
        .explain(
          item: needed("item"),
          quantity: UInt64(integer("quantity", 1...2_000_000_000, default: 1)),
          country: arguments.value("country") ?? "", postcode: needed("to"), level: level(),
          confidence: confidence(), channel: arguments.value("channel") ?? "",
          supplyChoice: supplyChoice()))
    }
    if let path = arguments.value("html") {
      let clocks = try clocks(answer)
      try save(explanationPage(answer, hasToken: token != nil, clocks: clocks), to: path)
      if !isJSON { write("Written to \(path).\n") }
    }
    if isJSON {
      json { explanationJSON(answer, &$0) }
    } else if !arguments.has("html") {
      write(
        explanationText(answer, hasToken: token != nil, clocks: try clocks(answer), style))
    }
    if token != nil, !answer.agreesWithToken { return ExitCode.no }
    return answer.outcome.isOK ? ExitCode.yes : ExitCode.no
  }

  /// The time zones by name of the places on the way, such as `BFI4, DSEA America/Los_Angeles`.
  ///
  /// The trace has their offsets; the names are in the list of nodes. A network with more nodes than
  /// a few pages hold goes without.
  private func clocks(_ answer: ExplainAnswer) throws(Failure) -> [String] {
    var places = [answer.node] + answer.steps.flatMap { [$0.from, $0.to] }
    places.removeAll(where: \.isEmpty)
    if places.isEmpty { return [] }
    var zones: [String: String] = [:]
    var token: [UInt8] = []
    for _ in 0..<4 {
      let page = try perform(.list(.nodes, pageSize: 1000, pageToken: token))
      guard let name = page.columns.firstIndex(of: "node"),
        let zone = page.columns.firstIndex(of: "time_zone")
      else { return [] }
      for row in page.rows { zones[row[name]] = row[zone] }
      token = page.nextPageToken
      if token.isEmpty { break }
    }
    var clocks: [(zone: String, places: [String])] = []
    for place in places {
      guard let zone = zones[place], !zone.isEmpty else { continue }
      if let known = clocks.firstIndex(where: { $0.zone == zone }) {
        if !clocks[known].places.contains(place) { clocks[known].places.append(place) }
      } else {
        clocks.append((zone, [place]))
      }
    }
    return clocks.map { printable("\($0.places.joined(separator: ", ")) in \($0.zone)") }
  }

  /// Writes a whole file, in place of the one there.
  func save(_ text: String, to path: String) throws(Failure) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    func failure() -> Failure {
      .local("cannot write \(path): \(String(cString: strerror(errno)))", code: ExitCode.unreadable)
    }
    if file < 0 { throw failure() }
    defer { close(file) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw failure() }
      rest = rest.dropFirst(count)
    }
  }
}

/// The trace with the names of the `.proto`.
func explanationJSON(_ answer: ExplainAnswer, _ json: inout JSON) {
  json.stamp(answer.asOf)
  json.member("origin", answer.origin == 2 ? "replayed" : "live")
  json.member("agrees_with_token", answer.agreesWithToken)
  json.member("item", answer.item)
  json.member("quantity", answer.quantity)
  json.member("country", answer.country)
  json.member("postcode", answer.postcode)
  json.member("level", levelWord(answer.level))
  json.member("confidence_asked", answer.confidenceAsked)
  json.member("position", answer.position)
  json.member("decided_unix_ms", answer.decidedUnixMilliseconds)
  json.member("profile_epoch", answer.profileEpoch)
  json.member("network_revision", answer.networkRevision)
  json.member("zone", answer.zone)
  json.member("station", answer.station)
  json.member("postcode_exact", answer.isPostcodeExact)
  json.member("destination_latitude_e6", answer.destinationLatitudeE6)
  json.member("destination_longitude_e6", answer.destinationLongitudeE6)
  json.outcome(answer.outcome)
  json.member("node", answer.node)
  let offset = answer.windowUTCOffsetSeconds
  json.instant("window_from", answer.windowFromUnixSeconds, offset: offset)
  json.instant("window_to", answer.windowToUnixSeconds, offset: offset)
  json.member("delivery_day", answer.deliveryDay)
  json.member("delivery_date", isoDate(LocalDate(days: answer.deliveryDay)))
  json.instant("order_by", answer.orderByUnixSeconds, offset: answer.orderByUTCOffsetSeconds)
  json.instant("ship_by", answer.shipByUnixSeconds)
  json.member("confidence", answer.confidence)
  json.member("confidence_source", sourceWord(answer.confidenceSource))
  json.member("sample_size_milli", answer.sampleSizeMilli)
  json.member("channel", answer.channel)
  json.member("supply", supplyLabel(answer.supply))
  json.instant("available_from", answer.availableFromUnixSeconds)
  json.member("supplied_units", answer.suppliedUnits)
  json.member("silence", silenceWord(answer.silence))
  candidatesJSON(answer, &json)
  stepsJSON(answer.steps, &json)
  json.member("constraint", word(answer.constraint, BindingConstraint.self))
  json.member("constraint_subject", answer.constraintSubject)
  json.rows("counterfactuals", answer.alternatives) { json, row in
    json.member("kind", word(row.kind, CounterfactualKind.self))
    json.member("subject", row.subject)
    json.member("minutes", row.minutes)
    json.instant("at", row.atUnixSeconds)
    json.member("confidence", row.confidence)
    json.member("level", row.level == 0 ? "" : levelWord(row.level))
    json.instant("window_from", row.windowFromUnixSeconds, offset: offset)
    json.instant("window_to", row.windowToUnixSeconds, offset: offset)
    json.member("delivery_day", row.deliveryDay)
    json.member("gain_minutes", row.gainMinutes)
    json.member("sentence", answer.sentence(row))
  }
  json.rows("overrides", answer.overrides) { $0.member("id", $1) }
}

private func candidatesJSON(_ answer: ExplainAnswer, _ json: inout JSON) {
  json.rows("candidates", answer.candidates) { json, row in
    json.member("node", row.node)
    json.member("title", row.title)
    json.member("latitude_e6", row.latitudeE6)
    json.member("longitude_e6", row.longitudeE6)
    json.member("available", row.available)
    json.member("supply", supplyLabel(row.supply))
    json.instant("available_from", row.availableFromUnixSeconds, offset: row.utcOffsetSeconds)
    json.member("supplied_units", row.suppliedUnits)
    json.member("silence", silenceWord(row.silence))
    json.member("fate", word(row.fate, CandidateFate.self))
    json.member("subject", row.subject)
    json.member("by_minutes", row.byMinutes)
    json.member("by_cost", row.byCost)
    json.instant("ready", row.readyUnixSeconds, offset: row.utcOffsetSeconds)
    json.instant("ship_by", row.shipByUnixSeconds, offset: row.utcOffsetSeconds)
    json.instant("order_by", row.orderByUnixSeconds, offset: row.utcOffsetSeconds)
    json.instant("window_to", row.windowToUnixSeconds, offset: answer.windowUTCOffsetSeconds)
    json.member("delivery_day", row.deliveryDay)
    json.member("confidence", row.confidence)
    json.member("sentence", answer.fateWords(row))
  }
}

private func stepsJSON(_ steps: [ExplainedStep], _ json: inout JSON) {
  json.rows("steps", steps) { json, row in
    json.member("name", row.name)
    json.member("carrier", row.carrier)
    json.member("mode", modeWord(row.mode))
    json.member("from", row.from)
    json.member("from_title", row.fromTitle)
    json.member("to", row.to)
    json.member("to_title", row.toTitle)
    json.member("from_latitude_e6", row.fromLatitudeE6)
    json.member("from_longitude_e6", row.fromLongitudeE6)
    json.member("to_latitude_e6", row.toLatitudeE6)
    json.member("to_longitude_e6", row.toLongitudeE6)
    json.instant("departure", row.departureUnixSeconds, offset: row.departureUTCOffsetSeconds)
    json.instant("arrival", row.arrivalUnixSeconds, offset: row.arrivalUTCOffsetSeconds)
    json.member("slack_minutes", row.slackMinutes)
    json.member("units_left", row.unitsLeft)
  }
}

/// The word of a number of the wire, or the number.
private func word<Words: RawRepresentable>(_ number: UInt32, _ words: Words.Type) -> String
where Words.RawValue == UInt8 {
  UInt8(exactly: number).flatMap { Words(rawValue: $0) }.map { "\($0)" } ?? "\(number)"
}
