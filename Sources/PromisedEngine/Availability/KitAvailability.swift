import PromisedInvariants
import PromisedModel

/// Kits: what is assembled, and what their components make.
extension State {
  /// What may be promised of a kit by date: at each node what is assembled there, and as many as the
  /// scarcest component makes there; over several nodes the sum of that.
  func appendKit(_ subject: AtpSubject, into reply: inout AtpReply) {
    let first = reply.stepUnits.count
    let steps = kitSteps(subject, .none)
    for (time, units) in steps { reply.appendStep(time, units, after: first) }
    reply.codes.append(0)
    reply.availableNow.append(reply.stepUnits[first])
    reply.stepCounts.append(UInt32(reply.stepUnits.count - first))
    reply.unsourced.append(0)
    var found: (time: Int64, source: SupplySource?) = (0, nil)
    if let step = steps.first(where: { $0.units >= subject.quantity }) {
      found = (step.time, step.time == subject.now ? .onHand : .inbound)
    }
    var left: Int64 = 0
    if hasBackorders(subject.token) {
      let all = kitSteps(subject, .all)
      left = max(0, all[0].units - steps[0].units)
      if found.source != .onHand {
        let preorders = kitSteps(subject, .preorders)
        let step = preorders.first { $0.units >= subject.quantity }
        if let step, found.source == nil || step.time < found.time {
          found = (step.time, .preorder)
        } else if found.source == nil && all[0].units >= subject.quantity {
          found = (subject.now, .backorder)
        }
      }
    }
    reply.backorderLeft.append(left)
    reply.firstUnixSeconds.append(found.time)
    reply.firstSources.append(UInt32(found.source?.rawValue ?? 0))
  }

  private func hasBackorders(_ kit: UInt64) -> Bool {
    backorders.first(of: kit) != nil
      || kits.components(of: kit).contains { backorders.first(of: $0.item) != nil }
  }

  /// The steps of a kit, not yet joined where they are equal.
  func kitSteps(
    _ subject: AtpSubject, _ use: BackorderUse
  ) -> [(time: Int64, units: Int64)] {
    let parts = [KitComponent(item: subject.token, units: 1)] + kits.components(of: subject.token)
    var only: UInt16?
    if case .node(let node) = subject.place { only = node }
    scratch.times.removeAll()
    scratch.times.append(subject.now)
    var nodes: [UInt16] = []
    for part in parts {
      observe(item: part.item)
      fillModel(
        of: part.item, positions.find(part.item), node: only, backorders: use, at: subject.now,
        confidence: subject.confidence)
      appendTimes(of: subject)
      for index in 0..<scratch.model.spans.count {
        let node = scratch.model.spans[index].node
        if isMember(node, of: subject.place) { nodes.append(node) }
      }
    }
    nodes.sort()
    let places = nodes.enumerated().filter { $0.offset == 0 || nodes[$0.offset - 1] != $0.element }
      .map(\.element)
    let times = (0..<scratch.times.count).map { scratch.times[$0] }
    var own: [Int64] = []
    var made: [Int64] = []
    for (number, part) in parts.enumerated() {
      fillModel(
        of: part.item, positions.find(part.item), node: only, backorders: use, at: subject.now,
        confidence: subject.confidence)
      scratch.model.work += places.count * times.count
      if scratch.model.work > Limits.atpWork { break }
      for (place, node) in places.enumerated() {
        for (index, time) in times.enumerated() {
          let limit = max(
            0,
            scratch.model.nodeLimit(
              node, due: UInt32(clamping: time), channel: subject.channel))
          let units = limit / Int64(part.units)
          let cell = place * times.count + index
          switch number {
          case 0: own.append(limit)
          case 1: made.append(units)
          default: made[cell] = min(made[cell], units)
          }
        }
      }
    }
    return times.enumerated().map { index, time in
      var units: Int64 = 0
      for place in places.indices {
        let cell = place * times.count + index
        // Cut off when it costs too much: then the whole answer is refused.
        units += (cell < own.count ? own[cell] : 0) + (cell < made.count ? made[cell] : 0)
      }
      return (time, units)
    }
  }
}
