import PromisedModel

@testable import PromisedWire

extension PromisedWire.Method {
  /// Whether the decoder knows its request, built or not.
  var isDecoded: Bool { RequestDecoder.schema(self) != nil }
}

/// A valid payload of every decoded method with every field set, by the method.
func completePayload(_ method: Method) -> [UInt8] {
  Proto { p in
    switch method {
    case .offer:
      p.message(1) { $0.number(1, 7) }
      p.keys(2, 3, ["B0ITEM0001", "B0ITEM2"])
      p.packed(4, [1, 2_000_000_000])
      p.text(5, "BR")
      p.text(6, "98109")
      p.text(6, "01310")
      p.number(7, 1)
      p.packed(8, [4, 2])
      p.number(9, 58_983)
      p.number(10, 20_460)
      p.number(11, 1)
      p.text(40, "app")
      p.number(41, 2)
    case .plan, .atRisk, .rescue, .accuracy, .explain, .changed: promises(method, &p)
    case .observe, .closeLeg, .reopenLeg, .putOverride, .listOverrides: operators(method, &p)
    case .availability:
      p.message(1) { $0.number(1, 7) }
      p.keys(2, 3, ["A", "BB"])
      p.text(4, "SEA1")
      p.text(40, "west")
      p.text(41, "app")
    case .inStock:
      p.message(1) { $0.number(1, 7) }
      p.keys(2, 3, ["A", "BB"])
      p.number(4, 30)
      p.packed(5, [0, 1_000_000_000_000])
      p.number(6, 3)
      p.number(7, 1)
      p.text(8, "west")
      p.text(9, "app")
      p.number(10, 250)
    case .history:
      p.message(1) { $0.number(1, 7) }
      p.keys(2, 3, ["A", "BB"])
      p.number(4, 28)
    case .headroom:
      p.message(1) { $0.number(1, 7) }
      p.text(2, "seller-1")
      p.text(3, "B0ITEM0001")
      p.number(4, 12)
      p.text(5, "SEA1")
      p.number(6, 1)
      p.data(7, [0, 255])
      // A page is of all sellers, and none is named then.
      p.number(8, 0)
    case .usage:
      p.message(1) { $0.number(1, 7) }
      p.text(2, "seller-1")
    case .list:
      p.message(1) { $0.number(1, 7) }
      p.number(2, 12)
      p.data(3, [0, 255])
      p.number(4, 10_000)
    case .networkGet: p.message(1) { $0.number(1, 7) }
    case .holdGet:
      p.message(1) { $0.number(1, 7) }
      p.number(2, 9)
      p.text(3, "order-1")
    case .hold:
      p.text(1, "key-1")
      p.text(2, "cart-1")
      p.number(3, 600)
      p.text(4, "SEA1")
      p.text(4, "PDX1")
      p.keys(5, 6, ["A", "BB"])
      p.packed(7, [1, 0])
      p.packed(8, [3, 4])
      p.data(9, [1, 2, 0])
      p.data(9, [0xff])
      p.number(10, 1)
      p.text(11, "order-1")
      p.number(12, 1)
      p.text(13, "web")
      p.text(14, "WEST")
      p.packed(15, [0, 1_800_000_000])
      p.number(16, 4)
    case .holdCommit, .holdRelease:
      p.text(1, "key-2")
      p.text(2, "cart-1")
      p.number(3, 9)
      p.text(4, "order-1")
    case .holdExtend:
      p.text(1, "key-3")
      p.text(2, "cart-1")
      p.number(3, 9)
      p.text(4, "order-1")
      p.number(5, 900)
    case .holdAmend:
      p.text(1, "key-4")
      p.text(2, "cart-1")
      p.number(3, 9)
      p.text(4, "order-1")
      p.text(5, "SEA1")
      p.text(6, "WEST")
      p.keys(7, 8, ["A", "BB"])
      p.packed(9, [1, 0])
      p.packed(10, [3, 4])
      p.packed(11, [0, 1_800_000_000])
      p.text(12, "web")
    case .pick:
      p.text(1, "key-5")
      p.text(2, "cart-1")
      p.number(3, 9)
      p.text(4, "order-1")
      p.text(5, "SEA1")
      p.keys(6, 7, ["A", "BB"])
      p.packed(8, [0, 0])
      p.packed(9, [0, 4])
      p.packed(10, [1, 0])
    case .holdConsume:
      p.text(1, "key-6")
      p.text(2, "cart-1")
      p.number(3, 9)
      p.text(4, "order-1")
      p.text(5, "SEA1")
      p.keys(6, 7, ["A", "BB"])
      p.packed(8, [0, 0])
      p.packed(9, [1, 4])
    case .shortfalls:
      p.message(1) { $0.number(1, 7) }
      p.text(2, "A")
      p.text(3, "SEA1")
      p.number(4, 9)
      p.text(5, "order-1")
      p.data(6, [0, 0, 0, 0, 0, 0, 0, 9, 0, 1])
      p.number(7, 100)
    case .atp:
      p.message(1) { $0.number(1, 7) }
      p.keys(2, 3, ["A", "BB"])
      p.text(4, "west")
      p.text(5, "SEA1")
      p.packed(6, [1, 0])
      p.packed(7, [0, 1])
      p.packed(8, [1, 2_000_000_000])
      p.text(9, "app")
      p.number(10, 365)
      p.number(11, 58_982)
    case .watch:
      p.number(1, 1)
      p.text(2, "B0")
      p.text(3, "SEA1")
      p.number(4, 7)
      p.number(5, 2)
      p.number(6, 64)
      p.number(7, 1)
      p.number(8, 600_000)
      p.number(9, 3)
      p.packed(10, [1, 2])
      p.keys(11, 12, ["A", "BB"])
      p.packed(13, [10, 1])
      p.text(14, "")
      p.text(14, "98109")
      p.packed(15, [0, 1_800_000_000])
      p.packed(16, [2, 4])
      p.text(17, "US")
      p.number(18, 52_428)
      p.text(19, "west")
      p.text(20, "app")
    case .watchPoll:
      p.text(1, "B0")
      p.text(2, "SEA1")
      p.number(3, 7)
      p.number(4, 2)
      p.number(5, 30_000)
      p.number(6, 1000)
      p.text(7, "west")
    case .apply, .applyStream:
      p.text(1, "wms")
      p.number(2, 1)
      p.keys(3, 4, ["A", "BB"])
      p.text(5, "SEA1")
      p.packed(6, [0, 0])
      p.packed(7, [3, 4])
      p.packed(8, [5, 8])  // zigzag: -3, 4
      p.packed(9, [7, 9])
      p.number(10, 1)
      p.packed(11, [0, 1_790_000_000_123])
      p.keys(12, 13, ["T1", ""])
      p.packed(14, [0, 0])
      p.packed(15, [1_790_000_000, 0])
      p.packed(16, [1_789_999_000, 0])
      p.packed(17, [1_790_001_000, 0])
      p.packed(18, [0, 4])
      p.packed(19, [3, 0])
      p.packed(20, [0, 2])
      p.packed(21, [7, 0])
      p.packed(22, [0, 12])
      p.number(23, 1)
      p.text(24, "SEA1")
    case .reverseFeed:
      p.text(1, "key-4")
      p.text(2, "wms")
      p.number(3, 5)
      p.number(4, 9)
    case .capacityAdmit, .capacityWhatIf, .capacityReceive, .capacityClose, .capacityBid,
      .capacityClear, .capacityReport, .capacityRemove, .utilization:
      capacity(method, &p)
    case .putItems, .putPositions, .putInbound, .putSellers, .putLimits, .putKits,
      .putOpportunity, .putForecasts, .putFactors, .putGroups, .putChannelStock, .putBackorders,
      .networkPut, .putPolicies, .putBuildings, .putSignals:
      p.text(20, "key-3")
      p.message(1) {
        $0.text(1, "load-1")
        $0.number(2, 3)
      }
      putRows(method, &p)
    case .beginLoad:
      p.text(1, "load-1")
      p.number(2, 2)
      p.number(3, 4)
      p.number(4, 1)
    case .commitLoad, .abortLoad: p.text(1, "load-1")
    case .ping: p.data(1, [1, 2, 3])
    case .setTime: p.number(1, 1_700_000_000)
    case .hello:
      p.text(1, "tool")
      p.text(2, "feature")
    case .healthCheck: p.text(1, "promised.v1.Promises")
    default: break
    }
  }.bytes
}

