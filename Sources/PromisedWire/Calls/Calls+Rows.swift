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

extension CallBuilder {
  fileprivate mutating func load(
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
    }
  }

  private init(putAnswer method: Method, _ load: LoadPlace?, payload: [UInt8]?) {
    self.init(method, repeatable: load == nil, payload: payload) {
      (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "PutResponse", promised__v1__put_response__unpack) { message in
        PutAnswer(asOf: AnswerStamp(message.as_of), rows: message.rows)
      }
    }
  }

  private static func sellers(_ rows: [Seller], _ load: LoadPlace?, _ key: String) -> Call {
    let payload = CallBuilder.encode(promised__v1__put_sellers_request__init) {
      builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.load = builder.load(load)
      (message.pointee.n_sellers, message.pointee.sellers) = builder.messages(
        rows, promised__v1__seller__init
      ) { builder, row, message in
        message.pointee.name = builder.name(row.name)
        message.pointee.title = builder.name(row.title)
        message.pointee.marketplace = builder.name(row.marketplace)
      }
    }
    return Call(putAnswer: .putSellers, load, payload: payload)
  }

  private static func items(_ rows: ItemRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = CallBuilder.encode(promised__v1__put_items_request__init) { builder, message in
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
    }
    return Call(putAnswer: .putItems, load, payload: payload)
  }

  private static func positions(_ rows: PositionRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = CallBuilder.encode(promised__v1__put_positions_request__init) {
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
    let payload = CallBuilder.encode(promised__v1__put_inbound_request__init) {
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
    }
    return Call(putAnswer: .putInbound, load, payload: payload)
  }

  private static func limits(_ rows: LimitRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = CallBuilder.encode(promised__v1__put_limits_request__init) { builder, message in
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
    }
    return Call(putAnswer: .putLimits, load, payload: payload)
  }

  private static func network(_ rows: NetworkRows, _ load: LoadPlace?, _ key: String) -> Call {
    let payload = CallBuilder.encode(promised__v1__put_network_request__init) {
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
    }
    return Call(putAnswer: .networkPut, load, payload: payload)
  }
}

private func fill(
  _ builder: inout CallBuilder, _ row: Marketplace,
  _ message: UnsafeMutablePointer<Promised__V1__Marketplace>
) {
  message.pointee.name = builder.name(row.name)
  message.pointee.country = builder.name(row.country)
  message.pointee.currency = builder.name(row.currency)
  message.pointee.time_zone = builder.name(row.timeZone)
  message.pointee.postcode_digits = UInt64(row.postcodeDigits)
}

private func fill(
  _ builder: inout CallBuilder, _ row: Calendar,
  _ message: UnsafeMutablePointer<Promised__V1__Calendar>
) {
  message.pointee.name = builder.name(row.name)
  (message.pointee.n_rules, message.pointee.rules) = builder.messages(
    row.rules, promised__v1__calendar_rule__init
  ) { _, rule, message in
    message.pointee.weekdays = UInt64(rule.weekdays)
    message.pointee.date_days = rule.date.map { Int64($0.days) } ?? 0
    message.pointee.has_date = rule.date == nil ? 0 : 1
    message.pointee.open_minute = UInt64(rule.openMinute)
    message.pointee.close_minute = UInt64(rule.closeMinute)
  }
}

private func fill(
  _ builder: inout CallBuilder, _ row: Node, _ message: UnsafeMutablePointer<Promised__V1__Node>
) {
  message.pointee.name = builder.name(row.name)
  message.pointee.title = builder.name(row.title)
  message.pointee.kind = UInt64(row.kind.rawValue)
  message.pointee.time_zone = builder.name(row.timeZone)
  message.pointee.calendar = builder.name(row.calendar)
  message.pointee.dwell_minutes = UInt64(row.dwellMinutes)
  message.pointee.processing_minutes = UInt64(row.processingMinutes)
  message.pointee.country = builder.name(row.country)
  message.pointee.postcode = builder.name(row.postcode)
  message.pointee.latitude_e6 = Int64(row.latitudeE6)
  message.pointee.longitude_e6 = Int64(row.longitudeE6)
}

private func fill(
  _ builder: inout CallBuilder, _ row: Wave, _ message: UnsafeMutablePointer<Promised__V1__Wave>
) {
  message.pointee.station = builder.name(row.station)
  message.pointee.weekdays = UInt64(row.weekdays)
  message.pointee.cutoff_minute = UInt64(row.cutoffMinute)
  message.pointee.from_minute = UInt64(row.fromMinute)
  message.pointee.to_minute = UInt64(row.toMinute)
}

private func fill(
  _ builder: inout CallBuilder, _ row: ZonePrefix,
  _ message: UnsafeMutablePointer<Promised__V1__ZonePrefix>
) {
  message.pointee.country = builder.name(row.country)
  message.pointee.prefix = builder.name(row.prefix)
  message.pointee.zone = builder.name(row.zone)
  message.pointee.station = builder.name(row.station)
}

private func fill(
  _ builder: inout CallBuilder, _ row: Lane, _ message: UnsafeMutablePointer<Promised__V1__Lane>
) {
  message.pointee.origin = builder.name(row.origin)
  message.pointee.service = builder.name(row.service)
  message.pointee.zone = builder.name(row.zone)
  message.pointee.mode = UInt64(row.mode.rawValue)
  message.pointee.pickup_calendar = builder.name(row.pickupCalendar)
  message.pointee.transit_calendar = builder.name(row.transitCalendar)
  message.pointee.delivery_calendar = builder.name(row.deliveryCalendar)
  message.pointee.cutoff_minute = UInt64(row.cutoffMinute)
  (message.pointee.n_transit_days, message.pointee.transit_days) =
    builder.column(row.transit.map(\.workingDays), as: UInt32.self)
  (message.pointee.n_transit_probabilities, message.pointee.transit_probabilities) =
    builder.column(row.transit.map(\.probability), as: UInt32.self)
  message.pointee.delivery_time_zone = builder.name(row.deliveryTimeZone)
}

private func fill(
  _ builder: inout CallBuilder, _ row: Leg, _ message: UnsafeMutablePointer<Promised__V1__Leg>
) {
  message.pointee.name = builder.name(row.name)
  message.pointee.origin = builder.name(row.origin)
  message.pointee.destination = builder.name(row.destination)
  message.pointee.mode = UInt64(row.mode.rawValue)
  message.pointee.weekdays = UInt64(row.weekdays)
  message.pointee.departure_minute = UInt64(row.departureMinute)
  message.pointee.duration_minutes = UInt64(row.durationMinutes)
  message.pointee.calendar = builder.name(row.calendar)
}
