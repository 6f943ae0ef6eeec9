import PromisedLinux
import PromisedModel
import PromisedPlatform
import PromisedStorage
import Testing

@testable import PromisedSequencer
@testable import PromisedServer

/// Who is served when, over a network that the test plays.
@Suite("Turns: bulk work behind everybody else")
struct TurnTests {
  private static var rows: Int { 600 }

  private func served(
    _ transport: PlayedTransport, over recovered: consuming RecoveredServer<GateStore>? = nil,
    everyTurn: @escaping (Server<GateStore>) -> Void = { _ in }
  ) throws -> [PlayedTransport.Answer] {
    let server = Server<GateStore>(
      configuration: Configuration(), transport: transport, clock: LinuxClock(),
      threads: LinuxThreads(), residentBytes: { 0 },
      recovered: recovered ?? RecoveredServer(inMemory: sequencer(isSandbox: true)))
    try server.put(.network(network()))
    transport.everyTurn = { [unowned server] in everyTurn(server) }
    try server.run()
    return transport.answers
  }

  private func sequencer(isSandbox: Bool) -> Sequencer {
    Sequencer(isSandbox: isSandbox, timeZoneFile: { _ in utc })
  }

  private func feed(_ batch: Int, source: String) -> [UInt8] {
    let items = (0..<Self.rows).map { "I\(10_000 + $0)" }
    var payload = Frames.text(1, source)
    payload += Frames.number(2, batch * Self.rows + 1)
    payload += Frames.text(3, items.joined())
    payload += Frames.packed(4, items.map { $0.utf8.count })
    payload += Frames.text(5, "N1")
    payload += Frames.packed(6, items.map { _ in 0 })
    payload += Frames.packed(7, items.map { _ in 1 })
    payload += Frames.packed(8, items.map { _ in 2 })
    return Frames.request(UInt32(batch * 2 + 1), "Inventory", "Apply", payload)
  }

  private func question(_ number: Int) -> [UInt8] {
    Frames.request(
      UInt32(number * 2 + 1), "Inventory", "Availability",
      Frames.text(2, "I10000") + Frames.packed(3, [6]))
  }

  /// Every turn one question comes, on a connection that is told after the feeds'.
  private func played(batches: Int, feeds: Int = 1, questions: Int) -> PlayedTransport {
    let transport = PlayedTransport()
    for slot in 0..<feeds {
      transport.arrive((0..<batches).flatMap { feed($0, source: "wms\(slot)") }, at: slot, turn: 1)
    }
    for number in 0..<questions {
      transport.arrive(question(number), at: feeds, turn: number + 1)
    }
    return transport
  }

  @Test("a question is answered before the batches that arrived with it, and behind one share")
  func questionsFirst() throws {
    let answers = try served(played(batches: 12, questions: 8))
    // The connection is known as a feed's by its first batches, which go by as they came.
    for turn in 2...8 {
      let slots = answers.filter { $0.turn == turn }.map(\.slot)
      #expect(slots.first == 1, "turn \(turn): \(slots)")
      // A share is 128 rows beside somebody who asks: a batch has five pieces.
      let fed: Int = slots.count { $0 == 0 }
      #expect(fed <= 1, "turn \(turn): \(slots)")
    }
    let asked: [Int] = answers.filter { $0.slot == 1 }.map(\.turn)
    #expect(asked == Array(1...8))
    // No turn did more than a piece; the first came before anybody had asked.
    let fed: [Int] = answers.filter { $0.slot == 0 }.map(\.turn)
    for (before, after) in zip(fed.dropFirst(2), fed.dropFirst(3)) where after < 250 {
      #expect(after - before == 5, "\(fed)")
    }
  }

  @Test("a batch that is decided in pieces goes to the disk whole")
  func piecesOfOneGroup() throws {
    let scratch = Scratch()
    let store = try GateStore(path: scratch.path)
    let recovered = try RecoveredServer(
      store: store, dataset: DatasetIdentity(low: 1, high: 2), options: StorageOptions(),
      sequencer: sequencer(isSandbox: false))
    let wms = Name("wms0")
    var sequences: [Position: UInt64] = [:]
    var durable: Set<Position> = []
    let answers = try served(played(batches: 12, questions: 60), over: recovered) { server in
      sequences[server.sequencer.position] = server.sequencer.state.lastSequence(of: wms)
      if let tail = server.tail { durable.insert(tail.position) }
    }
    #expect(answers.count { $0.slot == 0 } == 12)
    // Decided in pieces, so that positions inside a batch were seen.
    #expect(sequences.values.contains { $0 % UInt64(Self.rows) != 0 })
    #expect(durable.count > 1)
    for position in durable {
      let sequence = sequences[position] ?? 0
      #expect(sequence % UInt64(Self.rows) == 0, "durable up to \(position), row \(sequence)")
    }
  }

  @Test("a feed is answered whole and in its order, whoever asks meanwhile")
  func feedGoesOn() throws {
    let answers = try served(played(batches: 12, questions: 40))
    let fed = answers.filter { $0.slot == 0 }
    let streams: [UInt32] = (0..<12).map { UInt32($0 * 2 + 1) }
    #expect(fed.map(\.streamID) == streams)
    #expect(fed.allSatisfy { !$0.isRefusal })
    // It never waits for a turn without questions: five pieces a batch, one a turn.
    let turns: [Int] = fed.map(\.turn)
    #expect((turns.last ?? 99) <= 60, "\(turns)")
  }

