import CPromisedMessages
import CProtobufC
import PromisedModel

extension MessageBuilder {
  /// Names of buildings once each, and a place for each line.
  fileprivate static func places(_ nodes: [String]) -> (names: [String], indexes: [UInt32]) {
    var places: [String: UInt32] = [:]
    var names: [String] = []
    let indexes = nodes.map { node in
      if let place = places[node] { return place }
      let place = UInt32(names.count)
      places[node] = place
      names.append(node)
      return place
    }
    return (names, indexes)
  }
}

extension Call where Answer == AdmissionAnswer {
  /// Holds storage for an inbound plan: whole, or cut to what fits.
  ///
  /// - Parameters:
  ///   - plan: its name, under which its units arrive.
  ///   - isReplenishment: the network's own order, which a policy may let pass the seller's limit.
  ///   - key: the caller's name for this intent, 1…64 bytes.
  public static func admit(
    seller: String, plan: String, lines: [InboundLine], isCut: Bool = false,
    isReplenishment: Bool = false, key: String
  ) -> Call {
    let (nodes, indexes) = MessageBuilder.places(lines.map(\.node))
    let payload = MessageBuilder.encode(promised__v1__admit_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.seller = builder.text(seller)
      message.pointee.plan = builder.text(plan)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(lines.map(\.item))
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(lines.map(\.quantity), as: UInt64.self)
      (message.pointee.n_eta_unix_s, message.pointee.eta_unix_s) =
        builder.column(lines.map(\.etaUnixSeconds), as: Int64.self)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(nodes)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(indexes, as: UInt32.self)
      message.pointee.mode = isCut ? 2 : 1
      message.pointee.replenishment = isReplenishment ? 1 : 0
    }
    return Call(.capacityAdmit, admission: payload, lines: lines)
  }

  /// What `admit` would answer; changes nothing. Lines without a node are held against the seller's
  /// limit only.
  public static func whatIf(
    seller: String, lines: [InboundLine], isWhole: Bool = false, isReplenishment: Bool = false,
    minimumPosition: UInt64 = 0
  ) -> Call {
    let hasNodes = lines.contains { !$0.node.isEmpty }
    let (nodes, indexes) = MessageBuilder.places(lines.map(\.node))
    let payload = MessageBuilder.encode(promised__v1__what_if_request__init) { builder, message in
      message.pointee.read = builder.read(minimumPosition)
      message.pointee.seller = builder.text(seller)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(lines.map(\.item))
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(lines.map(\.quantity), as: UInt64.self)
      (message.pointee.n_eta_unix_s, message.pointee.eta_unix_s) =
        builder.column(lines.map(\.etaUnixSeconds), as: Int64.self)
      if hasNodes {
        (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(nodes)
        (message.pointee.n_node_indexes, message.pointee.node_indexes) =
          builder.column(indexes, as: UInt32.self)
      }
      message.pointee.mode = isWhole ? 1 : 2
      message.pointee.replenishment = isReplenishment ? 1 : 0
    }
    return Call(.capacityWhatIf, admission: payload, lines: lines)
  }

  private init(_ method: Method, admission payload: [UInt8]?, lines: [InboundLine]) {
    self.init(method, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "AdmitResponse", promised__v1__admit_response__unpack) {
        (message) throws(MalformedAnswer) in
        try AdmissionAnswer(message, lines: lines)
      }
    }
  }
}

extension AdmissionAnswer {
  fileprivate init(
    _ message: Promised__V1__AdmitResponse, lines: [InboundLine]
  ) throws(MalformedAnswer) {
    asOf = AnswerStamp(message.as_of)
    planID = message.plan_id
    state = message.state
    isRepeated = message.repeated_answer != 0
    expiresUnixSeconds = message.expires_unix_s
    let rows = isRepeated ? 0 : lines.count
    let outcomes = try column(message.n_outcomes, message.outcomes, rows: rows, "outcomes")
    let counts = [
      message.n_admitted, message.n_fitting, message.n_bindings, message.n_months,
      message.n_fitting_months, message.n_fitting_nodes, message.n_beyond_estimates,
    ]
    guard counts.allSatisfy({ $0 == rows }) else {
      throw MalformedAnswer("the columns of an admission differ in length")
    }
    self.lines = (0..<rows).map { row in
      AdmittedLine(
        line: lines[row], outcome: RowOutcome(number: outcomes[row]),
        admitted: message.admitted[row], fitting: message.fitting[row],
        binding: message.bindings[row], month: message.months[row],
        fittingMonth: message.fitting_months[row], fittingNode: message.fitting_nodes[row].text,
        isBeyondEstimate: message.beyond_estimates[row] != 0)
    }
    guard message.n_storage_types == message.n_rooms, message.n_room_months == message.n_rooms
    else { throw MalformedAnswer("the columns of the rooms differ in length") }
    rooms = (0..<message.n_rooms).map { row in
      MonthRoomRow(
        storageType: message.storage_types[row], month: message.room_months[row],
        room: message.rooms[row])
    }
  }
}

