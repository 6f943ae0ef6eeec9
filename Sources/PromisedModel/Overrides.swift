/// What an override does to a candidate it fits.
package enum OverrideAction: UInt8, Sendable, CaseIterable {
  case block = 1
  /// Chosen whenever it can promise at all, however late.
  case force = 2
}

/// An operator's word against the system's own answer. Scopes that are empty fit everything.
package struct Override: Sendable, Equatable {
  /// The position of the event that put it; 0 before.
  package var id: UInt64 = 0
  package var action: OverrideAction = .block
  package var item: Name = .empty
  package var node: Name = .empty
  /// Fits a candidate whose way uses this leg.
  package var leg: Name = .empty
  package var zone: Name = .empty
  package var seller: Name = .empty
  /// 1 to 64 bytes each.
  package var reason: Name = .empty
  package var author: Name = .empty
  package var createdUnixSeconds: Int64 = 0
  /// From then on it is as if it were not there; at most a year after it was put.
  package var expiresUnixSeconds: Int64 = 0

  package init() {}
}

package struct OverrideCommand {
  package var key: CommandKey
  package var override: Override
  /// Removes this one instead; 0 = puts.
  package var removesID: UInt64

  package init(key: CommandKey, override: Override, removesID: UInt64 = 0) {
    self.key = key
    self.override = override
    self.removesID = removesID
  }
}

/// An override and what it did since the service started.
package struct OverrideRow: Sendable, Equatable {
  package var override = Override()
  package var consulted: UInt64 = 0
  /// Of those, how often the system's own answer was another one.
  package var differed: UInt64 = 0

  package init() {}
}
