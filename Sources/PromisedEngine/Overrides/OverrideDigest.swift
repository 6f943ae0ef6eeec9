import PromisedModel

extension State {
  /// The overrides without what they did since the start.
  func digestOverrides(_ sum: inout DigestSum) {
    for row in overrides.rows {
      sum.begin(26)
      sum.add(row.id)
      sum.add(row.action.rawValue)
      for name in [row.item, row.node, row.leg, row.zone, row.seller, row.reason, row.author] {
        sum.add(name)
      }
      sum.add(row.createdUnixSeconds)
      sum.add(row.expiresUnixSeconds)
      sum.end()
    }
  }
}
