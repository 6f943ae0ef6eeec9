import PromisedModel
import Testing

@testable import PromisedWire

/// What a client asks of holds, by the server's own decoder; and what the server answers, by the
/// client's.
@Suite struct HoldCallTests {
  private func lines(_ lines: HoldRequestLines) -> [String] {
    var offset = 0
    return (0..<lines.count).map { row in
      let item = lines.items.key(row, at: &offset).name
      let index = Int(lines.nodes[row])
      let isPool = index >= lines.nodeNames.count
      let place =
        isPool
        ? lines.groupNames[index - lines.nodeNames.count].name : lines.nodeNames[index].name
      return "\(item)@\(isPool ? "group:" : "")\(place)=\(lines.quantities[row])"
        + (lines.dues.isEmpty ? "" : " \(lines.dues[row])")
    }
  }

  @Test func everyCallSaysWhatItMeans() throws {
    let wanted = [
      HoldLine(item: "A", node: "N1", quantity: 2),
      HoldLine(item: "B", node: "WEST", quantity: 3, isPool: true, dueUnixSeconds: 9),
      HoldLine(item: "C", node: "N1", quantity: 1),
    ]
    let hold = Call.hold(
      wanted, owner: "o", key: "k", name: "order-1", fill: .available, channel: "web", replaces: 5)
    try asked(hold) {
      guard case .hold(let command) = $0 else { return report("no hold") }
      #expect(lines(command.lines) == ["A@N1=2 0", "B@group:WEST=3 9", "C@N1=1 0"])
      #expect(command.fill == .fillAvailable && command.replaces == 5 && !command.isPlain)
      #expect(command.name.name == Name("order-1") && command.lines.channel.name == Name("web"))
    }
    try asked(Call.extend(.name("n"), owner: "o", key: "k", timeToLiveSeconds: 7)) {
      guard case .extend(let command) = $0 else { return report("no extension") }
      #expect(command.hold.name.name == Name("n") && command.hold.id == 0)
      #expect(command.timeToLiveSeconds == 7 && command.owner.name == Name("o"))
    }
    try asked(Call.amend(.id(4), wanted, owner: "o", key: "k", channel: "web")) {
      guard case .amend(let command) = $0 else { return report("no amendment") }
      #expect(lines(command.lines) == ["A@N1=2 0", "B@group:WEST=3 9", "C@N1=1 0"])
      #expect(command.hold.id == 4 && command.lines.channel.name == Name("web"))
    }
    let picked = [HoldLine(item: "A", node: "N1", quantity: 0)]
    try asked(Call.pick(.id(4), picked, missing: [2], owner: "o", key: "k")) {
      guard case .fulfil(let command) = $0 else { return report("no pick") }
      #expect(command.step == .pick && lines(command.lines) == ["A@N1=0"])
      #expect(Array(command.missing.buffer) == [2])
    }
    try asked(Call.consume(.id(4), owner: "o", key: "k")) {
      guard case .fulfil(let command) = $0 else { return report("no shipment") }
      #expect(command.step == .ship && command.lines.count == 0 && command.missing.isEmpty)
    }
    try asked(Call.commit(.name("n"), owner: "o", key: "k")) {
      guard case .holdTransition(let command) = $0 else { return report("no commit") }
      #expect(command.transition == .commit && command.hold.name.name == Name("n"))
    }
    try asked(Call.getHold(.name("n"))) {
      guard case .holdGet(let hold, 0) = $0 else { return report("no get") }
      #expect(hold.name.name == Name("n"))
    }
    let shortfalls = Call.shortfalls(
      item: "A", node: "N1", hold: .id(4), pageToken: [1, 2], pageSize: 9)
    try asked(shortfalls) {
      guard case .shortfalls(let query, 0) = $0 else { return report("no shortfalls") }
      #expect(query.item.name == Name("A") && query.node.name == Name("N1"))
      #expect(query.hold.id == 4 && Array(query.pageToken.buffer) == [1, 2])
      #expect(query.pageSize == 9)
    }
  }

  @Test func fieldsAreCheckedOneByOne() {
    func code(_ call: Call<HoldAnswer>) -> OutcomeCode? {
      refusal(call.method, call.payload ?? [])?.code
    }
    let line = HoldLine(item: "A", node: "N1", quantity: 1)
    #expect(code(.extend(.id(0), owner: "o", key: "k")) == .fieldMissing)
    #expect(
      code(.extend(.id(1), owner: "o", key: "k", timeToLiveSeconds: 86_401)) == .fieldOutOfRange)
    #expect(code(.extend(.id(1), owner: "", key: "k")) == .fieldMissing)
    #expect(code(.extend(.id(1), owner: "o", key: "")) == .fieldMissing)
    #expect(code(.extend(.name("a\u{1}"), owner: "o", key: "k")) == .keyInvalid)
    #expect(code(.amend(.id(1), [], owner: "o", key: "k")) == .fieldMissing)
    #expect(code(.pick(.id(1), [], owner: "o", key: "k")) == .fieldMissing)
    #expect(
      code(.pick(.id(1), [line], missing: [1, 1], owner: "o", key: "k")) == .columnLengthMismatch)
    #expect(
      code(.pick(.id(1), [line], missing: [2_000_000_001], owner: "o", key: "k"))
        == .fieldOutOfRange)
    var late = line
    late.dueUnixSeconds = Int64(UInt32.max) + 1
    #expect(code(.hold([late], owner: "o", key: "k")) == .fieldOutOfRange)
    late.quantity = 0
    #expect(code(.consume(.id(1), [late], owner: "o", key: "k")) == .fieldOutOfRange)
  }

  @Test func aPageOfShortfalls() throws {
    var reply = ShortfallReply()
    reply.holdIDs.append(7)
    reply.names.append(lasting("order-1"))
    reply.owners.append(lasting("cart"))
    reply.lines.append(2)
    reply.items.append(lasting("A"))
    reply.nodes.append(lasting("N1"))
    reply.units.append(3)
    reply.claimed.append(5)
    reply.sinceUnixSeconds.append(11)
    reply.nextSupplyUnixSeconds.append(12)
    reply.shortPositions = 1
    reply.shortUnits = 3
    reply.nextPageToken = [9]
    let frame = sent { $0.encode(reply, streamID: 1, asOf: asOf, into: &$1) }.1
    let payload = try #require(frame).payload
    #expect(payload.numbers(2) == [7] && payload.texts(3) == ["order-1"])
    #expect(payload.texts(4) == ["cart"] && payload.numbers(5) == [2])
    #expect(payload.texts(6) == ["A"] && payload.texts(7) == ["N1"])
    #expect(payload.numbers(8) == [3] && payload.numbers(9) == [5])
    #expect(payload.numbers(10) == [11] && payload.numbers(11) == [12])
    #expect(payload[field: 12]?.value == 1 && payload[field: 13]?.value == 3)
    #expect(payload.text(14) == "\t")
  }
}
