import PromisedModel

/// How one promise turned out.
package struct PromiseOutcome: BitwiseCopyable, Sendable, Equatable {
  package var promisedDays: Int32
  package var deliveredDays: Int32
  package var node: UInt16
  /// The lane that brought it, `UInt32.max` = the network's own legs.
  package var lane: UInt32
  package var chance: UInt16
  package var level: UInt8
  package var confidence: UInt8
  package var isOnTime: Bool

  package init(
    promisedDays: Int32, deliveredDays: Int32, node: UInt16, lane: UInt32, chance: UInt16,
    level: UInt8, confidence: UInt8, isOnTime: Bool
  ) {
    self.promisedDays = promisedDays
    self.deliveredDays = deliveredDays
    self.node = node
    self.lane = lane
    self.chance = chance
    self.level = level
    self.confidence = confidence
    self.isOnTime = isOnTime
  }
}

/// The latest outcomes, at most `Limits.promiseOutcomes`: what accuracy is told from.
struct OutcomeTable {
  private var ring: [PromiseOutcome] = []
  private var oldest = 0

  var count: Int { ring.count }

  /// From the oldest to the latest.
  var rows: [PromiseOutcome] { Array(ring[oldest...] + ring[..<oldest]) }

  mutating func append(_ outcome: PromiseOutcome) {
    if ring.count < Limits.promiseOutcomes {
      ring.append(outcome)
    } else {
      ring[oldest] = outcome
      oldest = (oldest + 1) % ring.count
    }
  }

  func forEach(_ body: (PromiseOutcome) -> Void) {
    for place in oldest..<ring.count { body(ring[place]) }
    for place in 0..<oldest { body(ring[place]) }
  }
}

extension State {
  /// Seconds east of UTC where a promised shipment is delivered; 0 when the place has left the
  /// network.
  private func deliveryOffset(of promised: PromisedShipment, at unixSeconds: Int64) -> Int32 {
    var destination: Destination?
    promised.country.bytes.withUnsafeBufferPointer { country in
      promised.postcode.bytes.withUnsafeBufferPointer { postcode in
        destination = network.destination(
          country: BorrowedBytes(country), postcode: BorrowedBytes(postcode))
      }
    }
    if let destination {
      let station = network.destinations[Int(destination.index)].station
      if station != .noIndex {
        return network.utcOffset(of: UInt16(truncatingIfNeeded: station), at: unixSeconds)
      }
    }
    guard promised.lane < UInt32(network.lanes.count) else { return 0 }
    let zone = network.lanes[Int(promised.lane)].deliveryTimeZone
    return network.timeZoneRules[Int(zone)].offset(at: unixSeconds)
  }

  func learnDelivery(of holdID: UInt64, shipment number: UInt16, at unixSeconds: Int64) {
    guard let promised = promise(of: holdID, shipment: number) else { return }
    markDelivered(holdID, shipment: number, at: unixSeconds)
    let offset = deliveryOffset(of: promised, at: unixSeconds)
    let days = Int32(clamping: floorDivide(unixSeconds + Int64(offset), 86_400))
    let isOnTime = unixSeconds <= promised.windowToUnixSeconds
    outcomes.append(
      PromiseOutcome(
        promisedDays: promised.deliveryDays, deliveredDays: days, node: promised.node,
        lane: promised.lane, chance: promised.chance, level: promised.level.rawValue,
        confidence: promised.confidence.rawValue, isOnTime: isOnTime))
    calibration.observe(promised.level, promised.confidence, missed: !isOnTime)
  }
}
