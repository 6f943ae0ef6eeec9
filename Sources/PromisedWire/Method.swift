/// Every method of every service in Protocol/, built or not.
///
/// The number is the seed of a command's body digest, which is stored: it never changes, and a
/// removed method's number is not used again.
package enum Method: UInt8, Sendable, CaseIterable {
  // promised.v1.Promises
  case offer = 1
  case plan = 2
  case atRisk = 3
  case accuracy = 4
  case explain = 5
  case rescue = 6
  case changed = 7

  // promised.v1.Inventory
  case availability = 16
  case inStock = 17
  case apply = 18
  case applyStream = 19
  case putItems = 20
  case putPositions = 21
  case putInbound = 22
  case putForecasts = 23
  case putFactors = 35
  case history = 24
  case list = 25
  case watch = 26
  case watchPoll = 27
  case putKits = 28
  case putOpportunity = 29
  case reverseFeed = 30
  case atp = 31
  case putGroups = 32
  case putChannelStock = 33
  case putBackorders = 34

  // promised.v1.Holds
  case hold = 48
  case holdCommit = 49
  case holdRelease = 50
  case holdGet = 51
  case holdConsume = 52
  case holdAmend = 53
  case holdExtend = 54
  case pick = 55
  case shortfalls = 56

  // promised.v1.Capacity
  case headroom = 64
  case usage = 65
  case putSellers = 66
  case putLimits = 67
  case capacityAdmit = 68
  case capacityReceive = 69
  case capacityClose = 70
  case capacityBid = 71
  case capacityClear = 72
  case utilization = 73
  case putPolicies = 74
  case putBuildings = 75
  case putSignals = 76
  case capacityWhatIf = 77
  case capacityReport = 78
  case capacityRemove = 79

  // promised.v1.Network
  case networkPut = 80
  case networkGet = 81
  case observe = 82
  case closeLeg = 83
  case reopenLeg = 84
  case putOverride = 85
  case listOverrides = 86

  // promised.v1.Admin
  case status = 96
  case beginLoad = 97
  case commitLoad = 98
  case abortLoad = 99
  case audit = 100
  case takeSnapshot = 101
  case listSnapshots = 102
  case drain = 103
  case ping = 104
  case setTime = 105

  // promised.v1.Meta
  case hello = 112
  case getDescriptorSet = 113
  case cancel = 114
  case authenticate = 115

  // grpc.health.v1.Health
  case healthCheck = 120
}

/// A service and the numbers of its methods.
package enum ServiceName: UInt8, Sendable, CaseIterable {
  case promises
  case inventory
  case holds
  case capacity
  case network
  case admin
  case meta
  case health

  /// The full proto name, as requests carry it.
  package var name: StaticString {
    switch self {
    case .promises: "promised.v1.Promises"
    case .inventory: "promised.v1.Inventory"
    case .holds: "promised.v1.Holds"
    case .capacity: "promised.v1.Capacity"
    case .network: "promised.v1.Network"
    case .admin: "promised.v1.Admin"
    case .meta: "promised.v1.Meta"
    case .health: "grpc.health.v1.Health"
    }
  }
}

extension Method {
  /// The method's row: its service, its bare name, whether it is built, whether it streams.
  package struct Row {
    package let service: ServiceName
    package let name: StaticString
    package let isBuilt: Bool
    package let isStream: Bool

    init(
      _ service: ServiceName, _ name: StaticString, built: Bool = true, stream: Bool = false
    ) {
      self.service = service
      self.name = name
      isBuilt = built
      isStream = stream
    }
  }

  /// False: the method is answered UNIMPLEMENTED with reason METHOD_NOT_BUILT.
  package var isBuilt: Bool { row.isBuilt }

  /// "promised.v1.Promises/Offer", as errors name it.
  package var fullName: String { "\(row.service.name)/\(row.name)" }

