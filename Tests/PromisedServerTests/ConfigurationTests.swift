import Glibc
import PromisedModel
import Testing

@testable import PromisedServer

/// What a command line or a file means, and what is said where it means nothing.
@Suite("Configuration")
struct ConfigurationTests {
  private func parse(
    _ line: String, file: String? = nil
  ) throws(ConfigurationError) -> Configuration {
    try Configuration.parse(
      line.split(separator: " ").map { $0 == "''" ? "" : String($0) },
      readFile: { $0 == "c.conf" ? file : nil })
  }

  /// A command line, the text of `c.conf`, and all that is said.
  static let refusals: [(String, String?, String)] = [
    ("", nil, "--data DIR is needed (or --sandbox to try it in memory); see promised --help"),
    ("--dta d", nil, "unknown option '--dta'; see promised --help"),
    ("d", nil, "unknown option 'd'; see promised --help"),
    ("--data", nil, "option --data needs a value; see promised --help"),
    ("--data=", nil, "option --data: a directory is needed"),
    ("--sandbox=1", nil, "option --sandbox takes no value"),
    ("--sandbox --data d", nil, "--sandbox keeps everything in memory: it goes without --data"),
    (
      "--data d --listen 127.0.0.1", nil,
      "option --listen: '127.0.0.1' is no HOST:PORT with a literal address and a port 0..65535"
    ),
    (
      "--data d --listen ::1", nil,
      "option --listen: '::1' is no HOST:PORT with a literal address and a port 0..65535"
    ),
    (
      "--data d --listen 127.0.0.1:65536", nil,
      "option --listen: '127.0.0.1:65536' is no HOST:PORT with a literal address and a port "
        + "0..65535"
    ),
    (
      "--data d --listen 0.0.0.0:1", nil,
      "--listen: 0.0.0.0 is reachable from other machines and there is no TLS yet; listen on "
        + "127.0.0.1 or [::1], or accept the risk with --unsafe-plaintext"
    ),
    ("--data d --socket ''", nil, "option --socket: a path is needed"),
    (
      "--data d --snapshot-every 10", nil,
      "option --snapshot-every: '10' is no duration; write 0 (never), 90s, 10m or 2h"
    ),
    (
      "--data d --history long", nil,
      "option --history: 'long' is no duration; write 0 (none), 12h, 7d or 30d"
    ),
    (
      "--data d --snapshot-every 367d", nil,
      "option --snapshot-every: '367d' is no duration; write 0 (never), 90s, 10m or 2h"
    ),
    (
      "--data d --snapshot-every 9223372036854775807d", nil,
      "option --snapshot-every: '9223372036854775807d' is no duration; write 0 (never), 90s, 10m "
        + "or 2h"
    ),
    (
      "--sandbox --sandbox-items 99", nil,
      "option --sandbox-items: '99' is not a count from 100 to 10000000"
    ),
    (
      "--data d --log-segment-bytes 1048575", nil,
      "option --log-segment-bytes: '1048575' is not from 1048576 to 1073741824"
    ),
    (
      "--data d --unsafe-fixed-time 2026-02-29T00:00:00Z", nil,
      "--unsafe-fixed-time: '2026-02-29T00:00:00Z' is no instant; write 2026-11-21T12:00:00Z"
    ),
    ("--data d --until 5", nil, "--until goes with --restore"),
    ("--restore s", nil, "--restore needs --data NEWDIR: the directory to fill"),
    (
      "--restore s --data d --until noon", nil,
      "--until: 'noon' is neither a log position nor an instant like 2026-11-21T12:00:00Z"
    ),
    ("--config gone.conf", nil, "--config: cannot read 'gone.conf'"),
    ("--config c.conf", "data = d\nlisten", "c.conf line 2: expected key = value"),
    (
      "--config c.conf", "# a comment\n\ncolour = red\n",
      "c.conf line 3: key 'colour' is unknown; known are data, listen, socket, snapshot-every, "
        + "sandbox-items, log-segment-bytes, history"
    ),
    (
      "--config c.conf", "data=d\nsnapshot-every = soon  # often",
      "c.conf line 2: key 'snapshot-every': 'soon' is no duration; write 0 (never), 90s, 10m or 2h"
    ),
    ("--config c.conf", "data = # nowhere", "c.conf line 1: key 'data': a directory is needed"),
  ]

