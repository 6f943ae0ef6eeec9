import Glibc
import PromisedSample

/// `promised-sample OUT`: writes the sample world as a directory of import files.
@main
struct Program {
  static let usage = """
    Writes a sample world in the import format: real US places and time zones, made-up stock.

    usage: promised-sample OUT [--items N] [--sellers N] [--seed S] [--start DATE]

      OUT           directory for the CSV files, made if absent; files of the same names are replaced
      --items N     how many items; about three positions each    (default 100000)
      --sellers N   how many sellers                              (default 500)
      --seed S      another world of the same kind                (default 1)
      --start DATE  the day of the stock figures, 2026-11-21      (default today, UTC)
      --help        this text

    The same arguments write the same bytes everywhere. Then: promise load OUT

    Items that are the same in every sample world:
      B0THREEFCS  well stocked in BFI4 (near Seattle), DFW7 and ABE8, of seller cascade-goods
      B0SOLDOUT0  out of stock            B0INBOUND1  none yet, two shipments on the way to BFI4
      B0OVERSIZE  6.25 cubic feet         B0LASTUNIT  one unit, in BFI4
      B0FARAWAY1  only in ABE8: sooner by air in the west; B0HAZMAT01 beside it never flies
      B0TWOHOURS  in Seattle and New York: --level two-hour
      B0CARTONE1, B0CARTTWO2  soonest in two boxes to 98109, in one from ABE8
      B0RELEASE1  not shipped before its release

    example: promised-sample /tmp/world --items 1000000 --start 2026-11-21

    """

  static func main() {
    var options = Options()
    do {
      guard try options.parse(CommandLine.arguments.dropFirst()) else {
        print(usage, terminator: "")
        return
      }
      try write(options)
    } catch {
      let line = Array("promised-sample: \(error.text)\n".utf8)
      _ = Glibc.write(STDERR_FILENO, line, line.count)
      exit(error.isUsage ? 64 : 74)
    }
  }

  private static func write(_ options: Options) throws(SampleFailure) {
    let directory = options.directory
    if mkdir(directory, 0o777) != 0, errno != EEXIST {
      throw SampleFailure(text: "\(directory): \(String(cString: strerror(errno)))")
    }
    let world = SampleWorld(
      items: options.items, seed: options.seed, startUnixSeconds: options.startUnixSeconds,
      sellers: options.sellers)
    for name in SampleWorld.fileNames {
      let path = "\(directory)/\(name)"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
      if descriptor < 0 {
        throw SampleFailure(text: "\(path): \(String(cString: strerror(errno)))")
      }
      defer { close(descriptor) }
      let rows = try world.write(name) { (piece) throws(SampleFailure) in
        try writeAll(piece, to: descriptor, path)
      }
      print(column(name, width: 18) + column(rows, width: 10) + " rows")
    }
  }

  private static func writeAll(
    _ piece: UnsafeBufferPointer<UInt8>, to descriptor: Int32, _ path: String
  ) throws(SampleFailure) {
    var offset = 0
    while offset < piece.count {
      let count = Glibc.write(descriptor, piece.baseAddress! + offset, piece.count - offset)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw SampleFailure(text: "\(path): \(String(cString: strerror(errno)))") }
      offset += count
    }
  }

  private static func column(_ text: String, width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.utf8.count))
  }

  private static func column(_ number: Int, width: Int) -> String {
    let digits = String(number)
    return String(repeating: " ", count: max(0, width - digits.utf8.count)) + digits
  }
}

/// Why nothing, or not everything, was written.
struct SampleFailure: Error {
  var text: String
  var isUsage = false
}

/// The command line.
struct Options {
  var directory = ""
  var items = 100_000
  var sellers = 500
  var seed: UInt64 = 1
  var startUnixSeconds = Int64(time(nil))

  /// False when help was asked for.
  mutating func parse(_ arguments: ArraySlice<String>) throws(SampleFailure) -> Bool {
    var rest = arguments
    while let argument = rest.popFirst() {
      if argument == "--help" || argument == "-h" { return false }
      if !argument.hasPrefix("-") {
        if !directory.isEmpty { throw usage("one directory, not also \(argument)") }
        directory = argument
        continue
      }
      guard let value = rest.popFirst() else { throw usage("\(argument) needs a value") }
      switch argument {
      case "--items": items = try number(value, 5...100_000_000, argument)
      case "--sellers": sellers = try number(value, 1...99_999, argument)
      case "--seed":
        guard let seed = UInt64(value) else { throw usage("--seed \(value): not a number from 0") }
        self.seed = seed
      case "--start": startUnixSeconds = try date(value)
      default: throw usage("unknown option \(argument)")
      }
    }
    if directory.isEmpty { throw usage("name the directory to write to") }
    return true
  }

  private func number(
    _ text: String, _ range: ClosedRange<Int>, _ option: String
  ) throws(SampleFailure) -> Int {
    guard let value = Int(text), range.contains(value) else {
      throw usage("\(option) \(text): a number of \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// Noon UTC of an ISO date.
  private func date(_ text: String) throws(SampleFailure) -> Int64 {
    let parts = text.split(separator: "-").map { Int($0) ?? -1 }
    guard parts.count == 3,
      let seconds = SampleWorld.unixSeconds(year: parts[0], month: parts[1], day: parts[2])
    else { throw usage("--start \(text): a date such as 2026-11-21") }
    return seconds
  }

  private func usage(_ text: String) -> SampleFailure {
    SampleFailure(text: "\(text) (promised-sample --help)", isUsage: true)
  }
}
