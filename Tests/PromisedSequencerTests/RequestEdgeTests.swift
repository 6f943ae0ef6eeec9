import PromisedModel
import Testing

@testable import PromisedSequencer

/// Reads, replies and keys where something waits for the disk or for room.
@Suite("Requests at their limits")
struct RequestEdgeTests {
  private func bench() throws -> (Workbench, Session, Session) {
    let bench = Workbench()
    try bench.stock(["A", "B"], onHand: 10)
    return (
      bench, bench.sequencer.openSession(slot: 1), bench.sequencer.openSession(slot: 2)
    )
  }

  private func availability(_ stream: UInt32, _ item: String, from minimum: UInt64) -> [UInt8] {
    Ask.frame(
      stream, "Inventory", "Availability",
      Ask.bytes(1, Ask.number(1, minimum)) + Ask.text(2, item)
        + Ask.packed(3, [UInt64(item.utf8.count)]))
  }

  @Test("a read from a position waits for it to be on disk, and is refused ahead of the log")
  func minimumPosition() throws {
    let (bench, alice, bob) = try bench()
    _ = bench.send(Ask.hold(1, key: "k", item: "A", quantity: 1), on: alice)
    let position = bench.sequencer.position
    // Of an item that nothing waits for.
    #expect(bench.send(availability(1, "B", from: position), on: bob).isEmpty)
    #expect(bench.send(availability(3, "B", from: position - 1), on: bob).count == 1)
    let ahead = bench.send(availability(5, "B", from: position + 1), on: bob)
    #expect(ahead.map { $0.says("POSITION_NOT_REACHED") } == [true])
    _ = bench.sequencer.markDurable(upTo: position)
    #expect(Frame.take(from: bob).map(\.streamID) == [1])
  }

  @Test("with as many replies waiting as may be, nothing more is decided until some leave")
  func manyWait() throws {
    let (bench, alice, _) = try bench()
    bench.put(Ask.hold(1, key: "k", item: "A", quantity: 1), on: alice)
    for read in 1..<Limits.inFlightPerConnection {
      bench.put(Ask.availability(UInt32(2 * read + 1), item: "A"), on: alice)
    }
    #expect(alice.heldCount == Limits.inFlightPerConnection)
    let next = Ask.availability(9001, item: "B")
    #expect(bench.queue(next, on: alice).consumed == 0 && alice.pendingOutputBytes > 0)
    _ = bench.sequencer.markDurable(upTo: bench.sequencer.position)
    #expect(Frame.take(from: alice).allSatisfy { !$0.isRefusal })
    #expect(bench.queue(next, on: alice).consumed == next.count)
  }

  @Test("with as much unread as may be, nothing more is decided until some is read")
  func muchUnread() throws {
    let (bench, alice, _) = try bench()
    let echo = Ask.bytes(1, [UInt8](repeating: 7, count: 4_000_000))
    for stream: UInt32 in [1, 3, 5] {
      bench.put(Ask.frame(stream, "Admin", "Ping", echo), on: alice)
    }
    #expect(alice.pendingOutputBytes >= Limits.pendingOutputBytes)
    let next = Ask.availability(7, item: "A")
    #expect(bench.queue(next, on: alice).consumed == 0)
    #expect(Frame.take(from: alice).map(\.streamID) == [1, 3, 5])
    #expect(bench.queue(next, on: alice).consumed == next.count)
  }

  /// What is refused for the moment was not decided: the same key is free to try again.
  @Test("a refusal of the moment is not kept under its key")
  func refusedForTheMoment() throws {
    let (bench, _, _) = try bench()
    let key = Array("k".utf8)
    let before = bench.sequencer.position
    for code in [OutcomeCode.networkNotReady, .insufficientStock] {
      key.withUnsafeBufferPointer { bytes in
        let key = CommandKey(bytes: BorrowedBytes(bytes), bodyDigest: 1)
        do throws(Refusal) {
          try bench.sequencer.remember(Refusal(code, "no"), under: key)
        } catch { #expect(error.code == code) }
      }
      #expect(bench.sequencer.position == before + (code.isRetryable ? 0 : 1))
    }
  }
}
