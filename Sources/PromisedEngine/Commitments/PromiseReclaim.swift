import PromisedModel

/// Promises of an expired hold that is committed after all.
extension State {
  /// Whether the departures of a hold's promises can be claimed again: none has left or is closed,
  /// all have room, and an order of now is at the dock in time.
  ///
  /// - Throws: OFFER_EXPIRED, OFFER_CHANGED, CAPACITY_FULL.
  func checkPromises(of slot: Int, at now: UnixMilliseconds) throws(Refusal) {
    observeNetwork()
    var taken = TakenRoom()
    var block = holds.hold(slot).promises
    while block != 0 {
      let record = promises.record(block).pointee
      let claims = promises.claims(block)
      if record.shipByUnixSeconds < now.seconds || !isReady(record, of: slot, at: now) {
        throw Refusal(
          .offerExpired,
          "what was promised must leave by \(record.shipByUnixSeconds), which an"
            + " order of now does not make: hold it anew", row: Int32(record.firstLine))
      }
      for claim in claims {
        let key = BucketKey(claim)
        let label = network.label(of: key)
        if key.isPast(at: now.seconds) {
          throw Refusal(
            .offerExpired,
            "\(label.text) \(label.name) of \(claim.atUnixSeconds) is past: hold"
              + " it anew", key: label.name, row: Int32(record.firstLine))
        }
        if isStopped(key) {
          throw Refusal(
            .offerChanged, "\(label.text) \(label.name) does not run as promised: hold it anew",
            key: label.name, row: Int32(record.firstLine))
        }
        if free(key, taken) < Int64(claim.units) {
          throw Refusal(
            .capacityFull,
            "\(label.text) \(label.name) has room for \(max(0, free(key, taken))) more units at"
              + " \(claim.atUnixSeconds), \(claim.units) are wanted", key: label.name,
            row: Int32(record.firstLine), availableUnits: max(0, free(key, taken)))
        }
      }
      taken.take(claims)
      block = record.next
    }
  }

  /// Closed, late, or no longer in the network.
  private func isStopped(_ key: BucketKey) -> Bool {
    if key.kind == BucketKind.nodeHour.rawValue { return false }
    guard let departure = network.departure(of: key), let days = network.localDays(of: key) else {
      return true
    }
    let status = board.status(departure, days: days)
    return status.isClosed || status.delayMinutes > 0
  }

  private func isReady(_ record: PromiseRecord, of slot: Int, at now: UnixMilliseconds) -> Bool {
    guard let profiles, let function = profiles.readyFunction(node: record.node),
      let node = network.nodes[Int(record.node)]
    else { return true }
    let lines = holds.lines(slot)
    var handling: Int32 = 0
    var from = profiles.orderMinute(now)
    for line in Int(record.firstLine)..<Int(record.firstLine + record.lineCount) {
      handling = max(handling, needs(of: lines[line].item).handlingMinutes)
      from = max(
        from,
        profiles.schedule(.whole).orderMinute(ofUnixSeconds: Int64(lines[line].dueUnixSeconds)))
    }
    let ready = function.ready(
      at: Int32(from), processing: node.processingMinutes + handling)
    return ready.map { profiles.horizon.unixSeconds($0) <= record.shipByUnixSeconds } ?? false
  }
}
