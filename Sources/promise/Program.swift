import PromisedClient
import PromisedLinux
import PromisedModel

@main
struct Program {
  static func main() {
    let code = run(
      Array(CommandLine.arguments.dropFirst()),
      environment: ClientProcess.environment,
      isTerminal: ClientProcess.isTerminal(1),
      write: { ClientProcess.write($0, to: 1) }, note: { ClientProcess.write($0, to: 2) })
    ClientProcess.exit(code)
  }

  /// Runs one command line; returns the exit code.
  static func run(
    _ words: [String], environment: (String) -> String?, isTerminal: Bool,
    write: @escaping (String) -> Void, note: @escaping (String) -> Void
  ) -> Int32 {
    let noColor = !(environment("NO_COLOR") ?? "").isEmpty || words.contains("--no-color")
    let style = Style(hasColor: isTerminal && !noColor && environment("TERM") != "dumb")
    guard let first = words.first, first != "--help", first != "-h", words != ["help"] else {
      write(overview(style))
      return words.isEmpty ? ExitCode.usage : ExitCode.yes
    }
    if first == "--version" {
      write("promise \(ProductVersion.text)\n")
      return ExitCode.yes
    }
    let name = first == "help" ? words[1] : first
    func usage(_ message: String, _ advice: String) -> Int32 {
      if words.contains("--json") {
        write(JSON.object { $0.object("error") { $0.member("message", message) } } + "\n")
      } else {
        note("promise: \(printable(message))\n\(advice)\n")
      }
      return ExitCode.usage
    }
    guard let spec = CommandSpec.named(name) else {
      return usage(
        "no command \(name)\(hint(name, CommandSpec.all.map(\.name)))",
        "`promise --help` lists them all.")
    }
    do throws(Failure) {
      let arguments = try parse(first == "help" ? ["--help"] : words.dropFirst(), spec)
      if arguments.has("help") {
        write(help(spec, style))
        return ExitCode.yes
      }
      let session = try Session(
        spec: spec, arguments: arguments, connection: connection(arguments, environment),
        style: style, isJSON: arguments.has("json"), write: write, note: note)
      do throws(Failure) {
        return try execute(session)
      } catch {
        return session.report(error)
      }
    } catch {
      guard case .usage(let message) = error else { return ExitCode.usage }
      return usage(message, "`promise \(name) --help` explains it.")
    }
  }

  private static func parse(
    _ words: ArraySlice<String>, _ spec: CommandSpec
  ) throws(Failure) -> Arguments {
    do throws(UsageError) {
      return try Arguments(words, for: spec)
    } catch { throw .usage(error.message) }
  }

  private static func connection(
    _ arguments: Arguments, _ environment: (String) -> String?
  ) throws(Failure) -> Connection {
    let text =
      arguments.value("server") ?? environment("PROMISED_SERVER")
      ?? "127.0.0.1:\(ServiceAddress.defaultPort)"
    guard let address = ServiceAddress(text) else {
      throw .usage(
        "the server is \"\(text)\"; allowed: HOST:PORT, [v6]:PORT, unix:PATH or /PATH")
    }
    var options = ConnectionOptions()
    options.patienceNanoseconds = 1_000_000_000
    do throws(UsageError) {
      let seconds = try arguments.integer("timeout", 1...86_400, default: 30)
      options.timeoutNanoseconds = UInt64(seconds) * 1_000_000_000
    } catch { throw .usage(error.message) }
    return Connection(address, options: options)
  }

  private static func execute(_ session: Session) throws(Failure) -> Int32 {
    switch session.spec.name {
    case "offer": try session.offer()
    case "plan": try session.plan()
    case "explain": try session.explain()
    case "stock": try session.stock()
    case "atp": try session.atp()
    case "watch": try session.watch()
    case "in-stock": try session.inStock()
    case "history": try session.history()
    case "capacity": try session.capacity()
    case "list": try session.list()
    case "hold": try session.hold()
    case "commit": try session.changeHold(isCommit: true)
    case "shortfalls": try session.shortfalls()
    case "release": try session.changeHold(isCommit: false)
    case "get": try session.getHold()
    case "adjust": try session.adjust()
    case "at-risk": try session.atRisk()
    case "rescue": try session.rescue()
    case "accuracy": try session.accuracy()
    case "observe": try session.observe()
    case "close-leg": try session.closeLeg()
    case "reopen-leg": try session.reopenLeg()
    case "override": try session.overrides()
    case "changed": try session.changed()
    case "load": try session.load()
    case "feed": try session.feed()
    case "snapshot": try session.snapshot()
    case "audit": try session.audit()
    case "verify": try session.verify()
    case "status": try session.status()
    case "ping": try session.ping()
    case "drain": try session.drain()
    default: try session.setTime()
    }
  }
}

extension Session {
  /// Tells why a command failed; returns the exit code.
  func report(_ failure: Failure) -> Int32 {
    let code = exitCode(failure)
    if isJSON {
      write(JSON.object { $0.object("error") { describe(failure, &$0) } } + "\n")
      return code
    }
    switch failure {
    case .usage(let message):
      note("promise: \(printable(message))\n`promise \(spec.name) --help` explains it.\n")
    case .local(let message, _): note("promise: \(printable(message))\n")
    case .client(let error):
      note(style.bad("promise: ") + printable(error.description) + "\n")
      if let advice = advice(error) { note(advice + "\n") }
    }
    return code
  }

  private func exitCode(_ failure: Failure) -> Int32 {
    switch failure {
    case .usage: return ExitCode.usage
    case .local(_, let code): return code
    case .client(.refused(let refusal)):
      switch refusal.code {
      // INVALID_ARGUMENT, UNAVAILABLE, DEADLINE_EXCEEDED.
      case 3: return ExitCode.usage
      case 14, 4: return ExitCode.unreachable
      default: return ExitCode.no
      }
    case .client(.requestTooLarge): return ExitCode.usage
    case .client: return ExitCode.unreachable
    }
  }

  private func describe(_ failure: Failure, _ json: inout JSON) {
    switch failure {
    case .usage(let message), .local(let message, _): json.member("message", message)
    case .client(.refused(let refusal)):
      json.member("code", refusal.code)
      json.member("message", refusal.message)
      json.member("reason", refusal.reason)
      json.member("outcome", refusal.outcome)
      json.member("retryable", refusal.isRetryable)
      json.member("retry_after_ms", refusal.retryAfterMilliseconds)
      json.member("key", refusal.key)
      json.member("row", refusal.row)
      json.member("available_units", refusal.availableUnits)
      json.instant("next_supply", refusal.nextSupplyUnixSeconds)
    case .client(let error): json.member("message", error.description)
    }
  }

  /// What to do about an error, where there is something.
  private func advice(_ error: ClientError) -> String? {
    switch error {
    case .unreachable:
      return "Is it running? `promised --data DIR` starts one; --server names another."
    case .deadline:
      return "What was asked may still be done. --timeout SECONDS waits longer."
    case .refused(let refusal):
      if refusal.availableUnits >= 0 {
        let next =
          refusal.nextSupplyUnixSeconds == 0
          ? "; no supply is known to come"
          : "; next supply " + utcText(refusal.nextSupplyUnixSeconds)
        return "Available: \(counted(refusal.availableUnits, "unit"))\(next)."
      }
      if refusal.outcomeCode == .loadChangesTooMuch {
        return "If that is meant, run the same command with --force."
      }
      if refusal.isRetryable { return "The same may succeed later." }
      return nil
    case .malformed, .requestTooLarge, .tooManyInFlight: return nil
    }
  }
}
