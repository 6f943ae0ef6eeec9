import PromisedInvariants
import PromisedModel

/// A line with its names looked up.
struct ResolvedLine {
  var row: Int32
  var item: Name
  var token: UInt64
  var slot: Int
  /// `UInt16.max` = no building is named.
  var node: UInt16
  var quantity: Int32
  var etaUnixSeconds: Int64
}

/// Storage that lines before took, and the rooms as they stood before.
private struct AdmissionTrial {
  var lines: [LineVerdict] = []
  /// Rooms by storage type, filled on first use.
  var rooms: [UInt8: [MonthRoom]] = [:]
  /// Volume taken in a building: by node and type.
  var taken: [UInt32: Int128] = [:]
  /// Lines for which other buildings were looked through.
  var searches = 0

  /// As many as a person reads: a plan of thousands of lines must not look through every building
  /// for each.
  static var searchLimit: Int { 32 }
}

extension State {
  /// Admits a plan: every line as asked, or each cut to what fits after those before it.
  ///
  /// A line takes room against the confirmed limit plus granted capacity of its seller in every month
  /// from that of its ETA on, and space in its building. It is decided over all lines in one step.
  ///
  /// - Throws: what `resolve` does; SELLER_UNKNOWN; INBOUND_PLAN_EXISTS; TOO_MANY_ROWS when too many
  ///   plans are open; then, for the first line that does not fit (with `whole`) or when nothing fits
  ///   at all, LIMIT_NOT_CONFIRMED, SELLER_LIMIT_REACHED, BUILDING_FULL or RESTRICTION_FORBIDS, with
  ///   the units that would fit and what would make the line fit.
  package func decide(
    _ command: AdmitCommand, at now: UnixMilliseconds
  ) throws(Refusal) -> (event: Event, reply: AdmissionReply) {
    if !isValid(command.plan) { throw invalidKey("plan", row: -1) }
    observeEverything()
    let seller = try knownSeller(command.seller)
    if inboundPlans.place(of: command.plan) != nil {
      throw Refusal(
        .inboundPlanExists, "plan \(command.plan) was admitted before: choose another name",
        key: command.plan)
    }
    if inboundPlans.openCount >= Limits.openPlans {
      throw Refusal(.tooManyRows, "\(Limits.openPlans) plans are open: close some")
    }
    if command.lines.nodes.isEmpty {
      throw Refusal(.fieldMissing, "node_indexes is empty: say where the units go")
    }
    let lines = try resolve(command.lines, needsETA: true)
    for line in lines where inboundRow(of: command.plan, line) != nil {
      throw Refusal(
        .inboundPlanExists, "shipment \(command.plan) is on its way already", key: command.plan,
        row: line.row)
    }
    let trial = try judge(
      lines, seller: seller, mode: command.mode, isReplenishment: command.isReplenishment, at: now)
    var plan = PlanRow()
    plan.name = command.plan
    plan.seller = command.seller
    plan.isReplenishment = command.isReplenishment
    plan.createdUnixSeconds = now.seconds
    var latest = now.seconds
    for (line, verdict) in zip(lines, trial.lines) where verdict.admitted > 0 {
      latest = max(latest, line.etaUnixSeconds)
      plan.lines.append(
        PlanLineRow(
          item: line.item, node: line.node, admitted: verdict.admitted, received: 0,
          etaUnixSeconds: line.etaUnixSeconds))
    }
    let policy = policies.policy(of: sellers[seller])
    plan.expiresUnixSeconds = latest + Int64(policy.planDays) * 86_400
    var reply = reply(trial, seller: seller, at: now)
    reply.expiresUnixSeconds = plan.expiresUnixSeconds
    if plan.lines.isEmpty { throw nothingFits(lines, trial.lines, seller: seller) }
    return (.planAdmitted(command.key, plan), reply)
  }

  /// What an admission would answer; a plan that is whole and does not fit says so by line.
  ///
  /// - Throws: as `decide(AdmitCommand)` for the form and for names, never for room.
  package func answer(
    _ query: WhatIfQuery, at now: UnixMilliseconds
  ) throws(Refusal) -> AdmissionReply {
    observeEverything()
    let seller = try knownSeller(query.seller)
    let lines = try resolve(query.lines, needsETA: true)
    // Cut, so that every line is judged; whole lines that do not fit keep their codes.
    let trial = try judge(
      lines, seller: seller, mode: .cut, isReplenishment: query.isReplenishment, at: now,
      takesPart: query.mode == .cut)
    return reply(trial, seller: seller, at: now)
  }

  func knownSeller(_ name: Name) throws(Refusal) -> Int {
    guard let seller = sellerKeys.find(name) else { throw unknownSeller(name) }
    return seller
  }

  // MARK: The trial

