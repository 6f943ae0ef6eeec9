/// The beginning of a row as orders of today and tomorrow need it: the first four entries that can
/// still be ordered on the second day of the horizon.
///
///     order-by 0 … 3 │ window 0 … 3        eight UInt16
///
/// Places behind the last published entry hold an order-by that never passes and the window `none`.
enum ProfileHead {
  static var depth: Int { 4 }
  /// No offer. Windows are numbered below it.
  static var none: UInt16 { .max }
  /// Earlier orders are not answered from heads: the base is yesterday.
  static var firstMinute: UInt16 { 1440 }
  /// How many of the four order-by times have passed at a minute: without a branch, because which
  /// one is the first to hold is a coin toss to the processor.
  @inline(__always)
  static func passed(_ head: UnsafePointer<UInt16>, _ minute: UInt16) -> Int {
    (head[0] < minute ? 1 : 0) + (head[1] < minute ? 1 : 0) + (head[2] < minute ? 1 : 0)
      + (head[3] < minute ? 1 : 0)
  }

  /// Writes the heads of all rows of a destination, eight numbers each.
  static func fill(
    _ heads: UnsafeMutablePointer<UInt16>, starts: UnsafePointer<UInt32>, rankCount: Int,
    entries: UnsafePointer<ProfileEntry>
  ) {
    heads.initialize(repeating: none, count: rankCount * 2 * depth)
    for rank in 0..<rankCount {
      let head = heads + rank * 2 * depth
      let end = Int(starts[rank + 1])
      var index = Int(starts[rank])
      while index < end, entries[index].orderBy < firstMinute { index += 1 }
      for place in 0..<min(depth, end - index) {
        let entry = entries[index + place]
        if entry.orderBy == ProfileEntry.unpublished { break }
        head[place] = entry.orderBy
        head[depth + place] = entry.window
      }
    }
  }
}
