import PromisedLinux
import PromisedModel

/// Shows how far something has come: a bar that is redrawn on a terminal, a line every two
/// seconds elsewhere.
final class Meter {
  private let note: (String) -> Void
  private let isBar: Bool
  private let isSilent: Bool
  /// Of the terminal; 0 where there is none.
  private let columns = ClientProcess.columns(2)
  private let start = monotonicNanoseconds()
  private var last: UInt64 = 0
  private var hasBar = false
  private var isWaiting = false
  private var speed = Speed()

  init(_ session: Session) {
    note = session.note
    isBar = ClientProcess.isTerminal(2)
    isSilent = session.isJSON
  }

  /// - Parameters:
  ///   - begun: rows that were done before, which took no time.
  ///   - share: of what is done, where the number of rows is not known.
  func show(
    _ what: String, rows: Int, of total: Int?, begun: Int = 0, share: Share = Share()
  ) {
    let now = monotonicNanoseconds()
    let pause: UInt64 = isBar ? 100_000_000 : 2_000_000_000
    if isSilent || now - max(last, start) < pause { return }
    last = now
    isWaiting = false
    speed.note(max(0, rows - begun), since: start, at: now)
    let rate = speed.perSecond
    let expected = total ?? share.estimate(rows)
    let left = expected.flatMap { remaining(max(0, $0 - rows), rate) }
    if !isBar {
      note("\(what): \(counted(rows, "row"))" + (total.map { " of \(grouped($0))" } ?? ""))
      note(", \(grouped(rate)) rows/s" + (left.map { ", \($0) left" } ?? "") + "\n")
      return
    }
    hasBar = true
    note(
      "\r\u{1B}[K"
        + progressLine(
          what, rows: rows, of: expected, speed: grouped(rate), left: left, columns: columns))
  }

  /// The server does not answer; it is waited for that many seconds yet.
  func wait(_ seconds: UInt64) {
    if isSilent { return }
    let line = "the server does not answer; waiting for it, \(counted(seconds, "second")) more"
    if isBar {
      hasBar = true
      note("\r\u{1B}[K" + String(line.prefix(columns > 0 ? columns - 1 : .max)))
    } else if !isWaiting {
      note(line + "\n")
    }
    isWaiting = true
    last = 0
  }

  func end() {
    if hasBar { note("\r\u{1B}[K") }
    hasBar = false
  }
}

/// How much of something is done.
struct Share {
  var done = 0
  /// 0 = not known.
  var all = 0

  /// About how many rows there are in all; nil = nobody knows.
  func estimate(_ rows: Int) -> Int? {
    if all <= 0 || done <= 0 { return nil }
    return Int(clamping: Int128(rows) * Int128(all) / Int128(done))
  }
}

/// Rows a second over the last seconds, so that what is left is told by how fast it goes now.
struct Speed {
  private var marks: [(at: UInt64, rows: Int)] = []

  private static var span: UInt64 { 5_000_000_000 }

  /// - Parameter start: when no row was done.
  mutating func note(_ rows: Int, since start: UInt64, at now: UInt64) {
    if marks.isEmpty { marks.append((start, 0)) }
    marks.append((now, rows))
    while marks.count > 2 && marks[1].at + Self.span <= now { marks.removeFirst() }
  }

  var perSecond: UInt64 {
    guard let first = marks.first, let last = marks.last, last.at > first.at else { return 0 }
    let rows = UInt64(max(0, last.rows - first.rows))
    return rows.multipliedReportingOverflow(by: 1_000_000_000).partialValue / (last.at - first.at)
  }
}

/// How long so many rows take; nil where nobody can tell.
func remaining(_ rows: Int, _ perSecond: UInt64) -> String? {
  if perSecond == 0 { return nil }
  let seconds = (UInt64(rows) + perSecond - 1) / perSecond
  if seconds < 60 { return "\(seconds) s" }
  if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
  return "\(seconds / 3600) h \(seconds / 60 % 60) min"
}

/// One line of progress, within the columns of a terminal (0 = unknown): the bar gives way first,
/// then what stands at the end.
func progressLine(
  _ what: String, rows: Int, of total: Int?, speed: String, left: String? = nil, columns: Int
) -> String {
  let room = columns > 0 ? columns - 1 : .max
  let name = padded(what, 24) + " "
  let figures = (left.map { "\($0) left, " } ?? "") + "\(grouped(rows)) rows, \(speed) rows/s"
  var line = name
  if let total, total > 0 {
    let width = min(24, room - name.utf8.count - figures.utf8.count - 3)
    if width >= 4 {
      let filled = min(rows, total) * width / total
      line += "[" + String(repeating: "#", count: filled)
      line += String(repeating: "-", count: width - filled) + "] "
    } else {
      line += "\(rows * 100 / total) %, "
    }
  }
  return String((line + figures).prefix(room))
}
