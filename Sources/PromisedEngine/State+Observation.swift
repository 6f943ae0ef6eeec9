import CMemory
import PromisedInvariants
import PromisedModel

/// The last position that changed something, by a hash of what it is.
///
/// A reply that read a row changed at position p must not leave before p is durable. A stamp is
/// shared by all rows with the same 16 bits of hash; it also has 12 bits of the hash of the one that
/// was changed last, so that the others do not wait for its disk: with a thousand rows of a feed on
/// their way to the disk, one read in sixty-five would. Only where two rows of a stamp are both on
/// their way does it stand for any row: a reply then waits longer than it must.
struct Stamps: ~Copyable {
  /// A position above the tag of who changed there; 0 = anybody. Positions of 52 bits last for
  /// 140 years of a million events a second.
  private var table = Store<UInt64>(zeroed: 65_536)
  /// The change after which any network answer may differ.
  var network: UInt64 = 0
  var loads: UInt64 = 0
  /// The change after which any forecast of the service's own may differ.
  var demand: UInt64 = 0
  var observed: UInt64 = 0
  /// What changed up to here is not known any more: the position of the snapshot that was read.
  var since: UInt64 = 0

  private static var tagMask: UInt64 { 0xfff }

  /// Never 0, and of other bits than the place.
  @inline(__always)
  private func tag(_ hash: UInt64) -> UInt64 { hash >> 52 | 1 }

  /// A position that is not before the row's last change, when that may not be durable yet; what is
  /// durable may read as 0.
  @inline(__always)
  func read(_ hash: UInt64) -> UInt64 {
    let stamp = table.base[Int(hash & 0xffff)]
    let mark = stamp & Self.tagMask
    return mark == 0 || mark == tag(hash) ? stamp >> 12 : 0
  }

  /// A position that is not before the row's last change, whatever is durable.
  func readAny(_ hash: UInt64) -> UInt64 { table.base[Int(hash & 0xffff)] >> 12 }

  @inline(__always)
  func prefetch(_ hash: UInt64) { promised_prefetch(table.base + Int(hash & 0xffff)) }

  /// - Parameter durable: the last position that is on disk; what was changed up to there is
  ///   waited for by nobody.
  @inline(__always)
  func write(_ hash: UInt64, _ position: UInt64, durable: UInt64) {
    let place = table.base + Int(hash & 0xffff)
    let (before, mine) = (place.pointee, tag(hash))
    let isAlone = before & Self.tagMask == mine || before >> 12 <= durable
    place.pointee = position << 12 | (isAlone ? mine : 0)
  }
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
  package func observeEverything() { observe(appliedPosition) }

  @inline(__always)
  func touch(item token: UInt64) {
    let hash = mix(token)
    changes.record(token, hash: hash, isStamped: stamps.read(hash) == appliedPosition)
    stamps.write(hash, appliedPosition, durable: durablePosition)
  }

  func touch(_ kind: StampKind, _ index: UInt64) {
    stamps.write(mix(kind.rawValue ^ index), appliedPosition, durable: durablePosition)
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