  @Test("each mistake is named, with what is allowed", arguments: refusals)
  func refusal(_ line: String, _ file: String?, _ said: String) {
    do throws(ConfigurationError) {
      let parsed = try parse(line, file: file)
      Issue.record("\(line): \(parsed)")
    } catch {
      #expect(error.message == said)
    }
  }

  @Test("what is not said is safe")
  func defaults() throws {
    let parsed = try parse("--data d")
    #expect(parsed.host == "127.0.0.1" && parsed.port == 7420 && parsed.isLoopback)
    #expect(parsed.mode == .serve && !parsed.isSandbox && !parsed.unsafePlaintext)
    #expect(parsed.snapshotEverySeconds == 600 && parsed.logSegmentBytes == 64 << 20)
    #expect(parsed.unsafeFixedTime == nil && parsed.socketPath == nil)
  }

  @Test("every option is understood, with and without =")
  func options() throws {
    var parsed = try parse(
      "--data=d --listen [::1]:0 --socket /s --snapshot-every=2h --log-segment-bytes 1048576 "
        + "--unsafe-fixed-time 2026-11-21T12:00:00Z")
    #expect(parsed.dataDirectory == "d" && parsed.host == "::1" && parsed.port == 0)
    #expect(parsed.isLoopback && parsed.socketPath == "/s" && parsed.snapshotEverySeconds == 7200)
    #expect(parsed.logSegmentBytes == 1_048_576)
    #expect(parsed.unsafeFixedTime == UnixMilliseconds(1_795_262_400_000))
    parsed = try parse("--sandbox --sandbox-items 100 --listen 10.0.0.1:9 --unsafe-plaintext")
    #expect(parsed.isSandbox && parsed.sandboxItems == 100 && !parsed.isLoopback)
    #expect(try parse("--data d --listen localhost:1").host == "127.0.0.1")
    #expect(try parse("--data d --snapshot-every 0").snapshotEverySeconds == 0)
    #expect(try parse("--data d").historySeconds == 30 * 86_400)
    #expect(try parse("--data d --history 7d").historySeconds == 7 * 86_400)
    #expect(try parse("--data d --history 0").historySeconds == 0)
    parsed = try parse("--restore s --data d --until 77")
    #expect(parsed.mode == .restore(source: "s", until: .position(77)))
    parsed = try parse("--restore s --data d --until 2026-11-21T12:00:00Z")
    let instant = UnixMilliseconds(1_795_262_400_000)
    #expect(parsed.mode == .restore(source: "s", until: .instant(instant)))
    #expect(try parse("--help").mode == .help)
    #expect(try parse("--version").mode == .version)
  }

  @Test("a file says the same, and the command line wins over it, whatever their order")
  func file() throws {
    let text = "# ours\n data = d \n\nlisten=127.0.0.1:9 # a port\nsnapshot-every = 90s\n"
    for line in ["--config c.conf --listen 127.0.0.1:8", "--listen 127.0.0.1:8 --config c.conf"] {
      let parsed = try parse(line, file: text)
      #expect(parsed.dataDirectory == "d" && parsed.port == 8)
      #expect(parsed.snapshotEverySeconds == 90)
    }
  }

  /// The manual of keys: each known key stands in it once, commented, with a value that is taken.
  @Test("the commented keys of promised.conf are the known keys, at their defaults")
  func manual() throws {
    var folders = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    folders.removeLast(3)
    let file = try #require(fopen(folders.joined(separator: "/") + "/Ops/promised.conf", "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&bytes, 1, bytes.count, file)
    var keys: [String] = []
    var settings: [String] = []
    for line in String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 4, words[0] == "#", words[2] == "=" else {
        #expect(line.hasPrefix("# "), "\(line)")
        continue
      }
      keys.append(String(words[1]))
      settings.append("\(words[1]) = \(words[3])")
    }
    var known = ""
    do throws(ConfigurationError) {
      _ = try parse("--config c.conf", file: "no-such-key = 1")
    } catch { known = error.message }
    let list = try #require(known.firstRange(of: "known are "))
    #expect(
      keys.sorted() == known[list.upperBound...].split(separator: ", ").map(String.init).sorted())
    let parsed = try parse("--config c.conf", file: settings.joined(separator: "\n"))
    var defaults = try parse("--data /var/lib/promised")
    defaults.socketPath = "/run/promised/promised.sock"
    #expect(parsed == defaults)
  }
}
