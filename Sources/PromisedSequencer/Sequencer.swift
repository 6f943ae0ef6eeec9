import PromisedBytes
import PromisedEngine
import PromisedInvariants
import PromisedModel
import PromisedRecords
import PromisedWire

/// Puts requests in order, has them decided, and ties every reply to the log position it saw.
///
/// A pure step function over the engine's state: bytes and instants in, records and replies out, no
/// I/O. Three rules hold here:
/// 1. What is logged is what was decided; replay only applies.
/// 2. Live traffic and recovery go through the same `State.apply`.
/// 3. A reply leaves when the last change it saw is durable, also a read, also a refusal.
package final class Sequencer {
  let state: State
  let envelopes = EnvelopeReader()
  var decoder = RequestDecoder()
  var encoder = ReplyEncoder()
  private var writer = EventWriter()
  private let reader = EventReader()
  private var recordSink: (UnsafeRawBufferPointer) -> Void = { _ in }
  private let timeZoneFile: (Name) -> [UInt8]?

  /// The last position decided.
  package private(set) var position: Position = 0
  /// The last position on disk.
  package private(set) var durablePosition: Position = 0
  /// The instant of the batch: max(last logged time, realtime), never going back.
  package private(set) var now = UnixMilliseconds(0)
  private var realtime = UnixMilliseconds(0)
  /// A position that the answer at hand must not leave before, beside what it reads: the record of
  /// its own refusal, or what the caller had seen.
  var mustReflect: Position = 0

  /// What is left of the upgrade pass under way. Decisions are logged, this is not.
  var upgradeWishes: ArraySlice<UpgradeWish> = []

  /// The loop's monotonic clock at this turn: for deadlines, never for what is decided.
  var uptimeNanoseconds: UInt64 = 0
  /// Rows of feeds and puts that this batch decided; a call counts for `bulkCall` more.
  var bulkWork = 0
  /// Somebody asks for single things: bulk work comes in small shares, and a batch of the feed in
  /// pieces.
  package var isBesideOthers = false
  /// The batch that is decided piece by piece, and the memory of its pieces.
  var feedUnderway: FeedUnderway?
  var feedPiece = FeedRows()
  /// Of the request at hand; 0 = the default.
  var requestTimeoutNano: Int64 = 0
  var watching = WatchList()

  var waiting: [Session] = []
  var followUps: [FollowUp] = []
  package let counters = Counters()
  /// What the standing audit did since the start.
  package internal(set) var auditFacts = AuditFacts()
  package let isSandbox: Bool
  /// What `SetTime` moved a sandbox's clock to; nil = the real clock.
  package internal(set) var sandboxTime: UnixMilliseconds?
  package internal(set) var isDraining = false

  // Replies are reset and reused: a steady stream allocates nothing.
  var offerReply = OfferReply()
  var availabilityReply = AvailabilityReply()
  var inStockReply = InStockReply()
  var atpReply = AtpReply()
  var historyReply = HistoryReply()
  var headroomReply = HeadroomReply()
  var holdReply = HoldReply()
  var shortfallReply = ShortfallReply()
  var feedReply = FeedReply()
  var listReply = ListReply()
  var planReply = PlanReply()
  var watchReply = WatchReply()

  /// `timeZoneFile` gives the TZif bytes of an IANA zone, nil when there is no such zone. It is
  /// asked only while a put is decided, never in replay.
  package init(
    isSandbox: Bool, changes: Int = Limits.changeRingEntries,
    timeZoneFile: @escaping (Name) -> [UInt8]?
  ) {
    state = State(changes: changes)
    self.isSandbox = isSandbox
    self.timeZoneFile = timeZoneFile
  }

  /// Where decided records go from now on.
  package func useRecordSink(_ sink: @escaping (UnsafeRawBufferPointer) -> Void) {
    recordSink = sink
  }

  // MARK: Time and order

  /// Fixes the instant of the requests that follow and expires what is due, so that no read of the
  /// batch sees an expired hold.
  package func beginBatch(realtime: UnixMilliseconds) {
    self.realtime = realtime
    bulkWork = 0
    advanceTime()
    upgradePromises()
    state.figureSmallSellThrough(at: now)
  }

  /// Moves to the latest instant known and expires what is due there.
  func advanceTime() {
    now = max(now, sandboxTime ?? realtime)
    if let ids = state.expiredHolds(at: now) { commit(.holdsExpired(ids)) }
    if let ids = state.dueHolds(at: now) { commit(.linesDue(ids)) }
    if state.isAdoptionDue(at: now) { commit(.learningAdopted) }
    if state.isCapacityDayDue(at: now) { commit(.capacityDayPassed) }
  }

  /// Logs and applies what was decided; its position.
  @discardableResult
  func commit(_ event: Event) -> Position {
    writer.write(event, at: now)
    recordSink(writer.record)
    position += 1
    state.apply(event, at: position, time: now)
    if watching.hasThresholds { noteNetworkChange(event) }
    return position
  }

  /// Moves the replies that became durable; the sessions that now have something to send.
  package func markDurable(upTo durable: Position) -> [Session] {
    invariant(durable <= position, "only what was decided becomes durable")
    durablePosition = max(durablePosition, durable)
    state.durablePosition = durablePosition
    watching.diskMovedOn()
    if waiting.isEmpty { return [] }
    var released: [Session] = []
    var still: [Session] = []
    for session in waiting {
      if session.release(upTo: durablePosition) { released.append(session) }
      if session.heldCount > 0 {
        still.append(session)
      } else {
        session.isWaiting = false
      }
    }
    waiting = still
    return released
  }

  // MARK: Recovery

  /// Applies a record of the log, in order and without a gap. Decides nothing, reads no clock.
  package func replay(
    _ record: UnsafeRawBufferPointer, at position: Position
  ) throws(ReplayFailure) {
    invariant(position == self.position + 1, "records are replayed without a gap")
    do throws(RecordError) {
      let (time, event) = try reader.read(record)
      now = max(now, time)
      self.position = position
      state.apply(event, at: position, time: time)
    } catch {
      throw ReplayFailure(reason: "record \(position): \(error)")
    }
  }

  /// Ends the import of a snapshot taken at `position` and `time`.
  package func finishRestore(at position: Position, time: UnixMilliseconds) {
    state.finishImport(position: position, time: time)
    self.position = position
    now = max(now, time)
  }

  /// Everything replayed is on disk.
  package func finishRecovery(time: UnixMilliseconds) {
    durablePosition = position
    state.durablePosition = position
    now = max(now, time)
  }

  // MARK: Sessions

  package func openSession(slot: Int) -> Session {
    let session = Session()
    session.slot = slot
    return session
  }

  package func closeSession(_ session: Session) {
    // What was begun is decided, also when nobody waits for its answer any more.
    if hasFeedUnderway(session) { finishFeed() }
    session.slot = nil
    closeStreams(of: session)
    if session.isWaiting { waiting.removeAll { $0 === session } }
  }

  /// Work that only the loop can do, asked for by requests since the last call.
  package func takeFollowUps() -> [FollowUp] {
    if followUps.isEmpty { return [] }
    let taken = followUps
    followUps = []
    return taken
  }

  /// Adds the rules of zones that rows name and the network they go to does not know yet, so that
  /// they enter the log with the rows. A load that replaces the network knows only its own.
  func addTimeZones(to rows: inout NetworkRows, ofLoad: Bool) throws(Refusal) {
    var wanted: [Name] = []
    for row in rows.marketplaces { wanted.append(row.timeZone) }
    for row in rows.nodes { wanted.append(row.timeZone) }
    for row in rows.lanes { wanted.append(row.deliveryTimeZone) }
    var added = Set<Name>()
    for zone in wanted where !zone.isEmpty && !added.contains(zone) {
      added.insert(zone)
      if state.hasTimeZone(zone, ofLoad: ofLoad) { continue }
      guard let tzif = timeZoneFile(zone) else {
        throw Refusal(
          .timeZoneUnknown,
          "time zone '\(zone)' is not in the IANA database of this machine; write a name like "
            + "America/New_York", key: zone)
      }
      rows.timeZones.append(TimeZoneFile(name: zone, tzif: tzif))
    }
  }
}

