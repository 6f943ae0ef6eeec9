import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct ListingTests {
  /// The first cells of every row, page by page.
  private func list(_ desk: Desk, _ kind: ListKind, size: Int, between: () throws -> Void = {})
    throws -> [String]
  {
    var names: [String] = []
    var token: [UInt8] = []
    while true {
      var reply = ListReply()
      let borrowed = desk.lender.column(token)
      try desk.state.list(
        kind, token: BorrowedBytes(base: borrowed.base, count: borrowed.count), size: size,
        into: &reply)
      let rows = reply.cellLengths.count / max(1, reply.columns.count)
      #expect(reply.cellLengths.count == rows * reply.columns.count && rows <= size)
      var offset = 0
      for cell in 0..<reply.cellLengths.count {
        let length = Int(reply.cellLengths[cell])
        if cell % reply.columns.count == 0 {
          names.append(
            String(decoding: (offset..<offset + length).map { reply.cells[$0] }, as: UTF8.self))
        }
        offset += length
      }
      token = reply.nextPageToken
      if token.isEmpty { return names }
      try between()
    }
  }

  @Test func pagesHoldEveryRowOnce() throws {
    let desk = try Desk.small()
    let items = (0..<57).map { "item\($0)" }
    try desk.put(Rows.positions(items.map { ($0, "F1", 1, 0, 0) }))
    for size in [1, 7, 59, 100] {
      #expect(try list(desk, .items, size: size).sorted() == (items + ["A", "B"]).sorted())
    }
    #expect(try list(desk, .nodes, size: 2) == ["F1", "F2", "F3"])
    #expect(try list(desk, .sellers, size: 1) == ["S1", "S2"])
    #expect(try list(desk, .marketplaces, size: 1) == ["US"])
    #expect(try list(desk, .legs, size: 1).isEmpty && list(desk, .zones, size: 1).isEmpty)
    #expect(try list(desk, .lanes, size: 1).isEmpty && list(desk, .calendars, size: 1).isEmpty)
    var ids: [UInt64] = []
    for _ in 0..<10 { ids.append(try desk.hold([Line("A", "F1", 1)])) }
    for size in [1, 3, 10, 11] {
      #expect(try list(desk, .holds, size: size) == ids.map { String($0) })
    }
  }

  @Test func noItemAppearsTwiceWhileTheTableGrows() throws {
    let desk = try Desk.small()
    let items = (0..<100).map { "item\($0)" }
    try desk.put(Rows.positions(items.map { ($0, "F1", 1, 0, 0) }))
    var added = 0
    let names = try list(desk, .items, size: 10) {
      added += 100
      if added > 800 { return }
      try desk.put(Rows.positions((0..<100).map { ("new\($0 + added)", "F1", 1, 0, 0) }))
    }
    #expect(Set(names).count == names.count)
    #expect(Set(items).isSubset(of: Set(names)))
  }

  @Test func badTokensAndSizesAreRefused() throws {
    let desk = try Desk.small()
    var reply = ListReply()
    for (token, size) in [("123", 10), ("", 0), ("", 10_001)] {
      let refusal = desk.refusal { () throws(Refusal) in
        try desk.state.list(.items, token: desk.lender.bytes(token), size: size, into: &reply)
      }
      #expect(refusal?.code == .fieldOutOfRange)
    }
  }
}