private func putRows(_ method: Method, _ p: inout Proto) {
  switch method {
  case .putItems:
    p.keys(2, 3, ["A", "BB"])
    p.text(4, "seller-1")
    p.packed(5, [0, 0])
    p.packed(6, [1, 7])
    for field: UInt64 in 7...10 { p.packed(field, [1, 20_160]) }
    p.packed(11, [1000, 2000])
    p.packed(12, [0, 1_800_000_000])
    p.packed(13, [0, 3])
    p.packed(14, [0, 10_000_000_000_000])
    p.text(15, "")
    p.text(15, "toys")
    p.packed(16, [0, 1])
  case .putPositions:
    p.keys(2, 3, ["A", "BB"])
    p.text(4, "SEA1")
    p.packed(5, [0, 0])
    for field: UInt64 in 6...11 { p.packed(field, [field, 2_000_000_000]) }
  case .putInbound:
    p.keys(2, 3, ["S1", "S2"])
    p.keys(4, 5, ["A", "BB"])
    p.text(6, "SEA1")
    p.packed(7, [0, 0])
    p.packed(8, [0, 10])
    p.packed(9, [1_700_000_000, 1_700_000_001])
    p.packed(10, [1, 4])
    p.packed(11, [0, 1_700_000_001])
    p.packed(12, [1_700_000_009, 0])
  case .putKits:
    p.keys(2, 3, ["KIT", "KIT", "OLD"])
    p.keys(4, 5, ["A", "BB", "A"])
    p.packed(6, [1, 10_000, 0])
  case .putForecasts:
    p.keys(2, 3, ["A", "BB"])
    p.text(4, "")
    p.text(4, "west")
    p.packed(5, [0, 1])
    p.packed(6, [1_700_000_000, 0])
    p.packed(7, [19_676, 2_932_896])
    p.packed(8, [7, 28])
    p.packed(9, [2, 0])
    p.packed(10, [0, 1])
    p.packed(11, [5000, 9000])
    p.packed(12, [2, 4, 6, 2_000_000_000_000])
  case .putFactors:
    p.text(2, "")
    p.text(2, "toys")
    p.packed(3, [0, 1])
    p.packed(4, [20_000, 0])
    p.packed(5, [20_010, 2_932_896])
    p.packed(6, [1500, 100_000])
  case .putOpportunity:
    p.keys(2, 3, ["A", "BB"])
    p.text(4, "SEA1")
    p.packed(5, [0, 0])
    p.packed(6, [2_000_000_000_000, 1_999_999_999_999])  // zigzag: 10^12, -10^12
  case .putGroups:
    p.text(2, "west")
    p.text(2, "none")
    p.packed(3, [2, 0])
    p.text(4, "SEA1")
    p.text(4, "PDX1")
    p.packed(5, [0, 1])
  case .putChannelStock:
    p.text(2, "app")
    p.packed(3, [0, 0])
    p.keys(4, 5, ["A", "BB"])
    p.text(6, "SEA1")
    p.packed(7, [0, 0])
    p.packed(8, [0, 2_000_000_000])
    p.packed(9, [5, 0])
  case .putBackorders:
    p.keys(2, 3, ["A", "BB"])
    p.text(4, "SEA1")
    p.packed(5, [0, 0])
    p.packed(6, [1, 2])
    p.packed(7, [0, 2_000_000_000])
    p.packed(8, [0, 1_800_000_000])
    p.packed(9, [1_700_000_000, 0])
    p.packed(10, [3650, 0])
  case .putSellers:
    p.message(2) {
      $0.text(1, "seller-1")
      $0.text(2, "Seller One")
      $0.text(3, "US")
      $0.number(4, 20_000)
      $0.number(5, 1)
    }
  case .putPolicies, .putBuildings, .putSignals: capacityRows(method, &p)
  case .putLimits:
    p.text(2, "seller-1")
    p.packed(3, [0, 0])
    p.packed(4, [1, 2])
    p.packed(5, [202_601, 202_612])
    p.packed(6, [1, 3])
    p.packed(7, [1_000_000_000_000_000_000, 0])
    p.packed(8, [7, 0])
    p.packed(9, [1_795_262_400, 0])
    p.packed(10, [1_798_761_600, 0])
    p.packed(11, [1, 0])
    p.keys(12, 13, ["flood", ""])
  default: networkRows(&p)
  }
}

