// What a client asks of a hold, from its claim until the last unit left. All borrow the request.

/// What to do when not all units of a hold are there.
package enum HoldFillPolicy: UInt8, Sendable, CaseIterable {
  /// All units of every line at its due, or nothing.
  case fillOrKill = 0
  /// What is not there claims supply that is to come, or is backordered within the caps configured;
  /// nothing when that is not enough.
  case fillAll = 1
  /// What is there of each line; nothing when that is nothing.
  case fillAvailable = 2
}

/// A hold by its id, or by the name its caller gave it where the id is 0. Both must be of the same
/// hold.
package struct HoldReference: BitwiseCopyable {
  package var id: UInt64
  package var name: BorrowedBytes

  package init(id: UInt64, name: BorrowedBytes = .empty) {
    self.id = id
    self.name = name
  }
}

/// Lines as a request names them: equally long columns, the optional ones empty where every row
/// has its default.
package struct HoldRequestLines {
  package var nodeNames: Column<BorrowedBytes>
  /// Groups of nodes: index `nodeNames.count + i` names the i-th.
  package var groupNames: Column<BorrowedBytes>
  package var items: KeyColumn
  /// Per line, an index into `nodeNames` and then `groupNames`.
  package var nodes: Column<UInt32>
  /// Per line, 1…2·10^9.
  package var quantities: Column<Int32>
  /// Per line, from when the units are wanted in Unix seconds, 0 = now; or empty.
  package var dues: Column<Int64>
  /// The sales channel whose units are claimed, empty = none.
  package var channel: BorrowedBytes

  package init(
    nodeNames: Column<BorrowedBytes>, groupNames: Column<BorrowedBytes> = .empty,
    items: KeyColumn, nodes: Column<UInt32>, quantities: Column<Int32>,
    dues: Column<Int64> = .empty, channel: BorrowedBytes = .empty
  ) {
    self.nodeNames = nodeNames
    self.groupNames = groupNames
    self.items = items
    self.nodes = nodes
    self.quantities = quantities
    self.dues = dues
    self.channel = channel
  }

  package var count: Int { quantities.count }
}

/// Claim units until an expiry.
package struct HoldCommand {
  package var key: CommandKey
  /// Who holds, 1 to 64 bytes: a cart or shopper.
  package var owner: BorrowedBytes
  /// The caller's own id of the hold, 1 to 64 bytes; empty = none.
  package var name: BorrowedBytes
  /// 1…86,400; 0 = the default of 600.
  package var timeToLiveSeconds: Int64
  package var fill: HoldFillPolicy
  /// A hold of the same owner that the grant releases, its units counting as free; 0 = none.
  package var replaces: UInt64
  package var lines: HoldRequestLines
  /// Tokens of offers or of one plan to redeem, whose lines are held besides those above.
  package var tokens: Column<BorrowedBytes>
  /// Move the promises to earlier windows when capacity comes free.
  package var wantsUpgrade: Bool

  package init(
    key: CommandKey, owner: BorrowedBytes, name: BorrowedBytes = .empty,
    timeToLiveSeconds: Int64, fill: HoldFillPolicy = .fillOrKill, replaces: UInt64 = 0,
    lines: HoldRequestLines, tokens: Column<BorrowedBytes> = .empty, wantsUpgrade: Bool = false
  ) {
    self.key = key
    self.owner = owner
    self.name = name
    self.timeToLiveSeconds = timeToLiveSeconds
    self.fill = fill
    self.replaces = replaces
    self.lines = lines
    self.tokens = tokens
    self.wantsUpgrade = wantsUpgrade
  }

  /// A hold of whole lines at nodes, now.
  package init(
    key: CommandKey, owner: BorrowedBytes, timeToLiveSeconds: Int64,
    nodeNames: Column<BorrowedBytes>, items: KeyColumn, nodes: Column<UInt32>,
    quantities: Column<Int32>, tokens: Column<BorrowedBytes> = .empty, wantsUpgrade: Bool = false
  ) {
    self.init(
      key: key, owner: owner, timeToLiveSeconds: timeToLiveSeconds,
      lines: HoldRequestLines(
        nodeNames: nodeNames, items: items, nodes: nodes, quantities: quantities),
      tokens: tokens, wantsUpgrade: wantsUpgrade)
  }

  /// Whole lines of what is there now at nodes: nothing else is asked.
  package var isPlain: Bool {
    fill == .fillOrKill && replaces == 0 && lines.dues.isEmpty && lines.channel.isEmpty
      && lines.groupNames.isEmpty
  }
}

