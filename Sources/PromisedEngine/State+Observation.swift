import CMemory
import PromisedInvariants
import PromisedModel

/// The last position that changed something, by a hash of what it is.
///
/// A reply that read a row changed at position p must not leave before p is durable. Two rows that
/// share a stamp only make a reply wait longer than it must.
struct Stamps: ~Copyable {
  private var table = Store<UInt64>(zeroed: 65_536)
  /// The change after which any network answer may differ.
  var network: UInt64 = 0
  var loads: UInt64 = 0
  /// The change after which any forecast of the service's own may differ.
  var demand: UInt64 = 0
  var observed: UInt64 = 0
  /// What changed up to here is not known any more: the position of the snapshot that was read.
  var since: UInt64 = 0

  @inline(__always)
  func read(_ hash: UInt64) -> UInt64 { table.base[Int(hash & 0xffff)] }

  @inline(__always)
  func prefetch(_ hash: UInt64) { promised_prefetch(table.base + Int(hash & 0xffff)) }

  @inline(__always)
  func write(_ hash: UInt64, _ position: UInt64) { table.base[Int(hash & 0xffff)] = position }
}

/// Kinds of rows that share the table of stamps with items.
enum StampKind: UInt64 {
  case seller = 0x5e11_e200_0000_0000
  case hold = 0x401d_0000_0000_0000
  case source = 0x5003_ce00_0000_0000
}

extension State {
  /// Forgets what was observed; every decision and answer from here on raises `observedPosition`.
  package func beginObservation() { stamps.observed = 0 }

  /// The last position that changed a row read since `beginObservation`: a reply may leave once
  /// the log is durable up to it.
  package var observedPosition: Position { stamps.observed }

  @inline(__always)
  func observe(_ position: UInt64) {
    if position > stamps.observed { stamps.observed = position }
  }

  @inline(__always)
  func observe(item token: UInt64) { observe(stamps.read(mix(token))) }

  func observe(_ kind: StampKind, _ index: UInt64) {
    observe(stamps.read(mix(kind.rawValue ^ index)))
  }

  package func observeNetwork() { observe(stamps.network) }

  func observeLoads() { observe(stamps.loads) }

  /// Everything up to the last event was read: a listing, say.
  func observeEverything() { observe(appliedPosition) }

  @inline(__always)
  func touch(item token: UInt64) {
    let hash = mix(token)
    changes.record(token, hash: hash, isStamped: stamps.read(hash) == appliedPosition)
    stamps.write(hash, appliedPosition)
  }

  func touch(_ kind: StampKind, _ index: UInt64) {
    stamps.write(mix(kind.rawValue ^ index), appliedPosition)
    // An audit under way counts the hold anew.
    if kind == .hold && audit.isCounting { audit.changed.append(index) }
  }
}

/// Memory is asked for before it is needed, so that its misses are waited for together: a decision
/// is little but misses.
extension State {
  /// What a decision over an item reads first.
  @inline(__always)
  func prefetch(item token: UInt64) {
    positions.prefetch(token)
    stamps.prefetch(mix(token))
  }

  /// What it reads once the item is found.
  @inline(__always)
  func prefetch(slot: Int) {
    if slot < 0 { return }
    positions.prefetchRows(slot)
    let attribute = Int(positions.attribute(slot))
    if attribute != 0 { attributes.prefetch(attribute) }
  }
}
