import PromisedModel

/// One row of a feed with everything that is said of it.
struct FeedRow {
  var index: Int
  var key: BorrowedBytes
  var rawKind: UInt8
  var node: Int
  var quantity: Int64
  /// Milliseconds; 0 = as it is told.
  var occurred: Int64
  var reference: BorrowedBytes
  var destination: Int
  var eta: Int64
  var early: Int64
  var late: Int64
  var stage: UInt8
  var disposition: UInt8
  var from: UInt8
  var cause: UInt8
  var holdID: UInt64
  var isNetOfAllocations: Bool
}

extension FeedRows {
  /// Nothing is said of any row but its movement, and every kind is one of those that move a
  /// single amount.
  var isPlain: Bool {
    if isNetOfAllocations || !details.isEmpty { return false }
    var highest: UInt8 = 0
    for kind in kinds { highest = max(highest, kind) }
    return highest <= MovementKind.withheld.rawValue
  }

  @inline(__always)
  func sequence(_ index: Int) -> UInt64 {
    details.sequences.isEmpty ? firstSequence &+ UInt64(index) : details.sequences[index]
  }

  /// The sequence of the last row; 0 when there is none.
  var lastSequence: UInt64 { keys.count == 0 ? 0 : sequence(keys.count - 1) }

  func row(_ index: Int, key: BorrowedBytes, reference: BorrowedBytes) -> FeedRow {
    FeedRow(
      index: index, key: key, rawKind: kinds[index], node: Int(nodes[index]),
      quantity: quantities[index], occurred: details.occurredMilliseconds.value(index),
      reference: reference,
      destination: details.destinations.isEmpty ? -1 : Int(details.destinations[index]),
      eta: details.etaUnixSeconds.value(index), early: details.earlyUnixSeconds.value(index),
      late: details.lateUnixSeconds.value(index), stage: details.stages.value(index),
      disposition: details.dispositions.value(index), from: details.fromDispositions.value(index),
      cause: details.causes.value(index), holdID: details.holdIDs.value(index),
      isNetOfAllocations: isNetOfAllocations)
  }

  /// A row as it waits.
  func parkedRow(_ index: Int, key: BorrowedBytes, reference: BorrowedBytes) -> ParkedRow {
    var row = ParkedRow()
    row.source = source
    row.sequence = sequence(index)
    row.item = key.name
    row.node = nodeNames[Int(nodes[index])]
    row.kind = kinds[index]
    row.quantity = quantities[index]
    row.occurredMilliseconds = details.occurredMilliseconds.value(index)
    row.reference = reference.name
    // Only a transfer goes somewhere.
    if row.kind == MovementKind.transferOut.rawValue, !details.destinations.isEmpty {
      row.destination = nodeNames[Int(details.destinations[index])]
    }
    row.etaUnixSeconds = details.etaUnixSeconds.value(index)
    row.earlyUnixSeconds = details.earlyUnixSeconds.value(index)
    row.lateUnixSeconds = details.lateUnixSeconds.value(index)
    row.stage = details.stages.value(index)
    row.disposition = details.dispositions.value(index)
    row.fromDisposition = details.fromDispositions.value(index)
    row.cause = details.causes.value(index)
    row.holdID = details.holdIDs.value(index)
    row.isNetOfAllocations = isNetOfAllocations
    return row
  }

  /// Adds a row that waited.
  mutating func append(_ row: ParkedRow) {
    keys.append(row.item.bytes)
    nodes.append(index(of: row.node))
    kinds.append(row.kind)
    quantities.append(row.quantity)
    details.sequences.append(row.sequence)
    details.occurredMilliseconds.append(row.occurredMilliseconds)
    details.references.append(row.reference.bytes)
    details.destinations.append(row.destination.isEmpty ? 0 : index(of: row.destination))
    details.etaUnixSeconds.append(row.etaUnixSeconds)
    details.earlyUnixSeconds.append(row.earlyUnixSeconds)
    details.lateUnixSeconds.append(row.lateUnixSeconds)
    details.stages.append(row.stage)
    details.dispositions.append(row.disposition)
    details.fromDispositions.append(row.fromDisposition)
    details.causes.append(row.cause)
    details.holdIDs.append(row.holdID)
    isNetOfAllocations = row.isNetOfAllocations
  }

  private mutating func index(of name: Name) -> UInt32 {
    if let found = nodeNames.firstIndex(of: name) { return UInt32(found) }
    nodeNames.append(name)
    return UInt32(nodeNames.count - 1)
  }

  func withColumns(_ body: (FeedColumns, KeyColumn) -> Void) {
    keys.withKeyColumn { keys in
      nodes.withUnsafeBufferPointer { nodes in
        kinds.withUnsafeBufferPointer { kinds in
          quantities.withUnsafeBufferPointer { quantities in
            details.references.withKeyColumn { references in
              body(
                FeedColumns(
                  keys: keys, nodes: Column(nodes), kinds: Column(kinds),
                  quantities: Column(quantities)), references)
            }
          }
        }
      }
    }
  }
}
