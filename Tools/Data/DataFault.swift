/// What is wrong with a file of data, said so that a person can find it.
package struct DataFault: Error, Sendable, Equatable, CustomStringConvertible {
  package var path: String
  /// The line from 1; 0 = the file as a whole.
  package var line: Int
  /// The column's name; empty = none in particular.
  package var column: String
  package var reason: String

  package init(path: String, line: Int = 0, column: String = "", reason: String) {
    self.path = path
    self.line = line
    self.column = column
    self.reason = reason
  }

  package var description: String {
    let place = line > 0 ? "\(path):\(line)" : path
    return column.isEmpty ? "\(place): \(reason)" : "\(place): \(column): \(reason)"
  }
}
