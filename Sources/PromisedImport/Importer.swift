import PromisedModel

/// A file of an import directory, its bytes borrowed from the caller for as long as it is used.
package struct ImportSource {
  package let file: ImportFile
  package let bytes: UnsafeBufferPointer<UInt8>

  package init(file: ImportFile, bytes: UnsafeBufferPointer<UInt8>) {
    self.file = file
    self.bytes = bytes
  }
}

package struct ImportOptions: Sendable {
  package var mode: LoadMode
  /// Rows may name what only the server knows; it then decides.
  package var isPartial: Bool

  package init(mode: LoadMode, isPartial: Bool = false) {
    self.mode = mode
    self.isPartial = isPartial
  }
}

/// What one file holds.
package struct ImportedFile: Sendable, Equatable {
  package var file: ImportFile
  package var rowCount: Int
  package var chunkCount: Int
  package var problems: ProblemList
}

/// What checking a directory found.
package struct ImportReport: Sendable, Equatable {
  package var files: [ImportedFile] = []
  /// Names the files' bytes and the mode, so that a cut load of the same files goes on.
  package var loadID = Name.empty

  package var problemCount: Int { files.reduce(0) { $0 + $1.problems.count } }
  package var rowCount: Int { files.reduce(0) { $0 + $1.rowCount } }
  package var chunkCount: Int { files.reduce(0) { $0 + $1.chunkCount } }
}

/// Rows of one file, ready to be sent.
package struct ImportChunk: Sendable {
  /// From 0, consecutive over all files in load order.
  package var number: UInt32
  package var file: ImportFile
  package var rowCount: Int
  package var rows: PutRows
}

/// Reads the files of an import directory: first to check everything, then chunk by chunk.
///
///     let importer = Importer(sources, options: ImportOptions(mode: .merge))
///     let report = importer.check(isTimeZone: known) { file, rows in show(file, rows) }
///     if report.problemCount == 0 {
///       try importer.readChunks(from: 0) { chunk in try send(chunk) }
///     }
///
/// Both passes cut the same chunks, so that a chunk number means the same rows whenever the files
/// and the mode are the same. Memory: one chunk, and while checking a table of the keys.
package struct Importer {
  private let sources: [ImportSource]
  private let options: ImportOptions

  /// The sources may come in any order.
  package init(_ sources: [ImportSource], options: ImportOptions) {
    self.sources = sources.sorted { $0.file.rawValue < $1.file.rawValue }
    self.options = options
  }

  /// Reads every row of every file and checks it, alone and against the others.
  ///
  /// - Parameters:
  ///   - isTimeZone: whether this host has rules for an IANA zone.
  ///   - progress: told the rows of a file read so far, now and then.
  package func check(
    isTimeZone: @escaping (Name) -> Bool, progress: @escaping (ImportFile, Int) -> Void
  ) -> ImportReport {
    func byteCount(_ file: ImportFile) -> Int {
      sources.first { $0.file == file }?.bytes.count ?? 0
    }
    let references = References(
      present: sources.map(\.file), options: options,
      expectedItems: byteCount(.items) / 40, expectedPositions: byteCount(.positions) / 16,
      isTimeZone: isTimeZone)
    var report = ImportReport()
    var digest = ContentDigest()
    digest.add(UInt64(options.mode.rawValue))
    for source in sources {
      digest.add(UInt64(source.file.rawValue))
      digest.add(source.bytes)
      var table = TableReader(source.file, source.bytes)
      var chunks = 0
      var rows = 0
      Self.read(&table, references) { _, count in
        chunks += 1
        rows += count
        progress(source.file, rows)
      }
      report.files.append(
        ImportedFile(
          file: source.file, rowCount: table.rowCount, chunkCount: chunks,
          problems: table.problems))
    }
    report.loadID = digest.name
    return report
  }

  /// Reads the rows again, without looking across files, and hands over the chunks from `first` on.
  ///
  /// - Returns: the problems of files that changed since they were checked; none otherwise.
  package func readChunks<Failure: Error>(
    from first: UInt32, _ body: @escaping (ImportChunk) throws(Failure) -> Void
  ) throws(Failure) -> ProblemList {
    var number: UInt32 = 0
    var problems = ProblemList()
    for source in sources {
      var table = TableReader(source.file, source.bytes)
      try Self.read(&table, nil) { (rows: PutRows, count: Int) throws(Failure) in
        if number >= first {
          try body(
            ImportChunk(number: number, file: source.file, rowCount: count, rows: rows))
        }
        number += 1
      }
      problems.append(contentsOf: table.problems)
    }
    return problems
  }

  private static func read<Failure: Error>(
    _ table: inout TableReader, _ references: References?,
    _ emit: @escaping (PutRows, Int) throws(Failure) -> Void
  ) throws(Failure) {
    switch table.file {
    case .marketplaces: try NetworkFiles.marketplaces(&table, references, emit)
    case .calendars: try NetworkFiles.calendars(&table, references, emit)
    case .nodes: try NetworkFiles.nodes(&table, references, emit)
    case .waves: try NetworkFiles.waves(&table, references, emit)
    case .zones: try NetworkFiles.zones(&table, references, emit)
    case .lanes: try NetworkFiles.lanes(&table, references, emit)
    case .legs: try NetworkFiles.legs(&table, references, emit)
    case .rates: try SourcingFiles.rates(&table, references, emit)
    case .sellers: try StockFiles.sellers(&table, references, emit)
    case .items: try StockFiles.items(&table, references, emit)
    case .kits: try SourcingFiles.kits(&table, references, emit)
    case .positions: try StockFiles.positions(&table, references, emit)
    case .opportunity: try SourcingFiles.opportunity(&table, references, emit)
    case .inbound: try StockFiles.inbound(&table, references, emit)
    case .limits: try CapacityFiles.limits(&table, references, emit)
    case .policies: try CapacityFiles.policies(&table, references, emit)
    case .buildings: try CapacityFiles.buildings(&table, references, emit)
    case .signals: try CapacityFiles.signals(&table, references, emit)
    case .groups: try DistributionFiles.groups(&table, references, emit)
    case .channels: try DistributionFiles.channels(&table, references, emit)
    case .backorders: try DistributionFiles.backorders(&table, references, emit)
    case .forecasts: try ForecastFiles.forecasts(&table, references, emit)
    }
  }
}
