import PromisedData
import PromisedModel

/// What a product takes in storage.
struct Product: Equatable {
  /// Micro-cubic-feet of a unit, rounded up.
  var volume: Int64
  var type: StorageType

  /// From centimetres and grams; nil where one is missing.
  ///
  /// Sizes as large fulfilment networks draw the line: standard up to 45.72 × 35.56 × 20.32 cm and
  /// 9,072 g, oversize up to 150 cm and 22,680 g. Clothes and shoes go by their category.
  init?(lengthCM: Int64, heightCM: Int64, widthCM: Int64, grams: Int64, category: String) {
    if lengthCM <= 0 || heightCM <= 0 || widthCM <= 0 || lengthCM > 1000 || heightCM > 1000
      || widthCM > 1000
    {
      return nil
    }
    // A cubic foot is 28,316.846592 cm³ exactly.
    let cubic = Int128(lengthCM * heightCM * widthCM) * 1_000_000_000_000
    volume = Int64((cubic + 28_316_846_591) / 28_316_846_592)
    let sides = [lengthCM, heightCM, widthCM].sorted()
    if category == "fashion_calcados" {
      type = .footwear
    } else if category.hasPrefix("fashion_roupa") {
      type = .apparel
    } else if sides[2] <= 45 && sides[1] <= 35 && sides[0] <= 20 && grams <= 9072 {
      type = .standard
    } else if sides[2] <= 150 && grams <= 22_680 {
      type = .oversize
    } else {
      type = .extraLarge
    }
  }
}

/// A unit sold, on a local date.
struct SoldUnit: Equatable {
  var day: Int32
  var seller: String
  var product: String
}

/// The goods that sellers of a marketplace sold, and what they take in storage.
struct OrderedGoods {
  var products: [String: Product] = [:]
  /// By day, then as the file has them.
  var sold: [SoldUnit] = []
  /// Units whose product has no size: left out.
  var withoutSize = 0

  init() {}

  /// - Parameters:
  ///   - items: a row per unit sold; its day is that of `shipping_limit_date`, the last day on which
  ///     the seller may hand it over, since the file has no day of the order.
  ///   - products: with their sizes in centimetres; empty cells where not known.
  static func read(items: String, products: String) throws(DataFault) -> OrderedGoods {
    var goods = OrderedGoods()
    var table = try DataTable(
      products,
      needing: [
        "product_id", "product_category_name", "product_weight_g", "product_length_cm",
        "product_height_cm", "product_width_cm",
      ])
    while try table.nextRow() {
      func size(_ column: Int) throws(DataFault) -> Int64 {
        table.cell(column).isEmpty ? 0 : try table.integer(column)
      }
      goods.products[table.text(0)] = Product(
        lengthCM: try size(3), heightCM: try size(4), widthCM: try size(5), grams: try size(2),
        category: table.text(1))
    }
    var rows = try DataTable(items, needing: ["product_id", "seller_id", "shipping_limit_date"])
    while try rows.nextRow() {
      let product = rows.text(0)
      guard goods.products[product] != nil else {
        goods.withoutSize += 1
        continue
      }
      let parts = rows.text(2).prefix(10).split(separator: "-").compactMap { Int($0) }
      guard parts.count == 3,
        let date = LocalDate(year: parts[0], month: parts[1], day: parts[2])
      else { throw rows.fault(2, "a date such as 2018-08-15 10:10:18 is needed") }
      goods.sold.append(SoldUnit(day: date.days, seller: rows.text(1), product: product))
    }
    // A sort that keeps the order of equals, so that the replay is the same everywhere.
    goods.sold = goods.sold.enumerated().sorted { left, right in
      (left.element.day, left.offset) < (right.element.day, right.offset)
    }.map(\.element)
    return goods
  }
}
