import PromisedInvariants
import PromisedModel

/// What is asked of holds, checked; and what their refusals say.
extension State {
  func checkForm(of command: HoldCommand) throws(Refusal) {
    if !Name.isValid(command.owner.buffer) {
      throw Refusal(.keyInvalid, "owner must have 1 to 64 bytes of UTF-8 without controls")
    }
    if !command.name.isEmpty && !Name.isValid(command.name.buffer) {
      throw Refusal(.keyInvalid, "name must have 1 to 64 bytes of UTF-8 without controls")
    }
    if command.lines.count == 0 && command.tokens.isEmpty {
      throw Refusal(.fieldMissing, "a hold needs at least one line or token")
    }
    try checkForm(of: command.lines)
    try checkTimeToLive(command.timeToLiveSeconds)
    if command.tokens.isEmpty { return }
    let lines = command.lines
    if command.fill != .fillOrKill || !lines.dues.isEmpty || !lines.groupNames.isEmpty {
      throw Refusal(
        .fieldOutOfRange,
        "fill, due_unix_s and groups must be empty where tokens are redeemed: what is promised is"
          + " whole, at its nodes and by its own date")
    }
  }

  func checkForm(of lines: HoldRequestLines) throws(Refusal) {
    let count = lines.count
    if count > Limits.linesPerHold {
      throw Refusal(.tooManyRows, "a hold has \(count) lines: at most \(Limits.linesPerHold)")
    }
    if lines.nodes.count != count || lines.items.count != count || !areWithin(lines.items)
      || (!lines.dues.isEmpty && lines.dues.count != count)
    {
      throw Refusal(.columnLengthMismatch, "every column of a hold must have \(count) rows")
    }
  }

  func checkTimeToLive(_ seconds: Int64) throws(Refusal) {
    if seconds < 0 || seconds > Limits.holdMaximumSeconds {
      throw Refusal(
        .fieldOutOfRange,
        "ttl_s is \(seconds): 1 to \(Limits.holdMaximumSeconds), or 0 for"
          + " \(Limits.holdDefaultSeconds)")
    }
  }

  /// When what is held now for so long expires.
  func expiry(after seconds: Int64, at now: UnixMilliseconds) throws(Refusal) -> UnixMilliseconds {
    let seconds = seconds == 0 ? Limits.holdDefaultSeconds : seconds
    let expiry = now.milliseconds.addingReportingOverflow(seconds * 1000)
    if expiry.overflow { throw Refusal(.fieldOutOfRange, "the hold would expire after all time") }
    return UnixMilliseconds(expiry.partialValue)
  }

  /// The lines of a request with what they name looked up.
  ///
  /// - Parameter least: the least quantity of a row.
  /// - Throws: CHANNEL_UNKNOWN; for the first row concerned FIELD_OUT_OF_RANGE, NODE_UNKNOWN,
  ///   GROUP_UNKNOWN, ITEM_UNKNOWN.
  func resolve(
    _ lines: HoldRequestLines, least: Int32 = 1, at now: UnixMilliseconds
  ) throws(Refusal) -> [ClaimWish] {
    observeNetwork()
    let channel = try channelIndex(lines.channel)
    var wishes: [ClaimWish] = []
    wishes.reserveCapacity(lines.count)
    var offset = 0
    for row in 0..<lines.count {
      let key = lines.items.key(row, at: &offset)
      try checkQuantity(lines.quantities[row], least: least, key: key, row: row)
      let due = lines.dues.isEmpty ? 0 : lines.dues[row]
      if due < 0 || due > Int64(UInt32.max) {
        throw Refusal(
          .fieldOutOfRange, "due_unix_s is \(due): 0 for now, to \(UInt32.max)", key: key.name,
          row: Int32(row))
      }
      let place = try place(row, of: lines)
      let token = itemKeys.token(key)
      observe(item: token)
      if token == 0 || positions.find(token) < 0 { throw unknownItem(key.name, row: row) }
      wishes.append(
        ClaimWish(
          item: token, units: Int64(lines.quantities[row]),
          due: due <= now.seconds ? 0 : UInt32(due), place: place.index, channel: channel,
          isPool: place.isPool))
    }
    return wishes
  }

  private func place(
    _ row: Int, of lines: HoldRequestLines
  ) throws(Refusal) -> (index: UInt16, isPool: Bool) {
    let index = Int(lines.nodes[row])
    if index >= lines.nodeNames.count + lines.groupNames.count {
      throw unnamedPlace(lines, row: row)
    }
    if index >= lines.nodeNames.count {
      let name = lines.groupNames[index - lines.nodeNames.count]
      return (try groupIndex(name, row: row), true)
    }
    guard let node = network.nodeIndex(lines.nodeNames[index]) else {
      throw unknownNode(lines.nodeNames[index].name, row: row)
    }
    return (node, false)
  }

