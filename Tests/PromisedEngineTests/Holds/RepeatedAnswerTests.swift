import PromisedModel
import Testing

@testable import PromisedEngine

/// What a call answers when it is asked again under its key.
@Suite struct RepeatedAnswerTests {
  /// The shipments that the repeated answer lists: node, lines, window.
  private func repeated(_ state: State, _ desk: Desk, _ key: String) -> [String] {
    var reply = HoldReply()
    state.appendShipments(of: desk.command(key), to: &reply)
    return (0..<reply.shipmentNodes.count).map {
      "\(reply.shipmentNodes[$0].name) \(reply.shipmentLineCounts[$0])"
        + " \(reply.shipmentWindowFromUnixSeconds[$0]) \(reply.shipmentWindowToUnixSeconds[$0])"
        + " \(reply.shipmentDeliveryDays[$0]) \(reply.shipmentShipByUnixSeconds[$0])"
        + " \(reply.shipmentConfidences[$0]) \(reply.shipmentLevels[$0])"
    }
  }

  private func listed(_ desk: Desk, _ id: UInt64) -> [String] {
    var reply = HoldReply()
    desk.state.appendShipments(ofHold: id, to: &reply)
    return (0..<reply.shipmentNodes.count).map {
      "\(reply.shipmentNodes[$0].name) \(reply.shipmentLineCounts[$0])"
        + " \(reply.shipmentWindowFromUnixSeconds[$0]) \(reply.shipmentWindowToUnixSeconds[$0])"
        + " \(reply.shipmentDeliveryDays[$0]) \(reply.shipmentShipByUnixSeconds[$0])"
        + " \(reply.shipmentConfidences[$0]) \(reply.shipmentLevels[$0])"
    }
  }

  @Test func aRepeatedHoldListsTheShipmentsOfThen() throws {
    let world = try PromiseWorld()
    let desk = world.desk
    let command = world.command(
      [try world.token("A", quantity: 3), try world.token("B", quantity: 2)], key: "hold-1")
    let id = desk.apply(.held(try desk.state.decide(command, at: desk.now)))
    let first = listed(desk, id)
    #expect(first.count == 2 && repeated(desk.state, desk, "hold-1") == first)
    try desk.change(id, .commit, key: "commit-1")
    // The hold moves on, the answers of then stay.
    try desk.amend(id, [Line("A", "FC1", 3)])
    #expect(listed(desk, id).count == 1)
    for state in [desk.state, world.copied()] {
      #expect(state.digest() == desk.state.digest())
      #expect(repeated(state, desk, "hold-1") == first)
      #expect(repeated(state, desk, "commit-1") == first)
      #expect(repeated(state, desk, "never") == [])
    }
    // They are forgotten with their key, and the memory is used again.
    desk.now.milliseconds += Limits.idempotencyMilliseconds
    try desk.put(Rows.sellers(["S1"]))
    #expect(repeated(desk.state, desk, "hold-1") == [])
    #expect(world.copied().digest() == desk.state.digest())
  }
}