  private func judge(
    _ lines: [ResolvedLine], seller: Int, mode: AdmissionMode, isReplenishment: Bool,
    at now: UnixMilliseconds, takesPart: Bool = true
  ) throws(Refusal) -> AdmissionTrial {
    let marketplace = sellers[seller].marketplace
    let today = localDate(at: now.seconds, marketplace: marketplace)
    let first = Month(today)
    let policy = policies.policy(of: sellers[seller])
    let isFree = isReplenishment && policy.replenishmentBypasses
    var trial = AdmissionTrial()
    for line in lines {
      let item = try attributes(of: line, seller: seller)
      let month = max(
        first, Month(localDate(at: line.etaUnixSeconds, marketplace: marketplace)))
      let index = month.ordinal - first.ordinal
      if index >= CapacityHorizon.months {
        throw Refusal(
          .fieldOutOfRange,
          "eta_unix_s[\(line.row)] is in \(month.text): allowed up to the eleventh month from "
            + first.text, row: line.row)
      }
      let type = item.storageType
      if trial.rooms[type] == nil {
        fillRooms(of: seller, type: type, policy, from: first, today: today)
        trial.rooms[type] = (0..<CapacityHorizon.months).map { scratch.rooms[$0] }
      }
      var verdict = judge(line, item, index, month, isFree: isFree, trial)
      verdict.month = month.yyyymm
      if verdict.code == .buildingFull || verdict.code == .restrictionForbids {
        trial.searches += 1
      }
      let fits = verdict.fitting >= Int64(line.quantity)
      if !fits && mode == .whole {
        throw refusal(line, verdict, item, seller: seller)
      }
      verdict.admitted =
        fits || takesPart ? Int32(min(Int64(line.quantity), verdict.fitting)) : 0
      take(verdict.admitted, line, item, index, &trial)
      trial.lines.append(verdict)
    }
    return trial
  }

  private func judge(
    _ line: ResolvedLine, _ item: ItemAttributes, _ index: Int, _ month: Month, isFree: Bool,
    _ trial: AdmissionTrial
  ) -> LineVerdict {
    var verdict = LineVerdict()
    let volume = Int128(item.volumeMicroCubicFeet)
    let wanted = volume * Int128(line.quantity)
    if let rooms = trial.rooms[item.storageType] {
      for place in 0..<rooms.count { scratch.rooms[place] = rooms[place] }
    }
    var room = admissible(from: index)
    if isFree {
      room = nil
    } else if scratch.rooms[index].kind == .notConfirmed {
      room = 0
      (verdict.code, verdict.binding) = (.limitNotConfirmed, .notConfirmed)
    } else if let room, room < wanted {
      (verdict.code, verdict.binding) = (.sellerLimitReached, .sellerLimit)
    }
    if verdict.code != .ok, let later = firstFitting(wanted, from: index + 1) {
      verdict.fittingMonth = month.later(by: later - index).yyyymm
    }
    for place in index..<CapacityHorizon.months
    where scratch.rooms[place].estimatedRoom < wanted { verdict.isBeyondEstimate = true }
    if line.node != .max {
      let space = buildings.read(node: line.node, type: item.storageType)
      if let free = freeSpace(space, line.node, item.storageType, trial), free < room ?? .max {
        if free < wanted {
          let isClosed = space.usable == 0
          verdict.code = isClosed ? .restrictionForbids : .buildingFull
          verdict.binding = isClosed ? .restriction : .building
          if trial.searches < AdmissionTrial.searchLimit {
            verdict.fittingNode = buildingWithRoom(for: wanted, line, item, trial)
          }
        }
        room = free
      }
    }
    // nil = nothing bounds it.
    verdict.fitting = room.map { Int64(clamping: $0 / volume) } ?? Int64(Limits.unitsPerPosition)
    return verdict
  }

  private func freeSpace(
    _ space: BuildingSpace, _ node: UInt16, _ type: UInt8, _ trial: AdmissionTrial
  ) -> Int128? {
    space.free.map { max(0, $0 - (trial.taken[UInt32(node) << 8 | UInt32(type)] ?? 0)) }
  }

  /// The building with the most free space that takes the whole line; empty = none.
  private func buildingWithRoom(
    for volume: Int128, _ line: ResolvedLine, _ item: ItemAttributes, _ trial: AdmissionTrial
  ) -> Name {
    var best: (node: UInt16, free: Int128)?
    for node in 0..<UInt16(clamping: buildings.nodeCount) where node != line.node {
      let space = buildings.read(node: node, type: item.storageType)
      guard let free = freeSpace(space, node, item.storageType, trial), free >= volume else {
        continue
      }
      if free > best?.free ?? -1 { best = (node, free) }
    }
    return best.map { network.nodeName($0.node).name } ?? .empty
  }

