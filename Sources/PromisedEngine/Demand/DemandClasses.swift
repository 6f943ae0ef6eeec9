import PromisedInvariants

/// What outcomes of one window length taught, by how much was expected: how far the quick and the
/// slow rate count, by how much expectations are off, how wide outcomes spread around them, and
/// which share of outcomes really lies below each predicted probability.
///
/// A class is an octave of the expected units; an outcome counts for the two classes whose middles
/// it lies between, by its distance, and reading blends the same two. Sums are kept relative to the
/// class's middle, fade to half in sixty days and begin with weak general beliefs, so that a class
/// that saw little speaks like the others. What is read (`table`) is worked out once a day, so that
/// every prediction of a day rests on the same.
///
/// The spread around expectations is the excess x of the squared coefficient of variation over
/// Poisson: size 1/x of a negative binomial.
struct DemandClasses: Equatable {
  /// By class, `Sum.count` each.
  private(set) var sums: [Int64]
  /// Outcomes by class and by bin of `DemandLevels`, then all classes together; 1/2^16 each.
  private(set) var shares: [Int64]
  /// What predictions read: by class, `Reading.count` each.
  private(set) var table: [Int64]
  /// The day to which the sums have faded.
  private(set) var day = Int32.min

  static var count: Int { 32 }
  /// The expected units of class 0 are 2^−8.
  static var firstOctave: Int { -8 }
  private static var halfLifeDays: Int64 { 60 }
  /// Outcomes of a class before its predictions are judged: they would judge a guess.
  private static var judgedFrom: Int64 { 50 << 16 }
  /// What the excess is believed to be before anything is known.
  private static var usualExcess: Int64 { (7 << 20) / 10 }

  /// Sums of a class, in 1/2^16.
  enum Sum {
    static var outcomes: Int { 0 }
    static var demand: Int { 1 }
    static var expected: Int { 2 }
    static var expectedSquares: Int { 3 }
    /// (demand − prediction)² − prediction.
    static var excess: Int { 4 }
    /// The items' own variances beyond Poisson.
    static var ownExcess: Int { 5 }
    // Regression of demand on the quick rate beside the slow one.
    static var squares: Int { 6 }
    static var products: Int { 7 }
    static var count: Int { 8 }
  }

  /// What is read of a class, in 1/2^20.
  enum Reading {
    /// How much of the quick rate counts, 0…1.
    static var quick: Int { 0 }
    static var bias: Int { 1 }
    static var excess: Int { 2 }
    static var ownExcess: Int { 3 }
    static var count: Int { 4 }
  }

  init() {
    sums = Array(repeating: 0, count: Self.count * Sum.count)
    shares = Array(repeating: 0, count: (Self.count + 1) * DemandLevels.bins)
    table = Array(repeating: 0, count: Self.count * Reading.count)
    refresh()
  }

  /// How many values of each there are.
  static var sizes: (sums: Int, shares: Int, table: Int) {
    (count * Sum.count, (count + 1) * DemandLevels.bins, count * Reading.count)
  }

  /// What was kept; nil when it is not of this form.
  init?(sums: [Int64], shares: [Int64], table: [Int64], day: Int32) {
    self.init()
    if sums.count != self.sums.count || shares.count != self.shares.count
      || table.count != self.table.count
    {
      return nil
    }
    (self.sums, self.shares, self.table, self.day) = (sums, shares, table, day)
  }

  /// Between which classes an amount lies, and how far: the class below, and 1/2^16 to the next.
  static func place(of units: Int64) -> (index: Int, fraction: Int64) {
    let octaves = BinaryPower.logarithm(max(1, units)) - (20 << 16) - Int64(firstOctave) << 16
    let within = min(max(0, octaves), Int64(count - 1) << 16 - 1)
    return (Int(within >> 16), within & 0xffff)
  }

  /// A reading between two classes.
  func read(_ reading: Int, at place: (index: Int, fraction: Int64)) -> Int64 {
    let start = place.index * Reading.count + reading
    let (low, high) = (table[start], table[start + Reading.count])
    return low + ((high - low) * place.fraction) >> 16
  }

