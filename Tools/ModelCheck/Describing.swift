/// Commands on one line each, with little but what they say.
extension Place: CustomStringConvertible {
  var description: String { "\(Names.item(item))@\(Names.node(node))" }
}

extension ClaimLine: CustomStringConvertible {
  var description: String {
    let place = isPool ? "\(Names.item(place.item))@\(Names.groups[place.node])" : "\(place)"
    var parts = ["\(quantity) \(place)"]
    if picked > 0 { parts.append("picked \(picked)") }
    if shipped > 0 { parts.append("shipped \(shipped)") }
    if short > 0 { parts.append("short \(short)") }
    if due != 0 { parts.append("due \(due)") }
    if channel != 0 { parts.append(Names.channels[channel - 1]) }
    if isBackordered { parts.append("backordered") }
    if part != .none { parts.append("\(part)") }
    return parts.joined(separator: " ")
  }
}

extension Wanted: CustomStringConvertible {
  var description: String {
    var parts = ["\(lines) for \(Names.owners[owner]), \(seconds) s"]
    if fill != 0 { parts.append("fill \(fill)") }
    if channel != 0 { parts.append(Names.channels[channel - 1]) }
    if let replaces { parts.append("instead of \(replaces)") }
    return parts.joined(separator: ", ")
  }
}

extension FeedLine: CustomStringConvertible {
  var description: String { "kind \(kind) \(quantity) \(place)" }
}

extension ToldLine: CustomStringConvertible {
  var description: String {
    var parts = ["kind \(kind) \(quantity) \(place)"]
    if let ago { parts.append("\(ago) ms ago") }
    if let hold { parts.append("hold of \(hold)") }
    if let reference, kind >= 10 { parts.append(Names.references[reference]) }
    if kind == 10 { parts.append("to \(Names.nodes[destination])") }
    if kind == 10 || kind == 14 { parts.append("in \(arrival) s, stage \(stage)") }
    if kind == 12 || kind == 13 { parts.append("disposition \(disposition) from \(from)") }
    return parts.joined(separator: " ")
  }
}

extension ToldBatch: CustomStringConvertible {
  var description: String { "\(rows)" + (isNetOfAllocations ? " net of allocations" : "") }
}

extension PutLine: CustomStringConvertible {
  var description: String { "\(onHand) \(place) \(conditions)" }
}

extension Rule: CustomStringConvertible {
  var description: String {
    switch self {
    case .group(let group, let nodes): "group \(Names.groups[group]) \(nodes)"
    case .channel(let channel, let place, let buffer, let setAside):
      "\(Names.channels[channel - 1]) \(place) buffer \(buffer) set aside \(setAside)"
    case .backorder(let place, let cap, let from, let until):
      "backorder \(place) cap \(cap) from \(from) until \(until)"
    case .kit(let kit, let parts):
      "kit \(Names.item(kit)) of \(parts.map { "\($0.units) \(Names.item($0.item))" })"
    case .inbound(let place, let reference, let units, let arrival, let stage):
      "inbound \(units) \(place) \(Names.references[reference]) in \(arrival) s, stage \(stage)"
    case .item(let item): "item \(Names.item(item))"
    }
  }
}

extension Inbound: CustomStringConvertible {
  var description: String { "\(units) by r\(reference) to \(node) at \(eta), stage \(stage)" }
}

extension PositionNumbers: CustomStringConvertible {
  var description: String {
    let parts = (0..<5).map { self.conditions[$0] }
    return "[on hand \(onHand), fulfillable \(fulfillable), held \(held), allocated \(allocated), "
      + "picked \(picked), available \(availableNow), later \(claimedLater), withheld from channel "
      + "\(withheldFromChannel), conditions \(parts)]"
  }
}