extension Call where Answer == InboundPlanAnswer {
  /// Units of a plan have arrived. `receipt` names the receipt, so that it counts once however late it
  /// is told again; ETAs of the lines are not used.
  public static func receive(
    plan: String, receipt: String = "", lines: [InboundLine], key: String
  ) -> Call {
    let (nodes, indexes) = MessageBuilder.places(lines.map(\.node))
    let payload = MessageBuilder.encode(promised__v1__receive_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.plan = builder.text(plan)
      message.pointee.receipt = builder.text(receipt)
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(lines.map(\.item))
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(lines.map(\.quantity), as: UInt64.self)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(nodes)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(indexes, as: UInt32.self)
    }
    return Call(.capacityReceive, plan: payload)
  }

  /// What is open of a plan does not come.
  public static func close(plan: String, reason: String = "", key: String) -> Call {
    let payload = MessageBuilder.encode(promised__v1__close_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.plan = builder.text(plan)
      message.pointee.reason = builder.text(reason)
    }
    return Call(.capacityClose, plan: payload)
  }

  private init(_ method: Method, plan payload: [UInt8]?) {
    self.init(method, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "InboundPlanResponse", promised__v1__inbound_plan_response__unpack) {
        (message) throws(MalformedAnswer) in
        let items = try keys(
          message.item_keys, message.item_key_lengths, message.n_item_key_lengths, "item_keys")
        let counts = [
          message.n_nodes, message.n_admitted, message.n_received, message.n_open,
          message.n_eta_unix_s,
        ]
        guard counts.allSatisfy({ $0 == items.count }) else {
          throw MalformedAnswer("the columns of a plan differ in length")
        }
        let lines = items.enumerated().map { row, item in
          InboundPlanLine(
            item: item, node: message.nodes[row].text, admitted: message.admitted[row],
            received: message.received[row], open: message.open[row],
            etaUnixSeconds: message.eta_unix_s[row])
        }
        return InboundPlanAnswer(
          asOf: AnswerStamp(message.as_of), planID: message.plan_id, seller: message.seller.text,
          state: message.state, isRepeated: message.repeated_answer != 0, lines: lines)
      }
    }
  }
}

extension Call where Answer == BidAnswer {
  /// Asks for storage beyond the limit of a month.
  ///
  /// - Parameters:
  ///   - minimum: the least that is taken; 0 = all or nothing.
  ///   - maximumFee: per cubic foot, in 1/10,000 of the currency.
  public static func bid(
    seller: String, storageType: UInt32, month: UInt32, volume: UInt64, minimum: UInt64 = 0,
    maximumFee: UInt64, key: String
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__bid_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.seller = builder.text(seller)
      message.pointee.storage_type = storageType
      message.pointee.month = month
      message.pointee.volume_micro_cubic_feet = volume
      message.pointee.minimum_micro_cubic_feet = minimum
      message.pointee.maximum_fee = maximumFee
    }
    return Call(.capacityBid, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "BidResponse", promised__v1__bid_response__unpack) { message in
        BidAnswer(
          asOf: AnswerStamp(message.as_of), bidID: message.bid_id,
          isRepeated: message.repeated_answer != 0)
      }
    }
  }
}

extension Call where Answer == ClearingAnswer {
  /// Grants extra storage to the open bids of a marketplace, storage type and month.
  ///
  /// - Parameters:
  ///   - isTrial: answers what would come out, and keeps nothing; then the key is not used.
  ///   - sales: by seller, in 1/10,000 of the currency, for the credits.
  public static func clear(
    marketplace: String, storageType: UInt32, month: UInt32, volume: UInt64,
    isTrial: Bool = false, sales: [(seller: String, amount: UInt64)] = [], key: String
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__clear_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.marketplace = builder.text(marketplace)
      message.pointee.storage_type = storageType
      message.pointee.month = month
      message.pointee.volume_micro_cubic_feet = volume
      message.pointee.trial = isTrial ? 1 : 0
      fill(&builder, sales, message)
    }
    return Call(clearing: payload)
  }

  /// A round that was cleared, as it was kept.
  public static func clearing(
    id: UInt64, sales: [(seller: String, amount: UInt64)] = []
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__clear_request__init) { builder, message in
      message.pointee.clearing_id = id
      fill(&builder, sales, message)
    }
    return Call(clearing: payload)
  }

  private static func fill(
    _ builder: inout MessageBuilder, _ sales: [(seller: String, amount: UInt64)],
    _ message: UnsafeMutablePointer<Promised__V1__ClearRequest>
  ) {
    (message.pointee.n_sales_sellers, message.pointee.sales_sellers) =
      builder.texts(sales.map(\.seller))
    (message.pointee.n_sales, message.pointee.sales) =
      builder.column(sales.map(\.amount), as: UInt64.self)
  }

  private init(clearing payload: [UInt8]?) {
    self.init(.capacityClear, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ClearResponse", promised__v1__clear_response__unpack) {
        (message) throws(MalformedAnswer) in
        let rows = message.n_bid_ids
        let counts = [
          message.n_sellers, message.n_maximum_fees, message.n_volumes, message.n_minimums,
          message.n_placed_unix_ms, message.n_granted, message.n_fees, message.n_credits,
          message.n_nets,
        ]
        guard counts.allSatisfy({ $0 == rows }) else {
          throw MalformedAnswer("the columns of a clearing differ in length")
        }
        let bids = (0..<rows).map { row in
          ClearedBid(
            bidID: message.bid_ids[row], seller: message.sellers[row].text,
            maximumFee: message.maximum_fees[row], volume: message.volumes[row],
            minimum: message.minimums[row], placedUnixMilliseconds: message.placed_unix_ms[row],
            granted: message.granted[row], fee: message.fees[row], credit: message.credits[row],
            net: message.nets[row])
        }
        return ClearingAnswer(
          asOf: AnswerStamp(message.as_of), clearingID: message.clearing_id,
          marketplace: message.marketplace.text, storageType: message.storage_type,
          month: message.month, volume: message.volume_micro_cubic_feet, price: message.price,
          clearedUnixSeconds: message.cleared_unix_s, bids: bids)
      }
    }
  }
}

