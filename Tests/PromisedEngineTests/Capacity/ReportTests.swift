import PromisedModel
import Testing

@testable import PromisedEngine

/// Reports in pages: what a page looks at is bounded, and what it finds is complete.
@Suite struct ReportTests {
  private func page(
    _ desk: Desk, _ report: CapacityReport, seller: String = "", size: Int32 = 10_000,
    token: [UInt8] = []
  ) throws -> (firstCells: [String], next: [UInt8]) {
    var reply = ListReply()
    try token.withUnsafeBufferPointer { token in
      try desk.state.report(
        ReportQuery(
          report: report, seller: Name(seller), thresholdPermille: 0,
          pageToken: BorrowedBytes(token), pageSize: size), at: desk.now, into: &reply)
    }
    var (cells, offset): ([String], Int) = ([], 0)
    for place in 0..<reply.cellLengths.count {
      let end = offset + Int(reply.cellLengths[place])
      if place % reply.columns.count == 0 {
        cells.append(String(decoding: (offset..<end).map { reply.cells[$0] }, as: UTF8.self))
      }
      offset = end
    }
    return (cells, reply.nextPageToken)
  }

  private func all(_ desk: Desk, _ report: CapacityReport, seller: String = "", size: Int32)
    throws -> (rows: [String], pages: Int)
  {
    var (rows, pages, token): ([String], Int, [UInt8]) = ([], 0, [])
    repeat {
      let page = try page(desk, report, seller: seller, size: size, token: token)
      rows += page.firstCells
      token = page.next
      pages += 1
    } while !token.isEmpty && pages < 1000
    return (rows, pages)
  }

  /// 30,000 changes of S1 around three of S2: hers are one page, and nobody looks at all of his.
  @Test func aSellersChangesAreFoundAmongThoseOfOthers() throws {
    let desk = try Desk.storage()
    func raise(_ seller: String, _ numbers: Range<Int64>) throws {
      for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 4000) {
        try desk.put(
          Rows.limits(
            (start..<min(numbers.upperBound, start + 4000)).map {
              (seller, .standard, 202_603, .confirmed, ($0 + 1) * cubicFoot)
            }))
      }
    }
    try raise("S1", 0..<15_000)
    try raise("S2", 0..<3)
    try raise("S1", 15_000..<30_000)
    for desk in [desk, desk.restarted()] {
      let own = try page(desk, .limitChanges, seller: "S2")
      #expect(own.firstCells == ["S2", "S2", "S2"] && own.next.isEmpty)
      let whole = try all(desk, .limitChanges, size: 10_000)
      #expect(whole.rows.count == 30_003 && whole.rows.count { $0 == "S2" } == 3)
      #expect(try all(desk, .limitChanges, seller: "S1", size: 7000).rows.count == 30_000)
      // None is questionable: pages that find nothing end after what one may look at.
      let none = try all(desk, .questionableChanges, size: 100)
      #expect(none.rows.isEmpty && none.pages == 2)
      let first = try page(desk, .nearLimits, seller: "S2")
      #expect(first.firstCells.allSatisfy { $0 == "S2" } && first.next.isEmpty)
    }
  }

  @Test func whatIsForgottenIsForgottenForItsSellerToo() throws {
    var table = LimitChangeTable()
    for number in 0..<(Limits.limitChanges + 1) {
      var change = LimitChangeRow()
      change.after = Int64(number)
      table.append(change, seller: UInt32(number % 3))
    }
    let forgotten = Limits.limitChanges / 10
    #expect(table.rows.count == Limits.limitChanges - forgotten + 1)
    var seen = 0
    for seller: UInt32 in 0..<3 {
      let places = table.places(of: seller)
      #expect(places.allSatisfy { table.rows[$0].after % 3 == Int64(seller) })
      seen += places.count
    }
    #expect(seen == table.rows.count && table.rows[0].after == Int64(forgotten))
  }
}
