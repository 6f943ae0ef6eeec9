import PromisedWire

/// What happens to a hold between the cart and the truck.
extension Run {
  func extend(_ hold: Int, seconds: Int, key: String) throws(Difference) {
    model.advance(to: now)
    let (id, owner) = named(hold)
    let found = answer(
      service.ask(
        .extend(
          .id(id), owner: Names.owners[owner], key: key, timeToLiveSeconds: UInt64(seconds)),
        at: now))
    let expected = model.extend(
      hold: hold, id: id, seconds: seconds, owner: owner, key: key, at: now)
    try compare(expected, found, "extend")
  }

  func consume(_ hold: Int, line: Int?, units: Int64, key: String) throws(Difference) {
    model.advance(to: now)
    let (id, owner) = named(hold)
    var lines: [ClaimLine] = []
    if let line { lines = [ClaimLine(place: place(of: hold, line), quantity: units)] }
    let found = answer(
      service.ask(
        .consume(.id(id), lines.map(wireLine), owner: Names.owners[owner], key: key), at: now))
    let expected = model.consume(
      hold: hold, id: id, lines: lines, owner: owner, key: key, at: now)
    try compare(expected, found, "consume")
  }

  func pick(
    _ hold: Int, line: Int, units: Int64, missing: Int64, key: String
  ) throws(Difference) {
    model.advance(to: now)
    let (id, owner) = named(hold)
    // Nothing at all would be no intent.
    let line = ClaimLine(
      place: place(of: hold, line), quantity: units + missing == 0 ? 1 : units)
    let found = answer(
      service.ask(
        .pick(
          .id(id), [wireLine(line)], missing: [missing], owner: Names.owners[owner], key: key),
        at: now))
    let expected = model.pick(
      hold: hold, id: id, line: line, missing: missing, owner: owner, key: key, at: now)
    try compare(expected, found, "pick")
  }

  private func named(_ hold: Int) -> (id: UInt64, owner: Int) {
    (ids[hold] ?? UInt64.max >> 1, model.holds[hold]?.owner ?? 0)
  }

  /// Where a line of the hold claims; any place for a hold that is not known.
  private func place(of hold: Int, _ line: Int) -> Place {
    let lines = model.holds[hold]?.lines ?? []
    return lines.isEmpty ? Place(item: 0, node: 0) : lines[line % lines.count].place
  }

  private func wireLine(_ line: ClaimLine) -> HoldLine {
    HoldLine(
      item: Names.item(line.place.item), node: Names.node(line.place.node),
      quantity: line.quantity)
  }
}