extension Call where Answer == UtilizationAnswer {
  /// How full buildings are; none named = all that declare a volume.
  public static func utilization(nodes: [String] = [], minimumPosition: UInt64 = 0) -> Call {
    let payload = MessageBuilder.encode(promised__v1__utilization_request__init) {
      builder, message in
      message.pointee.read = builder.read(minimumPosition)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(nodes)
    }
    return Call(.utilization, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "UtilizationResponse", promised__v1__utilization_response__unpack) {
        (message) throws(MalformedAnswer) in
        let names = texts(message.n_nodes, message.nodes)
        let rows = message.n_node_indexes
        let counts = [
          message.n_storage_types, message.n_usable, message.n_stored, message.n_inbound,
          message.n_permille, message.n_bands,
        ]
        guard counts.allSatisfy({ $0 == rows }) else {
          throw MalformedAnswer("the columns of a utilization differ in length")
        }
        var answer: [BuildingUse] = []
        for row in 0..<rows {
          answer.append(
            BuildingUse(
              node: try text(message.node_indexes[row], of: names),
              storageType: message.storage_types[row], usable: message.usable[row],
              stored: message.stored[row], inbound: message.inbound[row],
              permille: message.permille[row], band: message.bands[row]))
        }
        return UtilizationAnswer(asOf: AnswerStamp(message.as_of), rows: answer)
      }
    }
  }
}

extension Call where Answer == RemovalAnswer {
  /// Orders units to leave (1), says that they have (2), or takes the order back (3).
  public static func remove(order: String, action: UInt32, lines: [InboundLine], key: String)
    -> Call
  {
    let (nodes, indexes) = MessageBuilder.places(lines.map(\.node))
    let payload = MessageBuilder.encode(promised__v1__remove_request__init) { builder, message in
      message.pointee.idempotency_key = builder.text(key)
      message.pointee.order = builder.text(order)
      message.pointee.action = action
      (
        message.pointee.item_keys, message.pointee.n_item_key_lengths,
        message.pointee.item_key_lengths
      ) = builder.keys(lines.map(\.item))
      (message.pointee.n_quantities, message.pointee.quantities) =
        builder.column(lines.map(\.quantity), as: UInt64.self)
      (message.pointee.n_nodes, message.pointee.nodes) = builder.texts(nodes)
      (message.pointee.n_node_indexes, message.pointee.node_indexes) =
        builder.column(indexes, as: UInt32.self)
    }
    return Call(.capacityRemove, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "RemoveResponse", promised__v1__remove_response__unpack) { message in
        RemovalAnswer(
          asOf: AnswerStamp(message.as_of), pending: message.pending,
          isRepeated: message.repeated_answer != 0)
      }
    }
  }
}

extension Call where Answer == ListAnswer {
  /// A page of a report of seller storage.
  ///
  /// - Parameters:
  ///   - report: 1 near limits, 2 plans, 3 limit changes, 4 limits lowered although sales rose, 5 bids,
  ///     6 clearings, 7 signals, 8 overage, 9 removals, 10 policies.
  ///   - seller: only of it; empty = all.
  ///   - thresholdPermille: near limits: from this share of the limit on; 0 = 850.
  public static func capacityReport(
    _ report: UInt32, seller: String = "", thresholdPermille: UInt32 = 0, pageSize: UInt64 = 0,
    pageToken: [UInt8] = []
  ) -> Call {
    let payload = MessageBuilder.encode(promised__v1__report_request__init) { builder, message in
      message.pointee.kind = report
      message.pointee.seller = builder.text(seller)
      message.pointee.threshold_permille = thresholdPermille
      message.pointee.page_token = builder.bytes(pageToken)
      message.pointee.page_size = pageSize
    }
    return Call(.capacityReport, payload: payload) { (bytes) throws(MalformedAnswer) in
      try withAnswer(bytes, "ListResponse", promised__v1__list_response__unpack) {
        (message) throws(MalformedAnswer) in
        try ListAnswer(message)
      }
    }
  }
}
