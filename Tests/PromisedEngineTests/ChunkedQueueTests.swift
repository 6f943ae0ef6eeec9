import Testing

@testable import PromisedEngine

/// A queue of numbers against an array: 2 KiB an element, so that a chunk has 2,048 of them.
@Suite struct ChunkedQueueTests {
  private struct Wide: BitwiseCopyable {
    var number: UInt64
    var rest: InlineArray<255, UInt64>

    init(_ number: UInt64) {
      self.number = number
      rest = InlineArray(repeating: number)
    }
  }

  @Test func elementsStayWhatTheyAreWhileChunksComeAndGo() {
    var queue = ChunkedQueue<Wide>()
    var random = SplitMix(7)
    for _ in 0..<60 {
      let added = Int(random.next() % 900)
      queue.reserve(added)
      for _ in 0..<added { queue.append(Wide(queue.end &* 3)) }
      let kept = min(queue.count, Int(random.next() % 4000))
      queue.forget(before: queue.end - UInt64(kept))
      for number in queue.first..<queue.end {
        let element = queue.at(number)
        #expect(element.pointee.number == number &* 3 && element.pointee.rest[254] == number &* 3)
      }
    }
    #expect(queue.end > 20_000)
  }

  @Test func aQueueThatIsForgottenAsItGrowsTakesNoMoreMemory() {
    var queue = ChunkedQueue<Wide>()
    var places = Set<UnsafeMutablePointer<Wide>>()
    for _ in 0..<20_000 {
      queue.reserve(1)
      queue.append(Wide(1))
      places.insert(queue.at(queue.end - 1))
      if queue.count > 600 { queue.forget(before: queue.end - 600) }
    }
    // 600 elements lie in two chunks of 2,048 at most.
    #expect(places.count <= 2 * 2048, "\(places.count)")
  }

  @Test func itemsAndSalesAreReadInOneLine() {
    #expect(MemoryLayout<ItemAttributes>.stride == 64)
    #expect(MemoryLayout<ActiveItem>.stride == 96)
    #expect(MemoryLayout<ActiveItem>.offset(of: \.isInStock) == 31)
    // A table that grows stays in line, and keeps what it has.
    var store = Store<UInt64>(capacity: 1)
    for value in 0..<100_000 {
      store.append(UInt64(value))
      if value & (value - 1) == 0 {
        #expect(UInt(bitPattern: store.base) % 64 == 0)
        for there in 0...value { #expect(store[there] == UInt64(there)) }
      }
    }
  }
}