  /// Outcomes counted in a class, in 1/2^16.
  func outcomes(_ index: Int) -> Int64 { sums[index * Sum.count + Sum.outcomes] }

  /// Begins a day: what is older fades, and what predictions read is worked out anew.
  mutating func begin(_ today: Int32) {
    if today <= day { return }
    if day != .min {
      let kept = BinaryPower.half(Int64(today) - Int64(day), of: Self.halfLifeDays)
      for index in sums.indices { sums[index] = Self.faded(sums[index], kept) }
      for index in shares.indices { shares[index] = Self.faded(shares[index], kept) }
    }
    day = today
    refresh()
  }

  /// Towards 0, also of a negative sum.
  private static func faded(_ value: Int64, _ kept: Int64) -> Int64 {
    value < 0 ? -BinaryPower.scale(-value, by: kept) : BinaryPower.scale(value, by: kept)
  }

  // MARK: Learning

  /// Counts an outcome with what had been predicted of it. The day must have begun.
  mutating func observe(_ demand: Int64, _ predicted: DemandPrediction) {
    let outcome = min(demand, 1 << 40) << 20
    add(to: predicted.place) { index, weight, sums in
      let expected = Self.relative(predicted.expected, index)
      let error = Self.relative(outcome - predicted.mean, index)
      sums[Sum.outcomes] += weight
      sums[Sum.demand] += Self.weighed(Self.relative(outcome, index), weight)
      sums[Sum.expected] += Self.weighed(expected, weight)
      sums[Sum.expectedSquares] += Self.weighed(Self.product(expected, expected), weight)
      let poisson = Self.relative(Self.relativeRaw(predicted.mean, index), index)
      sums[Sum.excess] += Self.weighed(Self.product(error, error) - poisson, weight)
      let own = Self.relative(Self.relativeRaw(predicted.ownExcess, index), index)
      sums[Sum.ownExcess] += Self.weighed(own, weight)
    }
    add(to: predicted.slowPlace) { index, weight, sums in
      let quick = Self.relative(predicted.fast - predicted.slow, index)
      let error = Self.relative(outcome - predicted.slow, index)
      sums[Sum.squares] += Self.weighed(Self.product(quick, quick), weight)
      sums[Sum.products] += Self.weighed(Self.product(quick, error), weight)
    }
    judge(demand, predicted)
  }

  private mutating func add(
    to place: (index: Int, fraction: Int64),
    _ body: (Int, Int64, UnsafeMutablePointer<Int64>) -> Void
  ) {
    sums.withUnsafeMutableBufferPointer { sums in
      guard let base = sums.baseAddress else { return }
      let start = base + place.index * Sum.count
      body(place.index, 65_536 - place.fraction, start)
      body(place.index + 1, place.fraction, start + Sum.count)
    }
  }

  /// Counts where the outcome lay in the prediction, spread over the bins it covers.
  private mutating func judge(_ demand: Int64, _ predicted: DemandPrediction) {
    let bounds = NegativeBinomialCells.bounds(
      of: demand, mean: max(1, predicted.mean), excess: predicted.excess)
    let width = max(1, bounds.upTo - bounds.below)
    for upper in 0...1 {
      let index = predicted.place.index + upper
      let weight = upper == 0 ? 65_536 - predicted.place.fraction : predicted.place.fraction
      if outcomes(index) < Self.judgedFrom { continue }
      for bin in 0..<DemandLevels.bins {
        let from = max(bounds.below, DemandLevels.fixed(bin))
        let to = min(bounds.below + width, DemandLevels.fixed(bin + 1))
        if to <= from { continue }
        let share = Int64((Int128(weight) * Int128(to - from)) / Int128(width))
        shares[index * DemandLevels.bins + bin] += share
        shares[Self.count * DemandLevels.bins + bin] += share
      }
    }
  }

  // MARK: Reading

