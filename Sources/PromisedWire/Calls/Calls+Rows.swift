import CPromisedMessages
import PromisedModel

/// The place of rows in an open load.
package struct LoadPlace: Sendable {
  package var id: Name
  /// From 0, consecutive.
  package var number: UInt32

  package init(id: Name, number: UInt32) {
    self.id = id
    self.number = number
  }
}

extension MessageBuilder {
  mutating func load(
    _ place: LoadPlace?
  ) -> UnsafeMutablePointer<Promised__V1__LoadChunk>? {
    guard let place else { return nil }
    let chunk = make(promised__v1__load_chunk__init)
    chunk?.pointee.load_id = name(place.id)
    chunk?.pointee.number = UInt64(place.number)
    return chunk
  }
}

extension Call where Answer == PutAnswer {
  /// Rows put into the state, or into an open load.
  ///
  /// A chunk of a load is repeatable only by asking for the load's next chunk first, and rows
  /// without a key or a load are upserts: the same again changes nothing.
  package static func put(_ rows: PutRows, load: LoadPlace? = nil, key: String = "") -> Call {
    switch rows {
    case .network(let rows): network(rows, load, key)
    case .sellers(let rows): sellers(rows, load, key)
    case .items(let rows): items(rows, load, key)
    case .positions(let rows): positions(rows, load, key)
    case .inbound(let rows): inbound(rows, load, key)
    case .limits(let rows): limits(rows, load, key)
    case .kits(let rows): kits(rows, load, key)
    case .opportunity(let rows): opportunity(rows, load, key)
    case .groups(let rows): groups(rows, load, key)
    case .channelStock(let rows): channelStock(rows, load, key)
    case .backorders(let rows): backorders(rows, load, key)
    case .forecasts(let rows): forecasts(rows, load, key)
    case .factors(let rows): factors(rows, load, key)
    case .policies(let rows): policies(rows, load, key)
    case .buildings(let rows): buildings(rows, load, key)
    case .signals(let rows): signals(rows, load, key)
    }
  }

  init(putAnswer method: Method, _ load: LoadPlace?, payload: [UInt8]?) {
    self.init(method, repeatable: load == nil, payload: payload) {
      (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "PutResponse", promised__v1__put_response__unpack) { message in
        PutAnswer(asOf: AnswerStamp(message.as_of), rows: message.rows)
      }
    }
  }