/// A record or block that passed storage's checks and still says nothing this version knows.
package struct ReplayFailure: Error, Sendable {
  package let reason: String
}

/// What a request asks of the loop rather than of the state.
package enum FollowUp {
  case takeSnapshot(ReplyTo)
  case audit(ReplyTo)
  case explainPast(PastQuestion, ReplyTo)
  case drain
}

/// Counts since the start; read by metrics and status.
package final class Counters {
  package var requests = [UInt64](repeating: 0, count: 256)
  package var refusals = [UInt64](repeating: 0, count: 128)
  package var ignoredFrames: UInt64 = 0
  package var skippedFrames: UInt64 = 0
  package var malformedFrames: UInt64 = 0
  /// Messages that came in streams.
  package var streamMessages: UInt64 = 0

  func count(_ method: Method) { requests[Int(method.rawValue)] &+= 1 }

  func count(_ code: OutcomeCode) { refusals[Int(code.rawValue)] &+= 1 }

  /// Full names of methods with how often they were called, in the order of their numbers.
  package var requestsByMethod: [(name: String, count: UInt64)] {
    Method.allCases.map { ($0.fullName, requests[Int($0.rawValue)]) }
  }

  package var totalRequests: UInt64 { requests.reduce(0, +) }
  package var totalRefusals: UInt64 { refusals.reduce(0, +) }
}

/// What the loop knows and the core does not, handed in for Status.
package struct ServerFacts {
  package var dataset: String
  package var connections: Int
  package var startedAtUnixSeconds: Int64
  package var residentBytes: UInt64
  /// Published snapshots, oldest first.
  package var snapshots: [SnapshotFact]

  package init(
    dataset: String, connections: Int, startedAtUnixSeconds: Int64, residentBytes: UInt64,
    snapshots: [SnapshotFact]
  ) {
    self.dataset = dataset
    self.connections = connections
    self.startedAtUnixSeconds = startedAtUnixSeconds
    self.residentBytes = residentBytes
    self.snapshots = snapshots
  }
}

package struct SnapshotFact: Sendable, Equatable {
  package var name: String
  package var position: Position
  package var takenAtUnixSeconds: Int64
  package var bytes: UInt64

  package init(name: String, position: Position, takenAtUnixSeconds: Int64, bytes: UInt64) {
    self.name = name
    self.position = position
    self.takenAtUnixSeconds = takenAtUnixSeconds
    self.bytes = bytes
  }
}
