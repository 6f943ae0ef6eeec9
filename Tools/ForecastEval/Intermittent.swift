/// The classic point forecasts of intermittent demand, for comparison.
///
/// Sources: J. D. Croston (1972); A. A. Syntetos and J. E. Boylan, "The accuracy of intermittent
/// demand estimates" (2005); R. H. Teunter, A. A. Syntetos and M. Z. Babai (2011).
struct Intermittent {
  /// Smoothed size of a demand, and smoothed days between two, updated when there is one.
  private(set) var size = 0.0
  private(set) var interval = 0.0
  private let share: Double
  /// The smoothed chance and size of Teunter, Syntetos and Babai, which fades while there is none.
  private var chance = 0.0
  private var chanceSize = 0.0

  init(_ sales: ArraySlice<Int64>, share: Double) {
    self.share = share
    var wait = 0.0
    for units in sales {
      wait += 1
      if size == 0 {
        if units == 0 { continue }
        (size, interval) = (Double(units), wait)
        (chance, chanceSize) = (1 / wait, Double(units))
        wait = 0
        continue
      }
      chance += share * ((units > 0 ? 1 : 0) - chance)
      if units == 0 { continue }
      size += share * (Double(units) - size)
      interval += share * (wait - interval)
      chanceSize += share * (Double(units) - chanceSize)
      wait = 0
    }
  }

  /// Croston's units a day.
  var rate: Double { interval > 0 ? size / interval : 0 }
  /// Syntetos and Boylan's, without Croston's bias.
  var approximationRate: Double { rate * (1 - share / 2) }
  /// Teunter, Syntetos and Babai's.
  var probabilityRate: Double { chance * chanceSize }
}
