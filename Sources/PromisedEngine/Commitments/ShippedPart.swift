import PromisedModel

/// What of a hold's promises has left: it keeps the room it took, whatever becomes of the rest.
extension State {
  /// Units of the hold have left.
  func hasShipped(_ slot: Int) -> Bool {
    for index in 0..<Int(holds.hold(slot).lineCount) where holds.lines(slot)[index].shipped > 0 {
      return true
    }
    return false
  }

  /// Whether the promises of a hold take room: those of what is alive, or has left.
  func keepsRoom(_ slot: Int) -> Bool {
    switch holds.state(slot) {
    case .held, .committed, .consumed: true
    case .released: hasShipped(slot)
    case .expired: false
    }
  }

  /// The shipments of a hold of which something has left, with the room of just that.
  func shippedPart(of slot: Int) -> [KeptShipment] {
    var kept: [KeptShipment] = []
    for (number, block) in promises.blocks(from: holds.hold(slot).promises).enumerated() {
      var shipment = promises.shipment(block)
      let lines = Int(shipment.firstLine)..<Int(shipment.firstLine + shipment.lineCount)
      if !lines.contains(where: { holds.lines(slot)[$0].shipped > 0 }) { continue }
      shipment.claims = Self.claims(shipment.claims, without: unshipped(lines, of: slot))
      kept.append(KeptShipment(number: UInt16(number), shipment: shipment))
    }
    return kept
  }

  /// Units of lines that have not left; of a kit those of which nothing has.
  private func unshipped(_ lines: Range<Int>, of slot: Int) -> Int64 {
    let all = holds.lines(slot)
    var units: Int64 = 0
    var kits: Int64 = 0
    var left: Int64 = 0
    for index in lines {
      let line = all[index]
      if line.isComponent {
        // Kits whose units of this component are all there yet.
        let each = max(1, (Int64(line.quantity) + Int64(line.shipped)) / max(1, kits))
        left = min(left, Int64(line.quantity) / each)
        continue
      }
      units += left
      (kits, left) = line.isHeading ? (Int64(line.quantity), Int64(line.quantity)) : (0, 0)
      if !line.isHeading { units += Int64(line.quantity) }
    }
    return units + left
  }
}
