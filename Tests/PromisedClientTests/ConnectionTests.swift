import PromisedClient
import PromisedModel
import PromisedWire
import Testing

@Suite struct ConnectionTests {
  @Test func answersInAnyOrder() throws {
    let first = Shared<(UInt32, [UInt8])>((0, []))
    try withServer({ request, exchange in
      guard case .ping(let payload) = request else { return }
      let id = exchange.streamID
      // The first waits for the second, and is answered after it.
      if first.value.0 == 0 {
        first.with { $0 = (id, Array(payload.buffer)) }
        return
      }
      exchange.pong(payload)
      let (earlier, bytes) = first.with { ($0.0, $0.1) }
      exchange.streamID = earlier
      bytes.withUnsafeBufferPointer { exchange.pong(BorrowedBytes($0)) }
    }) { (connection) throws in
      let one = try connection.send(.ping([1]))
      let two = try connection.send(.ping([2]))
      #expect(connection.inFlightCount == 2)
      #expect(try connection.receive(one).payload == [1])
      #expect(connection.isDone(two))
      #expect(try connection.receive(two).payload == [2])
      #expect(connection.inFlightCount == 0)
    }
  }

  @Test func manyInFlight() throws {
    try withServer({ request, exchange in
      if case .ping(let payload) = request { exchange.pong(payload) }
    }) { (connection) throws in
      for round in 0..<3 {
        var tickets: [Ticket<PingAnswer>] = []
        for number in 0..<4096 {
          tickets.append(try connection.send(.ping([UInt8(number & 255), UInt8(round)])))
        }
        #expect(throws: ClientError.tooManyInFlight) {
          while true { tickets.append(try connection.send(.ping())) }
        }
        for (number, ticket) in tickets.prefix(4096).enumerated().reversed() {
          let answer = try connection.receive(ticket)
          #expect(answer.payload == [UInt8(number & 255), UInt8(round)])
        }
      }
    }
  }

  @Test func refusalsCarryEverything() throws {
    try withServer({ _, exchange in
      exchange.refuse(
        Refusal(
          .insufficientStock, "2 of 3 units", key: Name("B1"), row: 4, availableUnits: 2,
          nextSupplyUnixSeconds: 99))
    }) { (connection) throws in
      do throws(ClientError) {
        _ = try connection.perform(.status())
        Issue.record("a refusal is no answer")
      } catch {
        guard case .refused(let refusal) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(refusal.code == 9)
        #expect(refusal.reason == "INSUFFICIENT_STOCK")
        #expect(refusal.outcome == 40)
        #expect(refusal.message == "2 of 3 units")
        #expect(refusal.key == "B1")
        #expect(refusal.row == 4)
        #expect(refusal.availableUnits == 2)
        #expect(refusal.nextSupplyUnixSeconds == 99)
        #expect(refusal.isRetryable == false)
      }
    }
  }

  @Test func aDeadlinePassesAndTheLateAnswerIsDropped() throws {
    let late = Shared<UInt32>(0)
    try withServer(
      timeout: 1,
      { request, exchange in
        guard case .ping(let payload) = request else {
          late.with { $0 = exchange.streamID }
          return
        }
        let id = exchange.streamID
        if late.value != 0 {
          exchange.streamID = late.value
          exchange.pong(.empty)
          exchange.streamID = id
        }
        exchange.pong(payload)
      }
    ) { (connection) throws in
      #expect(throws: ClientError.deadline(method: "promised.v1.Admin/Status")) {
        try connection.perform(.status())
      }
      #expect(try connection.perform(.ping([5])).payload == [5])
      #expect(connection.inFlightCount == 0)
    }
  }

  @Test func repeatableCallsSurviveACut() throws {
    let seen = Shared(0)
    try withServer({ request, exchange in
      let count = seen.with { count in
        count += 1
        return count
      }
      if count < 3 {
        exchange.hangsUp = true
        return
      }
      exchange.hangsUp = false
      if case .ping(let payload) = request { exchange.pong(payload) }
    }) { (connection) throws in
      #expect(try connection.perform(.ping([7])).payload == [7])
      #expect(seen.value == 3)
    }
  }

  @Test func otherCallsFailOnACut() throws {
    let seen = Shared(0)
    try withServer({ _, exchange in
      seen.with { $0 += 1 }
      exchange.hangsUp = true
    }) { (connection) throws in
      do throws(ClientError) {
        _ = try connection.perform(.takeSnapshot())
        Issue.record("there was no answer")
      } catch {
        guard case .unreachable = error else {
          Issue.record("\(error)")
          return
        }
      }
      #expect(seen.value == 1)
    }
  }

  @Test func nobodyThere() {
    var options = ConnectionOptions()
    options.timeoutNanoseconds = 50_000_000
    for text in [
      "unix:/tmp/promised-nobody", "127.0.0.1:1", "/tmp/" + String(repeating: "x", count: 200),
    ] {
      guard let address = ServiceAddress(text) else { continue }
      #expect(throws: ClientError.self) {
        try Connection(address, options: options).perform(.status())
      }
    }
  }

  @Test func anOversizedRequestIsNotSent() throws {
    try withServer({ request, exchange in
      if case .ping(let payload) = request { exchange.pong(payload) }
    }) { (connection) throws in
      let huge = [UInt8](repeating: 1, count: 5_000_000)
      #expect(throws: ClientError.requestTooLarge(method: "promised.v1.Admin/Ping")) {
        try connection.perform(.ping(huge))
      }
      // Just below the limit it goes through, in many pieces each way.
      let large = [UInt8](repeating: 2, count: 4_000_000)
      #expect(try connection.perform(.ping(large)).payload == large)
    }
  }

  @Test func aWrongAnswerIsMalformed() throws {
    try withServer({ _, exchange in
      // A ping's bytes are no status: field 2 of one is text, of the other bytes that are a column.
      var reply = FeedReply()
      reply.codes.append(1)
      _ = exchange.encoder.encode(
        reply, streamID: exchange.streamID, asOf: Exchange.asOf, into: &exchange.output)
    }) { (connection) throws in
      do throws(ClientError) {
        _ = try connection.perform(.availability(items: ["B1", "B2"]))
        Issue.record("these are no answers for two items")
      } catch {
        guard case .malformed(let method, _) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(method == "promised.v1.Inventory/Availability")
      }
    }
  }

  @Test(
    arguments: [
      ("localhost", "localhost:7420"), ("10.0.0.1:80", "10.0.0.1:80"), ("[::1]:9", "[::1]:9"),
      ("[::1]", "[::1]:7420"), ("unix:run/s", "unix:run/s"), ("/run/s", "unix:/run/s"),
      ("", nil), (":80", nil), ("a:", nil), ("a:0", nil), ("a:65536", nil), ("a:+1", nil),
      ("::1", nil), ("[::1", nil), ("[::1]x", nil), ("unix:", nil),
    ] as [(String, String?)])
  func addresses(_ text: String, _ expected: String?) {
    #expect(ServiceAddress(text)?.description == expected)
  }
}
