import PromisedInvariants

/// One outcome of a delay: so many ticks late, with a probability in 1/65535.
package struct DelayAtom: BitwiseCopyable, Sendable, Equatable {
  package var minutes: UInt32
  package var probability: UInt32

  package init(minutes: UInt32, probability: UInt32) {
    self.minutes = minutes
    self.probability = probability
  }
}

/// Delay distributions by a dense id: of legs, or of the handling at nodes.
package struct DelayTable: ~Copyable {
  private var starts = OwnedBuffer<UInt32>(repeating: 0, count: 1)
  private var atoms = OwnedBuffer<DelayAtom>()

  package init() {}

  package init(_ distributions: [[DelayAtom]]) {
    for distribution in distributions { append(distribution) }
  }

  /// Appends the distribution of the next id: outcomes in ascending order, whose probabilities add
  /// up to 65535. No outcome, or none later than 0, means certain.
  package mutating func append(_ distribution: some Collection<DelayAtom>) {
    var total: UInt32 = 0
    var last: UInt32 = 0
    for atom in distribution {
      invariant(atom.minutes >= last, "delay outcomes descend")
      last = atom.minutes
      total += atom.probability
    }
    invariant(distribution.isEmpty || total == 65_535, "delay outcomes do not add up")
    if last > 0 {
      for atom in distribution where atom.probability > 0 { atoms.append(atom) }
    }
    starts.append(UInt32(atoms.count))
  }

  package var count: Int { starts.count - 1 }
  /// Whether no id has a delay.
  package var isCertain: Bool { atoms.count == 0 }

  /// The outcomes of an id, by minutes; empty = never late, also for ids not appended.
  @inline(__always)
  package func outcomes(of id: UInt32) -> UnsafeBufferPointer<DelayAtom> {
    let id = Int(id)
    if id >= starts.count - 1 { return UnsafeBufferPointer(start: nil, count: 0) }
    let start = Int(starts.base[id])
    return UnsafeBufferPointer(
      start: atoms.base + start, count: Int(starts.base[id + 1]) - start)
  }
}
