import PromisedInvariants
import PromisedModel

/// One promise: who orders by `orderBy` leaves the node by `cutoff` and is delivered in `window`.
///
/// Invariant of a row: cutoffs strictly ascend, windows strictly ascend, order-by times do not
/// descend, and whoever departs later than an entry cannot make its window.
struct ProfileEntry: BitwiseCopyable, Equatable {
  /// Minute of the departure from the node.
  var cutoff: UInt16
  /// Index among the destination's windows, which stand in order of (end, start).
  var window: UInt16
  /// Latest order minute with the node's own processing; `never` = before the horizon,
  /// `unpublished` = serves as the tail of other paths only.
  var orderBy: UInt16
  /// Chance of delivery by the window's end in 1/65535; 0 = nothing on the way is declared to be
  /// uncertain, or, on schedule only, the chance is not stated.
  var confidence: UInt16

  static var never: UInt16 { 0 }
  static var unpublished: UInt16 { .max }
}

/// How an entry goes on: by a leg to its destination, by a lane, or by being delivered in a wave.
struct Via: BitwiseCopyable, Equatable {
  var rawValue: UInt32

  static var laneBit: UInt32 { 0x8000_0000 }
  static var wave: Via { Via(rawValue: .max) }
  static func lane(_ index: UInt32) -> Via { Via(rawValue: index | laneBit) }
  static func leg(_ index: UInt32) -> Via { Via(rawValue: index) }

  var isWave: Bool { rawValue == .max }
  var isLeg: Bool { rawValue & Self.laneBit == 0 }
  var isLane: Bool { rawValue & Self.laneBit != 0 && !isWave }
  var index: Int { Int(rawValue & ~Self.laneBit) }
}

/// A delivery window of a destination, in minutes since the horizon base.
struct DeliveryWindow: BitwiseCopyable, Equatable {
  var from: Int32
  var to: Int32
  /// The window's own place: seconds east of UTC at its start, and its local date there.
  var offset: Int32
  var days: Int32
}

/// All delivery promises of a network for a horizon: the rows of every destination. Immutable, shared
/// between threads; sets share the blocks they have in common.
package final class ProfileSet: @unchecked Sendable {
  let frame: ProfileFrame
  /// By destination.
  let blocks: [DestinationBlock]
  /// Where each block's rows lie, so that a decision goes from the destination to its rows at once.
  private let views: OwnedBuffer<BlockView>
  private let ranks: UnsafePointer<UInt16>
  private let nodeCount: Int

  init(frame: ProfileFrame, blocks: [DestinationBlock]) {
    self.frame = frame
    self.blocks = blocks
    ranks = UnsafePointer(frame.ranks.base)
    nodeCount = frame.ranks.count
    views = OwnedBuffer(repeating: frame.emptyBlock.view, count: blocks.count)
    for (index, block) in blocks.enumerated() { views.base[index] = block.view }
  }

  /// A set with some destinations' blocks in the place of those of this one, which shares the rest.
  func replacing(_ replaced: [(destination: UInt32, block: DestinationBlock)]) -> ProfileSet {
    var blocks = blocks
    for (destination, block) in replaced { blocks[Int(destination)] = block }
    return ProfileSet(frame: frame, blocks: blocks)
  }

  package var image: NetworkImage { frame.image }
  package var horizon: Horizon { frame.horizon }
  package var destinationCount: Int { blocks.count }
  package var horizonBaseUnixSeconds: Int64 { horizon.base }
  package var entryCount: Int { blocks.reduce(0) { $0 + $1.entryCount } }
  package var windowCount: Int { blocks.reduce(0) { $0 + $1.windowCount } }

  /// Memory held, without the image.
  package var byteCount: Int {
    blocks.reduce(views.count * MemoryLayout<BlockView>.stride) { $0 + $1.byteCount }
  }

  /// A digest of all rows, to compare two builds: equal networks give equal digests.
  package var digest: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for block in blocks { hash = (hash ^ block.digest) &* 0x100_0000_01b3 }
    return hash
  }

  /// The rows of a destination; empty ones for one the build did not know.
  @inline(__always)
  func view(_ destination: UInt32) -> BlockView {
    Int(destination) < views.count ? views.base[Int(destination)] : frame.emptyBlock.view
  }

  /// The rank of a node; `noRank` also for nodes the build did not know.
  @inline(__always)
  func rank(of node: UInt16) -> UInt16 {
    Int(node) < nodeCount ? ranks[Int(node)] : ProfileFrame.noRank
  }

  /// The node's processing on its shifts, as the profile knows it; nil for nodes without a calendar.
  package func readyFunction(node: UInt16) -> ReadyFunction? { frame.readyFunction(node: node) }
}
