import PromisedModel
import PromisedWire

@testable import PromisedSequencer

/// The loop's side of streams, with the clock in the test's hand.
extension Workbench {
  /// Moves the loop's clock on.
  func pass(milliseconds: UInt64) {
    sequencer.beginTurn(uptimeNanoseconds: sequencer.uptimeNanoseconds + milliseconds * 1_000_000)
  }

  /// Turns of the loop until nothing more is to do now, everything durable; the turns it took.
  @discardableResult
  func settle() -> Int {
    var turns = 0
    while turns < 100_000 {
      turns += 1
      _ = sequencer.serveWatches()
      _ = sequencer.markDurable(upTo: sequencer.position)
      guard let wakesAt = sequencer.watchesWakeAt, wakesAt <= sequencer.uptimeNanoseconds else {
        break
      }
    }
    return turns
  }

  /// What a session is sent when the loop has settled, the gap between frames over.
  func told(_ session: Session) -> [Frame] {
    pass(milliseconds: 10)
    settle()
    return Frame.take(from: session)
  }

  /// Sends frames whose answers, if any, are taken later.
  func put(_ frames: [UInt8]..., on session: Session) {
    for frame in frames { _ = queue(frame, on: session) }
  }

  @discardableResult
  func queue(_ frame: [UInt8], on session: Session) -> ReceiveOutcome {
    sequencer.beginBatch(realtime: now)
    return frame.withUnsafeBytes { sequencer.receive($0, on: session, facts: facts) }
  }

  /// A batch of receipts from "wms", durable.
  func receive(_ items: [String], on session: Session) {
    let first = (sequencer.state.lastSequence(of: Name("wms"))) + 1
    put(Ask.frame(101, "Inventory", "Apply", Ask.batch(items, first: first)), on: session)
    _ = sequencer.markDurable(upTo: sequencer.position)
    _ = Frame.take(from: session)
  }

  /// The stock of items as a question answers it: units on hand and available by item and node.
  func stock(of items: [String], on session: Session) throws -> [String: [Int64]] {
    let call = Call.availability(items: items)
    put(
      Ask.frame(103, "Inventory", "Availability", call.payload ?? []), on: session)
    _ = sequencer.markDurable(upTo: sequencer.position)
    var stock: [String: [Int64]] = [:]
    for frame in Frame.take(from: session) where frame.streamID == 103 {
      let answer = try frame.data.withUnsafeBufferPointer {
        try call.decode(try ResponseEnvelope(BorrowedBytes($0)).payload)
      }
      for item in answer.items {
        for position in item.positions {
          stock["\(item.item)@\(position.node)"] = [
            position.onHand, position.held, position.allocated, position.availableNow,
          ]
        }
      }
    }
    return stock
  }
}

extension WatchWishes {
  /// Thresholds alone, and nothing else said while they are looked at.
  static func crossings(_ thresholds: [WatchThreshold]) -> WatchWishes {
    var wishes = WatchWishes()
    wishes.thresholds = thresholds
    wishes.onlyCrossings = true
    wishes.credit = 64
    wishes.heartbeatMilliseconds = 600_000
    return wishes
  }
}

extension [Frame] {
  func crossings() throws -> [ThresholdCrossing] { try flatMap { try $0.batch().crossings } }
}

extension Frame {
  var isData: Bool { kind == 3 && flags == 0 }
  /// Data 05 of no bytes.
  var isEnd: Bool { kind == 3 && flags == 5 && data.isEmpty }

  /// As a batch of a watch.
  func batch() throws -> WatchAnswer {
    try data.withUnsafeBufferPointer { try StreamMethod.watch.decode(BorrowedBytes($0)) }
  }

  /// As the answer to a poll.
  func polled() throws -> WatchAnswer {
    try data.withUnsafeBufferPointer { bytes in
      try StreamMethod.watch.decode(try ResponseEnvelope(BorrowedBytes(bytes)).payload)
    }
  }

  /// As the answer to a batch of the feed.
  func applied() throws -> FeedAnswer {
    try data.withUnsafeBufferPointer { try StreamMethod.applyStream.decode(BorrowedBytes($0)) }
  }
}

extension Ask {
  static func watch(_ stream: UInt32, _ wishes: WatchWishes) -> [UInt8] {
    open(stream, "Watch") + data(stream, StreamMessage.create(wishes).payload ?? [])
  }

  static func acknowledge(_ stream: UInt32, _ sequence: UInt64) -> [UInt8] {
    data(stream, StreamMessage.acknowledge(sequence).payload ?? [])
  }

  static func poll(
    _ stream: UInt32, position: UInt64, part: UInt64 = 0, wait: UInt64 = 0, prefix: String = "",
    limit: UInt64 = 0, timeoutNano: UInt64 = 0
  ) -> [UInt8] {
    let call = Call.watchPoll(
      itemPrefix: prefix, position: position, part: part, waitMilliseconds: wait, limit: limit)
    return frame(stream, "Inventory", "WatchPoll", call.payload ?? [], timeoutNano: timeoutNano)
  }
}
