import Glibc
import PromisedData
import PromisedModel
import Testing

@testable import promised_seller_year

@Suite struct SellerYearTests {
  private func zone() throws -> TimeZoneFile {
    TimeZoneFile(
      name: Name("America/Sao_Paulo"),
      tzif: try DataFile.read("/usr/share/zoneinfo/America/Sao_Paulo"))
  }

  private func day(_ year: Int, _ month: Int, _ day: Int) throws -> Int32 {
    try #require(LocalDate(year: year, month: month, day: day)).days
  }

  /// A seller of 32 characters that sells `perMonth` units of one product on the tenth of each
  /// month: in the half of it that is sent in the month before.
  private func goods(_ perMonth: [Int]) throws -> OrderedGoods {
    var goods = OrderedGoods()
    let seller = String(repeating: "s", count: 32)
    let product = String(repeating: "p", count: 32)
    goods.products[product] = Product(
      lengthCM: 40, heightCM: 30, widthCM: 20, grams: 900, category: "")
    for (index, units) in perMonth.enumerated() {
      for _ in 0..<units {
        goods.sold.append(
          SoldUnit(
            day: try day(2017 + index / 12, index % 12 + 1, 10), seller: seller, product: product))
      }
    }
    return goods
  }

  @Test func sizesBecomeVolumesAndStorageTypes() throws {
    let box = try #require(
      Product(lengthCM: 30, heightCM: 30, widthCM: 20, grams: 900, category: "brinquedos"))
    // 18,000 cm³ are 0.635664 cubic feet.
    #expect(box.volume == 635_665 && box.type == .standard)
    func type(_ sides: (Int64, Int64, Int64), _ grams: Int64, _ category: String) -> StorageType? {
      Product(
        lengthCM: sides.0, heightCM: sides.1, widthCM: sides.2, grams: grams, category: category)?
        .type
    }
    #expect(type((60, 10, 10), 100, "") == .oversize && type((10, 10, 10), 9073, "") == .oversize)
    #expect(type((10, 10, 160), 100, "") == .extraLarge)
    #expect(type((60, 10, 10), 1, "fashion_calcados") == .footwear)
    #expect(type((6, 10, 10), 1, "fashion_roupa_masculina") == .apparel)
    #expect(type((0, 10, 10), 1, "") == nil)
  }

  @Test func whoGrowsFasterThanItsHistoryIsLimited() throws {
    // 0.85 cubic feet a unit: ten a month give a limit of 16.9, which thirty exceed.
    let goods = try goods([10, 10, 10, 10, 30, 30, 30, 30])
    let replay = try YearReplay.run(
      goods, from: try #require(Month(yyyymm: 201_704)), months: 4, zone: zone())
    #expect(replay.months.map(\.month) == [201_704, 201_705, 201_706, 201_707])
    #expect(replay.months[0].missedUnits == 0 && replay.months[0].limitedSellers == 1)
    #expect(replay.months[1].missedUnits > 0 && replay.months[1].limitedSellers == 1)
    // History catches up.
    #expect(replay.months[3].missedUnits == 0)
    #expect(replay.differences.isEmpty)
    let again = try YearReplay.run(
      goods, from: try #require(Month(yyyymm: 201_704)), months: 4, zone: zone())
    #expect(again.months == replay.months && again.limited == replay.limited)
  }

  @Test func realSellersForAYear() throws {
    guard let data = getenv("PROMISED_DATA").map({ String(cString: $0) }) else {
      print("not run: realSellersForAYear needs PROMISED_DATA")
      return
    }
    let goods = try OrderedGoods.read(
      items: data + "/olist/olist_order_items.csv.gz",
      products: data + "/olist/olist_products.csv.gz")
    let replay = try YearReplay.run(
      goods, from: try #require(Month(yyyymm: 201_709)), months: 12, zone: zone())
    #expect(replay.differences.isEmpty && replay.months.count == 12)
    for month in replay.months {
      #expect(month.admittedUnits <= month.wantedUnits && month.soldUnits > 0)
    }
    #expect(!replay.limited.isEmpty)
    #expect(replay.limited.allSatisfy { $0.admittedUnits < $0.wantedUnits })
  }
}
