import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct ChangeRingTests {
  /// A ring after events that touched these items, the first at position 1.
  private func ring(_ events: [[UInt64]], capacity: Int) -> ChangeRing {
    var ring = ChangeRing(capacity: capacity)
    var stamps: [UInt64: Position] = [:]
    for (index, items) in events.enumerated() {
      let position = Position(index + 1)
      ring.begin(position, .feed)
      for item in items {
        let hash = mix(item)
        ring.record(item, hash: hash, isStamped: stamps[hash & 0xffff] == position)
        stamps[hash & 0xffff] = position
      }
    }
    return ring
  }

  private func entries(
    _ ring: borrowing ChangeRing, behind place: ChangePlace
  ) -> [[UInt64]]? {
    guard let first = ring.index(behind: place) else { return nil }
    return (first..<ring.end).map { [ring[$0].position, ring[$0].token] }
  }

  @Test func anEventRecordsAnItemOnce() {
    let ring = ring([[16, 32, 16, 16, 32], [16], [], [32, 32]], capacity: 8)
    #expect(
      entries(ring, behind: ChangePlace(position: 0))
        == [[1, 16], [1, 32], [2, 16], [4, 32]])
    #expect(ring[0].cause == .feed)
  }

  @Test func itemsWithTheSameHintAreNotLost() {
    // Two items whose hashes share their low 16 bits.
    let first: UInt64 = 16
    let second = stride(from: UInt64(32), to: .max, by: 16).first {
      mix($0) & 0xffff == mix(first) & 0xffff
    }
    guard let second else { return }
    let ring = ring([[first, second, first, second]], capacity: 8)
    let tokens = Set((entries(ring, behind: ChangePlace(position: 0)) ?? []).map { $0[1] })
    #expect(tokens == [first, second])
  }

  @Test func goesOnBehindAPlace() {
    let ring = ring([[16, 32, 48], [], [16, 64]], capacity: 8)
    #expect(entries(ring, behind: ChangePlace(position: 1)) == [[3, 16], [3, 64]])
    #expect(entries(ring, behind: ChangePlace(position: 2)) == [[3, 16], [3, 64]])
    #expect(entries(ring, behind: ChangePlace(position: 2, part: 1)) == [[3, 64]])
    #expect(
      entries(ring, behind: ChangePlace(position: 0, part: 2)) == [[1, 48], [3, 16], [3, 64]])
    // A part beyond an event ends with the event.
    #expect(entries(ring, behind: ChangePlace(position: 0, part: 9)) == [[3, 16], [3, 64]])
    #expect(entries(ring, behind: ChangePlace(position: 3)) == [])
    #expect(entries(ring, behind: ChangePlace(position: 9)) == [])
  }

  @Test func saysWhatItHasForgotten() {
    let ring = ring([[16, 32], [48, 64], [80]], capacity: 4)
    // The first of event 1 is gone: of what is behind position 0 something is missing.
    #expect(entries(ring, behind: ChangePlace(position: 0)) == nil)
    #expect(entries(ring, behind: ChangePlace(position: 1))?.count == 3)
  }

  @Test func aResetForgetsEverything() {
    var ring = ring([[16], [32]], capacity: 4)
    ring.reset(since: 7)
    #expect(entries(ring, behind: ChangePlace(position: 6)) == nil)
    #expect(entries(ring, behind: ChangePlace(position: 7)) == [])
    ring.begin(8, .held)
    ring.record(16, hash: mix(16), isStamped: false)
    #expect(entries(ring, behind: ChangePlace(position: 7)) == [[8, 16]])
  }

  /// Against a list: any place of any history, at any age.
  @Test func agreesWithAList() {
    var random = SplitMix(11)
    for round in 0..<200 {
      let capacity = 1 << random.below(6)
      let events = (0..<random.below(40)).map { _ in
        (0..<random.below(6)).map { _ in UInt64(random.below(5) + 1) * 16 }
      }
      let ring = ring(events, capacity: capacity)
      var all: [[UInt64]] = []
      for (index, items) in events.enumerated() {
        var seen: [UInt64] = []
        for item in items where !seen.contains(item) {
          seen.append(item)
          all.append([UInt64(index + 1), item])
        }
      }
      let kept = Array(all.suffix(capacity))
      for position in 0...UInt64(events.count) {
        let behind = all.filter { $0[0] > position }
        guard let found = entries(ring, behind: ChangePlace(position: position)) else {
          // Only where something behind it, or of the event of the oldest entry, is gone.
          #expect(all.count > capacity && position < kept[0][0], "round \(round)")
          continue
        }
        #expect(found == behind, "round \(round), behind \(position)")
      }
    }
  }
}
