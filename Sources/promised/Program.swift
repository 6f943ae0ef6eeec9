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
    let stopDescriptor = clinux_stop_signals()
    var arguments = CommandLine.arguments
    arguments.removeFirst()
    let configuration: Configuration
    do {
      configuration = try Configuration.parse(arguments, readFile: LinuxText.read)
    } catch {
      leave(ExitCode.configuration, "promised: \(error.message)")
    }
    switch configuration.mode {
    case .help: LinuxText.writeOut(Usage.text)
    case .version: LinuxText.writeOut("promised \(ServerVersion.text)\n")
    case .restore(let source, let until): restore(configuration, from: source, until: until)
    case .serve: serve(configuration, stopDescriptor: stopDescriptor)
    }
  }

  private static func serve(_ configuration: Configuration, stopDescriptor: Int32) {
    let transport = LinuxTransport(stopDescriptor: stopDescriptor)
    let recovered: RecoveredServer<LinuxFileStore>
    do {
      recovered = try recover(configuration)
    } catch {
      leave(error.exitCode, "promised: \(configuration.dataDirectory ?? ""): \(error.sentence)")
    }
    say(recovered.report)
    let server = Server(
      configuration: configuration, transport: transport, clock: LinuxClock(),
      threads: LinuxThreads(), recovered: recovered)
    if configuration.isSandbox { SandboxWorld.load(into: server, configuration) }
    let port: UInt16
    do {
      port = try transport.listenTCP(host: configuration.host, port: configuration.port)
      if let path = configuration.socketPath { try transport.listenUnix(path: path) }
    } catch {
      leave(
        ExitCode.configuration,
        "promised: cannot listen on \(error.address): \(LinuxText.describe(errno: error.errno))")
    }
    let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
    server.buildFirstProfiles()
    LinuxText.writeOut("ready tcp=\(host):\(port)\n")
    do {
      try server.run()
    } catch {
      guard case .ioFailure(let reason) = error else { return }
      leave(ExitCode.ioStop, "promised: stopped, nothing acknowledged since: \(reason)")
    }
  }

  private static func recover(
    _ configuration: Configuration
  ) throws(StorageError) -> RecoveredServer<LinuxFileStore> {
    let sequencer = ServerParts.sequencer(
      configuration, timeZoneFile: LinuxText.timeZoneFile)
    guard let path = configuration.dataDirectory else {
      return RecoveredServer(inMemory: sequencer)
    }
    let store: LinuxFileStore
    do {
      store = try LinuxFileStore(directory: path)
    } catch {
      throw .file(error)
    }
    var options = StorageOptions()
    options.segmentBytes = configuration.logSegmentBytes
    return try RecoveredServer(
      store: store, dataset: DatasetIdentity(random: LinuxText.randomBytes(16)), options: options,
      sequencer: sequencer)
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
      let summary = try Restoration.run(
        from: source, into: configuration.dataDirectory ?? "", until: until)
      LinuxText.writeOut(summary)
    } catch {
      leave(error.exitCode, "promised: restore: \(error.sentence)")
    }
  }

  private static func leave(_ code: Int32, _ message: String) -> Never {
    LinuxText.writeError(message + "\n")
    LinuxText.exit(code)
  }
}

enum ExitCode {
  static let configuration: Int32 = 64
  static let ioStop: Int32 = 74
}
