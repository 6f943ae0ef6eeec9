import CPromisedMessages
import CProtobufC
import PromisedModel

// Rows of seller storage that are put, directly or as a chunk of a load.
extension Call where Answer == PutAnswer {
  /// Causes, dates, cuts and notices; columns that are absent stay so.
  static func appendDetails(
    _ builder: inout MessageBuilder, detailsOf rows: LimitRows,
    _ message: UnsafeMutablePointer<Promised__V1__PutLimitsRequest>
  ) {
    (message.pointee.n_causes, message.pointee.causes) =
      builder.column(rows.causes, as: UInt32.self)
    (message.pointee.n_announced_unix_s, message.pointee.announced_unix_s) =
      builder.column(rows.announcedUnixSeconds, as: Int64.self)
    (message.pointee.n_window_end_unix_s, message.pointee.window_end_unix_s) =
      builder.column(rows.windowEndUnixSeconds, as: Int64.self)
    (message.pointee.n_forced, message.pointee.forced) =
      builder.column(rows.forced, as: UInt32.self)
    (message.pointee.notices, message.pointee.n_notice_lengths, message.pointee.notice_lengths) =
      builder.keys(rows.notices)
  }

  static func policies(_ rows: [CapacityPolicy], _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_policies_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (message.pointee.n_policies, message.pointee.policies) = builder.messages(
        rows, promised__v1__capacity_policy__init
      ) { builder, row, message in
        message.pointee.marketplace = builder.name(row.marketplace)
        message.pointee.seller = builder.name(row.seller)
        message.pointee.charges_overage = row.chargesOverage ? 1 : 0
        message.pointee.overage_fee = UInt64(max(0, row.overageFee))
        message.pointee.individual_limit_micro_cubic_feet = UInt64(max(0, row.individualLimit))
        message.pointee.new_seller_weeks = UInt32(max(0, row.newSellerWeeks))
        message.pointee.replenishment_bypasses = row.replenishmentBypasses ? 1 : 0
        message.pointee.plan_days = UInt32(max(0, row.planDays))
        message.pointee.maximum_ask_permille = UInt32(max(0, row.maximumAskPermille))
        message.pointee.maximum_ask_micro_cubic_feet = UInt64(max(0, row.maximumAsk))
        message.pointee.credit_permille = UInt32(max(0, row.creditPermille))
        message.pointee.network_share_permille = UInt32(max(0, row.networkSharePermille))
        (message.pointee.n_type_names, message.pointee.type_names) = builder.names(row.typeNames)
      }
    }
    return Call(putAnswer: .putPolicies, load, payload: payload)
  }

  static func buildings(_ rows: BuildingRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_buildings_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.names(rows.nodeNames)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(rows.nodes, as: UInt32.self)
      (message.pointee.n_storage_types, message.pointee.storage_types) =
        builder.column(rows.storageTypes, as: UInt32.self)
      (message.pointee.n_usable_micro_cubic_feet, message.pointee.usable_micro_cubic_feet) =
        builder.column(rows.usableVolumes, as: UInt64.self)
      (message.pointee.n_warning_permille, message.pointee.warning_permille) =
        builder.column(rows.warningPermille, as: UInt32.self)
      (message.pointee.n_alarm_permille, message.pointee.alarm_permille) =
        builder.column(rows.alarmPermille, as: UInt32.self)
    }
    return Call(putAnswer: .putBuildings, load, payload: payload)
  }

  static func signals(_ rows: SignalRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_signals_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (message.pointee.n_sellers, message.pointee.sellers) = builder.names(rows.sellerNames)
      (message.pointee.n_seller_indexes, message.pointee.seller_indexes) =
        builder.column(rows.sellers, as: UInt32.self)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(rows.keys)
      (message.pointee.n_months, message.pointee.months) =
        builder.column(rows.months, as: UInt32.self)
      (message.pointee.n_kinds, message.pointee.kinds) =
        builder.column(rows.kinds, as: UInt32.self)
      (message.pointee.n_lows, message.pointee.lows) = builder.column(rows.lows, as: Int64.self)
      (message.pointee.n_highs, message.pointee.highs) = builder.column(rows.highs, as: Int64.self)
      (message.pointee.n_confidences, message.pointee.confidences) =
        builder.column(rows.confidences, as: UInt32.self)
    }
    return Call(putAnswer: .putSignals, load, payload: payload)
  }
}
