import PromisedBytes
import PromisedEngine
import PromisedModel
import PromisedRecords

/// A build of delivery profiles, to be run on any thread.
package struct ProfileJob: Sendable {
  let image: NetworkImage
  let horizonBaseUnixSeconds: Int64
  let revision: UInt64

  package func run() -> BuiltProfiles {
    BuiltProfiles(
      profiles: ProfileBuild.build(
        image: image, horizonBaseUnixSeconds: horizonBaseUnixSeconds),
      horizonBaseUnixSeconds: horizonBaseUnixSeconds, revision: revision)
  }
}

/// Profiles that wait to be published.
package struct BuiltProfiles: Sendable {
  let profiles: ProfileSet
  let horizonBaseUnixSeconds: Int64
  let revision: UInt64
}

/// A block of a snapshot, exported and not yet encoded; encoding is work for another thread.
package struct SnapshotExport: Sendable {
  let block: StateBlock

  /// The block's bytes. O(rows).
  package func encoded() -> ByteBuffer {
    var writer = FieldWriter(capacity: 1 << 20)
    block.write(to: &writer)
    return writer.takeBuffer()
  }

  package var kind: UInt16 { block.recordKind.rawValue }
  package var rowCount: Int { block.rowCount }
}

extension Sequencer {
  /// UTC midnight of yesterday: the base from which a profile's minutes count.
  private func horizonBase(_ now: UnixMilliseconds) -> Int64 {
    let day = now.seconds / 86_400
    return (day - 1) * 86_400
  }

  /// Whether the published profiles are those of today's horizon and of the network as it is.
  package var isProfileCurrent: Bool {
    guard let publication = state.publication else { return false }
    return publishedRevision == state.network.revision
      && publication.horizonBaseUnixSeconds == horizonBase(now)
  }

  /// A build that is due: the network changed, or a new day begins. Nil while there is none.
  package func nextProfileJob(realtime: UnixMilliseconds) -> ProfileJob? {
    guard state.network.revision > 0, state.openLoad == nil || state.publication != nil,
      !isProfileCurrent || !state.hasProfiles
    else { return nil }
    return ProfileJob(
      image: state.network.image(), horizonBaseUnixSeconds: horizonBase(now),
      revision: state.network.revision)
  }

  /// Publishes profiles, if the network is still the one they were built from.
  ///
  /// Profiles equal to those that are published already (the same network, the same horizon, after
  /// a restart) are taken without a new epoch.
  package func publish(_ built: BuiltProfiles) {
    guard built.revision == state.network.revision else { return }
    if let publication = state.publication, publishedRevision == built.revision,
      publication.horizonBaseUnixSeconds == built.horizonBaseUnixSeconds
    {
      state.install(built.profiles)
      return
    }
    let epoch = (state.publication?.epoch ?? 0) + 1
    commit(
      .profilePublished(
        ProfilePublication(
          epoch: epoch, horizonBaseUnixSeconds: built.horizonBaseUnixSeconds)))
    publishedRevision = built.revision
    state.install(built.profiles)
  }

  // MARK: Snapshots

  /// False while a load is open: what it brought so far is in no snapshot.
  package var canBeginSnapshot: Bool { state.openLoad == nil }

  /// Fixes the state as it is; the blocks that follow are of this instant.
  package func beginSnapshot() { state.beginExport() }

  /// The next block of the snapshot begun last; nil when all were given.
  package func nextSnapshotBlock() -> SnapshotExport? {
    state.nextExportBlock().map { SnapshotExport(block: $0) }
  }

  /// Takes a block of a snapshot on disk.
  package func importBlock(
    kind: UInt16, _ bytes: UnsafeRawBufferPointer
  ) throws(RecordError) {
    guard let known = StateBlockKind(rawValue: kind) else {
      throw .malformed("block kind \(kind)")
    }
    try restoreBlock(try StateBlock(kind: known, bytes))
  }
}
