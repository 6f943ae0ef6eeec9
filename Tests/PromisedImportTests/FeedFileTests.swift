import PromisedImport
import PromisedModel
import Testing

/// Files of `promise feed`.
@Suite struct FeedFileTests {
  private func read(
    _ text: String, after: UInt64 = 0, limit: Int = 100, piece: Int = .max
  ) -> (reader: FeedFileReader, batches: [FeedBatch]) {
    var reader = FeedFileReader(file: "feed.csv")
    var batches: [FeedBatch] = []
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + min(piece, bytes.count))
      reader.read(Array(bytes[start..<end]), after: after, limit: limit) { batches.append($0) }
      start = end
    }
    reader.finish(after: after, limit: limit) { batches.append($0) }
    return (reader, batches)
  }

  private let every =
    "kind,item,node,quantity,sequence,occurred,reference,destination,eta,eta_early,eta_late,stage,"
    + "disposition,from_disposition,cause,hold\n"
    + "transfer-out,A,F1,4,7,2026-12-20T18:00:00Z,T1,F2,2026-12-21T00:00:00Z,,"
    + "2026-12-22T00:00:00+01:00,,,,,\r\n"
    + "inspected,B,F1,1,9,1790000000123,,,,,,,unfulfillable,in-processing,,\n"
    + "adjustment,A,F1,-3,12,,,,,,,,,,theft,\n\n"
    + "shipment,A,F2,3,13,,,,,,,,,,,42\n"
    + "inbound,A,F2,3,14,,IN,,2026-12-21T00:00:00Z,,,shipped,,,,"

  @Test func everyColumnIsReadHoweverTheFileIsCut() {
    for piece in [Int.max, 1, 7, 64] {
      let (reader, batches) = read(every, piece: piece)
      #expect(reader.problems.kept == [] && reader.rowCount == 5 && reader.isSparse)
      guard batches.count == 1 else {
        Issue.record("\(batches.count) batches")
        continue
      }
      let rows = batches[0].rows
      #expect(rows.kinds == [10, 13, 3, 2, 14] && rows.quantities == [4, 1, -3, 3, 3])
      #expect(rows.details.sequences == [7, 9, 12, 13, 14])
      #expect(
        rows.details.occurredMilliseconds == [1_797_789_600_000, 1_790_000_000_123, 0, 0, 0])
      #expect(rows.details.references.lengths == [2, 0, 0, 0, 2])
      #expect(rows.nodeNames == [Name("F1"), Name("F2")] && rows.nodes == [0, 0, 0, 1, 1])
      #expect(rows.details.destinations == [1, 0, 0, 0, 0])
      #expect(rows.details.lateUnixSeconds[0] - rows.details.etaUnixSeconds[0] == 82_800)
      #expect(rows.details.stages == [0, 0, 0, 0, 3] && rows.details.holdIDs == [0, 0, 0, 42, 0])
      #expect(rows.details.dispositions == [0, 1, 0, 0, 0])
      #expect(rows.details.fromDispositions == [0, 3, 0, 0, 0])
      #expect(rows.details.causes == [0, 0, 4, 0, 0])
      #expect(batches[0].lines == [2, 3, 4, 6, 7])
      #expect(batches[0].texts[3] == "shipment,A,F2,3,13,,,,,,,,,,,42")
    }
  }

  @Test func rowsThatWereRefusedAreReadWithoutTheirOutcomes() {
    let (reader, batches) = read(
      "item,outcome,node,kind,quantity\nA,ON_HAND_NEGATIVE,F1,shipment,3\n"
        + "\"A,B\",,F1,receipt,1\n")
    #expect(reader.problems.kept == [] && reader.hasOutcomes)
    #expect(reader.header == "item,node,kind,quantity")
    #expect(batches.map(\.texts) == [["A,F1,shipment,3", "\"A,B\",F1,receipt,1"]])
    #expect(batches[0].rows.kinds == [2, 1] && batches[0].rows.quantities == [3, 1])
    #expect(!read("item,node,kind,quantity\nA,F1,receipt,1\n").reader.hasOutcomes)
    let twice = read("item,node,kind,quantity,outcome,outcome\n").reader
    #expect(twice.problems.kept.map(\.column) == ["outcome"])
  }

  @Test func rowsAreNumberedByTheirPlaceAndPassedOver() {
    let text = "item,node,kind,quantity\n" + (1...10).map { "A,F1,receipt,\($0)\n" }.joined()
    let (_, all) = read(text, limit: 4)
    #expect(all.map(\.count) == [4, 4, 2] && all.map(\.firstSequence) == [1, 5, 9])
    #expect(all.allSatisfy { $0.rows.details.isEmpty })
    let (reader, rest) = read(text, after: 7, limit: 4)
    #expect(rest.map(\.firstSequence) == [8] && rest[0].rows.quantities == [8, 9, 10])
    #expect(reader.rowCount == 10)
  }

  @Test func mistakesAreToldByLineAndNothingBehindThemIsHandedOver() {
    let (reader, batches) = read(
      "item,node,kind,quantity\nA,F1,receipt,1\nA,F1,sold,1\nA,,receipt,1\nA,F1,receipt,-1\n"
        + "A,F1,receipt\nA,F1,adjustment,-1\n\"A,F1,receipt,1\n")
    #expect(batches.map(\.count) == [1])
    let told = reader.problems.kept.map { "\($0.line) \($0.column)" }
    #expect(told == ["3 kind", "4 node", "5 quantity", "6 ", "8 "])
    #expect(reader.problems.kept[2].description.contains("-1"))
    let sparse = read("item,node,kind,quantity,sequence\nA,F1,receipt,1,5\nA,F1,receipt,1,5\n")
    #expect(sparse.reader.problems.kept.map(\.line) == [3])
    let header = read("item,knode,kind,quantity,item\nA,F1,receipt,1,A\n").reader
    #expect(header.problems.kept.map(\.column) == ["knode", "item", "node"])
    #expect(
      read("").reader.problems.kept.map(\.allowed) == ["a header row of item,node,kind,quantity"])
  }

  @Test func whatIsReadFromAPipeIsHandedOverAtOnce() {
    var reader = FeedFileReader(file: "-")
    var batches: [FeedBatch] = []
    reader.read(
      Array("item,node,kind,quantity\nA,F1,receipt,1\nA,F1,rec".utf8), after: 0, limit: 100
    ) { batches.append($0) }
    reader.flush { batches.append($0) }
    #expect(batches.map(\.count) == [1])
    reader.read(Array("eipt,2\n".utf8), after: 0, limit: 100) { batches.append($0) }
    reader.flush { batches.append($0) }
    #expect(batches.map(\.firstSequence) == [1, 2] && batches[1].rows.quantities == [2])
  }
}
