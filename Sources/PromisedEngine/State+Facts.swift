import PromisedModel

/// What operators ask of the state.
extension State {
  /// Every feed source's high-water mark, by name.
  package var sourceMarks: [(name: Name, lastSequence: UInt64)] {
    let rows = exportSources()
    return zip(rows.sources, rows.lastSequences).map { (name: $0, lastSequence: $1) }
  }
}
