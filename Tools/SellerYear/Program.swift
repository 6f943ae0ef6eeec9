import Glibc
import PromisedData
import PromisedModel

/// `promised-seller-year`: a year of a real marketplace's sellers under storage limits.
@main
struct Program {
  static let usage = """
    Replays a year of a marketplace in which every seller stores with the network: limits from the
    sellers' own history and real product dimensions, what each would send in, who was limited when.

    usage: promised-seller-year --items FILE --products FILE [--from MONTH] [--months N] [--top N]

      --items FILE     CSV with a header, plain or gzip: product_id, seller_id, shipping_limit_date,
                       a row per unit sold
      --products FILE  product_id, product_category_name, product_weight_g, product_length_cm,
                       product_height_cm, product_width_cm
      --from MONTH     the first month, such as 2017-09 (2017-09)
      --months N       how many, 1…36 (12)
      --top N          sellers that are shown (20)
      --help           this text

    exit codes: 0 replayed and the service's sums are right, 1 they are not, 2 a file is not
    readable as this, 64 wrong usage

    """

  static func main() {
    var values: [String: String] = [:]
    var words = Array(CommandLine.arguments.dropFirst())
    while !words.isEmpty {
      let word = words.removeFirst()
      if word == "--help" {
        print(usage, terminator: "")
        return
      }
      guard ["--items", "--products", "--from", "--months", "--top"].contains(word),
        let value = words.first
      else { end(64, "\(word) is no option or has no value (see --help)") }
      values[word] = value
      words.removeFirst()
    }
    guard let items = values["--items"], let products = values["--products"] else {
      end(64, "--items and --products are needed (see --help)")
    }
    let from = UInt32((values["--from"] ?? "2017-09").filter { $0 != "-" })
    guard let from, let month = Month(yyyymm: from),
      let months = Int(values["--months"] ?? "12"), (1...36).contains(months),
      let top = Int(values["--top"] ?? "20"), top >= 0
    else { end(64, "--from is a month, --months 1…36, --top a number (see --help)") }
    do throws(DataFault) {
      let goods = try OrderedGoods.read(items: items, products: products)
      let replay = try run(goods, from: month, months: months)
      print(YearReport.text(goods, replay, top: top), terminator: "")
      if !replay.differences.isEmpty { exit(1) }
    } catch {
      end(2, error.description)
    }
  }

  private static func run(
    _ goods: OrderedGoods, from month: Month, months: Int
  ) throws(DataFault) -> YearReplay {
    let path = "/usr/share/zoneinfo/America/Sao_Paulo"
    let zone = TimeZoneFile(name: Name("America/Sao_Paulo"), tzif: try DataFile.read(path))
    do throws(Refusal) {
      return try YearReplay.run(goods, from: month, months: months, zone: zone)
    } catch {
      end(2, "the service refused: \(error.message)")
    }
  }

  private static func end(_ code: Int32, _ text: String) -> Never {
    let bytes = Array("promised-seller-year: \(text)\n".utf8)
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    exit(code)
  }
}