  private func take(
    _ units: Int32, _ line: ResolvedLine, _ item: ItemAttributes, _ index: Int,
    _ trial: inout AdmissionTrial
  ) {
    let volume = Int128(item.volumeMicroCubicFeet) * Int128(units)
    for place in index..<CapacityHorizon.months {
      trial.rooms[item.storageType]?[place].room -= volume
      if let room = trial.rooms[item.storageType]?[place], room.estimatedRoom != .max {
        trial.rooms[item.storageType]?[place].estimatedRoom -= volume
      }
    }
    if line.node == .max { return }
    trial.taken[UInt32(line.node) << 8 | UInt32(item.storageType), default: 0] += volume
  }

  // MARK: Answers

  private func reply(
    _ trial: AdmissionTrial, seller: Int, at now: UnixMilliseconds
  ) -> AdmissionReply {
    var reply = AdmissionReply()
    reply.lines = trial.lines
    let first = Month(localDate(at: now.seconds, marketplace: sellers[seller].marketplace))
    for type: UInt8 in 1...7 {
      guard let rooms = trial.rooms[type] else { continue }
      for place in 0..<rooms.count { scratch.rooms[place] = rooms[place] }
      for index in 0..<rooms.count {
        let room: Int64
        if rooms[index].kind == .notConfirmed {
          room = -2
        } else {
          room = admissible(from: index).map { Usage.clamped($0) } ?? -1
        }
        reply.rooms.append(
          RoomRow(storageType: type, month: first.later(by: index).yyyymm, room: room))
      }
    }
    return reply
  }

  private func nothingFits(
    _ lines: [ResolvedLine], _ verdicts: [LineVerdict], seller: Int
  ) -> Refusal {
    for (line, verdict) in zip(lines, verdicts) where verdict.code != .ok {
      let slot = positions.find(line.token)
      let item = attributes[Int(positions.attribute(slot))]
      return refusal(line, verdict, item, seller: seller)
    }
    return Refusal(.fieldMissing, "a plan needs at least one line")
  }

  /// Names the line, what is available, and what would make it fit.
  private func refusal(
    _ line: ResolvedLine, _ verdict: LineVerdict, _ item: ItemAttributes, seller: Int
  ) -> Refusal {
    let month = Month(yyyymm: verdict.month)?.text ?? "\(verdict.month)"
    let type = typeName(item.storageType, of: seller)
    let wanted = Usage.clamped(Int128(item.volumeMicroCubicFeet) * Int128(line.quantity))
    let left = Usage.clamped(Int128(item.volumeMicroCubicFeet) * Int128(verdict.fitting))
    let what =
      "line \(line.row): \(line.quantity) of item \(line.item) take \(cubicFeet(wanted)) ft³ of "
      + "\(type) storage from \(month) on"
    var why: String
    switch verdict.code {
    case .limitNotConfirmed: why = "; no limit is confirmed to the seller for that month"
    case .restrictionForbids: why = "; building \(place(line)) does not take \(type)"
    case .buildingFull:
      why = "; building \(place(line)) has room for \(verdict.fitting) (\(cubicFeet(left)) ft³)"
    default: why = "; the limit leaves room for \(verdict.fitting) (\(cubicFeet(left)) ft³)"
    }
    if !verdict.fittingNode.isEmpty { why += "; \(verdict.fittingNode) has room for all" }
    var until: Int64 = 0
    if let later = Month(yyyymm: verdict.fittingMonth) {
      until = start(of: later, marketplace: sellers[seller].marketplace)
      why += "; all fit the limit from \(later.text) on"
    }
    if verdict.fitting > 0 { why += "; fewer units fit, or ask to be cut" }
    return Refusal(
      verdict.code, what + why, key: line.item, row: line.row, availableUnits: verdict.fitting,
      nextSupplyUnixSeconds: until)
  }

  private func place(_ line: ResolvedLine) -> Name {
    line.node == .max ? .empty : network.nodeName(line.node).name
  }

  private func attributes(of line: ResolvedLine, seller: Int) throws(Refusal) -> ItemAttributes {
    let index = line.slot < 0 ? 0 : positions.attribute(line.slot)
    if index == 0 {
      throw Refusal(
        .itemUnknown, "item \(line.item) has no volume yet: put it first", key: line.item,
        row: line.row)
    }
    let item = attributes[Int(index)]
    if Int(item.seller) != seller {
      throw Refusal(
        .rowInvalid, "item \(line.item) belongs to seller \(sellers[Int(item.seller)].name)",
        key: line.item, row: line.row)
    }
    return item
  }
}

extension Month {
  /// So many months on.
  func later(by months: Int) -> Month {
    var month = self
    for _ in 0..<max(0, months) { month = month.next }
    return month
  }
}
