import PromisedModel

/// What the rows of a batch have made of the units under way so far: a row is decided as if those
/// before it had been applied.
struct BatchInbound {
  private struct Shipment: Hashable {
    var reference: [UInt8]
    var item: UInt64
    var node: UInt16

    init(_ subject: FeedSubject) {
      reference = Array(subject.row.reference.buffer)
      item = subject.token
      node = subject.destination
    }
  }

  private var units: [Shipment: Int64] = [:]

  /// The units of a row's shipment after this batch's rows; nil = none of them spoke of it.
  func units(_ subject: FeedSubject) -> Int64? {
    units.isEmpty ? nil : units[Shipment(subject)]
  }

  mutating func put(_ subject: FeedSubject, units: Int64) {
    self.units[Shipment(subject)] = units
  }

  mutating func removeAll() { units.removeAll(keepingCapacity: true) }
}

extension State {
  /// The units of a row's shipment under way once it is applied; nil = it changes none.
  func inboundUnits(after subject: FeedSubject) -> Int64? {
    switch subject.kind {
    case .inbound: return subject.quantity
    case .transferOut: return inboundUnits(before: subject) + subject.quantity
    // More may come than was announced.
    case .transferIn, .inboundReceipt:
      return max(0, inboundUnits(before: subject) - subject.quantity)
    default: return nil
    }
  }

  private func inboundUnits(before subject: FeedSubject) -> Int64 {
    if let units = scratch.feed.inbound.units(subject) { return units }
    let there = inbound.find(
      shipment: subject.row.reference, item: subject.token, node: subject.destination)
    return there.map { Int64(inbound.row($0).quantity) } ?? 0
  }
}
