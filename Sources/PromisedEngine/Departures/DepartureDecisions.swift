import PromisedModel

/// Operators close, delay and reopen departures.
extension State {
  /// The longest stretch of dates that one change covers, unless it is for good.
  private static var longestDays: Int32 { 400 }

  /// What a command changes, if it may.
  ///
  /// - Throws: LEG_UNKNOWN; FIELD_OUT_OF_RANGE for dates that do not ascend or cover more than 400
  ///   days (0 to `LocalDate.last`, from now on and for good, is allowed) and for a delay that is not
  ///   1 to 10,080 minutes; KEY_INVALID for a reason or an author that is no text.
  package func decide(_ command: DepartureCommand) throws(Refusal) -> [DepartureChange] {
    observeNetwork()
    let change = command.change
    do throws(NetworkRefusal) {
      try network.validate(change)
    } catch {
      throw error.refusal
    }
    let isForGood = change.fromDays == 0 && change.toDays == LocalDate.last.days
    let length = change.toDays.subtractingReportingOverflow(change.fromDays)
    if !isForGood, length.overflow || length.partialValue >= Self.longestDays {
      throw Refusal(
        .fieldOutOfRange,
        "to_days is \(change.toDays): at most \(Self.longestDays) days from \(change.fromDays)",
        key: change.name)
    }
    return [change]
  }

  /// How many destinations have promises that count on a leg, by the profiles that answer.
  package func affectedDestinations(ofLeg name: Name) -> UInt64 {
    guard let profiles = profileSet(PromiseTerms()), let leg = network.legNames.index(of: name)
    else {
      return 0
    }
    return profiles.blocks.reduce(0) { $0 + ($1.legs.contains(leg) ? 1 : 0) }
  }
}
