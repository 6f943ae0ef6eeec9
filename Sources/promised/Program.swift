import CLinux
import PromisedLinux
import PromisedModel
import PromisedPlatform
import PromisedServer
import PromisedStorage

/// The server: reads its configuration, brings the state back, listens, and serves until stopped.
@main
enum Program {
  static func main() {
    clinux_share_arenas()
    let stopDescriptor = clinux_stop_signals()
    let configuration: Configuration
    do {
      configuration = try Configuration.parse(
        Array(CommandLine.arguments.dropFirst()), readFile: LinuxText.read)
    } catch {
      leave(ExitCode.configuration, error.message)
    }
    switch configuration.mode {
    case .help: LinuxText.writeOut(Usage.text)
    case .version: LinuxText.writeOut("promised \(ServerParts.version)\n")
    case .restore(let source, let until): restore(configuration, from: source, until: until)
    case .serve: serve(configuration, stopDescriptor: stopDescriptor)
    }
  }

  private static func serve(_ configuration: Configuration, stopDescriptor: Int32) {
    let transport = LinuxTransport(stopDescriptor: stopDescriptor)
    let server: Server<LinuxFileStore>
    do {
      let recovered = try recover(configuration)
      say(recovered.report)
      server = Server(
        configuration: configuration, transport: transport, clock: LinuxClock(),
        threads: LinuxThreads(), residentBytes: { clinux_resident_bytes() },
        say: { LinuxText.writeError("promised: \($0)\n") }, recovered: recovered)
    } catch {
      leave(error.exitCode, "\(configuration.dataDirectory ?? ""): \(error.sentence)")
    }
    if configuration.isSandbox {
      SandboxWorld.load(
        into: server, items: configuration.sandboxItems, at: server.realtime())
    }
    server.buildFirstProfiles()
    listen(configuration, transport)
    LinuxThreads().takeShortTurns()
    do {
      try server.run()
    } catch {
      guard case .ioFailure(let reason) = error else { return }
      leave(ExitCode.ioStop, "stopped, and nothing was acknowledged since: \(reason)")
    }
  }

  /// Opens the listeners and says so: the first line on standard output.
  private static func listen(_ configuration: Configuration, _ transport: LinuxTransport) {
    do {
      let port = try transport.listenTCP(host: configuration.host, port: configuration.port)
      if let path = configuration.socketPath { try transport.listenUnix(path: path) }
      let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
      LinuxText.writeOut("ready tcp=\(host):\(port)\n")
    } catch {
      leave(
        ExitCode.configuration,
        "cannot listen on \(error.address): \(LinuxText.describe(errno: error.errno))")
    }
  }

  private static func recover(
    _ configuration: Configuration
  ) throws(StorageError) -> RecoveredServer<LinuxFileStore> {
    let sequencer = ServerParts.sequencer(configuration, timeZoneFile: LinuxText.timeZoneFile)
    guard let path = configuration.dataDirectory else {
      return RecoveredServer(inMemory: sequencer)
    }
    let store: LinuxFileStore
    do {
      store = try LinuxFileStore(path: path, creating: true)
    } catch {
      throw .file(error)
    }
    var options = StorageOptions()
    options.segmentBytes = configuration.logSegmentBytes
    options.historyMilliseconds = configuration.historySeconds * 1000
    // A server that was just killed holds its lock until the kernel has taken its memory apart; a
    // restart rides that out, and a second server is refused all the same.
    var attemptsLeft = 15
    while true {
      do throws(StorageError) {
        return try RecoveredServer(
          store: store,
          dataset: DatasetIdentity(low: LinuxText.randomWord(), high: LinuxText.randomWord()),
          options: options, sequencer: sequencer)
      } catch {
        guard case .locked = error, attemptsLeft > 0 else { throw error }
        attemptsLeft -= 1
        clinux_sleep_ms(10)
      }
    }
  }

  private static func say(_ report: RecoveryReport) {
    for damage in report.damagedSnapshots {
      LinuxText.writeError(
        "promised: set aside a damaged snapshot: \(damage.file) at offset \(damage.offset): "
          + "\(damage.reason)\n")
    }
    if let torn = report.tornTail {
      LinuxText.writeError("promised: cut off a torn, unacknowledged tail of the log: \(torn)\n")
    }
  }

  private static func restore(
    _ configuration: Configuration, from source: String, until: Configuration.RestorePoint?
  ) {
    do {
      LinuxText.writeOut(
        try Restoration.run(from: source, into: configuration.dataDirectory ?? "", until: until))
    } catch {
      leave(error.exitCode, "restore: \(error.sentence)")
    }
  }

  private static func leave(_ code: Int32, _ message: String) -> Never {
    LinuxText.writeError("promised: \(message)\n")
    LinuxText.exit(code)
  }
}

enum ExitCode {
  static let configuration: Int32 = 64
  static let ioStop: Int32 = 74
}
