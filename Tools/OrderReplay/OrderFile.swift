import PromisedData
import PromisedImport
import PromisedModel

/// An order of the marketplace as its file tells it. Dates are local, days since 1970.
struct MarketplaceOrder: Sendable {
  var id: String
  var isDelivered: Bool
  /// Local seconds since 1970.
  var purchasedAt: Int64
  var isApproved: Bool
  var handedOverOn: Int32?
  var deliveredOn: Int32?
  /// What the marketplace promised: the comparison, never an input.
  var estimatedOn: Int32?
  var customerState: String
  var sellerID: String
  var sellerState: String
  var category: String
  /// Tenths of a kilometre, hundredths of money, grams, cubic centimetres; nil = not told.
  var distance: Int64?
  var price: Int64?
  var freight: Int64?
  var weight: Int64?
  var volume: Int64?
  var items: Int64?

  var purchasedOn: Int32 { Int32(purchasedAt / 86_400) }
  var hour: Int { Int(purchasedAt % 86_400 / 3600) }
  /// Only these can be judged: delivered, with every date of the way.
  var canBeJudged: Bool {
    isDelivered && isApproved && handedOverOn != nil && deliveredOn != nil && estimatedOn != nil
  }
}

/// Reads files of orders.
enum OrderFile {
  private static let columns = [
    "order_id", "order_status", "order_purchase_timestamp", "order_approved_at",
    "order_delivered_carrier_date", "order_delivered_customer_date",
    "order_estimated_delivery_date", "customer_state", "seller_id", "seller_state",
    "product_category_name", "km", "price", "freight", "weight_g", "volume_cm3", "n_items",
  ]

  /// The orders of all files by purchase, an order of two files as the later file tells it.
  static func read(_ paths: [String]) throws(DataFault) -> [MarketplaceOrder] {
    var orders: [MarketplaceOrder] = []
    var places: [String: Int] = [:]
    for path in paths {
      var table = try DataTable(path, needing: columns)
      while try table.nextRow() {
        let order = try order(of: table)
        if let place = places[order.id] {
          orders[place] = order
        } else {
          places[order.id] = orders.count
          orders.append(order)
        }
      }
    }
    orders.sort { ($0.purchasedAt, $0.id) < ($1.purchasedAt, $1.id) }
    return orders
  }

  private static func order(of table: borrowing DataTable) throws(DataFault) -> MarketplaceOrder {
    guard let purchasedAt = try stamp(table, 2) else {
      throw table.fault(2, "a time of purchase is needed")
    }
    let purchasedOn = Int32(purchasedAt / 86_400)
    let handedOverAt = try stamp(table, 4)
    let deliveredAt = try stamp(table, 5)
    let estimatedAt = try stamp(table, 6)
    // A stamp before the purchase is a clock's mistake: known on the day of the purchase.
    func day(_ stamp: Int64?) -> Int32? { stamp.map { max(Int32($0 / 86_400), purchasedOn) } }
    return MarketplaceOrder(
      id: table.text(0), isDelivered: table.text(1) == "delivered", purchasedAt: purchasedAt,
      isApproved: try stamp(table, 3) != nil, handedOverOn: day(handedOverAt),
      deliveredOn: day(deliveredAt), estimatedOn: estimatedAt.map { Int32($0 / 86_400) },
      customerState: table.text(7), sellerID: table.text(8), sellerState: table.text(9),
      category: table.text(10), distance: try number(table, 11, digits: 1),
      price: try number(table, 12, digits: 2), freight: try number(table, 13, digits: 2),
      weight: try number(table, 14, digits: 0), volume: try number(table, 15, digits: 0),
      items: try number(table, 16, digits: 0))
  }

  private static func number(
    _ table: borrowing DataTable, _ column: Int, digits: Int
  ) throws(DataFault) -> Int64? {
    let cell = table.cell(column)
    if cell.isEmpty { return nil }
    guard let value = Cell.decimal(cell, digits: digits, rounding: .nearest, signed: false) else {
      throw table.fault(column, "a number of 0 or more, or nothing, is needed")
    }
    return value
  }

  /// `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD` as local seconds since 1970; nil for an empty cell.
  private static func stamp(
    _ table: borrowing DataTable, _ column: Int
  ) throws(DataFault) -> Int64? {
    let cell = table.cell(column)
    if cell.isEmpty { return nil }
    guard let value = seconds(Array(cell.buffer)) else {
      throw table.fault(column, "YYYY-MM-DD HH:MM:SS within 1970…2100 is needed")
    }
    return value
  }

  static func seconds(_ text: [UInt8]) -> Int64? {
    guard text.count == 10 || text.count == 19 else { return nil }
    func digits(_ start: Int, _ count: Int) -> Int? {
      var value = 0
      for byte in text[start..<start + count] {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 0x30)
      }
      return value
    }
    guard text[4] == 0x2D, text[7] == 0x2D, let year = digits(0, 4), (1970...2100).contains(year),
      let month = digits(5, 2), let day = digits(8, 2),
      let date = LocalDate(year: year, month: month, day: day)
    else { return nil }
    let midnight = Int64(date.days) * 86_400
    if text.count == 10 { return midnight }
    guard text[10] == 0x20 || text[10] == 0x54, text[13] == 0x3A, text[16] == 0x3A,
      let hour = digits(11, 2), hour < 24, let minute = digits(14, 2), minute < 60,
      let second = digits(17, 2), second < 60
    else { return nil }
    return midnight + Int64(hour * 3600 + minute * 60 + second)
  }
}
