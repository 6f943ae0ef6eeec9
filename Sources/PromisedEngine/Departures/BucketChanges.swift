import PromisedInvariants
import PromisedModel

/// Claims on departures, hours and waves: events made true. Every place that changes a bucket.
///
/// A bucket whose room runs out is closed to new offers here, while an event is applied, and opened
/// again when there is room, so that live traffic and replay close the same departures at the same
/// positions. For a leg or a wave that is a change of the numbered list, which the profiles follow;
/// for a node's hour it moves the minute from which the node takes on orders.
extension State {
  /// Claims the units of each bucket that is not past, or gives them back.
  func claim(_ claims: UnsafeBufferPointer<BucketClaim>, givesBack: Bool) {
    let now = appliedTime.seconds
    for claim in claims where claim.units > 0 {
      let key = BucketKey(claim)
      if key.isPast(at: now) { continue }
      let slot = buckets.insert(key)
      let bucket = buckets.at(slot)
      if givesBack {
        bucket.pointee.claimed -= Int64(claim.units)
        invariant(bucket.pointee.claimed >= 0, "more is given back than was claimed")
        hasFreedRoom = true
      } else {
        bucket.pointee.claimed += Int64(claim.units)
        bucket.pointee.count(Int64(claim.units), at: now)
      }
      review(slot)
    }
  }

  /// Closes a bucket to new offers when no more is left than offers already shown may take, and
  /// opens it when twice as much is free.
  private func review(_ slot: Int) {
    let bucket = buckets.bucket(slot)
    let capacity = capacity(of: bucket.key)
    if capacity == 0 {
      if bucket.isClosed { open(slot) }
      return
    }
    let free = capacity - bucket.claimed
    let closeAt = closeAt(bucket, capacity: capacity)
    if !bucket.isClosed {
      if free <= closeAt { close(slot) }
    } else if free > 2 * closeAt {
      open(slot)
    }
  }

  /// Below half of the capacity, so that an empty bucket is always open.
  ///
  /// The rate is the bucket's own: units claimed in it over the last five to ten minutes. Nothing is
  /// configured, and a bucket that nobody claims needs no margin.
  func closeAt(_ bucket: Bucket, capacity: Int64) -> Int64 {
    let most = (capacity - 1) / 2
    if capacity - bucket.claimed > 2 * most { return most }
    let threshold = closeThreshold(
      ratePerSecondMilli: bucket.ratePerSecondMilli(at: appliedTime.seconds),
      ttlSeconds: Limits.offerLifetimeSeconds,
      confidence: ConfidenceLevel.nearlyCertain.probability)
    return min(threshold, most)
  }

  private func close(_ slot: Int) {
    buckets.setClosed(slot, at: max(1, appliedTime.seconds))
    nextReview = min(nextReview, appliedTime.seconds + Limits.offerLifetimeSeconds)
    note(.full, buckets.bucket(slot).key)
  }

  private func open(_ slot: Int) {
    buckets.setClosed(slot, at: 0)
    hasFreedRoom = true
    note(.roomAgain, buckets.bucket(slot).key)
  }

  private func note(_ kind: DepartureChangeKind, _ key: BucketKey) {
    if key.kind == BucketKind.nodeHour.rawValue {
      stamps.network = appliedPosition
    } else if let change = network.change(kind, of: key) {
      record(change)
    }
  }

  /// Adds a change to the numbered list.
  func record(_ change: DepartureChange) {
    network.append(change)
    if let resolved = network.resolved(change) { board.append(resolved) }
    stamps.network = appliedPosition
  }

  /// Forgets past buckets, and looks again at those that have been closed for as long as an offer
  /// lives: what was shown before has been held or has expired.
  func forgetBuckets() {
    if buckets.count == 0 { return }
    let now = appliedTime.seconds
    buckets.forget(at: now)
    if buckets.closedCount == 0 || now < nextReview { return }
    nextReview = .max
    var due: [Int] = []
    for slot in 0..<buckets.slotCount where buckets.isInUse(slot) {
      let bucket = buckets.bucket(slot)
      if !bucket.isClosed || bucket.key.isPast(at: now) { continue }
      let dueAt = bucket.closedAtUnixSeconds + Limits.offerLifetimeSeconds
      if dueAt <= now { due.append(slot) } else { nextReview = min(nextReview, dueAt) }
    }
    // Where a bucket stands in the table is no part of the state.
    due.sort { BucketKey.precedes(buckets.bucket($0).key, buckets.bucket($1).key) }
    for slot in due {
      review(slot)
      if !buckets.bucket(slot).isClosed { continue }
      buckets.setClosed(slot, at: max(1, now))
      nextReview = min(nextReview, now + Limits.offerLifetimeSeconds)
    }
  }

  /// After rows of the network changed: capacities may be others.
  func reviewBuckets() {
    let now = appliedTime.seconds
    var slots = (0..<buckets.slotCount).filter {
      buckets.isInUse($0) && !buckets.bucket($0).key.isPast(at: now)
    }
    slots.sort { BucketKey.precedes(buckets.bucket($0).key, buckets.bucket($1).key) }
    for slot in slots { review(slot) }
  }

  /// Units that a bucket takes in all; 0 = no limit.
  func capacity(of key: BucketKey) -> Int64 { network.capacity(of: key) }

  /// Units that can still be claimed; `Int64.max` = no limit. Negative after a cut.
  func free(_ key: BucketKey) -> Int64 {
    let capacity = capacity(of: key)
    return capacity == 0 ? .max : capacity - buckets.claimed(key)
  }
}
