import PromisedClient
import PromisedImport
import PromisedModel
import PromisedWire
import Testing

@testable import promise

/// A server's side of a load: chunks in order, whole or not at all.
private struct LoadBook {
  var load: LoadDescription?
  var next: UInt32 = 0
  var rows = 0
  var isCommitted = false
  var cutsLeft = 0
  var chunksUntilCut = 3
  var refusesChunk: UInt32?

  mutating func take(_ request: Request, _ exchange: inout Exchange) {
    exchange.hangsUp = false
    switch request {
    case .beginLoad(let load):
      self.load = load
      exchange.answer(LoadReply(nextChunk: UInt64(next), committed: isCommitted))
    case .put(let rows, _, let place): put(rows, place, &exchange)
    case .commitLoad:
      isCommitted = next == load?.chunkCount
      exchange.answer(
        LoadReply(nextChunk: UInt64(next), committed: isCommitted, positionsChanged: UInt64(rows)))
    default: exchange.refuse(Refusal(.methodNotBuilt, "no part of a load"))
    }
  }

  private mutating func put(_ rows: PutRows, _ place: LoadChunkKey?, _ exchange: inout Exchange) {
    guard let place, place.number == next else {
      exchange.refuse(Refusal(.loadChunkOutOfOrder, "the load waits for chunk \(next)"))
      return
    }
    if refusesChunk == next {
      exchange.refuse(Refusal(.rowInvalid, "the chunk is wrong", row: 7))
      return
    }
    next += 1
    chunksUntilCut -= 1
    if cutsLeft > 0, chunksUntilCut == 0 {
      // Taken, and the answer lost.
      cutsLeft -= 1
      chunksUntilCut = 3
      exchange.hangsUp = true
      return
    }
    if case .positions(let rows) = rows { self.rows += rows.keys.count }
    exchange.answer(PutReply(rows: 1))
  }
}

@Suite struct LoadTests {
  /// 30 nodes' worth of zone rows make several chunks; positions make two.
  private func withImporter(_ body: (Importer, ImportReport) throws -> Void) throws {
    let zones =
      "country,postcode_prefix,zone,station\n"
      + (10_000..<12_600).map { "US,\($0),west,\n" }.joined()
    let positions =
      "item,node,on_hand\n" + (0..<20_500).map { "B\($0),SEA1,\($0)\n" }.joined()
    try Array(zones.utf8).withUnsafeBufferPointer { zones in
      try Array(positions.utf8).withUnsafeBufferPointer { positions in
        let importer = Importer(
          [
            ImportSource(file: .zones, bytes: zones),
            ImportSource(file: .positions, bytes: positions),
          ], options: ImportOptions(mode: .merge))
        let report = importer.check(isTimeZone: { _ in true }, progress: { _, _ in })
        #expect(report.problemCount == 0)
        #expect(report.chunkCount == 13)
        try body(importer, report)
      }
    }
  }

  private func load(
    _ book: Shared<LoadBook>, interruptAfter: Int = .max,
    _ body: (Result<LoadAnswer, LoadStop>, [UInt64]) -> Void
  ) throws {
    try withImporter { importer, report in
      try withServer({ request, exchange in book.with { $0.take(request, &exchange) } }) {
        (connection) throws in
        let resumed = Shared<[UInt64]>([])
        let sent = Shared(0)
        let run = LoadRun(
          connection: connection, importer: importer,
          load: LoadDescription(
            id: report.loadID, mode: .merge, chunkCount: UInt32(report.chunkCount), force: false),
          isInterrupted: { sent.value >= interruptAfter },
          progress: { progress in sent.with { $0 = progress.chunkCount } },
          resumed: { chunk in resumed.with { $0.append(chunk) } })
        let result: Result<LoadAnswer, LoadStop>
        do throws(LoadStop) { result = .success(try run.run()) } catch { result = .failure(error) }
        body(result, resumed.value)
      }
    }
  }

  @Test func everyChunkOnceAndInOrder() throws {
    let book = Shared(LoadBook())
    try load(book) { result, resumed in
      #expect((try? result.get())?.isCommitted == true)
      #expect(resumed == [])
    }
    #expect(book.value.next == 13)
    #expect(book.value.rows == 20_500)
    #expect(book.value.isCommitted)
  }

  @Test func aCutLoadGoesOnWhereTheServerSays() throws {
    let book = Shared(LoadBook(cutsLeft: 3))
    try load(book) { result, resumed in
      #expect((try? result.get())?.isCommitted == true)
      #expect(resumed == [3, 6, 9])
    }
    #expect(book.value.next == 13)
    #expect(book.value.isCommitted)
  }

