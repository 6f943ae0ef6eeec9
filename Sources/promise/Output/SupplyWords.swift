import PromisedClient
import PromisedModel

// What an offer rests on, and nodes that nothing is heard of.

/// What is on hand, or on its way, as a program reads it; empty = nothing.
func supplyLabel(_ source: UInt32) -> String {
  if source == 0 { return "" }
  return UInt8(exactly: source).flatMap { SupplySource(rawValue: $0) }?.label ?? "supply \(source)"
}

/// What units are, in words.
func supplyWords(_ source: UInt32, from unixSeconds: Int64, units: Int64) -> String {
  let when = utcText(unixSeconds)
  switch UInt8(exactly: source).flatMap({ SupplySource(rawValue: $0) }) {
  case nil, .onHand: return "on hand"
  case .inbound: return "on its way: there by \(when), \(counted(units, "unit")) not yet promised"
  case .preorder: return "ordered ahead: there from \(when), \(counted(units, "unit")) left"
  case .backorder: return "backordered: there by \(when), \(counted(units, "unit")) left"
  }
}

extension Offer {
  var supplyWords: String {
    promise.supplyWords(supply, from: availableFromUnixSeconds, units: suppliedUnits)
  }
}

/// What comes first, of an item that is not offered.
func nextSupplyText(_ offer: Offer) -> String {
  if offer.supply < 2 { return "" }
  return "  Next       \(offer.supplyWords)\n"
}

/// The policy's word of a silent node; empty = it is heard of.
func silenceWord(_ silence: UInt32) -> String {
  if silence == 0 { return "" }
  return UInt8(exactly: silence).flatMap { SilencePolicy(rawValue: $0) }?.label
    ?? "silence \(silence)"
}

/// What a node's silence means for its promises.
func silenceWords(_ silence: UInt32, _ node: String) -> String {
  let node = printable(node)
  switch UInt8(exactly: silence).flatMap({ SilencePolicy(rawValue: $0) }) {
  case .withhold: return "the feed has not spoken of \(node) lately: its stock is withheld"
  case .widen: return "the feed has not spoken of \(node) lately: its promises are later"
  default: return "the feed has not spoken of \(node) lately: its stock may be out of date"
  }
}
