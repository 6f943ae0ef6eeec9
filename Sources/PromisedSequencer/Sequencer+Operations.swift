import PromisedEngine
import PromisedModel
import PromisedWire

// Loads, snapshots, status, and the conversation itself.
extension Sequencer {
  // MARK: Loads

  func beginLoad(_ load: LoadDescription, _ reply: ReplyTo) throws(Refusal) {
    finishLoadStep(try state.decide(begin: load, at: now), reply)
  }

  func commitLoad(_ id: Name, _ reply: ReplyTo) throws(Refusal) {
    finishLoadStep(try state.decide(commitLoad: id), reply)
  }

  func abortLoad(_ id: Name, _ reply: ReplyTo) throws(Refusal) {
    finishLoadStep(try state.decide(abortLoad: id), reply)
  }

  private func finishLoadStep(_ decision: LoadDecision, _ reply: ReplyTo) {
    var reflected = state.observedPosition
    if let event = decision.event { reflected = commit(event) }
    let answer = LoadReply(
      nextChunk: UInt64(decision.nextChunk), committed: decision.committed,
      positionsChanged: decision.positionsChanged)
    send(reply, reflecting: reflected) { (encoder, asOf, frames) in
      encoder.encode(answer, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  // MARK: Snapshots

  func askForSnapshot(_ reply: ReplyTo, facts: borrowing ServerFacts) throws(Refusal) {
    if isSandbox {
      throw Refusal(.methodNotBuilt, "a sandbox keeps everything in memory and takes no snapshots")
    }
    followUps.append(.takeSnapshot(reply))
  }

  /// Answers who asked for a snapshot once it is published.
  package func answerSnapshot(_ fact: SnapshotFact, milliseconds: UInt64, _ reply: ReplyTo) {
    let description = SnapshotDescription(
      name: fact.name, position: fact.position, takenAtUnixSeconds: fact.takenAtUnixSeconds,
      bytes: fact.bytes, milliseconds: milliseconds)
    send(reply, reflecting: 0) { (encoder, asOf, frames) in
      encoder.encode(taken: description, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  package func refuseSnapshot(_ reason: String, _ reply: ReplyTo) {
    state.beginObservation()
    refuse(Refusal(.storageFull, "the snapshot could not be written: \(reason)"), reply)
  }

  func answerSnapshots(_ reply: ReplyTo, facts: borrowing ServerFacts) {
    let snapshots = facts.snapshots.map {
      SnapshotDescription(
        name: $0.name, position: $0.position, takenAtUnixSeconds: $0.takenAtUnixSeconds,
        bytes: $0.bytes)
    }
    send(reply, reflecting: 0) { (encoder, _, frames) in
      encoder.encode(snapshots: snapshots, streamID: reply.streamID, into: &frames)
    }
  }

  // MARK: Status

  func answerStatus(_ reply: ReplyTo, facts: borrowing ServerFacts) {
    let counts = stateFacts
    var status = StatusReply()
    status.serverVersion = ProductVersion.text
    status.dataset = facts.dataset
    status.durablePosition = durablePosition
    status.startedAtUnixSeconds = UInt64(clamping: facts.startedAtUnixSeconds)
    status.items = counts.items
    status.positions = counts.positions
    status.nodes = counts.nodes
    status.sellers = counts.sellers
    status.openHolds = counts.openHolds
    status.shortPositions = counts.shortPositions
    status.shortUnits = counts.shortUnits
    status.rememberedCommands = counts.rememberedCommands
    status.connections = UInt64(clamping: facts.connections)
    status.requests = counters.totalRequests
    status.refusals = counters.totalRefusals
    status.residentBytes = facts.residentBytes
    status.lastSnapshotPosition = facts.snapshots.last?.position ?? 0
    status.lastSnapshotUnixSeconds = facts.snapshots.last?.takenAtUnixSeconds ?? 0
    status.profileEpoch = counts.profileEpoch
    status.profileIsCurrent = counts.isProfileCurrent
    status.isDraining = isDraining
    status.isSandbox = isSandbox
    if let load = state.openLoad {
      status.loadID = load.description.id
      status.loadNextChunk = UInt64(load.nextChunk)
    }
    status.sources = state.feedSources
    status.parkedRows = UInt64(state.counters.parkedRows)
    status.journalRows = UInt64(state.counters.journalRows)
    status.auditPasses = auditFacts.passes
    status.auditLastUnixSeconds = auditFacts.lastPassUnixSeconds
    status.auditPositionsChecked = auditFacts.positionsChecked
    status.auditViolations = auditFacts.violations.reduce(0, +)
    // A load and a feed go on from here: what the disk may yet lose must not be told.
    state.observeEverything()
    send(reply, reflecting: state.observedPosition) { (encoder, asOf, frames) in
      encoder.encode(status, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  func answerNetwork(_ reply: ReplyTo) {
    var answer = Self.sizes(of: state.network)
    answer.profileEpoch = state.publication.epoch
    answer.horizonBaseUnixSeconds = state.publication.horizonBaseUnixSeconds
    answer.profileEntries = UInt64(state.profiles?.entryCount ?? 0)
    state.observeNetwork()
    send(reply, reflecting: state.observedPosition) { (encoder, asOf, frames) in
      encoder.encode(answer, streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  private static func sizes(of network: borrowing NetworkTables) -> NetworkReply {
    var sizes = NetworkReply()
    sizes.revision = network.revision
    sizes.marketplaces = UInt64(network.marketplaces.count)
    sizes.calendars = UInt64(network.calendars.count)
    sizes.nodes = UInt64(network.nodeCount)
    sizes.waves = UInt64(network.waveCount)
    sizes.zonePrefixes = UInt64(network.zonePrefixCount)
    sizes.lanes = UInt64(network.laneCount)
    sizes.legs = UInt64(network.legCount)
    sizes.rates = UInt64(network.rateCount)
    sizes.destinations = UInt64(network.destinationCount)
    return sizes
  }

  // MARK: The conversation

  func hello(_ reply: ReplyTo) {
    // Nothing optional is built yet: no wanted feature is granted.
    let answer = HelloReply(
      serverVersion: ProductVersion.text, features: [], serverUnixSeconds: now.seconds,
      isSandbox: isSandbox)
    send(reply, reflecting: 0) { (encoder, _, frames) in
      encoder.encode(answer, streamID: reply.streamID, into: &frames)
    }
  }

  func answerHealth(_ service: BorrowedBytes, _ reply: ReplyTo) throws(Refusal) {
    let name = service.name
    let isKnown = name.isEmpty || ServiceName.allCases.contains { Name("\($0.name)") == name }
    if !isKnown {
      throw Refusal(.serviceUnknown, "service \(name)", key: name)
    }
    let status: ServingStatus = isDraining ? .notServing : .serving
    send(reply, reflecting: 0) { (encoder, _, frames) in
      encoder.encode(health: status, streamID: reply.streamID, into: &frames)
    }
  }

  func setTime(_ seconds: Int64, _ reply: ReplyTo) throws(Refusal) {
    guard isSandbox else {
      throw Refusal(.sandboxOnly, "only a server started with --sandbox has a clock to set")
    }
    if seconds < now.seconds {
      throw Refusal(
        .fieldOutOfRange,
        "unix_s is \(seconds): the service is at \(now.seconds), and time never goes back")
    }
    sandboxTime = UnixMilliseconds(seconds * 1000)
    advanceTime()
    send(reply, reflecting: state.observedPosition) { (encoder, asOf, frames) in
      encoder.encodeTimeSet(streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }

  func drain(_ reply: ReplyTo) {
    isDraining = true
    watching.wantRound()
    followUps.append(.drain)
    send(reply, reflecting: 0) { (encoder, asOf, frames) in
      encoder.encodeDrained(streamID: reply.streamID, asOf: asOf, into: &frames)
    }
  }
}

/// Sizes and standing of the state, for status and metrics.
package struct StateFacts {
  package var items: UInt64 = 0
  package var positions: UInt64 = 0
  package var nodes: UInt64 = 0
  package var sellers: UInt64 = 0
  package var openHolds: UInt64 = 0
  package var shortPositions: UInt64 = 0
  package var shortUnits: UInt64 = 0
  package var rememberedCommands: UInt64 = 0
  package var profileEpoch: UInt64 = 0
  package var isProfileCurrent = false
  package var parkedRows: UInt64 = 0
  package var journalRows: UInt64 = 0
}

extension Sequencer {
  /// The feed's sources, by name, and the service's time to tell their lag by.
  package var feedFacts: (sources: [FeedSourceFacts], now: UnixMilliseconds) {
    (state.feedSources, now)
  }

  package var stateFacts: StateFacts {
    let counters = state.counters
    var facts = StateFacts()
    facts.items = UInt64(counters.items)
    facts.positions = UInt64(counters.positions)
    facts.nodes = UInt64(counters.nodes)
    facts.sellers = UInt64(counters.sellers)
    facts.openHolds = UInt64(counters.openHolds + counters.allocations)
    facts.shortPositions = UInt64(counters.shortPositions)
    facts.shortUnits = UInt64(clamping: counters.shortUnits)
    facts.rememberedCommands = UInt64(counters.rememberedCommands)
    facts.profileEpoch = state.publication.epoch
    facts.isProfileCurrent = isProfileCurrent
    facts.parkedRows = UInt64(counters.parkedRows)
    facts.journalRows = UInt64(counters.journalRows)
    return facts
  }
}
