import Glibc

/// The checkout as text: what the house's own rules are tested against.
enum House {
  /// The package's folder: two above this file's.
  static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  static func folders(under path: String) -> [String] {
    entries(root + "/" + path).filter { isFolder("\(root)/\(path)/\($0)") }
  }

  /// Paths of all Swift files below `path`, sorted, relative to the root.
  static func swiftFiles(under path: String) -> [String] {
    files(under: path).filter { $0.hasSuffix(".swift") }
  }

  static func files(under path: String) -> [String] {
    var found: [String] = []
    for name in entries(root + "/" + path) {
      let child = "\(path)/\(name)"
      if isFolder(root + "/" + child) {
        if !name.hasPrefix(".") { found += files(under: child) }
      } else {
        found.append(child)
      }
    }
    return found
  }

  static func text(of file: String) -> String {
    guard let handle = fopen(root + "/" + file, "r") else { return "" }
    defer { fclose(handle) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, handle), count > 0 {
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func lines(of file: String) -> [Substring] {
    text(of: file).split(separator: "\n", omittingEmptySubsequences: false)
  }

  static func imports(of file: String) -> [String] {
    lines(of: file).compactMap { line in
      let words = line.split(separator: " ")
      guard let at = words.firstIndex(of: "import"), at <= 1, words.count > at + 1 else {
        return nil
      }
      return String(words[at + 1])
    }
  }

  private static func entries(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