  private static func sellers(_ rows: [Seller], _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_sellers_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (message.pointee.n_sellers, message.pointee.sellers) = builder.messages(
        rows, promised__v1__seller__init
      ) { builder, row, message in
        message.pointee.name = builder.name(row.name)
        message.pointee.title = builder.name(row.title)
        message.pointee.marketplace = builder.name(row.marketplace)
        message.pointee.start_days = UInt64(max(0, row.startDays))
        message.pointee.individual = row.isIndividual ? 1 : 0
      }
    }
    return Call(putAnswer: .putSellers, load, payload: payload)
  }

  private static func items(_ rows: ItemRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_items_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(rows.keys)
      (message.pointee.n_sellers, message.pointee.sellers) = builder.names(rows.sellerNames)
      (message.pointee.n_seller_indexes, message.pointee.seller_indexes) =
        builder.column(rows.sellers, as: UInt32.self)
      (message.pointee.n_storage_types, message.pointee.storage_types) =
        builder.column(rows.storageTypes, as: UInt32.self)
      (message.pointee.n_volumes_micro_cubic_feet, message.pointee.volumes_micro_cubic_feet) =
        builder.column(rows.volumesMicroCubicFeet, as: UInt64.self)
      (message.pointee.n_weights_g, message.pointee.weights_g) =
        builder.column(rows.weightsGrams, as: UInt64.self)
      (message.pointee.n_handling_minutes, message.pointee.handling_minutes) =
        builder.column(rows.handlingMinutes, as: UInt64.self)
      (message.pointee.n_demand_per_day_milli, message.pointee.demand_per_day_milli) =
        builder.column(rows.demandPerDayMilli, as: UInt64.self)
      (
        message.pointee.n_demand_variance_ratio_milli, message.pointee.demand_variance_ratio_milli
      ) = builder.column(rows.demandVarianceRatioMilli, as: UInt64.self)
      (message.pointee.n_release_unix_s, message.pointee.release_unix_s) =
        builder.column(rows.releaseUnixSeconds, as: Int64.self)
      (message.pointee.n_restrictions, message.pointee.restrictions) =
        builder.column(rows.restrictions, as: UInt32.self)
      (message.pointee.n_volumes_cubic_mm, message.pointee.volumes_cubic_mm) =
        builder.column(rows.volumesCubicMillimetres, as: UInt64.self)
      (message.pointee.n_categories, message.pointee.categories) =
        builder.names(rows.categoryNames)
      (message.pointee.n_category_indexes, message.pointee.category_indexes) =
        builder.column(rows.categories, as: UInt32.self)
    }
    return Call(putAnswer: .putItems, load, payload: payload)
  }

  private static func factors(_ rows: FactorRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_factors_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (message.pointee.n_categories, message.pointee.categories) =
        builder.names(rows.categoryNames)
      (message.pointee.n_category_indexes, message.pointee.category_indexes) =
        builder.column(rows.categories, as: UInt32.self)
      (message.pointee.n_from_days, message.pointee.from_days) =
        builder.column(rows.fromDays, as: UInt32.self)
      (message.pointee.n_to_days, message.pointee.to_days) =
        builder.column(rows.toDays, as: UInt32.self)
      (message.pointee.n_factors_milli, message.pointee.factors_milli) =
        builder.column(rows.factorsMilli, as: UInt32.self)
    }
    return Call(putAnswer: .putFactors, load, payload: payload)
  }

  private static func forecasts(_ rows: ForecastRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_forecasts_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(rows.keys)
      (message.pointee.n_regions, message.pointee.regions) = builder.names(rows.regionNames)
      (message.pointee.n_region_indexes, message.pointee.region_indexes) =
        builder.column(rows.regions, as: UInt32.self)
      (message.pointee.n_issued_unix_s, message.pointee.issued_unix_s) =
        builder.column(rows.issuedUnixSeconds, as: Int64.self)
      (message.pointee.n_start_days, message.pointee.start_days) =
        builder.column(rows.startDays, as: UInt32.self)
      (message.pointee.n_period_days, message.pointee.period_days) =
        builder.column(rows.periodDays, as: UInt32.self)
      (message.pointee.n_periods, message.pointee.periods) =
        builder.column(rows.periods, as: UInt32.self)
      (message.pointee.n_cumulative, message.pointee.cumulative) =
        builder.column(rows.cumulative, as: UInt32.self)
      (message.pointee.n_levels, message.pointee.levels) =
        builder.column(rows.levels, as: UInt32.self)
      (message.pointee.n_values_milli, message.pointee.values_milli) =
        builder.column(rows.valuesMilli, as: Int64.self)
    }
    return Call(putAnswer: .putForecasts, load, payload: payload)
  }

  private static func positions(_ rows: PositionRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_positions_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(rows.keys)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.names(rows.nodeNames)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(rows.nodes, as: UInt32.self)
      (message.pointee.n_on_hand, message.pointee.on_hand) =
        builder.column(rows.onHand, as: UInt64.self)
      (message.pointee.n_unfulfillable, message.pointee.unfulfillable) =
        builder.sparseColumn(rows.unfulfillable)
      (message.pointee.n_researching, message.pointee.researching) =
        builder.sparseColumn(rows.researching)
      (message.pointee.n_in_transfer, message.pointee.in_transfer) =
        builder.sparseColumn(rows.inTransfer)
      (message.pointee.n_in_processing, message.pointee.in_processing) =
        builder.sparseColumn(rows.inProcessing)
      (message.pointee.n_withheld, message.pointee.withheld) = builder.sparseColumn(rows.withheld)
    }
    return Call(putAnswer: .putPositions, load, payload: payload)
  }

  private static func inbound(_ rows: InboundRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_inbound_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (
        message.pointee.shipment_keys, message.pointee.n_shipment_key_lengths,
        message.pointee.shipment_key_lengths
      ) = builder.keys(rows.shipments)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(rows.keys)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.names(rows.nodeNames)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(rows.nodes, as: UInt32.self)
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(rows.quantities, as: UInt64.self)
      (message.pointee.n_eta_unix_s, message.pointee.eta_unix_s) =
        builder.column(rows.etaUnixSeconds, as: Int64.self)
      (message.pointee.n_stages, message.pointee.stages) =
        builder.column(rows.stages, as: UInt32.self)
      (message.pointee.n_eta_early_unix_s, message.pointee.eta_early_unix_s) =
        builder.column(rows.earlyUnixSeconds, as: Int64.self)
      (message.pointee.n_eta_late_unix_s, message.pointee.eta_late_unix_s) =
        builder.column(rows.lateUnixSeconds, as: Int64.self)
    }
    return Call(putAnswer: .putInbound, load, payload: payload)
  }

  private static func limits(_ rows: LimitRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_limits_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (message.pointee.n_sellers, message.pointee.sellers) = builder.names(rows.sellerNames)
      (message.pointee.n_seller_indexes, message.pointee.seller_indexes) =
        builder.column(rows.sellers, as: UInt32.self)
      (message.pointee.n_storage_types, message.pointee.storage_types) =
        builder.column(rows.storageTypes, as: UInt32.self)
      (message.pointee.n_months, message.pointee.months) =
        builder.column(rows.months, as: UInt32.self)
      (message.pointee.n_kinds, message.pointee.kinds) =
        builder.column(rows.kinds, as: UInt32.self)
      (message.pointee.n_limits_micro_cubic_feet, message.pointee.limits_micro_cubic_feet) =
        builder.column(rows.limitsMicroCubicFeet, as: UInt64.self)
      appendDetails(&builder, detailsOf: rows, message)
    }
    return Call(putAnswer: .putLimits, load, payload: payload)
  }

  private static func network(_ rows: NetworkRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_network_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (message.pointee.n_marketplaces, message.pointee.marketplaces) =
        builder.messages(rows.marketplaces, promised__v1__marketplace__init, fill)
      (message.pointee.n_calendars, message.pointee.calendars) =
        builder.messages(rows.calendars, promised__v1__calendar__init, fill)
      (message.pointee.n_nodes, message.pointee.nodes) =
        builder.messages(rows.nodes, promised__v1__node__init, fill)
      (message.pointee.n_waves, message.pointee.waves) =
        builder.messages(rows.waves, promised__v1__wave__init, fill)
      (message.pointee.n_zones, message.pointee.zones) =
        builder.messages(rows.zones, promised__v1__zone_prefix__init, fill)
      (message.pointee.n_lanes, message.pointee.lanes) =
        builder.messages(rows.lanes, promised__v1__lane__init, fill)
      (message.pointee.n_legs, message.pointee.legs) =
        builder.messages(rows.legs, promised__v1__leg__init, fill)
      (message.pointee.n_rates, message.pointee.rates) =
        builder.messages(rows.rates, promised__v1__rate__init, fill)
    }
    return Call(putAnswer: .networkPut, load, payload: payload)
  }

  private static func kits(_ rows: KitRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_kits_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (
        message.pointee.kit_keys, message.pointee.n_kit_key_lengths,
        message.pointee.kit_key_lengths
      ) = builder.keys(rows.kits)
      (
        message.pointee.component_keys, message.pointee.n_component_key_lengths,
        message.pointee.component_key_lengths
      ) = builder.keys(rows.components)
      (message.pointee.n_units, message.pointee.units) =
        builder.column(rows.units, as: UInt32.self)
    }
    return Call(putAnswer: .putKits, load, payload: payload)
  }

  private static func opportunity(
    _ rows: OpportunityRows, _ load: LoadPlace?, _ key: String
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__put_opportunity_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(rows.keys)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.names(rows.nodeNames)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(rows.nodes, as: UInt32.self)
      (message.pointee.n_values, message.pointee.values) =
        builder.column(rows.values, as: Int64.self)
    }
    return Call(putAnswer: .putOpportunity, load, payload: payload)
  }
}
