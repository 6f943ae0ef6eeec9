import PromisedModel

extension GroupRows {
  func checkColumns() throws(RecordError) {
    try require([counts.count], rows: names.count, "group columns")
    var total = 0
    for count in counts { total += Int(count) }
    try require([nodes.count], rows: total, "group nodes")
    try require(nodes, below: nodeNames.count, "group node")
  }
}

extension ChannelStockRows {
  func checkColumns() throws(RecordError) {
    try require(
      [channels.count, nodes.count, buffers.count, setAsides.count], rows: keys.count,
      "channel columns")
    try require(channels, below: channelNames.count, "channel")
    try require(nodes, below: nodeNames.count, "channel node")
  }
}

extension BackorderRows {
  func checkColumns() throws(RecordError) {
    try require(
      [
        nodes.count, kinds.count, caps.count, fromUnixSeconds.count, untilUnixSeconds.count,
      ], rows: keys.count, "backorder columns")
    if !leadDays.isEmpty {
      try require([leadDays.count], rows: keys.count, "backorder lead days")
    }
    try require(nodes, below: nodeNames.count, "backorder node")
    try require(kinds, are: BackorderKind.init, "backorder kind")
  }
}