  @Test func aServerThatNeverTakesAChunkIsGivenUp() throws {
    let attempts = Shared(0)
    try withImporter { importer, report in
      try withServer({ request, exchange in
        exchange.hangsUp = false
        guard case .beginLoad = request else {
          exchange.hangsUp = true
          return
        }
        attempts.with { $0 += 1 }
        exchange.answer(LoadReply(nextChunk: 0))
      }) { (connection) throws in
        let run = LoadRun(
          connection: connection, importer: importer,
          load: LoadDescription(id: report.loadID, mode: .merge, chunkCount: 13, force: false),
          isInterrupted: { false }, progress: { _ in }, resumed: { _ in }, pauseNanoseconds: 1000)
        #expect(throws: LoadStop.self) { try run.run() }
      }
    }
    #expect(attempts.value == LoadRun.attemptLimit + 1)
  }

  @Test func aServerThatIsAwayForAMomentIsWaitedFor() throws {
    // Cut at every beginning after the first, as while it restarts.
    let cutsLeft = Shared(3)
    let hasBegun = Shared(false)
    let book = Shared(LoadBook(cutsLeft: 1))
    try withImporter { importer, report in
      // No patience within a call: the load itself has to try again.
      try withServer(
        patience: 0,
        { request, exchange in
          if case .beginLoad = request, hasBegun.value, cutsLeft.value > 0 {
            cutsLeft.with { $0 -= 1 }
            exchange.hangsUp = true
            return
          }
          hasBegun.with { $0 = true }
          book.with { $0.take(request, &exchange) }
        }
      ) { (connection) throws in
        let run = LoadRun(
          connection: connection, importer: importer,
          load: LoadDescription(
            id: report.loadID, mode: .merge, chunkCount: UInt32(report.chunkCount), force: false),
          isInterrupted: { false }, progress: { _ in }, resumed: { _ in }, pauseNanoseconds: 1000)
        #expect(try run.run().isCommitted)
      }
    }
    #expect(book.value.next == 13)
    #expect(cutsLeft.value == 0)
  }

  @Test func anInterruptedLoadStaysOpenAndResumes() throws {
    let book = Shared(LoadBook())
    try load(book, interruptAfter: 4) { result, _ in
      guard case .failure(.interrupted) = result else {
        Issue.record("\(result)")
        return
      }
    }
    #expect(!book.value.isCommitted)
    let reached = book.value.next
    try load(book) { result, resumed in
      #expect((try? result.get())?.isCommitted == true)
      #expect(resumed == (reached == 0 ? [] : [UInt64(reached)]))
    }
  }

  @Test func theFirstRefusalIsTheOneTold() throws {
    let book = Shared(LoadBook(refusesChunk: 5))
    try load(book) { result, _ in
      guard case .failure(.client(.refused(let refusal))) = result else {
        Issue.record("\(result)")
        return
      }
      #expect(refusal.reason == "ROW_INVALID")
      #expect(refusal.row == 7)
    }
    #expect(!book.value.isCommitted)
  }

  /// A server that has committed these files already takes them under a second id only.
  @Test(arguments: [false, true])
  func filesCommittedAMomentAgo(isAgain: Bool) throws {
    let ids = Shared<[String]>([])
    let book = Shared(LoadBook())
    try withImporter { importer, report in
      let committed = report.loadID
      try withServer({ request, exchange in
        if case .beginLoad(let load) = request {
          ids.with { $0.append("\(load.id)") }
          if load.id == committed {
            exchange.answer(LoadReply(nextChunk: 13, committed: true))
            return
          }
        }
        book.with { $0.take(request, &exchange) }
      }) { (connection) throws in
        let told = Shared(0)
        let run = LoadRun(
          connection: connection, importer: importer,
          load: LoadDescription(id: committed, mode: .merge, chunkCount: 13, force: false),
          isInterrupted: { false }, progress: { _ in }, resumed: { _ in }, isAgain: isAgain,
          wasCommitted: { told.with { $0 += 1 } })
        #expect(try run.run().isCommitted)
        #expect(told.value == (isAgain ? 0 : 1))
      }
      #expect(ids.value == (isAgain ? ["\(committed)", "\(committed)-again"] : ["\(committed)"]))
      #expect(book.value.rows == (isAgain ? 20_500 : 0))
    }
  }

  @Test func aLoadAlreadyCommittedIsDone() throws {
    let book = Shared(LoadBook(next: 13, isCommitted: true))
    try load(book) { result, _ in
      #expect((try? result.get())?.isCommitted == true)
    }
    #expect(book.value.rows == 0)
  }
}
