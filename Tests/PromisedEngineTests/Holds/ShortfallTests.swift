import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct ShortfallTests {
  /// Stock is taken away under allocations and comes back.
  @Test func aCountBelowTheAllocationsNamesTheLatestCommitFirst() throws {
    let desk = try Desk.small()
    let first = try desk.hold([Line("A", "F1", 4)])
    let second = try desk.hold([Line("A", "F1", 5)])
    // The later hold is committed first: it is the older commit.
    try desk.change(second, .commit)
    try desk.change(first, .commit)
    #expect(desk.broken() == [])
    try desk.feed(1, [("A", "F1", .count, 8)])
    let since = desk.now.milliseconds
    #expect(desk.broken() == [Broken(hold: first, line: 0, units: 1, since: since)])
    desk.now.milliseconds += 1000
    try desk.feed(2, [("A", "F1", .count, 3)])
    #expect(
      desk.broken() == [
        Broken(hold: first, line: 0, units: 4, since: since),
        Broken(hold: second, line: 0, units: 2, since: since + 1000),
      ])
    #expect(desk.state.counters.shortPositions == 1 && desk.state.counters.shortUnits == 6)
    #expect(desk.broken(of: try desk.restored()) == desk.broken())
    desk.now.milliseconds += 1000
    try desk.feed(3, [("A", "F1", .receipt, 5)])
    #expect(desk.broken() == [Broken(hold: first, line: 0, units: 1, since: since)])
    try desk.change(second, .release)
    #expect(desk.broken() == [] && desk.state.counters.shortPositions == 0)
  }

  @Test func aShipmentThatNamesItsAllocationConsumesBothOnce() throws {
    let desk = try Desk.small()
    let kept = desk.state.breakdowns.count
    let id = try desk.hold([Line("A", "F1", 4), Line("B", "F1", 1)])
    #expect(desk.ship(id, "A", "F1", 4) == 0)
    try desk.change(id, .commit)
    try desk.feed(1, [("A", "F1", .shipment, 3)])
    #expect(desk.ship(id, "A", "F1", 3) == 3)
    #expect(desk.available("A", "F1") == 6)
    #expect(desk.ship(id, "A", "F2", 3) == 0 && desk.ship(id + 9, "A", "F1", 1) == 0)
    // More than is left of the allocation consumes what is left of it.
    #expect(desk.ship(id, "A", "F1", 3) == 1)
    #expect(desk.ship(id, "B", "F1", 1) == 1)
    let slot = desk.state.holds.find(id) ?? 0
    let (state, shipped) = (desk.state.holds.state(slot), desk.state.holds.lines(slot)[0].shipped)
    #expect(state == .consumed && shipped == 4)
    #expect(desk.state.breakdowns.count == kept)
    _ = try desk.restored()
    #expect(
      desk.refusal { () throws(Refusal) in try desk.change(id, .release) }?.code == .holdConsumed)
  }
}

/// A shortfall as a test writes it.
struct Broken: Equatable {
  var hold: UInt64
  var line: Int
  var units: Int32
  var since: Int64
}

extension Desk {
  func broken(of other: State? = nil) -> [Broken] {
    (other ?? state).brokenLines().map {
      Broken(hold: $0.holdID, line: Int($0.line), units: $0.units, since: $0.sinceMilliseconds)
    }
  }

  func feed(_ sequence: UInt64, _ rows: [(String, String, MovementKind, Int64)]) throws(Refusal) {
    try feed(rows, from: sequence)
  }

  func ship(_ id: UInt64, _ item: String, _ node: String, _ units: Int32) -> Int32 {
    let token = state.itemKeys.token(lender.bytes(item))
    guard let index = state.network.nodeIndex(lender.bytes(node)) else { return -1 }
    return state.shipNamed(id, token: token, node: index, units: units)
  }

  /// The state through a snapshot; equal, or the test fails.
  func restored() throws -> State {
    let copy = State()
    state.beginExport()
    while let block = state.nextExportBlock() { copy.importBlock(block) }
    copy.finishImport(position: state.appliedPosition, time: state.appliedTime)
    #expect(copy.digest() == state.digest())
    return copy
  }
}
