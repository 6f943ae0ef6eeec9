import PromisedModel

extension State {
  func listNodes(from start: UInt64, size: Int, into reply: inout ListReply) {}
  func listZones(from start: UInt64, size: Int, into reply: inout ListReply) {}
  func listLanes(from start: UInt64, size: Int, into reply: inout ListReply) {}
  func listLegs(from start: UInt64, size: Int, into reply: inout ListReply) {}
  func listMarketplaces(from start: UInt64, size: Int, into reply: inout ListReply) {}
  func listCalendars(from start: UInt64, size: Int, into reply: inout ListReply) {}
}
