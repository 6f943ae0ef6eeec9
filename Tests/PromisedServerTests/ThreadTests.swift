import Glibc
import PromisedLinux
import PromisedModel
import PromisedPlatform
import PromisedStorage
import Testing

@testable import PromisedSequencer
@testable import PromisedServer

/// What stands beside the loop: the log's thread and the background jobs, over real files.
@Suite("Threads beside the loop")
struct ThreadTests {
  private let scratch = Scratch()
  private let threads = LinuxThreads()
  private let bell = Bell()
  private static var smallSegments: StorageOptions {
    var options = StorageOptions()
    options.segmentBytes = 65_536
    return options
  }

  private func sequencer() -> Sequencer {
    Sequencer(isSandbox: false, timeZoneFile: { _ in utc })
  }

  private func recovered(_ store: GateStore) throws -> RecoveredServer<GateStore> {
    try RecoveredServer(
      store: store, dataset: DatasetIdentity(low: 1, high: 2), options: Self.smallSegments,
      sequencer: sequencer())
  }

  private func started(_ server: inout RecoveredServer<GateStore>) throws -> LogThread<GateStore> {
    guard let writer = server.takeWriter() else { throw Unexpected() }
    let log = LogThread(writer: writer, threads: threads, waker: bell)
    log.start(on: threads)
    return log
  }

  private func record(_ byte: UInt8, into batch: inout LogBatch) {
    [UInt8](repeating: byte, count: 100).withUnsafeBytes { batch.append(payload: $0) }
  }

  private func tail(_ completion: LogThread<GateStore>.Completion?) throws -> LogTail {
    guard case .durable(let tail, _, _) = try #require(completion) else { throw Unexpected() }
    return tail
  }

  private func isNothing(_ completion: LogThread<GateStore>.Completion?) -> Bool {
    if case .none = completion { true } else { false }
  }

  @Test("a group is durable when it is told; the loop goes on while the disk is waited for")
  func groupCommit() throws {
    let store = try GateStore(path: scratch.path)
    var server = try recovered(store)
    let log = try started(&server)
    #expect(isNothing(log.takeCompletion()))
    var batch = LogBatch(capacity: 1024)
    record(1, into: &batch)
    record(2, into: &batch)
    store.shut()
    log.submit(&batch, expectedLast: 0, timeMilliseconds: 5)
    #expect(batch.count == 0)
    store.arrived.wait()
    // The sync waits; asking for what is done must not.
    #expect(isNothing(log.takeCompletion()))
    record(3, into: &batch)
    store.open()
    bell.signal.wait()
    #expect(try tail(log.takeCompletion()).position == 2)
    #expect(isNothing(log.takeCompletion()))
    log.submit(&batch, expectedLast: 2, timeMilliseconds: 6)
    bell.signal.wait()
    let last = try tail(log.takeCompletion())
    #expect(last.position == 3 && last.timeMs == 6)
    log.submit(.idleMark(timeMilliseconds: 7))
    bell.signal.wait()
    #expect(try tail(log.takeCompletion()).position == 3)
    log.submit(.seal(timeMilliseconds: 8))
    bell.signal.wait()
    guard case .sealed = try #require(log.takeCompletion()) else { throw Unexpected() }
  }

  @Test("a failed sync is told once, and nothing after it is called durable")
  func failedSync() throws {
    let store = try GateStore(path: scratch.path)
    var server = try recovered(store)
    let log = try started(&server)
    var batch = LogBatch(capacity: 1024)
    record(1, into: &batch)
    store.failSyncs(errno: EIO)
    log.submit(&batch, expectedLast: 0, timeMilliseconds: 5)
    bell.signal.wait()
    guard case .failed(let error) = try #require(log.takeCompletion()) else { throw Unexpected() }
    #expect("\(error)".contains("sync"))
    #expect(isNothing(log.takeCompletion()))
  }

