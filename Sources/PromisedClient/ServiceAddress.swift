/// Where a service listens.
public enum ServiceAddress: Sendable, Equatable, CustomStringConvertible {
  /// A host name or address, and a port.
  case tcp(host: String, port: UInt16)
  /// The path of a Unix socket.
  case unix(path: String)

  /// The port that is asked when none is named.
  public static var defaultPort: UInt16 { 7420 }

  /// Reads `HOST`, `HOST:PORT`, `[v6]:PORT`, `unix:PATH` or an absolute path; nil for anything
  /// else.
  public init?(_ text: String) {
    if text.hasPrefix("unix:") || text.hasPrefix("/") {
      let path = text.hasPrefix("unix:") ? String(text.dropFirst(5)) : text
      if path.isEmpty || path.utf8.contains(0) { return nil }
      self = .unix(path: path)
      return
    }
    var host = text[...]
    var port: Substring?
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      if rest.hasPrefix(":") {
        port = rest.dropFirst()
      } else if !rest.isEmpty {
        return nil
      }
    } else if let colon = text.firstIndex(of: ":") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    if host.isEmpty || host.utf8.contains(0) { return nil }
    guard let port else {
      self = .tcp(host: String(host), port: Self.defaultPort)
      return
    }
    guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port),
      number > 0
    else { return nil }
    self = .tcp(host: String(host), port: number)
  }

  /// The address as it can be read again.
  public var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:" + path
    }
  }
}
