import PromisedInvariants
import PromisedModel

/// One stretch of the way: a leg between nodes, or a carrier's lane to the customer.
package struct PathStep: BitwiseCopyable {
  package var from: UInt16
  /// `customer` at the end of a lane.
  package var to: UInt16
  package var mode: TransportMode.RawValue
  /// The leg's name or the lane's carrier service; valid as long as the profile set is held.
  package var name: BorrowedBytes
  package var departureUnixSeconds: Int64
  /// A leg's arrival; for a lane the end of the delivery window, by which it has arrived.
  package var arrivalUnixSeconds: Int64
  /// Seconds east of UTC at each end of the step at that time.
  package var departureUTCOffsetSeconds: Int32
  package var arrivalUTCOffsetSeconds: Int32

  package static var customer: UInt16 { .max }
}

extension ProfileSet {
  /// Appends the steps of an offer that this profile set made, in order of travel. The last mile
  /// from a station is no step: it is the delivery window.
  ///
  /// - Complexity: O(steps × log entries of a row).
  package func appendPath(of offer: Offer, to steps: inout GrowableColumn<PathStep>) {
    let block = blocks[Int(offer.destination)]
    invariant(Int(offer.entry) < block.entryCount, "the offer is of another profile set")
    let view = block.view
    let target = view.entries[Int(offer.entry)].window
    var index = Int(offer.entry)
    var node = offer.node
    while true {
      let via = view.vias[index]
      var departure = Int32(view.entries[index].cutoff)
      if via.isWave { return }
      // Where handling is uncertain the entry says by when the processing must have passed.
      if !block.isExact { departure = leaving(via, from: departure) }
      if via.isLane {
        appendLane(via.index, node, departure, offer, &steps)
        return
      }
      let leg = image.legs[via.index]
      let arrival = departure + leg.durationMinutes
      steps.append(
        PathStep(
          from: node, to: leg.destination, mode: leg.mode.rawValue,
          name: image.legNames.borrowed(via.index),
          departureUnixSeconds: horizon.unixSeconds(departure),
          arrivalUnixSeconds: horizon.unixSeconds(arrival),
          departureUTCOffsetSeconds: frame.offsets.offset(node: node, minute: departure),
          arrivalUTCOffsetSeconds: frame.offsets.offset(node: leg.destination, minute: arrival)))
      node = leg.destination
      let row = view.row(rank: rank(of: node))
      // A station from which nothing departs has no row: it delivers.
      if row.start == row.end { return }
      let dwell = image.nodes[Int(node)]?.dwellMinutes ?? 0
      index = view.firstEntry(row, cutoffFrom: arrival + dwell)
      // On time at every step is better than what is promised at a confidence: an earlier window
      // may be reached from there, and where even that is too uncertain the way is not told further.
      if !block.isExact, index == row.end || view.entries[index].window > target { return }
      invariant(
        index < row.end && view.entries[index].window <= target
          && (!block.isExact || view.entries[index].window == target),
        "the tail of a path does not make its window")
    }
  }

  /// When a leg leaves, or a lane is picked up, at or after a minute; the minute itself when neither
  /// does within a fortnight.
  private func leaving(_ via: Via, from minute: Int32) -> Int32 {
    let leg = via.isLeg ? image.legs[via.index] : nil
    let lane = via.isLane ? image.lanes[via.index] : nil
    guard let origin = leg?.origin ?? lane?.key.origin, let node = image.nodes[Int(origin)] else {
      return minute
    }
    let rules = image.timeZoneRules[Int(node.timeZone)]
    let calendar = leg?.calendar ?? lane?.pickupCalendar ?? .noIndex
    let localMinute = Int(leg?.departureMinute ?? lane?.cutoffMinute ?? 0)
    let changes = via.isLeg ? DepartureChanges(image.changes).list(.leg(UInt32(via.index))) : []
    let today = rules.localDate(at: horizon.unixSeconds(minute)).days
    var found: Int32?
    // A delayed departure may be of a day a week ago.
    for days in (today - 8)...(today + 14) {
      let date = LocalDate(days: days)
      if let leg, leg.weekdays & (1 << UInt8(date.weekday)) == 0 { continue }
      if calendar != .noIndex {
        var isOpen = false
        HorizonCalendar.forEachOpening(image.calendars[Int(calendar)], date) { _, _ in
          isOpen = true
        }
        if !isOpen { continue }
      }
      let status = DepartureChanges.status(changes, days: days)
      if status.isGone { continue }
      let at =
        horizon.minute(of: rules.instant(of: date, minute: localMinute, choosing: .first))
        + status.delayMinutes
      if at >= minute { found = min(found ?? at, at) }
    }
    return found ?? minute
  }

  private func appendLane(
    _ index: Int, _ node: UInt16, _ departure: Int32, _ offer: Offer,
    _ steps: inout GrowableColumn<PathStep>
  ) {
    let lane = image.lanes[index]
    let arrival = horizon.minute(of: offer.windowToUnixSeconds)
    steps.append(
      PathStep(
        from: node, to: PathStep.customer, mode: lane.mode.rawValue,
        name: image.serviceNames.borrowed(Int(lane.key.service)),
        departureUnixSeconds: horizon.unixSeconds(departure),
        arrivalUnixSeconds: offer.windowToUnixSeconds,
        departureUTCOffsetSeconds: frame.offsets.offset(node: node, minute: departure),
        arrivalUTCOffsetSeconds: frame.offsets.offset(zone: lane.deliveryTimeZone, minute: arrival))
    )
  }
}
