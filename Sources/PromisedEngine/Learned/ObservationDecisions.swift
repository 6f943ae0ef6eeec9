import PromisedModel

/// Observations: each row is learned or refused for itself.
extension State {
  /// Checks every row, puts its fate into `codes` (0 = learned), and answers those that are
  /// learned; nil when there are none.
  ///
  /// - Throws: FIELD_MISSING without rows, TOO_MANY_ROWS, COLUMN_LENGTH_MISMATCH.
  package func decide(_ rows: ObservationRows, at now: UnixMilliseconds, codes: inout [UInt32])
    throws(Refusal) -> ObservationRows?
  {
    try checkForm(of: rows)
    observeNetwork()
    var learned = ObservationRows()
    codes.removeAll(keepingCapacity: true)
    let names = rows.unpackedNames
    for row in 0..<rows.kinds.count {
      let code = judge(row, of: rows, names, at: now)
      codes.append(UInt32(code.rawValue))
      if code == .ok { learned.append(row, of: rows, names) }
    }
    return learned.kinds.isEmpty ? nil : learned
  }

  private func checkForm(of rows: ObservationRows) throws(Refusal) {
    let count = rows.kinds.count
    if count == 0 { throw Refusal(.fieldMissing, "observe at least one row") }
    if count > Limits.batchRows {
      throw Refusal(.tooManyRows, "\(count) observations: at most \(Limits.batchRows)")
    }
    let counts = [
      rows.subjects.count, rows.services.count, rows.zones.count, rows.days.count,
      rows.minutes.count, rows.holdIDs.count, rows.shipments.count, rows.atUnixSeconds.count,
    ]
    if counts.contains(where: { $0 != count }) {
      throw Refusal(.columnLengthMismatch, "every column of observations must have \(count) rows")
    }
  }

  private func judge(
    _ row: Int, of rows: ObservationRows, _ names: ObservationNames, at now: UnixMilliseconds
  ) -> OutcomeCode {
    let minutes = rows.minutes[row]
    // A date may be tomorrow's in a zone ahead of UTC; what has not happened is no observation.
    let tomorrow = floorDivide(now.seconds, 86_400) + 1
    switch ObservationKind(rawValue: rows.kinds[row]) {
    case .legDelay:
      if !(0...Limits.delayMinutes).contains(minutes) || Int64(rows.days[row]) > tomorrow {
        return .fieldOutOfRange
      }
      return network.legNames.index(of: names.subjects[row]) == nil ? .legUnknown : .ok
    case .handling:
      if !(0...Limits.delayMinutes).contains(minutes) || Int64(rows.days[row]) > tomorrow {
        return .fieldOutOfRange
      }
      return nodeIndex(names.subjects[row]) == nil ? .nodeUnknown : .ok
    case .transit:
      if !(0...Int32(Limits.transitDays)).contains(minutes) || Int64(rows.days[row]) > tomorrow {
        return .fieldOutOfRange
      }
      return hasLane(names.subjects[row], names.services[row], names.zones[row])
        ? .ok : .laneUnknown
    case .delivery:
      observe(.hold, rows.holdIDs[row])
      if rows.atUnixSeconds[row] > now.seconds { return .fieldOutOfRange }
      return promise(of: rows.holdIDs[row], shipment: rows.shipments[row]) == nil
        ? .holdUnknown : .ok
    case nil: return .fieldOutOfRange
    }
  }

  private func hasLane(_ origin: Name, _ service: Name, _ zone: Name) -> Bool {
    guard let node = nodeIndex(origin), let service = network.serviceNames.index(of: service),
      let zone = network.zoneNames.index(of: zone)
    else { return false }
    return network.laneIndexes[
      LaneKey(origin: node, service: UInt32(service), zone: UInt32(zone))] != nil
  }

  // MARK: Making them true

  func apply(observed rows: ObservationRows, key: CommandKey) {
    let names = rows.unpackedNames
    for row in 0..<rows.kinds.count {
      switch ObservationKind(rawValue: rows.kinds[row]) {
      case .legDelay: learnDelay(of: names.subjects[row], rows.minutes[row], rows.days[row])
      case .handling:
        let bin = DelayBins.bin(rows.minutes[row])
        learned.observe(
          SeriesKey(kind: .node, subject: names.subjects[row]), bin: bin, day: rows.days[row])
        learned.observe(SeriesKey(kind: .allNodes), bin: bin, day: rows.days[row])
      case .transit:
        learned.observe(
          SeriesKey(
            kind: .lane, subject: names.subjects[row], service: names.services[row],
            zone: names.zones[row]),
          bin: min(Int(rows.minutes[row]), Limits.transitDays), day: rows.days[row])
      case .delivery:
        learnDelivery(
          of: rows.holdIDs[row], shipment: rows.shipments[row], at: rows.atUnixSeconds[row])
      case nil: continue
      }
    }
    if firstUnadopted == 0 { firstUnadopted = max(1, appliedTime.seconds) }
    stamps.network = appliedPosition
    remember(key, RememberedOutcome(code: .ok))
  }

  private func learnDelay(of name: Name, _ minutes: Int32, _ day: Int32) {
    let bin = DelayBins.bin(minutes)
    learned.observe(SeriesKey(kind: .leg, subject: name), bin: bin, day: day)
    if let index = network.legNames.index(of: name) {
      learned.observe(modeKey(of: network.legs[index]), bin: bin, day: day)
    }
    learned.observe(SeriesKey(kind: .allLegs), bin: bin, day: day)
  }
}

/// The packed names of observation rows, one each.
struct ObservationNames {
  var subjects: [Name]
  var services: [Name]
  var zones: [Name]
}

extension PackedKeys {
  /// Every key, owned.
  var names: [Name] {
    var offset = 0
    return lengths.map { length in
      defer { offset += Int(length) }
      return Name(Array(bytes[offset..<(offset + Int(length))]))
    }
  }
}

extension ObservationRows {
  var unpackedNames: ObservationNames {
    ObservationNames(subjects: subjects.names, services: services.names, zones: zones.names)
  }

  mutating func append(_ row: Int, of rows: ObservationRows, _ names: ObservationNames) {
    kinds.append(rows.kinds[row])
    subjects.append(names.subjects[row].bytes)
    services.append(names.services[row].bytes)
    zones.append(names.zones[row].bytes)
    days.append(rows.days[row])
    minutes.append(rows.minutes[row])
    holdIDs.append(rows.holdIDs[row])
    shipments.append(rows.shipments[row])
    atUnixSeconds.append(rows.atUnixSeconds[row])
  }
}
