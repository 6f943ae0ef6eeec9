import PromisedSequencer

/// When the loop works out what sellers are expected to sell: small slices, so that nobody waits.
struct SellThroughSchedule {
  /// About a third of a millisecond under load, two when there is nothing else to do.
  private static var busyItems: Int { 32 }
  private static var idleItems: Int { 192 }
  private static var sliceNanoseconds: UInt64 { 20_000_000 }
  private var nextSliceAt: UInt64 = 0

  mutating func advance(_ sequencer: Sequencer, now: UInt64, isIdle: Bool) {
    if !sequencer.isSellThroughDue || (now < nextSliceAt && !isIdle) { return }
    nextSliceAt = now &+ Self.sliceNanoseconds
    sequencer.figureSellThrough(units: isIdle ? Self.idleItems : Self.busyItems)
  }
}

extension Server {
  func runSellThrough() {
    sellThrough.advance(
      sequencer, now: clock.monotonicNanoseconds(), isIdle: events.isEmpty)
  }
}
