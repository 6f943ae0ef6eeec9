import Glibc
import PromisedData

/// `promised-forecast-eval`: the embedded forecaster judged on series of daily sales.
@main
struct Program {
  static let usage = """
    Runs the service's own forecaster over daily sales, learning only from the days before each
    origin, and judges the forecasts of the total of the next days.

    usage: promised-forecast-eval --daily FILE --horizon DAYS --first-origin N --every N
                                  --history N [--json]

      --daily FILE      CSV with a header, plain or gzip: the item, then a column per date
      --horizon DAYS    the total of this many days is forecast, 1 to 365
      --first-origin N  the first N date columns are history; then every ...
      --every N         ... N columns, as long as the horizon is within the file
      --history N       judged are items with a sale in the last N columns before the origin; the
                        simple methods see these columns
      --json            one object for programs
      --help            this text

    Scaled pinball loss = sum of losses / sum of demand over the horizon; at .95, and the mean of
    .005 .025 .165 .25 .5 .75 .835 .975 .995. Coverage = share of cases at or below the quantile.
    An empty cell, NA or NaN is a day that is not known.

    exit codes: 0 judged, 2 the file is not readable as this (line, column and reason are named) or
    has no case to judge, 64 wrong usage

    example: promised-forecast-eval --daily daily.csv.gz --horizon 7 --first-origin 200 --every 21
             --history 84

    """

  static func main() {
    let arguments: Arguments
    switch Arguments.parse(Array(CommandLine.arguments.dropFirst())) {
    case .help:
      print(usage, terminator: "")
      return
    case .wrong(let reason): end(64, "\(reason) (see --help)")
    case .good(let good): arguments = good
    }
    do throws(DataFault) {
      let file = try DailyFile.read(arguments.daily)
      let isTerminal = isatty(STDERR_FILENO) == 1
      let evaluation = Evaluation.run(
        file, horizon: arguments.horizon, firstOrigin: arguments.firstOrigin,
        every: arguments.every, history: arguments.history
      ) { origin in
        if isTerminal { note("\rorigin \(origin) of \(file.days) days") }
      }
      if isTerminal { note("\r\u{1B}[K") }
      if evaluation.service.cases == 0 {
        end(
          2, "\(arguments.daily): nothing to judge: \(file.names.count) series of \(file.days) days"
        )
      }
      let report = Report(evaluation: evaluation, series: file.names.count)
      print(arguments.isJSON ? report.json : report.text, terminator: "")
    } catch {
      end(2, error.description)
    }
  }

  private static func note(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }

  private static func end(_ code: Int32, _ text: String) -> Never {
    note("promised-forecast-eval: \(text)\n")
    exit(code)
  }
}

/// The command line.
struct Arguments: Equatable {
  enum Parsed: Equatable {
    case good(Arguments)
    case help
    case wrong(String)
  }

  var daily = ""
  var horizon = 0
  var firstOrigin = 0
  var every = 0
  var history = 0
  var isJSON = false

  static func parse(_ words: [String]) -> Parsed {
    var arguments = Arguments()
    var words = words[...]
    while let word = words.popFirst() {
      switch word {
      case "--help", "-h": return .help
      case "--json": arguments.isJSON = true
      case "--daily", "--horizon", "--first-origin", "--every", "--history":
        guard let value = words.popFirst() else { return .wrong("\(word) needs a value") }
        if word == "--daily" {
          arguments.daily = value
          continue
        }
        let most = word == "--horizon" ? 365 : 1_000_000
        guard let number = Int(value), (1...most).contains(number) else {
          return .wrong("\(word) \(value): a whole number within 1…\(most) is needed")
        }
        switch word {
        case "--horizon": arguments.horizon = number
        case "--first-origin": arguments.firstOrigin = number
        case "--every": arguments.every = number
        default: arguments.history = number
        }
      default: return .wrong("unknown argument \(word)")
      }
    }
    if arguments.daily.isEmpty { return .wrong("--daily FILE is needed") }
    for (name, value) in [
      ("--horizon DAYS", arguments.horizon), ("--first-origin N", arguments.firstOrigin),
      ("--every N", arguments.every), ("--history N", arguments.history),
    ] where value == 0 { return .wrong("\(name) is needed") }
    return .good(arguments)
  }
}
