import PromisedModel
import PromisedWire

/// Feeds, rows put, loads.
extension Run {
  func performFeed(_ command: Command, _ number: Int) throws(Difference) {
    switch command {
    case .feed(let source, let back, let rows):
      let mark = model.marks[source]
      try feed(source, rows, from: mark + 1 - min(UInt64(back), mark))
    case .gap(let source, let skipped, let rows, let isAllowed):
      try feed(
        source, rows, from: model.marks[source] + 1 + UInt64(skipped), allowsGap: isAllowed)
    case .told(let source, let back, let batch): try tell(source, back: back, batch)
    case .reverse(let source, let newest, let count):
      try reverse(source, newest: newest, count: count, key: "r-\(number)")
    default: break
    }
  }

  private func feed(
    _ source: Int, _ rows: [FeedLine], from first: UInt64, allowsGap: Bool = false
  ) throws(Difference) {
    var batch = FedBatch(
      source: source, sequences: rows.indices.map { first + UInt64($0) },
      rows: rows.map { FedLine(place: $0.place, kind: $0.kind, quantity: $0.quantity) })
    batch.allowsGap = allowsGap
    try send(batch, alive: nil, allowsGap ? "feed with a gap" : "feed")
  }

  private func tell(_ source: Int, back: Int, _ told: ToldBatch) throws(Difference) {
    model.advance(to: now)
    let mark = model.marks[source]
    let first = mark + 1 - min(UInt64(back), mark)
    let step: UInt64 = source == Names.sparse ? 3 : 1
    var batch = FedBatch(
      source: source, sequences: told.rows.indices.map { first + step * UInt64($0) }, rows: [])
    batch.isNet = told.isNetOfAllocations
    for line in told.rows {
      var row = FedLine(place: line.place, kind: line.kind, quantity: line.quantity)
      if let ago = line.ago { row.occurred = now - ago }
      row.reference = line.reference
      row.destination = line.destination
      row.eta = line.arrival == 0 ? 0 : now / 1000 + line.arrival
      (row.stage, row.disposition, row.from) = (line.stage, line.disposition, line.from)
      if let hold = line.hold {
        row.holdID = id(of: hold)
        if let place = line.line.flatMap({ place(of: hold, $0) }) { row.place = place }
      }
      batch.rows.append(row)
    }
    batch.saysWhen = batch.rows.contains { $0.occurred != 0 }
    try send(batch, alive: told.alive, "told")
  }

  /// Where a line of a hold claims, if it does at a node.
  private func place(of hold: Int, _ line: Int) -> Place? {
    guard let lines = model.holds[hold]?.lines, !lines.isEmpty else { return nil }
    let line = lines[line % lines.count]
    return line.isPool ? nil : line.place
  }

  private func send(_ batch: FedBatch, alive: Int?, _ what: String) throws(Difference) {
    model.advance(to: now)
    let found: Answer
    switch service.ask(.apply(wire(batch, alive: alive)), at: now) {
    case .success(let answer):
      found = .feed(answer.outcomes.map(\.number), lastSequence: answer.lastSequence)
    case .failure(let refused): found = refusal(refused)
    }
    if fault == .doneTwice && steps % 100 == 0 {
      var rows = wire(batch, alive: nil)
      rows.source = Name("fault-\(steps)")
      rows.allowsGap = true
      _ = service.ask(.apply(rows), at: now)
    }
    try compare(model.feed(batch, at: now), found, what)
  }

