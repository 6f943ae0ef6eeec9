import PromisedInvariants
import PromisedModel

/// An export that is under way: a point in time, taken while the state goes on changing.
///
/// Everything but stock is copied when it begins. Stock is copied chunk by chunk of the position
/// table; a chunk that is about to be written before its turn is copied first, so that every chunk
/// is as it stood when the export began. A table that must grow finishes the sweep first.
final class Sweep {
  let bucketsPerChunk: Int
  var isCopied: [Bool]
  var nextChunk = 0
  /// Blocks not handed out yet, and how many of them were.
  var blocks: [StateBlock] = []
  var handedOut = 0
  /// What follows the stock.
  var tail: [StateBlock] = []
  /// Entries of the journal that are left to copy, last of all.
  var journal: Range<UInt64>

  init(bucketsPerChunk: Int, chunkCount: Int, journal: Range<UInt64>) {
    self.journal = journal
    self.bucketsPerChunk = bucketsPerChunk
    isCopied = Array(repeating: false, count: chunkCount)
  }
}

extension State {
  /// Rows of a block, more or less.
  static var blockRows: Int { 65_536 }

  /// Fixes a point in time, which `nextExportBlock` then hands out. Linear in everything but stock
  /// and items.
  package func beginExport() {
    invariant(sweep == nil, "an export begins while another is under way")
    let density = max(1, positions.positionCount + positions.itemCount)
    let buckets = max(1, min(16_384, positions.totalBuckets * chunkRows / density))
    let chunks = (positions.totalBuckets + buckets - 1) / buckets
    let begun = Sweep(
      bucketsPerChunk: buckets, chunkCount: chunks, journal: journal.first..<journal.end)
    begun.blocks.append(
      .sizes(items: UInt64(positions.itemCount), positions: UInt64(positions.positionCount)))
    begun.blocks.append(.put(.network(network.exportRows())))
    for start in stride(from: 0, to: sellers.count, by: Self.blockRows) {
      let end = min(sellers.count, start + Self.blockRows)
      begun.blocks.append(.put(.sellers(Array(sellers[start..<end]))))
    }
    begun.blocks += exportDemandPool() + exportFactors()
    begun.tail = exportCapacity() + exportInbound() + exportKits() + exportOpportunity()
    begun.tail += exportDistribution()
    begun.tail += exportHolds() + exportPromises() + exportCommands()
    begun.tail.append(.sources(exportSources()))
    begun.tail.append(.feedStanding(exportStanding()))
    begun.tail += exportServiceJournal() + exportCounts() + exportParked()
    begun.tail.append(.movements(movements.rows))
    begun.tail += exportLearned()
    begun.tail += exportDemand()
    begun.tail += exportForecasts()
    begun.tail.append(.publication(publication, isOfNetwork: isPublicationOfNetwork))
    if !overrides.isEmpty { begun.tail.append(.overrides(overrides.rows)) }
    if let load {
      begun.tail.append(.load(load.description))
      begun.tail += load.chunks.map { .loadChunk($0) }
    }
    if let lastLoad { begun.tail.append(.lastLoad(lastLoad)) }
    sweep = begun
    isSweeping = true
  }

  /// The next block of the export, or nil when all are handed out and the export is over. About
  /// 65,536 rows of work.
  package func nextExportBlock() -> StateBlock? {
    guard let sweep else { return nil }
    while true {
      if let block = takeBlock(of: sweep) { return block }
      if sweep.nextChunk == sweep.isCopied.count {
        if !sweep.tail.isEmpty {
          sweep.blocks = sweep.tail
          sweep.tail = []
          continue
        }
        if !sweep.journal.isEmpty { return takeJournalBlock(of: sweep) }
        cancelExport()
        return nil
      }
      copyChunk(sweep.nextChunk)
      sweep.nextChunk += 1
      if sweep.nextChunk == sweep.isCopied.count {
        isSweeping = false
        sweep.blocks += sweep.tail
        sweep.tail = []
      }
    }
  }

  /// Gives up an export; nothing of it remains.
  package func cancelExport() {
    sweep = nil
    isSweeping = false
  }

  package var isExporting: Bool { sweep != nil }

  private func takeBlock(of sweep: Sweep) -> StateBlock? {
    if sweep.handedOut == sweep.blocks.count {
      sweep.blocks.removeAll()
      sweep.handedOut = 0
      return nil
    }
    sweep.handedOut += 1
    return sweep.blocks[sweep.handedOut - 1]
  }

  // MARK: Before a write

  /// Must be called before the bucket, the rows, the attributes or the conditions of a slot's item
  /// change.
  @inline(__always)
  func willWrite(slot: Int) {
    if _slowPath(isSweeping) { copyChunks(of: slot...slot) }
  }

  @inline(__always)
  func willWrite(slots: ClosedRange<Int>) {
    if _slowPath(isSweeping) { copyChunks(of: slots) }
  }

  /// Copies all that is left, because the table is about to be laid out anew.
  func finishSweep() {
    guard let chunks = sweep?.isCopied.count else { return }
    for chunk in 0..<chunks { copyChunk(chunk) }
    isSweeping = false
  }

  @inline(never)
  private func copyChunks(of slots: ClosedRange<Int>) {
    guard let size = sweep?.bucketsPerChunk else { return }
    let first = slots.lowerBound / PositionTable.slotsPerBucket / size
    let last = slots.upperBound / PositionTable.slotsPerBucket / size
    for chunk in first...last { copyChunk(chunk) }
  }

  private func copyChunk(_ chunk: Int) {
    guard let sweep, !sweep.isCopied[chunk] else { return }
    sweep.isCopied[chunk] = true
    let first = chunk * sweep.bucketsPerChunk * PositionTable.slotsPerBucket
    let size = sweep.bucketsPerChunk * PositionTable.slotsPerBucket
    let slots = first..<min(first + size, positions.totalSlots)
    let items = exportItems(in: slots)
    if items.keys.count > 0 { sweep.blocks.append(.put(.items(items))) }
    let stock = exportStock(in: slots)
    if stock.keys.count > 0 { sweep.blocks.append(.positions(stock)) }
  }
}