  @Test("a snapshot is exported, written and published; a restart reads it")
  func snapshot() throws {
    let store = try GateStore(path: scratch.path)
    var server = try recovered(store)
    let sequencer = server.sequencer
    let log = try started(&server)
    let jobs = BackgroundJobs(
      directory: server.directory, published: server.snapshots, threads: threads, waker: bell,
      clock: LinuxClock(), snapshotEverySeconds: 0)
    var batch = LogBatch(capacity: 1024)
    sequencer.useRecordSink { batch.append(payload: $0) }
    sequencer.beginBatch(realtime: UnixMilliseconds(1_795_262_400_000))
    try sequencer.put(.network(network()))
    log.submit(&batch, expectedLast: 0, timeMilliseconds: 1_795_262_400_000)
    bell.signal.wait()
    let tail = try tail(log.takeCompletion())
    #expect(!jobs.isSnapshotDue(at: 1))
    jobs.request(by: ReplyTo(streamID: 1, session: sequencer.openSession(slot: 1)))
    #expect(jobs.isSnapshotDue(at: 1))
    #expect(jobs.beginSnapshot(at: 1, time: sequencer.now))
    sequencer.beginSnapshot()
    #expect(jobs.isSnapshotRunning && !jobs.isSnapshotDue(at: 1))
    var results: [BackgroundJobs<GateStore>.Result] = []
    for _ in 0..<100_000 where results.isEmpty {
      jobs.advanceSnapshot(sequencer, durable: 1, chain: tail.digest)
      results = jobs.takeResults()
      if results.isEmpty { usleep(100) }
    }
    guard case .snapshotPublished(let summary) = results.first else { throw Unexpected() }
    #expect(summary.position == 1 && jobs.published.map(\.position) == [1])
    #expect(!jobs.isSnapshotRunning && jobs.takeRequesters().count == 1)
    // One position, one snapshot.
    #expect(!jobs.beginSnapshot(at: 1, time: sequencer.now))
    log.submit(.seal(timeMilliseconds: 1_795_262_400_001))
    bell.signal.wait()
    try reads(position: 1)
  }

  /// The directory, opened by somebody else.
  private func reads(position: UInt64) throws {
    let copy = Scratch()
    let (from, to) = (
      try LinuxFileStore(path: scratch.path, creating: false),
      try LinuxFileStore(path: copy.path, creating: true)
    )
    for name in try from.list() {
      let (source, target) = (try from.open(name, forWriting: false), try to.create(name))
      let size = Int(try from.size(source))
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, size), alignment: 8)
      defer { bytes.deallocate() }
      _ = try from.read(
        source, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<size]), at: 0)
      try to.write(target, UnsafeRawBufferPointer(rebasing: bytes[..<size]), at: 0)
      from.close(source)
      to.close(target)
    }
    let server = try recovered(try GateStore(path: copy.path))
    #expect(server.sequencer.position == position)
    #expect(server.snapshots.map(\.position) == [1])
  }

  @Test("profiles are built beside the loop, and told")
  func profiles() throws {
    let jobs = BackgroundJobs<GateStore>(
      directory: nil, published: [], threads: threads, waker: bell, clock: LinuxClock(),
      snapshotEverySeconds: 1)
    let sequencer = sequencer()
    sequencer.beginBatch(realtime: UnixMilliseconds(1_795_262_400_000))
    try sequencer.put(.network(network()))
    jobs.start(try #require(sequencer.nextProfileJob()))
    #expect(jobs.isProfileJobRunning)
    bell.signal.wait()
    guard case .profiles(let built) = try #require(jobs.takeResults().first) else {
      throw Unexpected()
    }
    #expect(!jobs.isProfileJobRunning && jobs.takeResults().isEmpty)
    sequencer.publish(built)
    #expect(sequencer.isProfileCurrent)
    // In memory there are no snapshots.
    #expect(!jobs.isSnapshotDue(at: 9) && !jobs.beginSnapshot(at: 9, time: sequencer.now))
  }
}

struct Unexpected: Error {}

/// Etc/UTC: one type, no transition.
let utc: [UInt8] = {
  let header =
    Array("TZif2".utf8) + Array(repeating: 0, count: 15)
    + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4]
  let block: [UInt8] = header + [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
  return block + block + Array("\nUTC0\n".utf8)
}()

/// A node and a zone it delivers to.
func network() -> NetworkRows {
  var rows = NetworkRows()
  rows.marketplaces = [
    Marketplace(
      name: Name("US"), country: Name("US"), currency: Name("USD"), timeZone: Name("Etc/UTC"),
      postcodeDigits: 5)
  ]
  rows.calendars = [
    Calendar(
      name: Name("always"),
      rules: [CalendarRule(weekdays: 127, date: nil, openMinute: 0, closeMinute: 1440)])
  ]
  rows.nodes = [
    Node(
      name: Name("N1"), title: Name("One"), kind: .fulfilmentCentre, timeZone: Name("Etc/UTC"),
      calendar: Name("always"), dwellMinutes: 0, processingMinutes: 60, country: Name("US"),
      postcode: Name("10001"), latitudeE6: 0, longitudeE6: 0)
  ]
  rows.zones = [
    ZonePrefix(country: Name("US"), prefix: Name("981"), zone: Name("SEA"), station: .empty)
  ]
  rows.lanes = [
    Lane(
      origin: Name("N1"), service: Name("GROUND"), zone: Name("SEA"), mode: .road,
      pickupCalendar: Name("always"), transitCalendar: Name("always"),
      deliveryCalendar: Name("always"), cutoffMinute: 1080,
      transit: [TransitOutcome(workingDays: 1, probability: 65_535)],
      deliveryTimeZone: Name("Etc/UTC"))
  ]
  return rows
}
