import Glibc
import PromisedModel
import Testing

@testable import PromisedEngine

/// Counts the objects that the Swift runtime allocates on the calling thread.
///
/// The runtime keeps its allocation function in a variable, meant for instruments: while counting,
/// it points here. Memory that tables take from `malloc` is not counted; it is kept between
/// answers.
private enum ObjectCounter {
  typealias Allocate =
    @convention(c) (UnsafeRawPointer?, Int, Int) -> UnsafeMutableRawPointer?

  nonisolated(unsafe) static let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)
  nonisolated(unsafe) static let thread = UnsafeMutablePointer<pthread_t>.allocate(capacity: 1)
  nonisolated(unsafe) static let original = UnsafeMutablePointer<Allocate>.allocate(capacity: 1)

  /// Objects allocated by `body`, or nil when this runtime has no such variable.
  static func allocations(_ body: () -> Void) -> Int? {
    guard let variable = dlsym(nil, "_swift_allocObject"),
      let enabled = dlsym(
        nil, "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly")
    else { return nil }
    let hook = variable.assumingMemoryBound(to: Allocate.self)
    count.pointee = 0
    thread.pointee = pthread_self()
    original.pointee = hook.pointee
    hook.pointee = { metadata, size, mask in
      if pthread_self() == ObjectCounter.thread.pointee { ObjectCounter.count.pointee += 1 }
      return ObjectCounter.original.pointee(metadata, size, mask)
    }
    enabled.storeBytes(of: 1, as: UInt8.self)
    body()
    enabled.storeBytes(of: 0, as: UInt8.self)
    hook.pointee = original.pointee
    return count.pointee
  }
}

/// Alone in its process: exchanging the runtime's functions while other threads are inside them
/// crashes every other time.
@Suite(
  .serialized,
  .enabled(
    if: getenv("PROMISED_ALONE") != nil,
    "PROMISED_ALONE=1 swift test --filter AllocationTests runs them alone"))
struct AllocationTests {
  @Test func theCounterCounts() {
    // Without this a broken counter would let everything pass.
    let count = ObjectCounter.allocations {
      for size in 1...10 {
        _ = Array(repeating: size, count: size).withUnsafeBufferPointer { $0.count }
      }
    }
    #expect((count ?? 0) >= 10)
  }

  @Test func answersAllocateNothingInTheSteadyState() throws {
    let desk = try StateOfferTests.desk()
    StateOfferTests.publish(desk)
    try desk.put(Rows.items([Rows.Item(key: "A", demandMilli: 500, ratioMilli: 2000)]))
    try desk.put(Rows.inbound([("I", "A", "FC1", 3, desk.now.seconds + 60, .shipped)]))
    let lender = desk.lender
    let offer = OfferQuery(
      items: lender.keys(["A"]), quantities: .empty, country: lender.bytes("US"),
      postcodes: lender.names(["98109"]), withPath: true)
    let stock = AvailabilityQuery(items: lender.keys(["A"]), nodeNames: .empty)
    let future = InStockQuery(items: lender.keys(["A"]), horizonDays: 7)
    let hold = desk.holdCommand([Line("A", "FC1", 1)], seconds: 1)
    var offers = OfferReply()
    var availability = AvailabilityReply()
    var inStock = InStockReply()
    let state = desk.state
    var position = desk.position
    var now = desk.now
    var failures = 0
    func round() {
      do throws(Refusal) {
        offers.removeAll()
        availability.removeAll()
        inStock.removeAll()
        try state.answer(offer, at: now, into: &offers)
        try state.answer(stock, at: now, into: &availability)
        try state.answer(future, at: now, into: &inStock)
        position += 1
        state.apply(.held(try state.decide(hold, at: now)), at: position, time: now)
        now.milliseconds += 1000
        if let ids = state.expiredHolds(at: now) {
          position += 1
          state.apply(.holdsExpired(ids), at: position, time: now)
        }
      } catch {
        failures += 1
      }
    }
    for _ in 0..<700 { round() }
    let count = ObjectCounter.allocations { for _ in 0..<100 { round() } }
    #expect(failures == 0)
    #expect(count == 0)
  }
}
