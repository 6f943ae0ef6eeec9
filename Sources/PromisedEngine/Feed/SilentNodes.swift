import PromisedModel

/// Nodes that the feed has said nothing of for longer than they allow: a pure function of now and
/// of when each was heard of last. A node that was never heard of counts from the beginning of
/// time only once the feed has said something of it: before, nothing is known to be stale.
extension State {
  /// What its silence means for a node now; `.ignore` while it is not silent.
  @inline(__always)
  func silence(of node: UInt16, at now: UnixMilliseconds) -> SilencePolicy {
    hasSilenceRules ? rule(ofSilent: node, at: now)?.policy ?? .ignore : .ignore
  }

  /// The stock of the node is neither offered nor claimed now.
  @inline(__always)
  func isWithheldForSilence(_ node: UInt16, at now: UnixMilliseconds) -> Bool {
    silence(of: node, at: now) == .withhold
  }

  /// Units of a row that may be offered and claimed: none of a node whose silence withholds them.
  @inline(__always)
  func offerable(_ row: StockRow, _ node: UInt16, at now: UnixMilliseconds) -> Int64 {
    hasSilenceRules && isWithheldForSilence(node, at: now) ? min(0, row.available) : row.available
  }

  /// Seconds by which promises from the node are later now.
  @inline(__always)
  func silenceDelaySeconds(_ node: UInt16, at now: UnixMilliseconds) -> Int64 {
    if !hasSilenceRules { return 0 }
    guard let rule = rule(ofSilent: node, at: now), rule.policy == .widen else { return 0 }
    return Int64(rule.widenMinutes) * 60
  }

  /// The rule of a node that is silent now.
  @inline(never)
  private func rule(ofSilent node: UInt16, at now: UnixMilliseconds) -> SilenceRule? {
    guard let rule = network.silence(of: node), rule.afterSeconds > 0, Int(node) < heardAt.count
    else { return nil }
    let heard = heardAt[Int(node)]
    // Whole seconds, so that an offer and a claim of the same second agree.
    if heard == 0 || now.seconds * 1000 - heard < Int64(rule.afterSeconds) * 1000 { return nil }
    return rule
  }
}

extension NetworkTables {
  /// What becomes of a node's stock when it is silent; nil for a node that is gone.
  func silence(of node: UInt16) -> SilenceRule? {
    Int(node) < nodes.count ? nodes[Int(node)]?.silence : nil
  }

  /// A node has a rule for its silence. Linear in the nodes.
  var hasSilenceRules: Bool {
    nodes.contains { node in
      node.map { $0.silence.afterSeconds > 0 && $0.silence.policy != .ignore } ?? false
    }
  }
}