  func unnamedPlace(_ lines: HoldRequestLines, row: Int) -> Refusal {
    let groups = lines.groupNames.count
    return Refusal(
      .fieldOutOfRange,
      "node index is \(lines.nodes[row]): the request names \(lines.nodeNames.count) nodes"
        + (groups == 0 ? "" : " and \(groups) groups"), row: Int32(row))
  }

  func checkQuantity(
    _ quantity: Int32, least: Int32 = 1, key: BorrowedBytes, row: Int
  ) throws(Refusal) {
    if quantity < least || quantity > Limits.unitsPerPosition {
      throw Refusal(
        .fieldOutOfRange, "quantity is \(quantity): \(least) to \(Limits.unitsPerPosition)",
        key: key.name, row: Int32(row))
    }
  }

  // MARK: Refusals

  /// INSUFFICIENT_STOCK with what there is, when more will be, and what the owner's own holds that
  /// are not committed have of it, where giving them back would do.
  func insufficientStock(
    _ wish: ClaimWish, available: Int64, row: Int, owner: BorrowedBytes = .empty,
    amending slot: Int? = nil, at now: UnixMilliseconds
  ) -> Refusal {
    let key = itemKeys.name(wish.item)
    let there = max(0, available)
    let next = nextSupply(
      of: wish.item, node: wish.isPool ? nil : wish.place,
      after: max(now.seconds, Int64(wish.due)))
    var message =
      "\(wish.units) of item \(key) are wanted in \(wish.isPool ? "group" : "node")"
      + " \(placeName(wish.place, isPool: wish.isPool).name), \(there) are available"
    if let own = ownHold(of: owner, claiming: wish, besides: slot),
      own.units + available >= wish.units
    {
      message +=
        "; hold \(own.id) of the same owner has \(own.unitsOfIt) of them: name it in"
        + " replaces_hold_id, or commit, amend or release it"
    }
    return Refusal(
      .insufficientStock, message, key: key, row: Int32(row), availableUnits: there,
      nextSupplyUnixSeconds: next.eta)
  }

  /// What an owner's own holds that are held have where a wish claims, but for the one that is
  /// amended: all units of the first 64 looked at, and the one among them with the most.
  private func ownHold(
    of owner: BorrowedBytes, claiming wish: ClaimWish, besides amended: Int?
  ) -> (id: UInt64, unitsOfIt: Int64, units: Int64)? {
    if owner.isEmpty { return nil }
    var best: (id: UInt64, unitsOfIt: Int64, units: Int64) = (0, 0, 0)
    var next = holds.firstHeld(of: owner)
    var looked = 0
    while let slot = next, looked < 64 {
      looked += 1
      next = holds.nextHeld(after: slot)
      if slot == amended { continue }
      var units: Int64 = 0
      for index in 0..<Int(holds.hold(slot).lineCount) {
        let line = holds.lines(slot)[index]
        if line.item == wish.item && line.node == wish.place && line.isPool == wish.isPool
          && line.dueUnixSeconds == wish.due && !line.isHeading
        {
          units += Int64(line.quantity)
        }
      }
      best.units += units
      let id = holds.hold(slot).id
      if units > best.unitsOfIt || (units == best.unitsOfIt && units > 0 && id > best.id) {
        (best.id, best.unitsOfIt) = (id, units)
      }
    }
    return best.units > 0 ? best : nil
  }

  /// The name of a node, or of a group.
  func placeName(_ place: UInt16, isPool: Bool) -> BorrowedBytes {
    isPool ? groups.name(place) : network.nodeName(place)
  }

  /// Whether the lengths add up to the bytes.
  func areWithin(_ keys: KeyColumn) -> Bool {
    var total = 0
    for index in 0..<keys.count { total += Int(keys.lengths[index]) }
    return total == keys.bytes.count
  }

  func unknownItem(_ key: Name, row: Int = -1) -> Refusal {
    Refusal(.itemUnknown, "item \(key) is not known", key: key, row: Int32(row))
  }

  func unknownNode(_ name: Name, row: Int = -1) -> Refusal {
    Refusal(.nodeUnknown, "node \(name) is not known", key: name, row: Int32(row))
  }

  func unknownHold(_ hold: HoldReference) -> Refusal {
    let key = hold.id == 0 ? hold.name.name : Name("\(hold.id)")
    return Refusal(.holdUnknown, "hold \(key) is not known, or was forgotten", key: key)
  }
}
