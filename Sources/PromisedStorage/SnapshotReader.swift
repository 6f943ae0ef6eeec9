import CZstd
import PromisedBytes
import PromisedPlatform

/// Reads one snapshot file in order. Every size is checked, against a checksum and the caps,
/// before memory is taken for it or a frame is opened.
struct SnapshotReader<Store: FileStore>: ~Copyable {
  private let file: OpenFile<Store>
  private let maximumBlockBytes: Int
  private let byteCount: UInt64
  private var offset: UInt64 = 0
  private var digests = DigestContext()
  private var input = ByteBuffer(capacity: 1 << 16)
  /// The dataset its header named when it was last read.
  private(set) var dataset = DatasetIdentity(low: 0, high: 0)

  /// Opens a snapshot.
  init(_ name: String, in store: Store, maximumBlockBytes: Int) throws(StorageError) {
    let file: OpenFile<Store>
    do throws(FileError) {
      file = try OpenFile(name, in: store)
    } catch {
      guard isAbsent(error) else { throw .file(error) }
      throw .damaged(Damage(file: name, offset: 0, reason: "the snapshot is missing"))
    }
    let reference = file.reference
    byteCount = try disk { () throws(FileError) in try store.size(reference) }
    store.dropCache(reference)
    self.file = file
    self.maximumBlockBytes = maximumBlockBytes
  }

  /// Reads the whole file; with `opensBlocks`, decompresses each block and passes it on.
  ///
  /// Without it, this is the check that must have passed before a block is passed to anybody:
  /// whoever takes blocks cannot take them back when the digest at the end does not hold.
  mutating func read(
    opensBlocks: Bool, dataset: DatasetIdentity?,
    block body: (SnapshotBlock) throws(PayloadRejection) -> Void = { _ in }
  ) throws(StorageError) -> SnapshotSummary {
    offset = 0
    try take(SnapshotFormat.headerBytes, "the header")
    guard let (header, version) = SnapshotHeader.decode(input.bytes) else {
      throw damaged("no snapshot header, or its checksum does not hold", at: 0)
    }
    guard version == SnapshotFormat.version else {
      throw .unknownVersion(file: file.reference.name, version: version)
    }
    if let dataset, dataset != header.dataset {
      throw damaged("the snapshot belongs to another dataset", at: 16)
    }
    self.dataset = header.dataset
    digests.update(input.bytes)
    let decompressor = Decompressor()
    var content = ByteBuffer(capacity: 16)
    var counted = SnapshotTrailer()
    while byteCount - offset > UInt64(SnapshotFormat.trailerBytes) {
      let start = offset
      let block = try takeBlock()
      let sums = (
        counted.blockCount.addingReportingOverflow(1),
        counted.contentCount.addingReportingOverflow(UInt64(block.byteCount))
      )
      guard !sums.0.overflow, !sums.1.overflow else { throw damaged("too many blocks", at: start) }
      counted.blockCount = sums.0.partialValue
      counted.contentCount = sums.1.partialValue
      counted.rowCount &+= UInt64(block.rowCount)
      guard opensBlocks else { continue }
      let flaw = decompressor.decompress(
        input.bytes, declared: Int(block.byteCount), into: &content)
      if let flaw { throw damaged(flaw, at: start) }
      do throws(PayloadRejection) {
        try body(SnapshotBlock(kind: block.kind, rowCount: block.rowCount, bytes: content.bytes))
      } catch {
        throw damaged(error.reason, at: start)
      }
    }
    return try takeTrailer(header, counted)
  }

  private mutating func takeBlock() throws(StorageError) -> SnapshotBlockHeader {
    let start = offset
    try take(SnapshotFormat.blockHeaderBytes, "a block's header")
    guard let block = SnapshotBlockHeader.decode(input.bytes) else {
      throw damaged("no block header, or its checksum does not hold", at: start)
    }
    guard Int(block.byteCount) <= maximumBlockBytes else {
      throw damaged("the block declares \(block.byteCount) bytes", at: start)
    }
    guard Int(block.compressedCount) <= ZSTD_compressBound(Int(block.byteCount)) else {
      throw damaged("the block declares more compressed bytes than zstd would write", at: start)
    }
    digests.update(input.bytes)
    try take(Int(block.compressedCount), "a block")
    guard checksum(input.bytes) == block.checksum else {
      throw damaged("the block's checksum does not hold", at: start)
    }
    digests.update(input.bytes)
    return block
  }

  private mutating func takeTrailer(
    _ header: SnapshotHeader, _ counted: SnapshotTrailer
  ) throws(StorageError) -> SnapshotSummary {
    let start = offset
    try take(SnapshotFormat.trailerBytes, "the trailer")
    let covered = SnapshotFormat.trailerBytes - Digest.byteCount
    let front = UnsafeRawBufferPointer(rebasing: input.bytes[..<covered])
    guard let trailer = SnapshotTrailer.decode(front) else {
      throw damaged("no snapshot trailer", at: start)
    }
    digests.update(front)
    let digest = digests.finish()
    var rest = ByteReader(UnsafeRawBufferPointer(rebasing: input.bytes[covered...]))
    guard (try? rest.readDigest()) == digest else {
      throw damaged("the snapshot's digest does not hold", at: start)
    }
    var expected = counted
    expected.chain = trailer.chain
    expected.byteCount = byteCount
    guard trailer == expected else {
      throw damaged("the trailer's counts do not hold", at: start)
    }
    return SnapshotSummary(
      position: header.position, timeMs: header.timeMs, byteCount: byteCount, digest: digest,
      blockCount: trailer.blockCount, rowCount: trailer.rowCount, chain: trailer.chain)
  }

  /// Reads the next `count` bytes into `input`. `what` they are is for the report.
  private mutating func take(_ count: Int, _ what: String) throws(StorageError) {
    guard byteCount - offset >= UInt64(count) else {
      throw damaged("the snapshot ends within \(what)", at: byteCount)
    }
    input.clear()
    let start = offset
    let store = file.store
    let reference = file.reference
    var got = 0
    do throws(FileError) {
      try input.append(upTo: count) { (room) throws(FileError) in
        got = try store.read(reference, into: room, at: start)
        return got
      }
    } catch {
      throw .file(error)
    }
    guard got == count else { throw damaged("the snapshot shrank while read", at: start) }
    offset += UInt64(count)
  }

  private func damaged(_ reason: String, at offset: UInt64) -> StorageError {
    .damaged(Damage(file: file.reference.name, offset: offset, reason: reason))
  }
}