private func networkRows(_ p: inout Proto) {
  func texts(_ fields: ClosedRange<UInt64>, _ p: inout Proto) {
    for field in fields { p.text(field, "N\(field)") }
  }
  p.message(2) {
    $0.text(1, "US")
    $0.text(2, "US")
    $0.text(3, "USD")
    $0.text(4, "America/Los_Angeles")
    $0.number(5, 5)
  }
  p.message(3) {
    $0.text(1, "week")
    $0.message(2) {
      $0.number(1, 127)
      $0.number(4, 60)
      $0.number(5, 1440)
    }
    $0.message(2) {
      $0.number(2, 40_000)
      $0.number(3, 1)
    }
  }
  p.message(4) {
    texts(1...2, &$0)
    $0.number(3, 5)
    texts(4...5, &$0)
    $0.number(6, 2880)
    $0.number(7, 20_160)
    $0.text(8, "US")
    $0.text(9, "98109")
    $0.number(10, 95_000_000)
    $0.number(11, 200_000_001)
    $0.packed(12, [0, 10_080])
    $0.packed(13, [65_000, 535])
    $0.number(14, 1_000_000_000)
    $0.number(15, 31_536_000)
    $0.number(16, 3)
    $0.number(17, 10_080)
  }
  p.message(5) {
    $0.text(1, "N1")
    $0.number(2, 127)
    $0.number(3, 60)
    $0.number(4, 600)
    $0.number(5, 1200)
    $0.number(6, 4)
    $0.number(7, 1_000_000_000)
  }
  p.message(6) {
    $0.text(1, "US")
    texts(2...4, &$0)
  }
  p.message(7) {
    texts(1...3, &$0)
    $0.number(4, 2)
    texts(5...7, &$0)
    $0.number(8, 1020)
    $0.packed(9, [0, 60])
    $0.packed(10, [1, 65_534])
    $0.text(11, "America/New_York")
    $0.text(12, "carrier")
    $0.number(13, 2)
    $0.number(14, 3)
  }
  p.message(8) {
    texts(1...3, &$0)
    $0.number(4, 1)
    $0.number(5, 1)
    $0.number(6, 1439)
    $0.number(7, 10_080)
    $0.text(8, "week")
    $0.number(9, 3)
    $0.number(10, 1)
    $0.number(11, 1_000_000_000)
    $0.packed(12, [0, 10_080])
    $0.packed(13, [1, 65_534])
  }
  p.message(9) {
    $0.text(1, "N1")
    $0.number(2, 4)
    $0.text(3, "N3")
    $0.number(4, 1_000_000_000_000)
    $0.packed(5, [1, 1_000_000_000])
    $0.packed(6, [0, 1_000_000_000_000])
    $0.number(7, 1_000_000_000_000)
    $0.number(8, 1_000_000_000)
  }
}