package enum HoldTransition: UInt8, Sendable {
  /// Hold → allocation. On an expired hold: claims again, or refuses.
  case commit = 1
  /// Give back what has not left, whether held, allocated or picked.
  case release = 2
}

package struct HoldTransitionCommand {
  package var key: CommandKey
  package var owner: BorrowedBytes
  package var hold: HoldReference
  package var transition: HoldTransition

  package init(
    key: CommandKey, owner: BorrowedBytes, hold: HoldReference, transition: HoldTransition
  ) {
    self.key = key
    self.owner = owner
    self.hold = hold
    self.transition = transition
  }

  package init(key: CommandKey, owner: BorrowedBytes, holdID: UInt64, transition: HoldTransition) {
    self.init(
      key: key, owner: owner, hold: HoldReference(id: holdID), transition: transition)
  }
}

/// Hold for longer. On an expired hold: claims again, or refuses.
package struct ExtendCommand {
  package var key: CommandKey
  package var owner: BorrowedBytes
  package var hold: HoldReference
  /// From now, 1…86,400; 0 = the default of 600. An expiry is never moved nearer.
  package var timeToLiveSeconds: Int64

  package init(
    key: CommandKey, owner: BorrowedBytes, hold: HoldReference, timeToLiveSeconds: Int64
  ) {
    self.key = key
    self.owner = owner
    self.hold = hold
    self.timeToLiveSeconds = timeToLiveSeconds
  }
}

/// Replace the lines of a hold by others.
package struct AmendCommand {
  package var key: CommandKey
  package var owner: BorrowedBytes
  package var hold: HoldReference
  /// The whole order as it is wanted, with what was picked or shipped of it.
  package var lines: HoldRequestLines

  package init(
    key: CommandKey, owner: BorrowedBytes, hold: HoldReference, lines: HoldRequestLines
  ) {
    self.key = key
    self.owner = owner
    self.hold = hold
    self.lines = lines
  }
}

package enum FulfilmentStep: UInt8, Sendable, CaseIterable {
  /// Units are in somebody's hands, or were not found.
  case pick = 1
  /// Units left.
  case ship = 2
}

/// Units of a committed hold are picked, or leave.
package struct FulfilCommand {
  package var key: CommandKey
  package var owner: BorrowedBytes
  package var hold: HoldReference
  package var step: FulfilmentStep
  /// Quantities may be 0 where units are missing. No lines at all: everything that is left leaves.
  package var lines: HoldRequestLines
  /// Per line, units that were not found, 0…2·10^9; or empty.
  package var missing: Column<Int32>

  package init(
    key: CommandKey, owner: BorrowedBytes, hold: HoldReference, step: FulfilmentStep,
    lines: HoldRequestLines, missing: Column<Int32> = .empty
  ) {
    self.key = key
    self.owner = owner
    self.hold = hold
    self.step = step
    self.lines = lines
    self.missing = missing
  }
}

/// Committed lines that units are missing to.
package struct ShortfallQuery {
  /// Only this item, node, or hold; empty and 0 = all.
  package var item: BorrowedBytes
  package var node: BorrowedBytes
  package var hold: HoldReference
  /// From the answer before; empty = the beginning.
  package var pageToken: BorrowedBytes
  /// 1…10,000.
  package var pageSize: Int32

  package init(
    item: BorrowedBytes, node: BorrowedBytes, hold: HoldReference, pageToken: BorrowedBytes,
    pageSize: Int32
  ) {
    self.item = item
    self.node = node
    self.hold = hold
    self.pageToken = pageToken
    self.pageSize = pageSize
  }
}
