import PromisedClient
import PromisedImport
import PromisedLinux
import PromisedModel
import PromisedWire

/// How far a load has come.
struct LoadProgress {
  var file: ImportFile
  /// Chunks and rows handed to the connection, of all files, those of earlier runs included.
  var chunkCount: Int
  var rowCount: Int
}

/// Why a load stopped before it was committed.
enum LoadStop: Error {
  case client(ClientError)
  /// The user asked; the load stays open.
  case interrupted
  /// The files are not any more what was checked.
  case changed(ProblemList)
}

/// Sends the chunks of a checked directory under its load id, and commits it.
///
/// Chunks go out ahead of their answers, a window of them on one connection, which keeps their
/// order. When the connection is cut, the server is asked which chunk it waits for, and the load
/// goes on from there; it gives up after `attemptLimit` cuts without a chunk taken in between.
struct LoadRun {
  /// Chunks on their way: enough to keep the server busy while the next is being read; at most
  /// 8 × 3 MiB wait.
  static var window: Int { 8 }
  static var attemptLimit: Int { 5 }

  let connection: Connection
  let importer: Importer
  let load: LoadDescription
  let isInterrupted: () -> Bool
  let progress: (LoadProgress) -> Void
  /// Told when a cut load goes on, with the chunk it goes on from.
  let resumed: (UInt64) -> Void
  /// Loads what was committed a moment ago once more.
  var isAgain = false
  /// Told when the server had committed these files before this run.
  var wasCommitted: () -> Void = {}
  /// Before the first new attempt; doubles with each.
  var pauseNanoseconds: UInt64 = 200_000_000

  /// Loads everything and commits.
  func run() throws(LoadStop) -> LoadAnswer {
    var attempts = 0
    var reached: UInt64 = 0
    // A server that is not there at all is no cut.
    var hasBegun = false
    var load = load
    var isCommitDue = false
    while true {
      do throws(LoadStop) {
        // A second load of the same files needs an id of its own; asked for the first time only,
        // so that an attempt after a cut goes on with the load it chose.
        let state = hasBegun || !isAgain ? try perform(.beginLoad(load)) : try beginAgain(&load)
        if state.isCommitted {
          if !isCommitDue { wasCommitted() }
          return state
        }
        if state.nextChunk > reached { attempts = 0 }
        reached = state.nextChunk
        if reached > 0 || hasBegun { resumed(reached) }
        hasBegun = true
        try sendChunks(from: UInt32(clamping: reached), of: load.id)
        isCommitDue = true
        return try perform(.commitLoad(load.id.description))
      } catch {
        guard case .client(.unreachable) = error, hasBegun else { throw error }
        if isInterrupted() { throw .interrupted }
        if attempts == Self.attemptLimit { throw error }
        sleep(nanoseconds: pauseNanoseconds << UInt64(attempts))
        attempts += 1
      }
    }
  }

  /// Begins under the files' id, or under the second id for them where that one is committed or
  /// the second is what is open.
  private func beginAgain(_ load: inout LoadDescription) throws(LoadStop) -> LoadAnswer {
    var second = load
    second.id = Name("\(load.id)-again")
    do throws(LoadStop) {
      let state = try perform(.beginLoad(load))
      if !state.isCommitted { return state }
    } catch {
      guard case .client(.refused(let refusal)) = error,
        refusal.reason == OutcomeCode.loadInProgress.reason
      else { throw error }
    }
    load = second
    return try perform(.beginLoad(load))
  }

  private func perform<Answer>(_ call: Call<Answer>) throws(LoadStop) -> Answer {
    do throws(ClientError) { return try connection.perform(call) } catch { throw .client(error) }
  }

  private func sendChunks(from first: UInt32, of id: Name) throws(LoadStop) {
    let flight = Flight(connection)
    var rows = 0
    let problems = try importer.readChunks(from: 0) { (chunk: ImportChunk) throws(LoadStop) in
      rows += chunk.rowCount
      if chunk.number < first { return }
      if isInterrupted() { throw .interrupted }
      let place = LoadPlace(id: id, number: chunk.number)
      try flight.send(.put(chunk.rows, load: place), window: Self.window)
      progress(
        LoadProgress(file: chunk.file, chunkCount: Int(chunk.number) + 1, rowCount: rows))
    }
    if problems.count > 0 { throw .changed(problems) }
    try flight.land(downTo: 0)
  }

  /// The chunks sent and not yet answered, in order.
  private final class Flight {
    private let connection: Connection
    private var tickets: [Ticket<PutAnswer>] = []

    init(_ connection: Connection) { self.connection = connection }

    func send(_ call: Call<PutAnswer>, window: Int) throws(LoadStop) {
      try land(downTo: window - 1)
      do throws(ClientError) {
        tickets.append(try connection.send(call))
        try connection.flush()
      } catch { throw .client(error) }
    }

    /// Takes answers until only so many are due. The first refusal is the one that tells why: what
    /// follows is refused for being out of order.
    func land(downTo count: Int) throws(LoadStop) {
      while tickets.count > count {
        do throws(ClientError) {
          _ = try connection.receive(tickets.removeFirst())
        } catch {
          // Nobody waits for the rest: a new connection starts clean.
          connection.close()
          for ticket in tickets { _ = try? connection.receive(ticket) }
          tickets.removeAll()
          throw .client(error)
        }
      }
    }
  }
}
