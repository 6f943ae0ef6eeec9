/// Which destinations something uncertain other than a lane can touch: a leg that may be late, or a
/// node that may take longer.
struct UncertainReach {
  private let image: NetworkImage
  /// The tier's legs by the node they lead to; empty when nothing is uncertain at all.
  private var starts: [Int] = []
  private var legs: [Int] = []
  private var isLate: [Bool] = []
  private var isSlow: [Bool] = []

  init(_ image: NetworkImage, tier: NetworkTier) {
    self.image = image
    let admitted = image.legs.indices.filter { tier.admits(image.legs[$0]) }
    isLate = image.legs.map { image.isUncertain($0.delays) }
    isSlow = image.nodes.map { node in node.map { image.isUncertain($0.handling) } ?? false }
    guard isSlow.contains(true) || admitted.contains(where: { isLate[$0] }) else { return }
    starts = Array(repeating: 0, count: image.nodes.count + 1)
    for leg in admitted { starts[Int(image.legs[leg].destination) + 1] += 1 }
    for node in image.nodes.indices { starts[node + 1] += starts[node] }
    var next = starts
    legs = Array(repeating: 0, count: admitted.count)
    for leg in admitted {
      let node = Int(image.legs[leg].destination)
      legs[next[node]] = leg
      next[node] += 1
    }
  }

  /// Whether nothing on any way to a destination is uncertain but what lanes take. O(legs).
  func isCertain(_ destination: DestinationRow, _ departures: NetworkDepartures) -> Bool {
    if starts.isEmpty { return true }
    var isSeen = Array(repeating: false, count: image.nodes.count)
    var open: [Int] = []
    func see(_ node: Int) {
      if isSeen[node] { return }
      isSeen[node] = true
      open.append(node)
    }
    if destination.station != .noIndex { see(Int(destination.station)) }
    let zone = Int(destination.zone)
    for slot in departures.laneStarts[zone]..<departures.laneStarts[zone + 1] {
      see(Int(image.lanes[departures.laneOrder[slot]].key.origin))
    }
    while let node = open.popLast() {
      if isSlow[node] { return false }
      for slot in starts[node]..<starts[node + 1] {
        if isLate[legs[slot]] { return false }
        see(Int(image.legs[legs[slot]].origin))
      }
    }
    return true
  }
}
