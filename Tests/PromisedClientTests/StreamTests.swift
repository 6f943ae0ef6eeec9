import PromisedClient
import PromisedModel
import Testing

@testable import PromisedWire

@Suite("Streams of the client")
struct ClientStreamTests {
  private func answer(_ rows: FeedRows, credit: Int, _ exchange: inout Exchange) {
    var reply = FeedReply()
    for _ in 0..<rows.keys.count { reply.codes.append(0) }
    reply.lastSequence = rows.firstSequence + UInt64(rows.keys.count) - 1
    exchange.answer(reply, credit: credit)
  }

  private func rows(_ count: Int) -> [Movement] {
    (0..<count).map { Movement(item: "I\($0)", node: "N1", type: .receipt, quantity: 1) }
  }

  @Test("the feed keeps to the credit it is given and has every answer in order")
  func feed() throws {
    try withServer({ request, exchange in
      if case .feed(let rows) = request { self.answer(rows, credit: 3, &exchange) }
    }) { connection in
      let feed = try FeedStream(connection)
      var answers: [FeedAnswer] = []
      for batch in 0..<200 as Range<UInt64> {
        try feed.send(source: "wms", firstSequence: 1 + 2 * batch, rows(2))
        answers += feed.takeAnswers()
        // The first answers tell that 3 are allowed, down from 64.
        #expect(feed.unansweredCount <= (answers.isEmpty ? 64 : 3))
      }
      answers += try feed.finish()
      #expect(answers.map(\.lastSequence) == (1...200).map { 2 * $0 })
      #expect(answers.allSatisfy { $0.credit == 3 && $0.outcomes.count == 2 })
      #expect(feed.unansweredCount == 0)
    }
  }

  @Test("messages and unary answers share a connection, each finds its place")
  func beside() throws {
    try withServer({ request, exchange in
      switch request {
      case .watch(.create):
        for sequence in 1...2 as ClosedRange<UInt64> {
          var reply = WatchReply()
          reply.sequence = sequence
          exchange.tell(reply)
        }
      case .watch(.acknowledge(let sequence)):
        var reply = WatchReply()
        reply.sequence = sequence + 100
        exchange.tell(reply)
      case .ping(let payload): exchange.pong(payload)
      default: break
      }
    }) { connection in
      let stream = try connection.open(.watch)
      try stream.send(.create(WatchWishes()))
      _ = try connection.perform(.ping([1, 2]))
      #expect(try stream.receive()?.sequence == 1)
      _ = try connection.perform(.ping([3]))
      try stream.send(.acknowledge(7))
      #expect(try stream.receive()?.sequence == 2)
      #expect(try stream.receive()?.sequence == 107)
      #expect(throws: ClientError.deadline(method: "promised.v1.Inventory/Watch")) {
        _ = try stream.receive(timeoutNanoseconds: 1_000_000)
      }
      try stream.finish()
      let end = try stream.receive()
      #expect(end == nil)
      // Ended is ended.
      #expect(try stream.receive() == nil)
      #expect(throws: ClientError.self) { try stream.send(.acknowledge(1)) }
    }
  }

  @Test("a stream that is refused, or lost with its connection, says so")
  func refusedAndLost() throws {
    try withServer({ request, exchange in
      switch request {
      case .watch(.create(let creation)):
        if creation.credit == 1 { return exchange.refuse(Refusal(.watchTooSlow, "go on")) }
        exchange.hangsUp = true
      case .ping(let payload): exchange.pong(payload)
      default: break
      }
    }) { connection in
      var wishes = WatchWishes()
      wishes.credit = 1
      let refused = try connection.open(.watch)
      try refused.send(.create(wishes))
      do {
        _ = try refused.receive()
        Issue.record("not refused")
      } catch ClientError.refused(let refusal) {
        #expect(refusal.reason == "WATCH_TOO_SLOW" && refusal.isRetryable)
      }
      _ = try connection.perform(.ping([1]))
      let lost = try connection.open(.watch)
      try lost.send(.create(WatchWishes()))
      do {
        _ = try lost.receive()
        Issue.record("not lost")
      } catch ClientError.unreachable {}
      // The next one opens a new connection.
      let again = try connection.open(.watch)
      try again.send(.create(wishes))
      #expect(throws: ClientError.self) { _ = try again.receive() }
    }
  }

  @Test("what to watch arrives as it was wished")
  func wishes() throws {
    let seen = Shared<WatchCreation?>(nil)
    try withServer({ request, exchange in
      if case .watch(.create(let creation)) = request { seen.with { $0 = creation } }
      exchange.endStream()
    }) { connection in
      var wishes = WatchWishes()
      wishes.itemPrefix = "B0"
      wishes.nodes = ["N1", "N2"]
      (wishes.group, wishes.channel) = ("west", "app")
      (wishes.position, wishes.part, wishes.credit) = (7, 2, 5)
      wishes.onlyCrossings = true
      wishes.heartbeatMilliseconds = 250
      wishes.country = "BR"
      wishes.thresholds = [
        .below("A", units: 10), .later("B", to: "98109", units: 3, level: 4, thanUnixSeconds: 99),
      ]
      let stream = try connection.open(.watch)
      try stream.send(.create(wishes))
      #expect(try stream.receive() == nil)
    }
    var wanted = WatchCreation()
    wanted.scope = WatchScope(
      itemPrefix: Name("B0"), nodes: [Name("N1"), Name("N2")], group: Name("west"))
    wanted.channel = Name("app")
    wanted.from = ChangePlace(position: 7, part: 2)
    wanted.credit = 5
    wanted.onlyCrossings = true
    wanted.heartbeatMilliseconds = 250
    wanted.country = Name("BR")
    wanted.thresholds = [
      ThresholdRow(kind: .availableBelow, item: Name("A"), units: 10),
      ThresholdRow(
        kind: .promiseLater, item: Name("B"), units: 3, postcode: Name("98109"), level: .twoHour,
        laterThanUnixSeconds: 99),
    ]
    #expect(seen.value == wanted)
  }
}
