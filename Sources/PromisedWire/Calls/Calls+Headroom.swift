import CPromisedMessages
import CProtobufC
import PromisedModel

extension Call where Answer == HeadroomAnswer {
  /// How much these sellers may still send in, this month and the following ones.
  ///
  /// - Parameters:
  ///   - item: also answer in units of it, and then only for its storage type.
  ///   - months: 1…12; 0 = 3.
  ///   - node: answer what can be admitted to this building; empty = to any.
  ///   - isOptimistic: also answer what is left if sales go on at least at their P10.
  public static func headroom(
    sellers: [String], item: String = "", months: UInt64 = 0, node: String = "",
    isOptimistic: Bool = false, minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__headroom_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      (message.pointee.n_sellers, message.pointee.sellers) = builder.texts(sellers)
      message.pointee.item = builder.text(item)
      message.pointee.months = months
      message.pointee.node = builder.text(node)
      message.pointee.optimistic = isOptimistic ? 1 : 0
    }
    return Call(.headroom, payload: payload, sellers: sellers)
  }

  /// A page of all sellers, at most 10,000 of them.
  public static func headroomPage(
    after token: [UInt8] = [], size: UInt64 = 10_000, months: UInt64 = 1,
    minimumPosition: UInt64 = 0
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__headroom_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      message.pointee.months = months
      message.pointee.page_token = builder.bytes(token)
      message.pointee.page_size = size
    }
    return Call(.headroom, payload: payload, sellers: [])
  }

  /// What these sellers use now, for every storage type.
  public static func usage(sellers: [String], minimumPosition: UInt64 = 0) -> Call {
    let payload = MessageBuilder.encode(promised__v1__usage_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      (message.pointee.n_sellers, message.pointee.sellers) = builder.texts(sellers)
    }
    return Call(.usage, payload: payload, sellers: sellers)
  }

  private init(_ method: Method, payload: [UInt8]?, sellers: [String]) {
    self.init(method, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "HeadroomResponse", promised__v1__headroom_response__unpack) {
        (message) throws(MalformedAnswer) in
        try HeadroomAnswer(message, sellers: sellers)
      }
    }
  }
}

extension HeadroomAnswer {
  init(
    _ message: Promised__V1__HeadroomResponse, sellers keys: [String]
  ) throws(MalformedAnswer) {
    let paged = try PromisedWire.keys(
      message.seller_keys, message.seller_key_lengths, message.n_seller_key_lengths,
      "seller_keys")
    let keys = keys.isEmpty ? paged : keys
    let outcomes = try column(message.n_outcomes, message.outcomes, rows: keys.count, "outcomes")
    let counts = try column(
      message.n_row_counts, message.row_counts, rows: keys.count, "row_counts")
    let total = counts.reduce(0) { $0 + Int($1) }
    let lengths = [
      message.n_storage_types, message.n_months, message.n_limit_kinds, message.n_limits,
      message.n_available, message.n_unfulfillable, message.n_reserved, message.n_open_inbound,
      message.n_drafts, message.n_headroom, message.n_headroom_units,
      message.n_pending_removal, message.n_granted, message.n_inbound_later,
      message.n_admissible, message.n_admissible_units, message.n_bindings,
      message.n_network_advice, message.n_causes, message.n_announced_unix_s,
    ]
    guard lengths.allSatisfy({ $0 == total }) else {
      throw MalformedAnswer("the headroom columns do not add up to row_counts")
    }
    guard message.n_optimistic == message.n_optimistic_sources,
      message.n_optimistic == message.n_optimistic_ages_s,
      message.n_optimistic == 0 || message.n_optimistic == total
    else { throw MalformedAnswer("the optimistic columns do not add up to row_counts") }
    asOf = AnswerStamp(message.as_of)
    nextPageToken = message.next_page_token.array
    let (from, to) = (message.announcement_from_days, message.announcement_to_days)
    if from <= to { announcementDays = from...to }
    sellers = []
    var start = 0
    for (index, key) in keys.enumerated() {
      let end = start + Int(counts[index])
      let rows = (start..<end).map { HeadroomRow(message, $0) }
      sellers.append(
        SellerHeadroom(seller: key, outcome: RowOutcome(number: outcomes[index]), rows: rows))
      start = end
    }
  }
}

extension HeadroomRow {
  fileprivate init(_ message: Promised__V1__HeadroomResponse, _ row: Int) {
    storageType = message.storage_types[row]
    month = message.months[row]
    limitKind = message.limit_kinds[row]
    limit = message.limits[row]
    available = message.available[row]
    unfulfillable = message.unfulfillable[row]
    reserved = message.reserved[row]
    openInbound = message.open_inbound[row]
    drafts = message.drafts[row]
    headroom = message.headroom[row]
    headroomUnits = message.headroom_units[row]
    pendingRemoval = message.pending_removal[row]
    granted = message.granted[row]
    inboundLater = message.inbound_later[row]
    admissible = message.admissible[row]
    admissibleUnits = message.admissible_units[row]
    binding = message.bindings[row]
    networkAdvice = message.network_advice[row]
    cause = message.causes[row]
    announcedUnixSeconds = message.announced_unix_s[row]
    if message.n_optimistic > 0 {
      optimistic = message.optimistic[row]
      optimisticSource = message.optimistic_sources[row]
      optimisticAgeSeconds = message.optimistic_ages_s[row]
    }
  }
}
