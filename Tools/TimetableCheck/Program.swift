import Glibc
import PromisedData

/// `promised-timetable-check`: the service's earliest-arrival search against golden answers.
@main
struct Program {
  static let usage = """
    Searches a day of real departures with the service's Connection Scan and compares the earliest
    arrivals with golden ones.

    usage: promised-timetable-check --connections FILE --golden FILE

      --connections FILE  columns dep_s, arr_s, from, to, trip: seconds, and stations of any text
      --golden FILE       columns origin, depart_s, dest, earliest_arrival_s; -1 = no way
      --help              this text

    Columns are found by the header, rows may come in any order, files may be gzip. Boarding needs
    dep_s >= arrival; there is no minimum time to change, and connections may take no time.

    exit codes: 0 every row agrees, 1 some differ (the first is named), 2 a file is not readable as
    this (file, line and reason are named), 64 wrong usage

    example: promised-timetable-check --connections day.csv.gz --golden answers.csv.gz

    """

  static func main() {
    var connections: String?
    var golden: String?
    var words = Array(CommandLine.arguments.dropFirst())[...]
    while let word = words.popFirst() {
      switch word {
      case "--help", "-h":
        print(usage, terminator: "")
        return
      case "--connections", "--golden":
        guard let value = words.popFirst() else { end(64, "\(word) needs a file (see --help)") }
        if word == "--golden" { golden = value } else { connections = value }
      default: end(64, "unknown argument \(word) (see --help)")
      }
    }
    guard let connections, let golden else {
      end(64, "--connections FILE and --golden FILE are needed (see --help)")
    }
    do throws(DataFault) {
      let verdict = try GoldenRows.compare(connections: connections, golden: golden)
      guard let first = verdict.first else {
        print("all \(verdict.rows) earliest arrivals agree")
        return
      }
      print("\(verdict.differences) of \(verdict.rows) earliest arrivals differ; the first:")
      print(first)
      exit(1)
    } catch {
      end(2, error.description)
    }
  }

  private static func end(_ code: Int32, _ text: String) -> Never {
    let line = Array("promised-timetable-check: \(text)\n".utf8)
    _ = Glibc.write(STDERR_FILENO, line, line.count)
    exit(code)
  }
}
