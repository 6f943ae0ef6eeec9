import Testing

@testable import PromisedClient

@Suite struct PendingTableTests {
  private func answer(_ table: inout PendingTable, _ streamID: UInt32) {
    [UInt8(1), 2].withUnsafeBytes { table.answer(streamID, $0) }
  }

  @Test func aSlotIsFreeOnceItsAnswerIsTaken() {
    var table = PendingTable()
    table.open(1, deadline: 0)
    #expect(table.waitingCount == 1)
    #expect(table.isFree(1) == false)
    // The same slot, 4,096 ids on.
    #expect(table.isFree(1 + 8192) == false)
    answer(&table, 1)
    #expect(table.slot(1)?.state == .answered)
    #expect(table.slot(1)?.response?.count == 2)
    #expect(table.waitingCount == 0)
    table.close(1)
    #expect(table.isFree(1) == true)
    #expect(table.usedCount == 0)
  }

  @Test func aLateAnswerFreesAnAbandonedSlot() {
    var table = PendingTable()
    table.open(3, deadline: 0)
    table.abandon(3)
    #expect(table.waitingCount == 0)
    #expect(table.isFree(3) == false)
    answer(&table, 3)
    #expect(table.isFree(3) == true)
    #expect(table.usedCount == 0)
  }

  @Test func unknownAnswersAreDropped() {
    var table = PendingTable()
    table.open(5, deadline: 0)
    answer(&table, 5 + 8192)
    answer(&table, 7)
    #expect(table.slot(5)?.state == .waiting)
    answer(&table, 5)
    answer(&table, 5)
    #expect(table.slot(5)?.state == .answered)
    #expect(table.usedCount == 1)
  }

  @Test func aLostConnectionLosesWhatWaits() {
    var table = PendingTable()
    for streamID: UInt32 in [1, 3, 5] { table.open(streamID, deadline: 0) }
    answer(&table, 1)
    table.abandon(3)
    table.loseAll()
    #expect(table.slot(1)?.state == .answered)
    #expect((table.slot(3)?.state) == nil)
    #expect(table.slot(5)?.state == .lost)
    #expect(table.waitingCount == 0)
  }
}