  private func wire(_ batch: FedBatch, alive: Int?) -> FeedRows {
    var rows = FeedRows()
    rows.source = Name(Names.sources[batch.source])
    rows.firstSequence = batch.sequences.first ?? 1
    rows.allowsGap = batch.allowsGap
    rows.isNetOfAllocations = batch.isNet
    if let alive { rows.aliveNodes = [Name(Names.nodes[alive])] }
    rows.nodeNames = Names.nodes.map { Name($0) }
    if batch.rows.contains(where: { $0.place.node == Names.unknownNode }) {
      rows.nodeNames.append(Name(Names.node(Names.unknownNode)))
    }
    for row in batch.rows {
      rows.keys.append(Names.item(row.place.item).utf8)
      rows.nodes.append(UInt32(row.place.node))
      rows.kinds.append(UInt8(row.kind))
      rows.quantities.append(row.quantity)
    }
    if batch.source == Names.sparse { rows.details.sequences = batch.sequences }
    func column<Value: FixedWidthInteger>(_ value: (FedLine) -> Value) -> [Value] {
      let values = batch.rows.map(value)
      return values.contains { $0 != 0 } ? values : []
    }
    rows.details.occurredMilliseconds = column { $0.occurred }
    if batch.rows.contains(where: { $0.reference != nil }) {
      for row in batch.rows {
        rows.details.references.append((row.reference.map { Names.references[$0] } ?? "").utf8)
      }
    }
    if batch.rows.contains(where: { $0.kind == 10 }) {
      rows.details.destinations = batch.rows.map { UInt32($0.destination) }
    }
    rows.details.etaUnixSeconds = column { $0.eta }
    rows.details.stages = column { $0.stage }
    rows.details.dispositions = column { $0.disposition }
    rows.details.fromDispositions = column { $0.from }
    rows.details.holdIDs = column { $0.holdID }
    return rows
  }

  private func reverse(
    _ source: Int, newest: Int, count: Int, key: String
  ) throws(Difference) {
    model.advance(to: now)
    let last = max(1, Int64(model.marks[source]) - Int64(newest))
    let first = max(1, last - Int64(count) + 1)
    let found: Answer
    switch service.ask(
      .reverseFeed(
        source: Names.sources[source], from: UInt64(first), through: UInt64(last), key: key),
      at: now)
    {
    case .success(let answer):
      found = .reversed(
        answer.reversedRows,
        kept: answer.kept.map { KeptRow(sequence: $0.sequence, code: $0.outcome.number) })
    case .failure(let refused): found = refusal(refused)
    }
    let expected = model.reverse(source: source, from: UInt64(first), through: UInt64(last))
    try compare(expected, found, "reversal")
  }

  // MARK: Rows put

  func put(_ lines: [PutLine], key: String) throws(Difference) {
    model.advance(to: now)
    let found: Answer
    switch service.ask(.put(World.positions(lines), key: key), at: now) {
    case .success(let answer): found = .put(rows: answer.rows)
    case .failure(let refused): found = refusal(refused)
    }
    try compare(model.put(lines, key: key, at: now), found, "put")
  }

  func put(_ rule: Rule) throws(Difference) {
    model.advance(to: now)
    let rows = World.rows(rule, at: now / 1000)
    if case .failure(let refused) = service.ask(.put(rows), at: now) {
      throw Difference(description: "\(rule) was refused: \(refused.refusal)")
    }
    model.put(rule, at: now / 1000)
    if case .item(let item) = rule {
      model.know(item, at: now)
      try comparePositions([item])
    }
    note("rules put")
  }

  func load(
    _ replace: Bool, _ chunks: [[PutLine]], commits: Bool, number: Int
  ) throws(Difference) {
    model.advance(to: now)
    let id = Name("load-\(number)")
    let rows = [World.network] + chunks.map { World.positions($0) }
    let description = LoadDescription(
      id: id, mode: replace ? .replace : .merge, chunkCount: UInt32(rows.count), force: true)
    try compare(.load(committed: false), loadAnswer(.beginLoad(description)), "begin load")
    for (place, chunk) in rows.enumerated() {
      let call = Call.put(chunk, load: LoadPlace(id: id, number: UInt32(place)))
      if case .failure(let refused) = service.ask(call, at: now) {
        throw Difference(description: "chunk \(place) of a load was refused: \(refused.refusal)")
      }
      // Nothing of a load is seen before it is whole.
      try comparePositions([chunks.first?.first?.place.item ?? 0])
    }
    if commits {
      try compare(
        .load(committed: true), loadAnswer(.commitLoad("load-\(number)")), "commit load")
      model.load(replace: replace, chunks: chunks, at: now)
    } else {
      try compare(
        .load(committed: false), loadAnswer(.abortLoad("load-\(number)")), "abort load")
    }
    try comparePositions(Set(Names.items.indices))
  }

  private func loadAnswer(_ call: Call<LoadAnswer>) -> Answer {
    switch service.ask(call, at: now) {
    case .success(let answer): .load(committed: answer.isCommitted)
    case .failure(let refused): refusal(refused)
    }
  }
}
