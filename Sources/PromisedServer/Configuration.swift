import PromisedModel

/// Why the server does not start: names the key or option and what is allowed.
package struct ConfigurationError: Error, Sendable, Equatable {
  package let message: String

  package init(_ message: String) { self.message = message }
}

/// How a server was asked to run. Defaults are safe: loopback only, durable, no sandbox.
package struct Configuration: Sendable, Equatable {
  package enum Mode: Sendable, Equatable {
    case serve
    /// Fill an empty directory from a snapshot or a data directory, and exit.
    case restore(source: String, until: RestorePoint?)
    case help
    case version
  }

  package enum RestorePoint: Sendable, Equatable {
    case position(UInt64)
    case instant(UnixMilliseconds)
  }

  package var mode = Mode.serve
  package var dataDirectory: String?
  package var host = "127.0.0.1"
  package var port: UInt16 = 7420
  package var socketPath: String?
  /// 0 = never by itself.
  package var snapshotEverySeconds: Int64 = 600
  /// How far back a decision can be explained: the log and snapshots are kept that long; 0 = only
  /// what a restart needs.
  package var historySeconds: Int64 = 30 * 86_400
  package var logSegmentBytes: UInt64 = 64 << 20
  package var isSandbox = false
  package var sandboxItems = 100_000
  package var unsafePlaintext = false
  package var unsafeFixedTime: UnixMilliseconds?

  package init() {}

  /// Whether peers elsewhere could connect.
  package var isLoopback: Bool {
    host == "::1" || host == "localhost" || host.hasPrefix("127.")
  }

  /// Reads the command line; `readFile` gives the text of `--config`'s file, nil when unreadable.
  /// Options given on the command line win over the file.
  package static func parse(
    _ arguments: [String], readFile: (String) -> String?
  ) throws(ConfigurationError) -> Configuration {
    var configuration = Configuration()
    var until: RestorePoint?
    var restore: String?
    let pairs = try split(arguments)
    for (name, value) in pairs where name == "--config" {
      try configuration.readConfigurationFile(value ?? "", readFile: readFile)
    }
    for (name, value) in pairs {
      switch name {
      case "--config": continue
      case "--help", "-h": configuration.mode = .help
      case "--version": configuration.mode = .version
      case "--sandbox": configuration.isSandbox = true
      case "--unsafe-plaintext": configuration.unsafePlaintext = true
      case "--restore": restore = value
      case "--until": until = try restorePoint(value ?? "")
      case "--unsafe-fixed-time":
        guard let instant = parseInstant(value ?? "") else {
          throw ConfigurationError(
            "--unsafe-fixed-time: '\(value ?? "")' is no instant; write 2026-11-21T12:00:00Z")
        }
        configuration.unsafeFixedTime = instant
      default:
        try configuration.set(
          String(name.dropFirst(2)), to: value ?? "", origin: "option \(name)")
      }
    }
    if let restore { configuration.mode = .restore(source: restore, until: until) }
    if restore == nil, until != nil {
      throw ConfigurationError("--until goes with --restore")
    }
    try configuration.check()
    return configuration
  }

  private static let flags: Set<String> = [
    "--help", "-h", "--version", "--sandbox", "--unsafe-plaintext",
  ]
  private static let valued: Set<String> = [
    "--data", "--listen", "--socket", "--config", "--snapshot-every", "--history",
    "--restore", "--until", "--unsafe-fixed-time", "--sandbox-items", "--log-segment-bytes",
  ]

  private static func split(
    _ arguments: [String]
  ) throws(ConfigurationError) -> [(name: String, value: String?)] {
    var pairs: [(name: String, value: String?)] = []
    var index = 0
    while index < arguments.count {
      var name = arguments[index]
      index += 1
      var value: String?
      if let equals = name.firstIndex(of: "="), name.hasPrefix("--") {
        value = String(name[name.index(after: equals)...])
        name = String(name[..<equals])
      }
      if flags.contains(name) {
        if value != nil { throw ConfigurationError("option \(name) takes no value") }
      } else if valued.contains(name) {
        if value == nil {
          guard index < arguments.count else {
            throw ConfigurationError("option \(name) needs a value; see promised --help")
          }
          value = arguments[index]
          index += 1
        }
      } else {
        throw ConfigurationError("unknown option '\(name)'; see promised --help")
      }
      pairs.append((name, value))
    }
    return pairs
  }

  private mutating func readConfigurationFile(
    _ path: String, readFile: (String) -> String?
  ) throws(ConfigurationError) {
    guard let text = readFile(path) else {
      throw ConfigurationError("--config: cannot read '\(path)'")
    }
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let content = trimmed(line.prefix { $0 != "#" })
      if content.isEmpty { continue }
      guard let equals = content.firstIndex(of: "=") else {
        throw ConfigurationError("\(path) line \(number): expected key = value")
      }
      let key = trimmed(content[..<equals])
      let value = trimmed(content[content.index(after: equals)...])
      try set(String(key), to: String(value), origin: "\(path) line \(number): key '\(key)'")
    }
  }

  private func trimmed(_ text: Substring) -> Substring {
    var rest = text
    while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return rest
  }

  /// Sets one key; the same keys serve the command line (`--key`) and the file (`key = value`).
  private mutating func set(
    _ key: String, to value: String, origin: String
  ) throws(ConfigurationError) {
    switch key {
    case "data":
      if value.isEmpty { throw ConfigurationError("\(origin): a directory is needed") }
      dataDirectory = value
    case "listen":
      guard let (host, port) = Self.parseAddress(value) else {
        throw ConfigurationError(
          "\(origin): '\(value)' is no HOST:PORT with a literal address and a port 0..65535")
      }
      self.host = host
      self.port = port
    case "socket":
      if value.isEmpty { throw ConfigurationError("\(origin): a path is needed") }
      socketPath = value
    case "snapshot-every":
      snapshotEverySeconds = try Self.duration(
        value, origin: origin, zero: "never", "90s, 10m or 2h")
    case "history":
      historySeconds = try Self.duration(value, origin: origin, zero: "none", "12h, 7d or 30d")
    case "sandbox-items":
      guard let count = Int(value), (100...10_000_000).contains(count) else {
        throw ConfigurationError("\(origin): '\(value)' is not a count from 100 to 10000000")
      }
      sandboxItems = count
    case "log-segment-bytes":
      guard let bytes = UInt64(value), (1 << 20...1 << 30).contains(bytes) else {
        throw ConfigurationError("\(origin): '\(value)' is not from 1048576 to 1073741824")
      }
      logSegmentBytes = bytes
    default:
      throw ConfigurationError(
        "\(origin) is unknown; known are data, listen, socket, snapshot-every, sandbox-items, "
          + "log-segment-bytes, history")
    }
  }

  private func check() throws(ConfigurationError) {
    switch mode {
    case .help, .version: return
    case .restore:
      if dataDirectory == nil {
        throw ConfigurationError("--restore needs --data NEWDIR: the directory to fill")
      }
      return
    case .serve: break
    }
    if isSandbox, dataDirectory != nil {
      throw ConfigurationError("--sandbox keeps everything in memory: it goes without --data")
    }
    if !isSandbox, dataDirectory == nil {
      throw ConfigurationError(
        "--data DIR is needed (or --sandbox to try it in memory); see promised --help")
    }
    if !isLoopback, !unsafePlaintext {
      throw ConfigurationError(
        "--listen: \(host) is reachable from other machines and there is no TLS yet; listen on "
          + "127.0.0.1 or [::1], or accept the risk with --unsafe-plaintext")
    }
  }

  /// `HOST:PORT` or `[V6]:PORT`.
  package static func parseAddress(_ text: String) -> (host: String, port: UInt16)? {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      // An IPv6 address without brackets: its last group is no port.
      return nil
    }
    if host == "localhost" { host = "127.0.0.1" }
    return host.isEmpty ? nil : (String(host), port)
  }

  private static func duration(
    _ text: String, origin: String, zero: String, _ examples: String
  ) throws(ConfigurationError) -> Int64 {
    guard let seconds = parseDuration(text) else {
      throw ConfigurationError(
        "\(origin): '\(text)' is no duration; write 0 (\(zero)), \(examples)")
    }
    return seconds
  }

  /// `0`, or a number with s, m, h or d; at most 366 days.
  static func parseDuration(_ text: String) -> Int64? {
    if text == "0" { return 0 }
    guard let unit = text.last, let count = Int64(text.dropLast()), count > 0 else { return nil }
    let scale: Int64
    switch unit {
    case "s": scale = 1
    case "m": scale = 60
    case "h": scale = 3600
    case "d": scale = 86_400
    default: return nil
    }
    let (seconds, overflow) = count.multipliedReportingOverflow(by: scale)
    return overflow || seconds > 366 * 86_400 ? nil : seconds
  }

  private static func restorePoint(_ text: String) throws(ConfigurationError) -> RestorePoint {
    if let position = UInt64(text) { return .position(position) }
    if let instant = parseInstant(text) { return .instant(instant) }
    throw ConfigurationError(
      "--until: '\(text)' is neither a log position nor an instant like 2026-11-21T12:00:00Z")
  }
}

/// `YYYY-MM-DDTHH:MM:SSZ` as an instant; nil for anything else.
package func parseInstant(_ text: String) -> UnixMilliseconds? {
  let bytes = Array(text.utf8)
  guard bytes.count == 20, bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[10] == 0x54,
    bytes[13] == 0x3a, bytes[16] == 0x3a, bytes[19] == 0x5a
  else { return nil }
  func number(_ range: Range<Int>) -> Int? {
    var value = 0
    for index in range {
      guard (0x30...0x39).contains(bytes[index]) else { return nil }
      value = value * 10 + Int(bytes[index] - 0x30)
    }
    return value
  }
  guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
    let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
    hour < 24, minute < 60, second < 60,
    let date = LocalDate(year: year, month: month, day: day)
  else { return nil }
  let seconds = Int64(date.days) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
  return UnixMilliseconds(seconds * 1000)
}
