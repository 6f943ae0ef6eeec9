import PromisedModel

/// A claim in the making, or a claim given back with negative units.
struct ClaimWish: BitwiseCopyable {
  var item: UInt64
  var units: Int64 = 0
  /// Unix seconds; 0 = now. What is due in the past counts as now.
  var due: UInt32 = 0
  /// A node, or a group where `isPool`.
  var place: UInt16
  /// 0 = none.
  var channel: UInt16 = 0
  var isPool = false
  var part = KitPart.none
}

/// What a line is of a kit.
enum KitPart: UInt8 {
  case none = 0
  /// The kit that the lines after it make: it claims nothing itself.
  case kit = 1
  case component = 2
}

/// Which units beyond the supply a model counts.
enum BackorderUse {
  case none
  case preorders
  case all
}

/// What a wish came to.
struct TakenClaim: BitwiseCopyable, Equatable {
  /// Units granted: all that were wished, what there is of them, or none.
  var granted: Int64
  /// Units that could be granted, not below 0.
  var available: Int64
}

extension State {
  func isPlain(_ slot: Int) -> Bool { true }

  func claimable(
    _ wish: ClaimWish, backorders: BackorderUse = .all, at now: UnixMilliseconds
  ) -> Int64 {
    let slot = positions.find(wish.item)
    if slot < 0 || wish.isPool { return 0 }
    var wished: Int64 = 0
    for index in 0..<scratch.wishes.count where scratch.wishes[index].item == wish.item {
      if scratch.wishes[index].place == wish.place { wished += scratch.wishes[index].units }
    }
    return (positions.row(slot, node: wish.place)?.pointee.available ?? 0) - wished
  }

  /// Forgets the claims of the command before.
  func beginTaking() { scratch.wishes.removeAll() }

  /// A line that the command gives back: its own claim never stands in its way.
  func giveBack(_ wish: ClaimWish) {
    var wish = wish
    wish.units = -wish.units
    scratch.wishes.append(wish)
  }

  func take(
    _ wish: ClaimWish, whole: Bool, row: Int, at now: UnixMilliseconds
  ) throws(Refusal) -> TakenClaim {
    let available = max(0, claimable(wish, at: now))
    if available < wish.units && whole || available == 0 {
      return TakenClaim(granted: 0, available: available)
    }
    var line = wish
    line.units = min(available, wish.units)
    scratch.wishes.append(line)
    return TakenClaim(granted: line.units, available: available)
  }

  func groupIndex(_ name: BorrowedBytes, row: Int = -1) throws(Refusal) -> UInt16 {
    throw Refusal(
      .groupUnknown, "group \(name.name) is not known", key: name.name, row: Int32(row))
  }

  func channelIndex(_ name: BorrowedBytes, row: Int = -1) throws(Refusal) -> UInt16 {
    if name.isEmpty { return 0 }
    throw Refusal(
      .channelUnknown, "channel \(name.name) is not known", key: name.name, row: Int32(row))
  }
}

extension State {
  func groupName(_ group: UInt16) -> BorrowedBytes { .empty }
  func channelName(_ channel: UInt16) -> BorrowedBytes { .empty }
}
