@testable import PromisedWire

/// Requests about seller storage with every field set.
func capacity(_ method: PromisedWire.Method, _ p: inout Proto) {
  func lines(_ p: inout Proto, keys: (UInt64, UInt64), quantities: UInt64, nodes: UInt64) {
    p.keys(keys.0, keys.1, ["A", "BB"])
    p.packed(quantities, [1, 2_000_000_000])
    p.text(nodes, "SEA1")
    p.packed(nodes + 1, [0, 0])
  }
  switch method {
  case .capacityAdmit, .capacityWhatIf:
    if method == .capacityAdmit {
      p.text(1, "key-6")
      p.text(3, "FBA1")
    } else {
      p.message(1) { $0.number(1, 7) }
    }
    p.text(2, "seller-1")
    lines(&p, keys: (4, 5), quantities: 6, nodes: 8)
    p.packed(7, [1_800_000_000, 0])
    p.number(10, 2)
    p.number(11, 1)
  case .capacityReceive:
    p.text(1, "key-6")
    p.text(2, "FBA1")
    p.text(3, "dock-9")
    lines(&p, keys: (4, 5), quantities: 6, nodes: 7)
  case .capacityClose:
    p.text(1, "key-6")
    p.text(2, "FBA1")
    p.text(3, "short")
  case .capacityBid:
    p.text(1, "key-6")
    p.text(2, "seller-1")
    p.number(3, 7)
    p.number(4, 202_612)
    p.number(5, 1_000_000_000_000_000_000)
    p.number(6, 1)
    p.number(7, 1_000_000_000_000)
  case .capacityClear:
    p.text(1, "key-6")
    p.text(2, "US")
    p.number(3, 1)
    p.number(4, 202_612)
    p.number(5, 5_000_000)
    p.number(6, 1)
    p.number(7, 0)
    p.text(8, "seller-1")
    p.packed(9, [1_000_000_000_000_000_000])
  case .capacityReport:
    p.message(1) { $0.number(1, 7) }
    p.number(2, 10)
    p.text(3, "seller-1")
    p.number(4, 900)
    p.data(5, [0, 255])
    p.number(6, 10_000)
  case .capacityRemove:
    p.text(1, "key-6")
    p.text(2, "RM1")
    p.number(3, 3)
    lines(&p, keys: (4, 5), quantities: 6, nodes: 7)
  default:
    p.message(1) { $0.number(1, 7) }
    p.text(2, "SEA1")
  }
}

func capacityRows(_ method: PromisedWire.Method, _ p: inout Proto) {
  switch method {
  case .putPolicies:
    p.message(2) {
      $0.text(1, "US")
      $0.text(2, "seller-1")
      $0.number(3, 1)
      $0.number(4, 1_000_000_000)
      $0.number(5, 15_000_000)
      $0.number(6, 520)
      $0.number(7, 1)
      $0.number(8, 366)
      $0.number(9, 200)
      $0.number(10, 2_000_000_000)
      $0.number(11, 150)
      $0.number(12, 1000)
      for name in 1...7 { $0.text(13, "type \(name)") }
    }
  case .putBuildings:
    p.text(2, "SEA1")
    p.packed(3, [0, 0])
    p.packed(4, [1, 7])
    p.packed(5, [0, 1_000_000_000_000_000_000])
    p.packed(6, [850, 0])
    p.packed(7, [950, 2000])
  default:
    p.text(2, "seller-1")
    p.packed(3, [0])
    p.keys(4, 5, ["A"])
    p.packed(6, [202_612])
    p.packed(7, [5])
    p.packed(8, [13])  // zigzag: -7
    p.packed(9, [2_000_000_000])  // zigzag: 10^9
    p.packed(10, [1000])
  }
}
