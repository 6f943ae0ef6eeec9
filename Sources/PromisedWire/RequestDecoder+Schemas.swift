import CPromisedMessages
import CProtobufC
import PromisedInvariants

extension RequestDecoder {
  /// The descriptor of the request message of a method that is decoded; nil for the others.
  static func schema(_ method: Method) -> Prescan.Descriptor? {
    switch method {
    case .offer: of(promised__v1__offer_request__init)
    case .availability: of(promised__v1__availability_request__init)
    case .inStock: of(promised__v1__in_stock_request__init)
    case .headroom: of(promised__v1__headroom_request__init)
    case .usage: of(promised__v1__usage_request__init)
    case .list: of(promised__v1__list_request__init)
    case .plan: of(promised__v1__plan_request__init)
    case .atRisk: of(promised__v1__at_risk_request__init)
    case .rescue: of(promised__v1__rescue_request__init)
    case .accuracy: of(promised__v1__accuracy_request__init)
    case .explain: of(promised__v1__explain_request__init)
    case .changed: of(promised__v1__changed_request__init)
    case .observe: of(promised__v1__observe_request__init)
    case .closeLeg: of(promised__v1__close_leg_request__init)
    case .reopenLeg: of(promised__v1__reopen_leg_request__init)
    case .putOverride: of(promised__v1__put_override_request__init)
    case .listOverrides: of(promised__v1__list_overrides_request__init)
    case .putForecasts: of(promised__v1__put_forecasts_request__init)
    case .putFactors: of(promised__v1__put_factors_request__init)
    case .history: of(promised__v1__history_request__init)
    case .putKits: of(promised__v1__put_kits_request__init)
    case .putOpportunity: of(promised__v1__put_opportunity_request__init)
    case .atp: of(promised__v1__atp_request__init)
    case .putGroups: of(promised__v1__put_groups_request__init)
    case .putChannelStock: of(promised__v1__put_channel_stock_request__init)
    case .putBackorders: of(promised__v1__put_backorders_request__init)
    case .networkGet: of(promised__v1__get_network_request__init)
    case .holdGet: of(promised__v1__get_hold_request__init)
    case .hold: of(promised__v1__hold_request__init)
    case .holdCommit, .holdRelease: of(promised__v1__hold_change_request__init)
    case .watch: of(promised__v1__watch_control__init)
    case .watchPoll: of(promised__v1__watch_poll_request__init)
    case .apply, .applyStream: of(promised__v1__apply_request__init)
    case .holdExtend: of(promised__v1__extend_request__init)
    case .holdAmend: of(promised__v1__amend_request__init)
    case .pick: of(promised__v1__pick_request__init)
    case .holdConsume: of(promised__v1__consume_request__init)
    case .shortfalls: of(promised__v1__shortfalls_request__init)
    case .reverseFeed: of(promised__v1__reverse_feed_request__init)
    case .putItems: of(promised__v1__put_items_request__init)
    case .putPositions: of(promised__v1__put_positions_request__init)
    case .putInbound: of(promised__v1__put_inbound_request__init)
    case .putSellers: of(promised__v1__put_sellers_request__init)
    case .putLimits: of(promised__v1__put_limits_request__init)
    case .capacityAdmit: of(promised__v1__admit_request__init)
    case .capacityReceive: of(promised__v1__receive_request__init)
    case .capacityClose: of(promised__v1__close_request__init)
    case .capacityBid: of(promised__v1__bid_request__init)
    case .capacityClear: of(promised__v1__clear_request__init)
    case .capacityRemove: of(promised__v1__remove_request__init)
    case .capacityWhatIf: of(promised__v1__what_if_request__init)
    case .capacityReport: of(promised__v1__report_request__init)
    case .utilization: of(promised__v1__utilization_request__init)
    case .putPolicies: of(promised__v1__put_policies_request__init)
    case .putBuildings: of(promised__v1__put_buildings_request__init)
    case .putSignals: of(promised__v1__put_signals_request__init)
    case .networkPut: of(promised__v1__put_network_request__init)
    case .beginLoad: of(promised__v1__begin_load_request__init)
    case .commitLoad, .abortLoad: of(promised__v1__load_request__init)
    case .status: of(promised__v1__status_request__init)
    case .audit: of(promised__v1__audit_request__init)
    case .takeSnapshot: of(promised__v1__take_snapshot_request__init)
    case .listSnapshots: of(promised__v1__list_snapshots_request__init)
    case .drain: of(promised__v1__drain_request__init)
    case .ping: of(promised__v1__ping_request__init)
    case .setTime: of(promised__v1__set_time_request__init)
    case .hello: of(promised__v1__hello_request__init)
    case .getDescriptorSet: of(promised__v1__get_descriptor_set_request__init)
    case .healthCheck: of(grpc__health__v1__health_check_request__init)
    default: nil
    }
  }

  /// A descriptor's own address, which Swift gives only through an initialised message: the
  /// address of an imported C constant may be that of a copy.
  private static func of<Message>(
    _ initialise: (UnsafeMutablePointer<Message>?) -> Void
  ) -> Prescan.Descriptor? {
    let message = UnsafeMutablePointer<Message>.allocate(capacity: 1)
    defer { message.deallocate() }
    initialise(message)
    let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
    invariant(base.pointee.descriptor != nil, "a message without a descriptor")
    return base.pointee.descriptor
  }
}
