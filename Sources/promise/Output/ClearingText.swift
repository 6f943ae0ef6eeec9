import PromisedClient
import PromisedModel

/// 1/10,000 of a currency.
func money(_ amount: UInt64) -> String {
  var cents = String(amount % 10_000)
  while cents.utf8.count < 4 { cents = "0" + cents }
  if cents.hasSuffix("00") { cents.removeLast(2) }
  return grouped(amount / 10_000) + "." + cents
}

/// A round of bids as a table.
func clearingText(_ answer: ClearingAnswer, _ style: Style) -> String {
  let what =
    "\(cubicFeet(Int64(clamping: answer.volume))) ft³ of \(storageTypeWord(answer.storageType)) "
    + "storage in \(monthText(answer.month)), \(printable(answer.marketplace))"
  var text = style.bold(what) + "\n"
  text +=
    answer.clearingID == 0
    ? "  A trial: nothing is kept.\n"
    : "  Round \(answer.clearingID), cleared \(utcText(answer.clearedUnixSeconds))\n"
  if answer.bids.isEmpty { return text + "  Nobody bids.\n" }
  var table = Table([
    "#Bid", "Seller", "#Fee at most", "#Wanted ft³", "#At least", "#Granted ft³", "#Fee", "#Credit",
    "#Paid",
  ])
  for bid in answer.bids {
    table.add([
      "\(bid.bidID)", bid.seller, money(bid.maximumFee), cubicFeet(Int64(clamping: bid.volume)),
      bid.minimum == 0 ? "all" : cubicFeet(Int64(clamping: bid.minimum)),
      bid.granted == 0 ? "–" : cubicFeet(Int64(clamping: bid.granted)), money(bid.fee),
      money(bid.credit), money(bid.net),
    ])
  }
  text += table.text(style, indent: "  ")
  text +=
    answer.price == 0
    ? "  Nobody is granted anything.\n"
    : "  Everybody granted pays \(money(answer.price)) per cubic foot, the lowest granted fee.\n"
  return text
}

/// The round computed again by hand from what its record says, step by step; nil = it comes out as the
/// record has it. The reason says where it does not.
struct ClearingSteps {
  private(set) var lines: [String] = []
  private(set) var difference: String?

  init(_ answer: ClearingAnswer) {
    var left = answer.volume
    var price: UInt64 = 0
    var isOver = false
    // First of all: out of order, hardly anybody is granted what the record says.
    for (before, bid) in zip(answer.bids, answer.bids.dropFirst())
    where !Self.isInOrder(before, bid) {
      note("bid \(bid.bidID) stands behind bid \(before.bidID), which it goes before")
    }
    for bid in answer.bids {
      let least = bid.minimum == 0 ? bid.volume : min(bid.minimum, bid.volume)
      var granted: UInt64 = 0
      var why: String
      if isOver {
        why = "comes after the first that did not fit: nothing"
      } else if left < max(1, least) {
        isOver = true
        why = "needs at least \(feet(least)), \(feet(left)) are left: the round ends"
      } else {
        granted = min(bid.volume, left)
        left -= granted
        price = bid.maximumFee
        why =
          granted == bid.volume
          ? "gets all \(feet(granted))" : "gets the last \(feet(granted)) of \(feet(bid.volume))"
        why += "; \(feet(left)) are left"
      }
      lines.append(
        "bid \(bid.bidID) of \(printable(bid.seller)) at \(money(bid.maximumFee)), placed "
          + "\(utcText(bid.placedUnixMilliseconds / 1000)): \(why)")
      if granted != bid.granted {
        note("bid \(bid.bidID) comes to \(feet(granted)), the record says \(feet(bid.granted))")
      }
    }
    for bid in answer.bids {
      let fee = UInt64(UInt128(bid.granted) * UInt128(price) / 1_000_000)
      if fee != bid.fee || bid.credit > bid.fee || bid.net != bid.fee - bid.credit {
        note(
          "the fee of bid \(bid.bidID) comes to \(money(fee)), the record says \(money(bid.fee))")
      }
    }
    lines.append(
      price == 0 ? "nobody is granted anything" : "the lowest granted fee is \(money(price))")
    if price != answer.price {
      note("the price comes to \(money(price)), the record says \(money(answer.price))")
    }
  }

  private mutating func note(_ text: String) { if difference == nil { difference = text } }

  private func feet(_ volume: UInt64) -> String { cubicFeet(Int64(clamping: volume)) + " ft³" }

  private static func isInOrder(_ left: ClearedBid, _ right: ClearedBid) -> Bool {
    if left.maximumFee != right.maximumFee { return left.maximumFee > right.maximumFee }
    if left.placedUnixMilliseconds != right.placedUnixMilliseconds {
      return left.placedUnixMilliseconds < right.placedUnixMilliseconds
    }
    return left.bidID < right.bidID
  }
}
