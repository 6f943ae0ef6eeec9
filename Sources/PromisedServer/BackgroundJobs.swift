import PromisedModel
import PromisedPlatform
import PromisedSequencer
import PromisedStorage
import Synchronization

/// Work beside the loop: profile builds and snapshots. Jobs are handed owned values, and leave
/// owned results in a mailbox that the loop empties after the waker called.
///
/// A snapshot is taken in three steps. The loop fixes a point in time at a group's boundary; then,
/// between batches, it exports block after block while a thread compresses and writes them; when
/// all are written and the log is durable up to the point, the thread syncs, verifies and publishes.
final class BackgroundJobs<Store: FileStore> {
  enum Result: Sendable {
    case profiles(BuiltProfiles)
    case explained([PastAnswer])
    case snapshotPublished(SnapshotSummary)
    case snapshotFailed(StorageError)
    case sparePrepared
    case spareFailed(StorageError)
  }

  private let directory: DataDirectory<Store>?
  private let threads: any Threads
  private let waker: any Waker
  private let clock: any Clock
  private let everyNanoseconds: UInt64
  private let mailbox: Mailbox
  private var nextSnapshotAt: UInt64
  private var snapshot: RunningSnapshot<Store>?
  private var isSnapshotWanted = false
  /// Who asked for the snapshot that runs or is wanted next.
  private var requesters: [ReplyTo] = []
  private var startedAt: UInt64 = 0
  private(set) var published: [SnapshotFact] = []
  private(set) var failedSnapshots: UInt64 = 0
  private(set) var isProfileJobRunning = false
  private var isSpareRunning = false
  private var pastWaiting: [(question: PastQuestion, requester: ReplyTo)] = []
  /// Who waits for the passage under way.
  private var pastRequesters: [ReplyTo] = []

  final class Mailbox: Sendable {
    let results = Mutex<[Result]>([])
    let waker: any Waker
    init(waker: any Waker) { self.waker = waker }
    func post(_ result: Result) {
      results.withLock { $0.append(result) }
      waker.wake()
    }
  }

  init(
    directory: DataDirectory<Store>?, published: [SnapshotFact], threads: any Threads,
    waker: any Waker, clock: any Clock, snapshotEverySeconds: Int64
  ) {
    self.directory = directory
    self.published = published
    self.threads = threads
    self.waker = waker
    self.clock = clock
    everyNanoseconds = UInt64(snapshotEverySeconds) * 1_000_000_000
    nextSnapshotAt = clock.monotonicNanoseconds() &+ everyNanoseconds
    mailbox = Mailbox(waker: waker)
  }

  // MARK: Profiles

  func start(_ job: ProfileJob) {
    isProfileJobRunning = true
    threads.start { [mailbox] in mailbox.post(.profiles(job.run())) }
  }

  func takeResults() -> [Result] {
    let results = mailbox.results.withLock { results in
      let taken = results
      results = []
      return taken
    }
    for result in results {
      switch result {
      case .profiles: isProfileJobRunning = false
      case .explained: break
      case .snapshotPublished:
        snapshot = nil
        published = directory?.snapshotFacts ?? []
      case .snapshotFailed:
        snapshot = nil
        failedSnapshots += 1
      case .sparePrepared, .spareFailed: isSpareRunning = false
      }
    }
    return results
  }

  // MARK: The past

  func explain(_ question: PastQuestion, for requester: ReplyTo) {
    pastWaiting.append((question, requester))
  }

  /// Goes through the archive for all that wait, if no passage is under way: one passage costs the
  /// same for one question as for many.
  func startPast(durable: Position) {
    guard let directory, pastRequesters.isEmpty else { return }
    let ready = pastWaiting.filter { $0.question.position <= durable }
    if ready.isEmpty { return }
    pastWaiting.removeAll { $0.question.position <= durable }
    pastRequesters = ready.map(\.requester)
    let job = PastJob(directory: directory, questions: ready.map(\.question))
    threads.start { [mailbox] in mailbox.post(.explained(job.run())) }
  }

  func takePastRequesters() -> [ReplyTo] {
    let taken = pastRequesters
    pastRequesters = []
    return taken
  }

  // MARK: The log's next segment

  /// Zeroes the file that will be the next segment, so that no commit waits for it.
  func prepareSpare() {
    guard let directory, !isSpareRunning else { return }
    isSpareRunning = true
    threads.start { [mailbox] in
      do throws(StorageError) {
        try directory.prepareSpare()
        mailbox.post(.sparePrepared)
      } catch {
        mailbox.post(.spareFailed(error))
      }
    }
  }

  // MARK: Snapshots

  var isSnapshotRunning: Bool { snapshot != nil }

  /// The position of the running snapshot.
  var snapshotPosition: Position? { snapshot?.position }

  /// Whether the loop should come back at once, because a block can be exported.
  var wantsLoopTime: Bool { snapshot?.canTakeBlock ?? false }

  /// Milliseconds the running or last snapshot has taken so far.
  var elapsedMilliseconds: UInt64 { (clock.monotonicNanoseconds() &- startedAt) / 1_000_000 }

  func request(by requester: ReplyTo) {
    requesters.append(requester)
    isSnapshotWanted = true
  }

