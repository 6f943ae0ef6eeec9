/// Stops the process when `condition` is false: a bug, never a client's doing.
///
/// `precondition` loses its message in optimised builds; this keeps file, line and text, so that
/// the report of a crash names the broken promise. Costs one predictable branch.
@inlinable
@inline(__always)
public func invariant(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  if _slowPath(!condition()) { stop(message(), file: file, line: line) }
}

/// Reports a bug and stops the process.
@usableFromInline
@inline(never)
package func stop(_ message: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
  fatalError("invariant broken: \(message)", file: file, line: line)
}
