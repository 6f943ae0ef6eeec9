import Glibc
import PromisedData
import PromisedModel

/// `promised-order-replay`: the service's learned promises judged on real orders.
@main
struct Program {
  static let usage = """
    Replays orders in the order of time through the service's learning and promise code, learning
    only from what was known at the moment of each promise, and judges the promises.

    usage: promised-order-replay --orders FILE [--orders FILE ...] [--from DATE --to DATE] [--json]

      --orders FILE  CSV with a header, plain or gzip; an order of several files counts as the last
                     tells it
      --from DATE    judge orders purchased on this date or later (YYYY-MM-DD, local)
      --to DATE      ... and on this date or before; all orders are learned from either way
      --json         one object for programs
      --help         this text

    Judged are orders of status delivered that have every date (approved, handed over, delivered,
    estimated). On time = delivered local date <= promised date; days = promised date - purchase
    date. The marketplace's estimate is never an input. Columns needed: order_id, order_status,
    order_purchase_timestamp, order_approved_at, order_delivered_carrier_date,
    order_delivered_customer_date, order_estimated_delivery_date, customer_state, seller_id,
    seller_state, product_category_name, km, price, freight, weight_g, volume_cm3, n_items.

    exit codes: 0 judged, 2 a file is not readable as this (file, line, column and reason are
    named) or has no order to judge, 64 wrong usage

    example: promised-order-replay --orders orders.csv.gz --from 2017-07-01 --to 2018-03-31

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
      let orders = try OrderFile.read(arguments.files)
      let isTerminal = isatty(STDERR_FILENO) == 1
      let replay = Replay.run(orders, from: arguments.from ?? .min, to: arguments.to ?? .max) {
        if isTerminal { note("\r\(Report.date($0))  \($1) of \(orders.count) orders") }
      }
      if isTerminal { note("\r\u{1B}[K") }
      guard let first = replay.judged.first?.purchasedOn, let last = replay.judged.last?.purchasedOn
      else {
        end(2, "no delivered order of the window can be judged (\(replay.tooEarly) came too early)")
      }
      let from = arguments.from ?? first
      let to = arguments.to ?? last
      let report = Report(
        judgement: Judgement(replay.judged, from: from, to: to), from: from, to: to,
        orderCount: orders.count, tooEarly: replay.tooEarly)
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
    note("promised-order-replay: \(text)\n")
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

  var files: [String] = []
  var from: Int32?
  var to: Int32?
  var isJSON = false

  static func parse(_ words: [String]) -> Parsed {
    var arguments = Arguments()
    var words = words[...]
    while let word = words.popFirst() {
      switch word {
      case "--help", "-h": return .help
      case "--json": arguments.isJSON = true
      case "--orders", "--from", "--to":
        guard let value = words.popFirst() else { return .wrong("\(word) needs a value") }
        if word == "--orders" {
          arguments.files.append(value)
        } else {
          guard value.utf8.count == 10, let seconds = OrderFile.seconds(Array(value.utf8)) else {
            return .wrong("\(word) \(value): YYYY-MM-DD within 1970…2100 is needed")
          }
          let day = Int32(seconds / 86_400)
          if word == "--from" { arguments.from = day } else { arguments.to = day }
        }
      default: return .wrong("unknown argument \(word)")
      }
    }
    if arguments.files.isEmpty { return .wrong("--orders FILE is needed") }
    if let from = arguments.from, let to = arguments.to, from > to {
      return .wrong("--from is after --to")
    }
    return .good(arguments)
  }
}