  private mutating func refresh() {
    let believed: Int64 = 5 << 16
    var (excess, own, squares) = (Int128(0), Int128(0), Int128(0))
    for index in 0..<Self.count {
      excess += Int128(max(0, sum(Sum.excess, index)))
      own += Int128(sum(Sum.ownExcess, index))
      squares += Int128(sum(Sum.expectedSquares, index))
    }
    let general = Int128(believed) * Int128(Self.usualExcess)
    let allExcess = ((excess << 20) + general) / (squares + Int128(believed))
    let allOwn = ((own << 20) + general) / (squares + Int128(believed))
    let quick = quickShares()
    for index in 0..<Self.count {
      let start = index * Reading.count
      let squaresHere = Int128(sum(Sum.expectedSquares, index))
      let seen = squaresHere + Int128(believed)
      let wide = Int128(max(0, sum(Sum.excess, index))) << 20
      // How uneven its items are is seen at once, how wide outcomes spread with time: until then, as
      // much wider than its items are as all are.
      let ownHere =
        ((Int128(sum(Sum.ownExcess, index)) << 20) + Int128(general) / 5)
        / (squaresHere + Int128(believed) / 5)
      let usual = Int128(Self.inRange(ownHere)) * allExcess / max(1, allOwn)
      let trusted: Int64 = 20 << 16
      table[start + Reading.quick] = quick[index]
      table[start + Reading.bias] = DemandScale.quotient(
        max(0, sum(Sum.demand, index)) + trusted, sum(Sum.expected, index) + trusted)
      table[start + Reading.excess] = Self.inRange(
        (wide + Int128(believed) * min(usual, allExcess)) / seen)
      table[start + Reading.ownExcess] = Self.inRange(ownHere)
    }
  }

  /// An excess within 0.001…10,000.
  private static func inRange(_ excess: Int128) -> Int64 {
    Int64(min(max(excess, 1049), 10_000 << 20))
  }

  /// How much of the quick rate counts: least squares, an outcome weighed by its spread, a class
  /// drawn to the common share by a twentieth of what all say.
  private func quickShares() -> [Int64] {
    var (squares, products): ([Int128], [Int128]) = ([], [])
    for index in 0..<Self.count {
      // Mean and excess of the class are relative to its middle m: a variance of m·mean + m²·excess.
      let mean = Int128(sum(Sum.expected, index))
      let octave = index + Self.firstOctave
      let poisson = octave >= 0 ? mean >> Int128(octave) : mean << Int128(-octave)
      let spread = max(1, poisson + Int128(max(0, sum(Sum.excess, index))))
      let outcomes = Int128(sum(Sum.outcomes, index))
      squares.append(Int128(sum(Sum.squares, index)) * outcomes / spread)
      products.append(Int128(sum(Sum.products, index)) * outcomes / spread)
    }
    let allSquares = squares.reduce(0, +)
    let allProducts = products.reduce(0, +)
    let one = Int128(DemandScale.one)
    // Before anything is known: three parts in ten.
    let common =
      allSquares > 0 ? min(max(0, (allProducts << 20) / allSquares), one) : 3 * one / 10
    let strength = allSquares / 20 + 1
    return squares.indices.map { index in
      let share = ((products[index] << 20) + common * strength) / (squares[index] + strength)
      return Int64(min(max(0, share), one))
    }
  }

  private func sum(_ sum: Int, _ index: Int) -> Int64 { sums[index * Sum.count + sum] }

  // MARK: Amounts relative to a class's middle

  /// 1/2^20 units as 1/2^16 of the class's middle, at most 2^12 of it either way: one absurd
  /// outcome does not make a class's belief.
  private static func relative(_ units: Int64, _ index: Int) -> Int64 {
    let most: Int64 = 1 << 28
    return min(max(-most, relativeRaw(units, index) >> 4), most)
  }

  private static func relativeRaw(_ units: Int64, _ index: Int) -> Int64 {
    let octave = index + firstOctave
    if octave >= 0 { return units >> Int64(octave) }
    return DemandScale.clamped(Int128(units) << Int128(-octave))
  }

  private static func product(_ left: Int64, _ right: Int64) -> Int64 { (left * right) >> 16 }

  private static func weighed(_ value: Int64, _ weight: Int64) -> Int64 {
    DemandScale.clamped((Int128(value) * Int128(weight)) >> 16)
  }
}