private func promises(_ method: Method, _ p: inout Proto) {
  if method == .rescue {
    p.text(1, "key-4")
    p.number(2, 9)
    p.number(3, 1)
    return
  }
  p.message(1) { $0.number(1, 7) }
  switch method {
  case .plan:
    p.keys(2, 3, ["A", "BB"])
    p.packed(4, [1, 2_000_000_000])
    p.text(5, "BR")
    p.text(6, "01310")
    p.packed(7, [1, 3])
    p.number(8, 64_880)
    p.number(9, 2)
    p.number(10, 2)
    p.number(11, 1)
    p.number(12, 20_460)
    p.number(13, 256)
    p.number(14, 1)
    p.text(40, "app")
  case .atRisk:
    p.text(2, "SEA1")
    p.number(3, 10_000)
  case .accuracy:
    p.number(2, 5)
    p.number(3, 20_000)
    p.number(4, 20_460)
  case .explain:
    // Empty, so that the question is read.
    p.data(2, [])
    p.text(3, "A")
    p.number(4, 2)
    p.text(5, "BR")
    p.text(6, "01310")
    p.number(7, 3)
    p.number(8, 32_768)
    p.text(40, "app")
    p.number(41, 1)
  default:
    p.number(2, 6)
    p.number(3, 1)
    p.number(4, 32_768)
    p.data(5, [0, 255])
    p.number(6, 100_000)
  }
}

private func operators(_ method: Method, _ p: inout Proto) {
  if method == .listOverrides {
    p.message(1) { $0.number(1, 7) }
    p.number(2, 1)
    return
  }
  p.text(1, "key-5")
  switch method {
  case .observe:
    p.packed(2, [1, 2, 3, 4])
    p.keys(3, 4, ["L1", "SEA1", "SEA1", ""])
    p.keys(5, 6, ["", "", "ground", ""])
    p.keys(7, 8, ["", "", "Z1", ""])
    p.packed(9, [40_920, 0, 40_920, 0])  // zigzag: 20460
    p.packed(10, [20_160, 40_320, 120, 0])  // zigzag: 10080, 20160, 60
    p.packed(11, [0, 0, 0, 9])
    p.packed(12, [0, 0, 0, 1])
    p.packed(13, [0, 0, 0, 1_800_000_000])
  case .closeLeg:
    p.text(2, "L1")
    p.number(3, 40_920)
    p.number(4, 40_922)
    p.number(5, 10_080)
    p.text(6, "snow")
    p.text(7, "ops")
  case .reopenLeg:
    p.text(2, "L1")
    p.number(3, 40_920)
    p.number(4, 40_922)
    p.text(5, "snow")
    p.text(6, "ops")
  default:
    p.message(2) {
      $0.number(1, 0)
      $0.number(2, 2)
      for field: UInt64 in 3...9 { $0.text(field, "N\(field)") }
      $0.number(10, 1_800_000_000)
      $0.number(11, 1_800_000_001)
    }
    p.number(3, 0)
  }
}
