import PromisedBytes
import PromisedEngine
import PromisedModel
import PromisedRecords

/// A build of delivery profiles, to be run on any thread.
package struct ProfileJob: Sendable {
  let image: NetworkImage
  let horizonBaseUnixSeconds: Int64
  /// Profiles of the same rows and horizon, of which only what changed is built; nil = build all.
  let previous: ProfileCatalogue?

  package func run() -> BuiltProfiles {
    let profiles =
      previous.map { ProfileBuild.patch($0, image: image) }
      ?? ProfileBuild.catalogue(image: image, horizonBase: horizonBaseUnixSeconds)
    return BuiltProfiles(profiles: profiles, horizonBaseUnixSeconds: horizonBaseUnixSeconds)
  }
}

/// Profiles that wait to be published.
package struct BuiltProfiles: Sendable {
  let profiles: ProfileCatalogue
  let horizonBaseUnixSeconds: Int64
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
  /// Whether the profiles that answer are those of today's horizon and of the network as it is; a
  /// network without a destination needs none.
  package var isProfileCurrent: Bool {
    if state.network.destinationCount == 0 { return true }
    return state.profiles != nil && state.isPublicationOfNetwork
      && state.publication.horizonBaseUnixSeconds == Horizon.base(at: now)
      && state.publication.changeSequence == state.network.lastChange
  }

  /// A build that is due: the network changed, a new day began, or the server just started. Nil
  /// while there is none, and while there is no network.
  package func nextProfileJob() -> ProfileJob? {
    guard !isProfileCurrent else { return nil }
    let base = Horizon.base(at: now)
    var previous: ProfileCatalogue?
    if let profiles = state.profiles, profiles.horizonBaseUnixSeconds == base,
      profiles.image.revision == state.network.revision
    {
      previous = profiles
    }
    return ProfileJob(
      image: state.network.image(), horizonBaseUnixSeconds: base, previous: previous)
  }

  /// Publishes profiles, if the network's rows are still those they were built from; others are
  /// dropped, and `nextProfileJob` gives the next build. Changes of departures that came meanwhile
  /// do not matter: answers heed them until the next build knows them.
  ///
  /// Profiles like those that were published last (the same network, the same horizon: after a
  /// restart) answer under the same epoch; others are published by an event.
  package func publish(_ built: BuiltProfiles) {
    guard built.profiles.image.revision == state.network.revision,
      state.canPublish(built.profiles)
    else { return }
    var publication = state.publication
    let isKnown =
      state.isPublicationOfNetwork
      && publication.horizonBaseUnixSeconds == built.horizonBaseUnixSeconds
      && publication.changeSequence == built.profiles.image.lastChange
    if !isKnown {
      publication = ProfilePublication(
        epoch: publication.epoch + 1, horizonBaseUnixSeconds: built.horizonBaseUnixSeconds,
        changeSequence: built.profiles.image.lastChange)
      commit(.profilePublished(publication))
    }
    state.publish(built.profiles, publication)
    if watching.hasThresholds { watching.thresholds.recheckPromises(.published, at: position) }
  }

  // MARK: Snapshots

  /// Fixes the state as it is; the blocks that follow are of this instant.
  package func beginSnapshot() { state.beginExport() }

  /// Gives up the snapshot begun last, so that another may begin.
  package func cancelSnapshot() { state.cancelExport() }

  /// The next block of the snapshot begun last; nil when all were given.
  package func nextSnapshotBlock() -> SnapshotExport? {
    state.nextExportBlock().map { SnapshotExport(block: $0) }
  }

  /// Takes a block of a snapshot on disk.
  package func importBlock(
    kind: UInt16, _ bytes: UnsafeRawBufferPointer
  ) throws(ReplayFailure) {
    guard let known = StateBlockKind(rawValue: kind) else {
      throw ReplayFailure(reason: "block kind \(kind) is not known")
    }
    do throws(RecordError) {
      state.importBlock(try StateBlock(kind: known, bytes))
    } catch {
      throw ReplayFailure(reason: "a block of kind \(known): \(error)")
    }
  }
}
