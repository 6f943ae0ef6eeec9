import PromisedModel
import Testing

@testable import PromisedWire

/// A trace as the client reads it: every field has another value.
@Suite struct ExplanationTests {
  private func candidate() -> CandidateTrace {
    var row = CandidateTrace()
    row.node = Name("n")
    row.title = Name("t")
    row.latitudeE6 = -1
    row.longitudeE6 = -2
    row.available = -3
    row.fate = .slower
    row.subject = Name("s")
    row.byMinutes = 4
    row.byCost = 5
    row.readyUnixSeconds = 6
    row.shipByUnixSeconds = 7
    row.orderByUnixSeconds = 8
    row.windowToUnixSeconds = 9
    row.deliveryDays = 11
    row.chance = 12
    row.utcOffsetSeconds = -13
    row.supply = .preorder
    row.availableFromUnixSeconds = 14
    row.suppliedUnits = 15
    row.silence = .withhold
    return row
  }

  private func step() -> StepTrace {
    var row = StepTrace()
    row.name = Name("leg")
    row.carrier = Name("c")
    row.mode = .air
    row.from = Name("f")
    row.fromTitle = Name("ft")
    row.to = Name("t")
    row.toTitle = Name("tt")
    row.fromLatitudeE6 = 1
    row.fromLongitudeE6 = 3
    row.toLatitudeE6 = 4
    row.toLongitudeE6 = 5
    row.departureUnixSeconds = 6
    row.arrivalUnixSeconds = 7
    row.departureUTCOffsetSeconds = -8
    row.arrivalUTCOffsetSeconds = -9
    row.slackMinutes = 10
    row.unitsLeft = -1
    return row
  }

  private func counterfactual() -> Counterfactual {
    var row = Counterfactual()
    row.kind = .roomThere
    row.subject = Name("s")
    row.minutes = 1
    row.atUnixSeconds = 2
    row.chance = 3
    row.level = .twoHour
    row.windowFromUnixSeconds = 5
    row.windowToUnixSeconds = 7
    row.deliveryDays = 8
    row.gainMinutes = 9
    return row
  }

  private func explanation() -> Explanation {
    var reply = Explanation(
      question: OfferQuestion(
        item: Name("i"), quantity: 2, country: Name("BR"), postcode: Name("01310"),
        level: .expedited, confidence: .high, channel: Name("app"), supply: .onHand))
    reply.origin = .replayed
    reply.position = 3
    reply.decidedAt = UnixMilliseconds(4)
    reply.profileEpoch = 5
    reply.networkRevision = 6
    reply.zone = Name("z")
    reply.station = Name("st")
    reply.postcodeExact = true
    reply.destinationLatitudeE6 = -7
    reply.destinationLongitudeE6 = -8
    reply.code = .noRoute
    reply.node = Name("n")
    reply.windowFromUnixSeconds = 9
    reply.windowToUnixSeconds = 10
    reply.windowUTCOffsetSeconds = -11
    reply.deliveryDays = 12
    reply.orderByUnixSeconds = 13
    reply.orderByUTCOffsetSeconds = -14
    reply.shipByUnixSeconds = 15
    reply.chance = 16
    reply.confidenceSource = .calibrated
    reply.sampleSizeMilli = 17
    reply.candidates = [candidate(), CandidateTrace()]
    reply.steps = [step()]
    reply.constraint = .override
    reply.constraintSubject = Name("cs")
    reply.counterfactuals = [counterfactual()]
    reply.overrides = [18, 19]
    reply.agreesWithToken = true
    reply.supply = .backorder
    reply.availableFromUnixSeconds = 20
    reply.suppliedUnits = 21
    reply.silence = .warn
    return reply
  }

  private func read(_ reply: Explanation) throws -> ExplainAnswer {
    let (code, frame) = sent { $0.encode(reply, streamID: 1, asOf: asOf, into: &$1) }
    #expect(code == .ok)
    let whole = try #require(frame)
    let response = try #require(fields(Array(whole.bytes.dropFirst(10))))
    return try (response[field: 2]?.bytes ?? []).borrowed {
      try Call.explain(token: [1]).decode($0)
    }
  }

  @Test func everyFieldIsReadAsItWas() throws {
    let answer = try read(explanation())
    #expect(answer.asOf.position == 42 && answer.origin == 2)
    #expect(answer.item == "i" && answer.quantity == 2 && answer.country == "BR")
    #expect(answer.postcode == "01310" && answer.level == 3 && answer.confidenceAsked == 58_982)
    #expect(answer.position == 3 && answer.decidedUnixMilliseconds == 4)
    #expect(answer.profileEpoch == 5 && answer.networkRevision == 6 && answer.isPostcodeExact)
    #expect(answer.zone == "z" && answer.station == "st" && answer.node == "n")
    #expect(answer.destinationLatitudeE6 == -7 && answer.destinationLongitudeE6 == -8)
    #expect(answer.outcome.reason == "NO_ROUTE")
    #expect(answer.windowFromUnixSeconds == 9 && answer.windowToUnixSeconds == 10)
    #expect(answer.windowUTCOffsetSeconds == -11 && answer.deliveryDay == 12)
    #expect(answer.orderByUnixSeconds == 13 && answer.orderByUTCOffsetSeconds == -14)
    #expect(answer.shipByUnixSeconds == 15 && answer.confidence == 16)
    #expect(answer.confidenceSource == 4 && answer.sampleSizeMilli == 17)
    #expect(answer.constraint == 8 && answer.constraintSubject == "cs")
    #expect(answer.overrides == [18, 19] && answer.agreesWithToken)
    #expect(answer.supply == 3 && answer.availableFromUnixSeconds == 20)
    #expect(answer.suppliedUnits == 21 && answer.silence == 1)
    #expect(answer.channel == "app" && answer.supplyChoice == 2)
    #expect(answer.candidates.count == 2)
    #expect(
      answer.candidates.first
        == ExplainedCandidate(
          node: "n", title: "t", latitudeE6: -1, longitudeE6: -2, available: -3, fate: 10,
          subject: "s", byMinutes: 4, byCost: 5, readyUnixSeconds: 6, shipByUnixSeconds: 7,
          orderByUnixSeconds: 8, windowToUnixSeconds: 9, deliveryDay: 11, confidence: 12,
          utcOffsetSeconds: -13, supply: 4, availableFromUnixSeconds: 14, suppliedUnits: 15,
          silence: 2))
    #expect(
      answer.steps == [
        ExplainedStep(
          name: "leg", carrier: "c", mode: 2, from: "f", fromTitle: "ft", to: "t", toTitle: "tt",
          fromLatitudeE6: 1, fromLongitudeE6: 3, toLatitudeE6: 4, toLongitudeE6: 5,
          departureUnixSeconds: 6, arrivalUnixSeconds: 7, departureUTCOffsetSeconds: -8,
          arrivalUTCOffsetSeconds: -9, slackMinutes: 10, unitsLeft: -1)
      ])
    #expect(
      answer.alternatives == [
        ExplainedAlternative(
          kind: 6, subject: "s", minutes: 1, atUnixSeconds: 2, confidence: 3, level: 4,
          windowFromUnixSeconds: 5, windowToUnixSeconds: 7, deliveryDay: 8, gainMinutes: 9)
      ])
  }
}
