import PromisedModel

/// A batch of the feed that is decided piece by piece, so that those who ask for one thing do not
/// wait for all of it. One at most is under way.
///
/// A piece is decided and logged as a batch of its rows would be: what its sender is told at the end
/// is what smaller batches, sent one behind another, would have been told.
struct FeedUnderway {
  /// Who is answered when the last piece was decided.
  enum Asker {
    case call(ReplyTo)
    case stream(ClientStream)

    var session: Session {
      switch self {
      case .call(let reply): reply.session
      case .stream(let stream): stream.session
      }
    }
  }

  let rows: FeedRows
  let asker: Asker
  /// The client half of the stream ended with this batch.
  var endsStream = false
  /// The position that the answer reflects.
  var reflected: Position = 0
  private var decidedRows = 0
  private var decidedKeyBytes = 0

  init(_ rows: FeedRows, for asker: Asker) {
    self.rows = rows
    self.asker = asker
  }

  var isDecided: Bool { decidedRows == rows.keys.count }

  /// The log takes nothing while a batch is under way, so that a large one has larger pieces.
  private static var mostPieces: Int { 16 }

  /// Puts the next rows into `piece`, `share` or a little of all; it keeps its memory from piece to
  /// piece.
  mutating func take(_ share: Int, into piece: inout FeedRows) {
    let most = max(share, (rows.keys.count + Self.mostPieces - 1) / Self.mostPieces)
    let next = decidedRows..<min(decidedRows + most, rows.keys.count)
    let isFirst = decidedRows == 0
    piece.source = rows.source
    piece.firstSequence = rows.firstSequence &+ UInt64(decidedRows)
    // Said once: what is missing before the batch is missing before its first piece.
    piece.allowsGap = isFirst && rows.allowsGap
    piece.aliveNodes = isFirst ? rows.aliveNodes : []
    piece.nodeNames = rows.nodeNames
    var keyBytes = 0
    for row in next { keyBytes += Int(rows.keys.lengths[row]) }
    replace(&piece.keys.lengths, rows.keys.lengths[next])
    replace(&piece.keys.bytes, rows.keys.bytes[decidedKeyBytes..<decidedKeyBytes + keyBytes])
    replace(&piece.nodes, rows.nodes[next])
    replace(&piece.kinds, rows.kinds[next])
    replace(&piece.quantities, rows.quantities[next])
    decidedRows = next.upperBound
    decidedKeyBytes += keyBytes
  }

  private func replace<Value>(_ column: inout [Value], _ values: ArraySlice<Value>) {
    column.removeAll(keepingCapacity: true)
    column.append(contentsOf: values)
  }
}
