import PromisedModel

/// Departures that are closed, late or full, as the reason why a promise is not earlier.
extension DecisionTrace {
  /// Departures that are tried; each is a build of the destination's rows.
  private static var triedDepartures: Int { 4 }

  /// What a node alone would answer if every departure were as the timetable says, and the first
  /// changed departure on that way; nil unless there is one.
  func answerAsTimetabled(_ node: UInt16) -> (offer: Offer, subject: Name)? {
    guard let unchanged = basis.profiles.catalogue.unchanged else { return nil }
    var other = basis
    other.profiles = OfferProfiles(unchanged, basis.subject.terms, pending: nil)
    guard let answer = other.answer(of: node),
      let first = changedDepartures(answer, other.profiles.set).first
    else { return nil }
    return (answer, name(of: first.departure))
  }

  /// Each closed or full departure on a way that would be better by the timetable: with that one
  /// running again, or with room again.
  mutating func departuresOpen() {
    guard let unchanged = basis.profiles.catalogue.unchanged, basis.profiles.pending == nil else {
      return
    }
    var other = basis
    other.profiles = OfferProfiles(unchanged, basis.subject.terms, pending: nil)
    var wanted: [ChangedDepartureStatus] = []
    for (place, node) in basis.nodes.enumerated() where basis.available[place] >= basis.quantity {
      guard let answer = other.answer(of: node) else { continue }
      if offer != nil && answer.windowToUnixSeconds >= latestUnixSeconds { continue }
      for departure in changedDepartures(answer, other.profiles.set)
      where !wanted.contains(where: { $0.departure == departure.departure }) {
        wanted.append(departure)
      }
    }
    for one in wanted.prefix(Self.triedDepartures) {
      let subject = name(of: one.departure)
      if one.status.isClosed || one.status.delayMinutes > 0 {
        add(with(one.departure, .reopened), .legOpen) { $0.subject = subject }
      }
      if one.status.isFull {
        add(with(one.departure, .roomAgain), .roomThere) { $0.subject = subject }
      }
    }
  }

  /// The basis after one more change on every date: of a leg, or of all waves of a station.
  private func with(_ departure: ChangedDeparture, _ kind: DepartureChangeKind) -> DecisionBasis {
    let catalogue = basis.profiles.catalogue
    var changed = [departure]
    if case .wave(let station, _) = departure {
      for change in catalogue.image.changes where !changed.contains(change.departure) {
        if case .wave(station, _) = change.departure { changed.append(change.departure) }
      }
    }
    let changes = changed.map {
      ResolvedChange(departure: $0, fromDays: .min, toDays: .max, kind: kind, delayMinutes: 0)
    }
    var other = basis
    other.profiles = OfferProfiles(
      ProfileBuild.patch(
        catalogue, image: catalogue.image.appending(changes),
        confident: ProfileBuild.confidentScan, destinations: [basis.subject.destination]),
      basis.subject.terms, pending: nil)
    return other
  }

  private func name(of departure: ChangedDeparture) -> Name {
    switch departure {
    case .leg(let index): basis.profiles.catalogue.image.legNames.name(Int(index))
    case .wave(let station, _): state.network.nodeNames.name(Int(station))
    }
  }

  /// What of an offer's way, made by the timetable, does not run as it says.
  private func changedDepartures(
    _ answer: Offer, _ set: ProfileSet
  ) -> [ChangedDepartureStatus] {
    let image = basis.profiles.catalogue.image
    let changes = DepartureChanges(image.changes)
    var found: [ChangedDepartureStatus] = []
    var steps = GrowableColumn<PathStep>()
    set.appendPath(of: answer, to: &steps)
    for index in 0..<steps.count where steps[index].to != PathStep.customer {
      let step = steps[index]
      guard let leg = image.legNames.index(of: step.name) else { continue }
      let local = step.departureUnixSeconds + Int64(step.departureUTCOffsetSeconds)
      let days = Int32(clamping: floorDivide(local, 86_400))
      let departure = ChangedDeparture.leg(UInt32(leg))
      let status = DepartureChanges.status(changes.list(departure), days: days)
      if status != DepartureStatus() {
        found.append(ChangedDepartureStatus(departure: departure, status: status))
      }
    }
    if steps.count > 0 && steps[steps.count - 1].to == PathStep.customer { return found }
    // The last mile: any wave of the station that is closed on the day of delivery.
    for change in image.changes {
      guard case .wave(let station, _) = change.departure,
        UInt32(station) == image.destinations[Int(basis.subject.destination)].station
      else { continue }
      let status = DepartureChanges.status(
        changes.list(change.departure), days: answer.deliveryDate.days)
      if status.isGone {
        found.append(ChangedDepartureStatus(departure: change.departure, status: status))
        break
      }
    }
    return found
  }
}

/// A departure of a way and how it stands.
struct ChangedDepartureStatus {
  var departure: ChangedDeparture
  var status: DepartureStatus
}

extension NetworkImage {
  /// The same network after more changes of departures.
  func appending(_ more: [ResolvedChange]) -> NetworkImage {
    NetworkImage(
      revision: revision, timeZoneRules: timeZoneRules, calendars: calendars, nodes: nodes,
      waves: waves, destinations: destinations, zoneCount: zoneCount, lanes: lanes,
      transits: transits, legs: legs, delays: delays, adopted: adopted, changes: changes + more,
      lastChange: lastChange, serviceNames: serviceNames.copy(), legNames: legNames.copy(),
      carrierNames: carrierNames.copy())
  }
}