  package var row: Row {
    switch self {
    case .offer: Row(.promises, "Offer")
    case .plan: Row(.promises, "Plan")
    case .atRisk: Row(.promises, "AtRisk")
    case .accuracy: Row(.promises, "Accuracy")
    case .explain: Row(.promises, "Explain")
    case .rescue: Row(.promises, "Rescue")
    case .changed: Row(.promises, "Changed")
    case .availability: Row(.inventory, "Availability")
    case .inStock: Row(.inventory, "InStock")
    case .apply: Row(.inventory, "Apply")
    case .applyStream: Row(.inventory, "ApplyStream", stream: true)
    case .putItems: Row(.inventory, "PutItems")
    case .putPositions: Row(.inventory, "PutPositions")
    case .putInbound: Row(.inventory, "PutInbound")
    case .putForecasts: Row(.inventory, "PutForecasts")
    case .putFactors: Row(.inventory, "PutFactors")
    case .history: Row(.inventory, "History")
    case .list: Row(.inventory, "List")
    case .watch: Row(.inventory, "Watch", stream: true)
    case .watchPoll: Row(.inventory, "WatchPoll")
    case .putKits: Row(.inventory, "PutKits")
    case .putOpportunity: Row(.inventory, "PutOpportunity")
    case .reverseFeed: Row(.inventory, "ReverseFeed")
    case .atp: Row(.inventory, "Atp")
    case .putGroups: Row(.inventory, "PutGroups")
    case .putChannelStock: Row(.inventory, "PutChannelStock")
    case .putBackorders: Row(.inventory, "PutBackorders")
    case .hold: Row(.holds, "Hold")
    case .holdCommit: Row(.holds, "Commit")
    case .holdRelease: Row(.holds, "Release")
    case .holdGet: Row(.holds, "Get")
    case .holdConsume: Row(.holds, "Consume")
    case .holdAmend: Row(.holds, "Amend")
    case .holdExtend: Row(.holds, "Extend")
    case .pick: Row(.holds, "Pick")
    case .shortfalls: Row(.holds, "Shortfalls")
    case .headroom: Row(.capacity, "Headroom")
    case .usage: Row(.capacity, "Usage")
    case .putSellers: Row(.capacity, "PutSellers")
    case .putLimits: Row(.capacity, "PutLimits")
    case .capacityAdmit: Row(.capacity, "Admit")
    case .capacityReceive: Row(.capacity, "Receive")
    case .capacityClose: Row(.capacity, "Close")
    case .capacityBid: Row(.capacity, "Bid")
    case .capacityClear: Row(.capacity, "Clear")
    case .utilization: Row(.capacity, "Utilization")
    case .putPolicies: Row(.capacity, "PutPolicies")
    case .putBuildings: Row(.capacity, "PutBuildings")
    case .putSignals: Row(.capacity, "PutSignals")
    case .capacityWhatIf: Row(.capacity, "WhatIf")
    case .capacityReport: Row(.capacity, "Report")
    case .capacityRemove: Row(.capacity, "Remove")
    case .networkPut: Row(.network, "Put")
    case .networkGet: Row(.network, "Get")
    case .observe: Row(.network, "Observe")
    case .closeLeg: Row(.network, "CloseLeg")
    case .reopenLeg: Row(.network, "ReopenLeg")
    case .putOverride: Row(.network, "PutOverride")
    case .listOverrides: Row(.network, "ListOverrides")
    case .status: Row(.admin, "Status")
    case .beginLoad: Row(.admin, "BeginLoad")
    case .commitLoad: Row(.admin, "CommitLoad")
    case .abortLoad: Row(.admin, "AbortLoad")
    case .audit: Row(.admin, "Audit")
    case .takeSnapshot: Row(.admin, "TakeSnapshot")
    case .listSnapshots: Row(.admin, "ListSnapshots")
    case .drain: Row(.admin, "Drain")
    case .ping: Row(.admin, "Ping")
    case .setTime: Row(.admin, "SetTime")
    case .hello: Row(.meta, "Hello")
    case .getDescriptorSet: Row(.meta, "GetDescriptorSet")
    case .cancel: Row(.meta, "Cancel", built: false)
    case .authenticate: Row(.meta, "Authenticate", built: false)
    case .healthCheck: Row(.health, "Check")
    }
  }
}
