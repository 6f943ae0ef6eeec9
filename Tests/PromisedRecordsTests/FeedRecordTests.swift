import PromisedBytes
import PromisedModel
import Testing

@testable import PromisedRecords

extension EventRecordTests {
  static func keys(_ names: String...) -> PackedKeys {
    var packed = PackedKeys()
    for name in names { packed.append(Array(name.utf8)) }
    return packed
  }

  static func parkedRow() -> ParkedRow {
    var row = ParkedRow()
    row.source = Name("wms")
    row.sequence = 7
    row.item = Name("unknown")
    row.node = Name("F1")
    row.kind = 10
    row.quantity = 3
    row.occurredMilliseconds = 1_790_000_000_123
    row.reference = Name("T1")
    row.destination = Name("F2")
    row.etaUnixSeconds = 5
    row.earlyUnixSeconds = 4
    row.lateUnixSeconds = 6
    row.stage = 2
    row.disposition = 1
    row.fromDisposition = 3
    row.cause = 7
    row.holdID = 99
    row.isNetOfAllocations = true
    return row
  }

  /// A feed event in which nothing is left out.
  static func detailedFeed() -> FeedEvent {
    var event = FeedEvent()
    event.source = Name("wms")
    event.lastSequence = 12
    event.keys = keys("A", "B")
    event.nodes = [1, 2]
    event.kinds = [10, 13]
    event.quantities = [5, 6]
    event.details.sequences = [9, 12]
    event.details.occurredMilliseconds = [0, 1_790_000_000_123]
    event.details.references = keys("T1", "")
    event.details.destinations = [3, 0]
    event.details.etaUnixSeconds = [1, 0]
    event.details.earlyUnixSeconds = [1, 0]
    event.details.lateUnixSeconds = [2, 0]
    event.details.stages = [0, 1]
    event.details.dispositions = [0, 1]
    event.details.fromDispositions = [0, 2]
    event.details.causes = [3, 0]
    event.details.holdIDs = [0, 8]
    event.flags = [0, 1]
    event.gaps = 4
    event.refusedRows = 1
    event.repeatedRows = 2
    event.isSparse = true
    event.lastOccurredMilliseconds = 1_790_000_000_123
    event.parked = [parkedRow()]
    event.aliveNodes = [4, 5]
    return event
  }

  static func everyFeedBlock() -> [StateBlock] {
    var journal = JournalRows()
    journal.keys = keys("A", "A")
    journal.nodes = [1, 2]
    journal.sourceNames = [Name("wms")]
    journal.sources = [0, 0]
    journal.when = [1 << 16 | 10, 1 << 16 | 10 | 6 << 5 | 1 << 12]
    journal.sequences = [7, 0]
    journal.deltas = [-3, 3]
    journal.references = keys("T1")
    var counts = CountRows()
    counts.keys = keys("A")
    counts.nodes = [1]
    counts.instants = [5]
    counts.toldAtMilliseconds = [6]
    var service = ServiceJournalRows()
    service.keys = keys("A", "B")
    service.nodes = [1, 2]
    service.occurredMilliseconds = [5, 6000]
    service.loggedSeconds = [5, 6]
    service.onHand = [-3, 0]
    service.allocated = [-3, 2]
    service.picked = [-1, 0]
    service.stated = [0, 1]
    var standing = FeedStanding()
    standing.serviceJournalSinceSeconds = 3
    standing.stockLoadedAtMilliseconds = 4001
    standing.journalSinceSeconds = 5
    standing.markSeconds = [6, 7]
    standing.markCounts = [1, 1]
    standing.heardAtMilliseconds = [0, 9]
    standing.failures = [parkedRow()]
    standing.failureCodes = [46]
    return [
      .journal(journal), .countInstants(counts), .parked([parkedRow()]),
      .feedStanding(standing), .serviceJournal(service),
    ]
  }

  @Test func blocksOfTheFeedAreCheckedColumnByColumn() {
    for block in Self.everyFeedBlock() { #expect(fault(of: block) == nil) }
    guard case .journal(let good) = Self.everyFeedBlock()[0] else { return }
    let changes: [(String, (inout JournalRows) -> Void)] = [
      ("journal columns", { $0.nodes = [] }), ("journal columns", { $0.deltas = [] }),
      ("journal columns", { $0.sequences = [1] }), ("journal source", { $0.sources = [0, 1] }),
      ("journal references", { $0.references = PackedKeys() }),
      ("journal kind", { $0.when[0] = 0 }), ("journal kind", { $0.when[0] = 18 }),
    ]
    for (what, change) in changes {
      var bad = good
      change(&bad)
      #expect(fault(of: .journal(bad)) == .malformed(what))
    }
    var service = ServiceJournalRows()
    service.nodes = [1]
    #expect(fault(of: .serviceJournal(service)) == .malformed("service journal columns"))
    service = ServiceJournalRows()
    service.picked = [1]
    #expect(fault(of: .serviceJournal(service)) == .malformed("service journal columns"))
    guard case .serviceJournal(var odd) = Self.everyFeedBlock()[4] else { return }
    odd.stated[0] = 2
    #expect(fault(of: .serviceJournal(odd)) == .malformed("stated stock"))
    var counts = CountRows()
    counts.nodes = [1]
    #expect(fault(of: .countInstants(counts)) == .malformed("count columns"))
    var standing = FeedStanding()
    standing.markSeconds = [1]
    #expect(fault(of: .feedStanding(standing)) == .malformed("journal marks"))
    standing = FeedStanding()
    standing.failureCodes = [1]
    #expect(fault(of: .feedStanding(standing)) == .malformed("parked failures"))
    var row = Self.parkedRow()
    row.kind = 18
    #expect(fault(of: .parked([row])) == .malformed("parked kind"))
  }

  private func fault(of block: StateBlock) -> RecordError? {
    let kind = block.recordKind
    var writer = FieldWriter()
    block.write(to: &writer)
    do throws(RecordError) {
      _ = try StateBlock(kind: kind, writer.buffer.bytes)
    } catch {
      return error
    }
    return nil
  }
}
