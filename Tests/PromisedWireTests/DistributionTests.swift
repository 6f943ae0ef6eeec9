import PromisedModel
import Testing

@testable import PromisedWire

/// Rows of each kind, complete.
enum DistributionRows {
  static var puts: [PutRows] {
    var groups = GroupRows()
    groups.names = [Name("west"), Name("none")]
    groups.counts = [2, 0]
    groups.nodeNames = [Name("N"), Name("M")]
    groups.nodes = [0, 1]
    var channels = ChannelStockRows()
    channels.channelNames = [Name("app"), Name("web")]
    channels.channels = [1, 0]
    channels.keys.append(Array("A".utf8))
    channels.keys.append(Array("BB".utf8))
    channels.nodeNames = [Name("N")]
    channels.nodes = [0, 0]
    channels.buffers = [2, 0]
    channels.setAsides = [0, 7]
    var backorders = BackorderRows()
    backorders.keys.append(Array("A".utf8))
    backorders.keys.append(Array("BB".utf8))
    backorders.nodeNames = [Name("N")]
    backorders.nodes = [0, 0]
    backorders.kinds = [1, 2]
    backorders.caps = [5, 0]
    backorders.fromUnixSeconds = [0, 1_800_000_000]
    backorders.untilUnixSeconds = [1_700_000_000, 0]
    backorders.leadDays = [14, 0]
    return [.groups(groups), .channelStock(channels), .backorders(backorders)]
  }
}

@Suite struct DistributionTests {
  @Test func aQuestionByDate() throws {
    try asked(
      Call.atp(
        items: ["A", "BB"], groups: ["west"], nodes: ["N"], pairs: [(1, 0), (0, 1)],
        quantities: [3, 4], channel: "app", horizonDays: 30, confidence: 62_258,
        minimumPosition: 9)
    ) {
      guard case .atp(let query, let minimum) = $0 else { return report("no question") }
      #expect(minimum == 9 && query.items.count == 2 && query.horizonDays == 30)
      #expect(query.confidence == 62_258)
      #expect(query.groupNames[0].name == Name("west") && query.nodeNames[0].name == Name("N"))
      #expect(Array(query.pairItems.buffer) == [1, 0] && Array(query.pairPlaces.buffer) == [0, 1])
      #expect(Array(query.quantities.buffer) == [3, 4] && query.channel.name == Name("app"))
    }
    try asked(Call.atp(items: ["A"])) {
      guard case .atp(let query, _) = $0 else { return report("no question") }
      #expect(query.horizonDays == 90 && query.pairItems.isEmpty && query.channel.isEmpty)
      #expect(query.confidence == 0)
      #expect(query.groupNames.isEmpty && query.nodeNames.isEmpty && query.quantities.isEmpty)
    }
  }

  @Test func channelsAndGroupsOfOtherQuestions() throws {
    try asked(Call.availability(items: ["A"], nodes: ["N"], groups: ["west"], channel: "app")) {
      guard case .availability(let query, _) = $0 else { return report("no question") }
      #expect(query.groupNames[0].name == Name("west") && query.channel.name == Name("app"))
    }
    try asked(
      Call.inStock(items: ["A"], group: "west", channel: "app", demandShareMilli: 250)
    ) {
      guard case .inStock(let query, _) = $0 else { return report("no question") }
      #expect(query.group.name == Name("west") && query.channel.name == Name("app"))
      #expect(query.demandShareMilli == 250)
    }
    try asked(Call.inStock(items: ["A"])) {
      guard case .inStock(let query, _) = $0 else { return report("no question") }
      #expect(query.group.isEmpty && query.channel.isEmpty && query.demandShareMilli == 1000)
    }
    try asked(Call.offer(items: ["A"], postcodes: ["98109"], channel: "app")) {
      guard case .offer(let query, _) = $0 else { return report("no question") }
      #expect(query.channel.name == Name("app"))
    }
  }

  /// Two pairs: one with two steps, one of an item that is not known.
  private func exampleAtp() -> AtpReply {
    var reply = AtpReply()
    for value: UInt32 in [0, 1] { reply.codes.append(value) }
    for value: Int64 in [-3, 0] { reply.availableNow.append(value) }
    for value: UInt32 in [2, 0] { reply.stepCounts.append(value) }
    for value: Int64 in [1_800_000_000, 1_800_086_400] { reply.stepUnixSeconds.append(value) }
    for value: Int64 in [-3, 40] { reply.stepUnits.append(value) }
    for value: Int64 in [1_800_086_400, 0] { reply.firstUnixSeconds.append(value) }
    for value: UInt32 in [2, 0] { reply.firstSources.append(value) }
    for value: Int64 in [5, 0] { reply.unsourced.append(value) }
    for value: Int64 in [6, 0] { reply.backorderLeft.append(value) }
    return reply
  }

  @Test func anAnswerByDate() throws {
    let call = Call.atp(items: ["A", "Z"], groups: ["west"])
    let read = try answer(call) {
      $0.encode(exampleAtp(), horizonDays: 30, streamID: 1, asOf: asOf, into: &$1)
    }
    #expect(read.asOf.position == 42 && read.horizonDays == 30)
    #expect(
      read.pairs[0]
        == AtpPair(
          item: "A", place: "west", outcome: RowOutcome(number: 0), availableNow: -3,
          steps: [
            AtpStep(unixSeconds: 1_800_000_000, units: -3),
            AtpStep(unixSeconds: 1_800_086_400, units: 40),
          ], firstUnixSeconds: 1_800_086_400, firstSource: 2, unsourced: 5, backorderLeft: 6))
    #expect(read.pairs[1].item == "Z" && read.pairs[1].outcome.reason == "ITEM_UNKNOWN")
    #expect(read.pairs[1].steps.isEmpty)
    var broken = exampleAtp()
    broken.stepUnits.append(1)
    #expect(throws: MalformedAnswer.self) {
      try answer(call) {
        $0.encode(broken, horizonDays: 30, streamID: 1, asOf: asOf, into: &$1)
      }
    }
    let pairs = Call.atp(items: ["A", "B"], nodes: ["N", "M"], pairs: [(1, 1), (0, 0)])
    let listed = try answer(pairs) {
      $0.encode(exampleAtp(), horizonDays: 1, streamID: 1, asOf: asOf, into: &$1)
    }.pairs
    #expect(listed.map(\.item) == ["B", "A"] && listed.map(\.place) == ["M", "N"])
  }
}
