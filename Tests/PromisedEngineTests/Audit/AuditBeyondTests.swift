import PromisedModel
import Testing

@testable import PromisedEngine

/// The audit of claims that no position reserves, and of those of channels.
@Suite struct AuditBeyondTests {
  /// Two holds: one line of the first is of channel app, for later; the second is of a group.
  private func desk() throws -> Desk {
    let desk = try Desk.small()
    desk.isAudited = false
    try desk.put(Rows.groups([("west", ["F1", "F2"])]))
    try desk.put(Rows.channels([("app", "A", "F1", 1, 0)]))
    try desk.hold([Line("A", "F1", 2), Line("B", "F1", 1)])
    try desk.hold([Line("A", "F1", 3)])
    change(0, of: desk) {
      $0.dueUnixSeconds = UInt32(desk.day(3))
      $0.channel = 1
    }
    change(1, of: desk) {
      $0.flags = HoldLineFlag.pool
      $0.node = 0
    }
    return desk
  }

  /// Makes the first line of a hold claim something else.
  private func change(_ slot: Int, of desk: Desk, by body: (inout HoldLine) -> Void) {
    var line = desk.state.holds.lines(slot)[0]
    desk.state.claim(line, -line.quantity, allocated: 0)
    body(&line)
    desk.state.holds.lines(slot)[0] = line
    desk.state.claim(line, line.quantity, allocated: 0)
  }

  private func broken(_ desk: Desk) -> [AuditIdentity] {
    let report = desk.state.auditNow()
    return AuditIdentity.allCases.filter { report.violations[Int($0.rawValue)] > 0 }
  }

  @Test func whatLinesClaimElsewhereIsFoundSoundAndSurvivesASnapshot() throws {
    let desk = try desk()
    #expect(desk.row("A", "F1")?.reserved == 0)
    #expect(desk.claimable("A", "F1", channel: "app") == 10 - 2 - 3 - 1)
    let report = desk.state.auditNow()
    #expect(report.isSound && report.checked[Int(AuditIdentity.claims.rawValue)] == 3)
    desk.state.beginExport()
    let copy = State()
    while let block = desk.state.nextExportBlock() { copy.importBlock(block) }
    copy.finishImport(position: desk.position, time: desk.now)
    #expect(copy.digest() == desk.state.digest())
    #expect(copy.auditNow().isSound && !copy.isPlain(copy.positions.find(desk.token("A"))))
  }

  @Test func claimsWithoutALineAndLinesWithoutAClaimAreTold() throws {
    let (more, less, other) = (try desk(), try desk(), try desk())
    let row = ClaimRow(more.state.holds.lines(0)[0])
    more.state.claims.add(1, allocated: 0, to: row)
    #expect(broken(more) == [.claims])
    less.state.claims.add(-2, allocated: 0, to: row)
    #expect(broken(less) == [.claims])
    other.state.claims.add(0, allocated: 1, to: row)
    #expect(broken(other) == [.claims])
  }

  @Test func whatAChannelClaimsIsCounted() throws {
    let (more, less) = (try desk(), try desk())
    more.state.channels.claim(1, item: more.token("A"), node: 0, channel: 1)
    #expect(broken(more) == [.claims])
    less.state.holds.lines(1)[0].flags = 0
    less.state.holds.lines(1)[0].channel = 1
    #expect(broken(less).contains(.claims))
  }
}
