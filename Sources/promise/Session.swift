import PromisedClient
import PromisedLinux

/// Why a command ends without doing its work.
enum Failure: Error {
  case usage(String)
  case client(ClientError)
  /// Something on this machine: a file, a directory.
  case local(String, code: Int32)
}

/// The exit codes.
enum ExitCode {
  static let yes: Int32 = 0
  static let no: Int32 = 1
  static let usage: Int32 = 2
  static let unreachable: Int32 = 69
  static let damaged: Int32 = 65
  static let unreadable: Int32 = 74
  static let locked: Int32 = 75
  static let interrupted: Int32 = 130
}

/// What a command works with: its arguments, the connection, and where its words go.
struct Session {
  let spec: CommandSpec
  let arguments: Arguments
  let connection: Connection
  let style: Style
  let isJSON: Bool
  /// Standard output and standard error; a test reads them instead.
  let write: (String) -> Void
  let note: (String) -> Void

  func perform<Answer>(_ call: Call<Answer>) throws(Failure) -> Answer {
    do throws(ClientError) { return try connection.perform(call) } catch { throw .client(error) }
  }

  /// Sends two questions at once.
  func perform<First, Second>(
    _ first: Call<First>, _ second: Call<Second>
  ) throws(Failure) -> (First, Second) {
    do throws(ClientError) {
      let firstTicket = try connection.send(first)
      let secondTicket = try connection.send(second)
      return (try connection.receive(firstTicket), try connection.receive(secondTicket))
    } catch {
      // What was lost on the way is asked again, one by one.
      guard case .unreachable = error else { throw .client(error) }
      return (try perform(first), try perform(second))
    }
  }

  func json(_ fill: (inout JSON) -> Void) { write(JSON.object(fill) + "\n") }

  /// The value of an option that must be given.
  func needed(_ option: String) throws(Failure) -> String {
    guard let value = arguments.value(option), !value.isEmpty else {
      throw .usage("\(spec.name) needs --\(option)")
    }
    return value
  }

  func integer(
    _ name: String, _ range: ClosedRange<Int64>, default standard: Int64
  ) throws(Failure) -> Int64 {
    do throws(UsageError) {
      return try arguments.integer(name, range, default: standard)
    } catch { throw .usage(error.message) }
  }
}
