import PromisedModel
import Testing

@testable import PromisedEngine

@Suite struct TablesTests {
  @Test func packedKeysComeBackAsTheyWere() {
    let lender = Lender()
    var keys = ItemKeys()
    let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")
    var seen: Set<UInt64> = []
    for length in 1...10 {
      for first in alphabet {
        let text = String(first) + String(repeating: "0", count: length - 1)
        let token = keys.packed(lender.bytes(text))
        #expect(token != 0 && token & 15 == UInt64(length))
        #expect(seen.insert(token).inserted, "two keys share a token: \(text)")
        #expect(keys.name(token) == Name(text))
        #expect(keys.insert(lender.bytes(text)) == token)
      }
    }
    for other in ["B00+", "é", "01234567890", "a b", "B0.1"] {
      #expect(keys.packed(lender.bytes(other)) == 0)
      #expect(keys.token(lender.bytes(other)) == 0)
      let token = keys.insert(lender.bytes(other))
      #expect(token & 15 == 0 && token != 0)
      #expect(keys.token(lender.bytes(other)) == token)
      #expect(keys.name(token) == Name(other))
    }
    #expect(keys.packed(.empty) == 0)
  }

  @Test func keyTableTellsKeysOfOneTagApart() {
    let lender = Lender()
    var table = KeyTable()
    for index in 0..<20_000 { #expect(table.insert(lender.bytes("key-\(index)")) == index) }
    for index in stride(from: 0, to: 20_000, by: 7) {
      #expect(table.find(Name("key-\(index)")) == index)
      #expect(table.name(index).name == Name("key-\(index)"))
    }
    #expect(table.find(Name("key-20000")) == nil)
    #expect(table.find(Name("key")) == nil)
  }

  @Test func slotIndexFindsByTheCallersComparisonWhenHashesCollide() {
    var index = SlotIndex()
    // One hash for all: every entry collides.
    for slot in 0..<100 { index.insert(0xabcd_0000_0000_0000, slot: slot) }
    for slot in 0..<100 { #expect(index.find(0xabcd_0000_0000_0000) { $0 == slot } == slot) }
    for slot in stride(from: 0, to: 100, by: 2) {
      index.remove(0xabcd_0000_0000_0000, slot: slot)
    }
    for slot in 0..<100 {
      let found = index.find(0xabcd_0000_0000_0000) { $0 == slot }
      #expect(found == (slot % 2 == 0 ? nil : slot))
    }
  }

  @Test func slotIndexAgreesWithASetUnderRandomChanges() {
    var random = Counter(seed: 11)
    var index = SlotIndex()
    var model: Set<Int> = []
    for _ in 0..<50_000 {
      let slot = Int(random.next(below: 500))
      let hash = mix(UInt64(slot / 3))
      if model.contains(slot) {
        model.remove(slot)
        index.remove(hash, slot: slot)
      } else {
        model.insert(slot)
        index.insert(hash, slot: slot)
      }
      let asked = Int(random.next(below: 500))
      #expect((index.find(mix(UInt64(asked / 3))) { $0 == asked } != nil) == model.contains(asked))
    }
    #expect(index.count == model.count)
  }

  @Test func positionTableKeepsItemsInOneOrderWhateverTheHistory() {
    var random = Counter(seed: 3)
    let tokens = (0..<5000).map { _ in random.next() | 1 }
    var first = PositionTable(itemCapacity: 1)
    var second = PositionTable(itemCapacity: 9000)
    for token in tokens { insert(token, into: &first) }
    for token in tokens.reversed() { insert(token, into: &second) }
    #expect(scan(first) == scan(second))
    #expect(scan(first) == tokens.sorted { mix($0) < mix($1) })
    for token in tokens { #expect(first.key(first.find(token)) == token) }
    #expect(first.find(2) == -1)
    var seen = 0
    var slot = first.firstSlot(after: 0)
    while slot < first.totalSlots {
      seen += 1
      slot = first.firstSlot(after: mix(first.key(slot)))
    }
    #expect(seen == 5000)
  }

  @Test func runsKeepTheirRowsWhileTheyMove() {
    var table = PositionTable(itemCapacity: 1)
    var random = Counter(seed: 9)
    var model: [UInt64: [UInt16: Int32]] = [:]
    for step in 0..<20_000 {
      let token = mix(random.next(below: 200)) | 1
      let node = UInt16(random.next(below: 60))
      if table.find(token) < 0 { insert(token, into: &table) }
      table.rowInserting(table.find(token), node: node).pointee.onHand = Int32(step)
      model[token, default: [:]][node] = Int32(step)
    }
    var positions = 0
    for (token, rows) in model {
      let slot = table.find(token)
      #expect(table.rowCount(slot) == rows.count)
      positions += rows.count
      let nodes = (0..<rows.count).map { table.nodes(slot)[$0] }
      #expect(nodes == rows.keys.sorted())
      for (node, onHand) in rows { #expect(table.row(slot, node: node)?.pointee.onHand == onHand) }
    }
    #expect(table.positionCount == positions)
  }

  private func insert(_ token: UInt64, into table: inout PositionTable) {
    while true {
      if let placement = table.placement(of: token) {
        return table.insert(token, at: placement)
      }
      table.grow()
    }
  }

  private func scan(_ table: borrowing PositionTable) -> [UInt64] {
    var keys: [UInt64] = []
    for slot in 0..<table.totalSlots where table.key(slot) != 0 { keys.append(table.key(slot)) }
    return keys
  }
}

/// Random numbers by a counter: the same on every run.
struct Counter {
  private var state: UInt64

  init(seed: UInt64) { state = mix(seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return mix(state)
  }

  mutating func next(below bound: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: bound).high
  }
}
