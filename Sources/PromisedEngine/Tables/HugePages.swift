import Glibc

/// Large tables on large pages: a random read of a table of small pages misses the processor's
/// page cache as well as its data caches.
enum HugePages {
  static var byteCount: Int { 1 << 21 }
  /// Smaller memory would waste more than it wins.
  private static var worthwhile: Int { 1 << 22 }

  static func areWorthwhile(_ bytes: Int) -> Bool { bytes >= worthwhile }

  /// Asks for large pages under the whole ones among these bytes. A wish: the system may ignore it.
  static func advise(_ base: UnsafeMutableRawPointer, bytes: Int) {
    if !areWorthwhile(bytes) { return }
    let start = (UInt(bitPattern: base) + UInt(byteCount) - 1) & ~UInt(byteCount - 1)
    let end = (UInt(bitPattern: base) + UInt(bytes)) & ~UInt(byteCount - 1)
    if end <= start { return }
    _ = madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_HUGEPAGE)
  }
}