  @Test("feeds take turns")
  func feedsTakeTurns() throws {
    let answers = try served(played(batches: 8, feeds: 3, questions: 0))
    var done = [0, 0, 0]
    for answer in answers {
      done[answer.slot] += 1
      // Two batches are a share; the first ones came before the connections were known.
      let (most, least): (Int, Int) = (done.max() ?? 0, done.min() ?? 0)
      #expect(most <= least + 4, "\(done)")
    }
    #expect(done == [8, 8, 8])
  }

  @Test("what was read before a stop is decided and answered")
  func stopInTheMiddle() throws {
    let transport = played(batches: 12, questions: 0)
    transport.stopsAtTurn = 2
    let answers = try served(transport)
    #expect(answers.count == 12)
  }
}

/// A network that a test plays: bytes arrive by turn, answers are written down by turn.
private final class PlayedTransport: Transport {
  struct Answer {
    let turn: Int
    let slot: Int
    let streamID: UInt32
    let isRefusal: Bool
  }

  private var turn = 0
  private var arriving: [(turn: Int, slot: Int, bytes: [UInt8])] = []
  private var waiting: [Int: [UInt8]] = [:]
  private var isWatched: [Int: Bool] = [:]
  private var accepted = 0
  var stopsAtTurn = Int.max
  private(set) var answers: [Answer] = []
  var everyTurn: () -> Void = {}
  let waker: any Waker = Bell()
  var connectionCount: Int { accepted }

  func arrive(_ bytes: [UInt8], at slot: Int, turn: Int) { arriving.append((turn, slot, bytes)) }

  func wait(timeoutMilliseconds: Int32, into events: inout [TransportEvent]) {
    everyTurn()
    turn += 1
    while accepted <= (arriving.map(\.slot).max() ?? -1) || accepted == 0 {
      events.append(.accepted(reference(accepted)))
      accepted += 1
    }
    for (_, slot, bytes) in arriving.filter({ $0.turn <= turn }) {
      waiting[slot, default: []] += bytes
    }
    arriving.removeAll { $0.turn <= turn }
    for slot in 0..<accepted where isWatched[slot] != false && waiting[slot]?.isEmpty == false {
      events.append(.readable(reference(slot)))
    }
    let isOver = arriving.isEmpty && events.isEmpty && timeoutMilliseconds != 0
    if isOver || turn == stopsAtTurn || turn > 10_000 { events.append(.stopRequested) }
  }

  private func reference(_ slot: Int) -> ConnectionReference {
    ConnectionReference(slot: UInt32(slot), generation: 1)
  }

  func receive(
    _ connection: ConnectionReference, into buffer: UnsafeMutableRawBufferPointer
  ) -> TransferResult {
    let slot = Int(connection.slot)
    let bytes = waiting[slot, default: []].prefix(buffer.count)
    if bytes.isEmpty { return .wouldBlock }
    buffer.copyBytes(from: bytes)
    waiting[slot]?.removeFirst(bytes.count)
    return .bytes(bytes.count)
  }

  func send(_ connection: ConnectionReference, _ bytes: UnsafeRawBufferPointer) -> TransferResult {
    var rest = Array(bytes)[...]
    while rest.count >= 10 {
      let header = Array(rest.prefix(10))
      let length = header[..<4].reduce(0) { $0 << 8 | Int($1) }
      answers.append(
        Answer(
          turn: turn, slot: Int(connection.slot),
          streamID: header[4..<8].reduce(0) { $0 << 8 | UInt32($1) },
          isRefusal: rest.dropFirst(10).first == 0x0a))
      rest = rest.dropFirst(10 + length)
    }
    return .bytes(bytes.count)
  }

  func setInterest(_ connection: ConnectionReference, readable: Bool, writable: Bool) {
    isWatched[Int(connection.slot)] = readable
  }

  func close(_ connection: ConnectionReference) { waiting[Int(connection.slot)] = nil }
  func stopAccepting() {}
}

/// Requests, field by field, as any protobuf writer would make them.
private enum Frames {
  static func varint(_ value: Int) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
  }

  static func bytes(_ field: Int, _ value: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(value.count) + value
  }

  static func text(_ field: Int, _ value: String) -> [UInt8] { bytes(field, Array(value.utf8)) }
  static func number(_ field: Int, _ value: Int) -> [UInt8] { varint(field << 3) + varint(value) }
  static func packed(_ field: Int, _ values: [Int]) -> [UInt8] {
    bytes(field, values.flatMap(varint))
  }

  static func request(
    _ streamID: UInt32, _ service: String, _ method: String, _ payload: [UInt8]
  ) -> [UInt8] {
    let data = text(1, "promised.v1.\(service)") + text(2, method) + bytes(3, payload)
    func bigEndian(_ value: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
    var frame: [UInt8] = bigEndian(UInt32(data.count))
    frame += bigEndian(streamID)
    return frame + [1, 0] + data
  }
}