  func takeRequesters() -> [ReplyTo] {
    let taken = requesters
    requesters = []
    return taken
  }

  /// Whether a snapshot should begin now: asked for, or due and something changed since the last.
  func isSnapshotDue(at position: Position) -> Bool {
    guard directory != nil, snapshot == nil else { return false }
    if isSnapshotWanted { return true }
    guard everyNanoseconds > 0, clock.monotonicNanoseconds() >= nextSnapshotAt else { return false }
    nextSnapshotAt = clock.monotonicNanoseconds() &+ everyNanoseconds
    return position > (published.last?.position ?? 0)
  }

  /// Begins a snapshot of the state at `position`; false when one at that position exists already.
  func beginSnapshot(at position: Position, time: UnixMilliseconds) -> Bool {
    guard let directory else { return false }
    isSnapshotWanted = false
    startedAt = clock.monotonicNanoseconds()
    nextSnapshotAt = startedAt &+ everyNanoseconds
    if published.contains(where: { $0.position == position }) { return false }
    let running = RunningSnapshot(
      directory: directory, position: position, time: time, mailbox: mailbox, threads: threads)
    snapshot = running
    running.start(on: threads)
    return true
  }

  /// Moves the running snapshot on: exports one block if there is room, and lets it finish when the
  /// log is durable up to its position with `chain` the digest there.
  func advanceSnapshot(_ sequencer: Sequencer, durable: Position, chain: Digest?) {
    guard let snapshot else { return }
    if snapshot.canTakeBlock {
      if let block = sequencer.nextSnapshotBlock() {
        snapshot.hand(over: block)
      } else {
        snapshot.endBlocks()
      }
    }
    if let chain, snapshot.chain == nil { snapshot.chain = chain }
    if snapshot.wantsChain, durable >= snapshot.position {
      snapshot.finish(chain: snapshot.chain ?? .none)
    }
  }
}

extension DataDirectory {
  /// The snapshots in use, oldest first.
  var snapshotFacts: [SnapshotFact] {
    listedSnapshots.map {
      SnapshotFact(
        name: $0.name, position: $0.position, takenAtUnixSeconds: $0.timeMs / 1000,
        bytes: $0.byteCount)
    }
  }
}

/// One snapshot on its way: a queue of blocks between the loop and the writing thread.
final class RunningSnapshot<Store: FileStore>: Sendable {
  let position: Position
  private let directory: DataDirectory<Store>
  private let time: UnixMilliseconds
  private let mailbox: BackgroundJobs<Store>.Mailbox
  private let signal: any Signal
  private let queue = Mutex(Queue())

  /// Blocks waiting to be written; more would only take memory.
  private static var capacity: Int { 4 }

  private struct Queue {
    var blocks: [SnapshotExport] = []
    var isComplete = false
    var chain: Digest?
    var isFinishing = false
    var hasFailed = false
  }

  /// The digest of the log at the snapshot's position, once the group that ends there is durable.
  var chain: Digest? {
    get { queue.withLock { $0.chain } }
    set { queue.withLock { $0.chain = newValue } }
  }

  init(
    directory: DataDirectory<Store>, position: Position, time: UnixMilliseconds,
    mailbox: BackgroundJobs<Store>.Mailbox, threads: any Threads
  ) {
    self.directory = directory
    self.position = position
    self.time = time
    self.mailbox = mailbox
    signal = threads.makeSignal()
  }

  var canTakeBlock: Bool {
    queue.withLock { !$0.isComplete && !$0.hasFailed && $0.blocks.count < Self.capacity }
  }

  var wantsChain: Bool { queue.withLock { $0.isComplete && !$0.isFinishing } }

  func hand(over block: SnapshotExport) {
    queue.withLock { $0.blocks.append(block) }
    signal.raise()
  }

  func endBlocks() {
    queue.withLock { $0.isComplete = true }
    signal.raise()
  }

  func finish(chain: Digest) {
    queue.withLock { queue in
      queue.chain = chain
      queue.isFinishing = true
    }
    signal.raise()
  }

  func start(on threads: any Threads) {
    threads.start { self.run() }
  }

  private func run() {
    do throws(StorageError) {
      let summary = try write()
      mailbox.post(.snapshotPublished(summary))
    } catch {
      queue.withLock { $0.hasFailed = true }
      mailbox.post(.snapshotFailed(error))
    }
  }

  private func write() throws(StorageError) -> SnapshotSummary {
    var writer = try directory.beginSnapshot(at: position, timeMs: time.milliseconds)
    while true {
      signal.wait()
      let (block, chain) = queue.withLock { queue -> (SnapshotExport?, Digest?) in
        if !queue.blocks.isEmpty { return (queue.blocks.removeFirst(), nil) }
        return (nil, queue.isFinishing ? queue.chain : nil)
      }
      if let block {
        let encoded = block.encoded()
        try writer.addBlock(
          kind: block.kind, rowCount: UInt32(clamping: block.rowCount), encoded.bytes)
        // A slot came free: the loop may export the next block.
        mailbox.waker.wake()
      } else if let chain {
        return try writer.finish(chain: chain)
      }
    }
  }
}
