import Glibc
import PromisedLinux
import PromisedPlatform
import PromisedStorage
import Testing

/// A fresh directory under the temporary one, removed with all its files at the end.
private func withDirectory(_ body: (String) throws -> Void) throws {
  var template = Array("/tmp/promised-storage-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw FileError(.create, "/tmp", errno: errno) }
  let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  defer {
    if let store = try? LinuxFileStore(path: path + "/data", creating: false) {
      for name in (try? store.list()) ?? [] { try? store.remove(name) }
    }
    rmdir(path + "/data")
    rmdir(path)
  }
  try body(path + "/data")
}

private func mode(_ path: String) -> mode_t {
  var status = stat()
  return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
}

@Suite struct LinuxFileStoreTests {
  @Test func aLogSurvivesOnTheRealDisk() throws {
    try withDirectory { path in
      for round in 0..<3 as Range<UInt64> {
        let store = try LinuxFileStore(path: path, creating: true)
        let directory = try DataDirectory.open(
          store, newDataset: dataset, options: smallSegments(4096))
        var journal = Journal()
        var log = try directory.recover(&journal).takeWriter()
        #expect(journal.records == payloads(upTo: round * 200))
        for _ in 0..<40 { try log.commit(5, timeMs: 1) }
        let tail = log.tail
        try directory.snapshot(at: tail.position, chain: tail.digest)
      }
      let store = try LinuxFileStore(path: path, creating: false)
      let report = try verify(store)
      #expect(report.isSound && report.lastPosition == 600)
      #expect(report.snapshots.map(\.position) == [400, 600])
      #expect(report.firstPosition > 200, "the log behind the older snapshot was trimmed")
    }
  }

  @Test func onlyTheOwnerMayReadAndNoLinkIsFollowed() throws {
    try withDirectory { path in
      let store = try LinuxFileStore(path: path, creating: true)
      store.close(try store.create("one"))
      #expect(mode(path) == 0o700 && mode(path + "/one") == 0o600)
      symlink("one", path + "/link")
      #expect(throws: FileError(.open, "link", errno: ELOOP)) {
        try store.open("link", forWriting: false)
      }
      #expect(throws: FileError(.create, "one", errno: EEXIST)) { try store.create("one") }
      #expect(try store.list() == ["link", "one"])
      #expect(throws: FileError(.open, "none", errno: ENOENT)) {
        try store.open("none", forWriting: true)
      }
    }
  }

  @Test func theLockExcludesASecondOpenerAndEndsWithItsHolder() throws {
    try withDirectory { path in
      let store = try LinuxFileStore(path: path, creating: true)
      let other = try LinuxFileStore(path: path, creating: true)
      do {
        let directory = try DataDirectory.open(store, newDataset: dataset)
        #expect(throws: StorageError.locked) {
          try DataDirectory.open(other, newDataset: dataset)
        }
        #expect(throws: StorageError.locked) { try verify(other) }
        _ = directory.dataset
      }
      #expect(throws: Never.self) { try DataDirectory.open(other, newDataset: dataset) }
    }
  }

  @Test func readsEndAtTheEndAndPreallocationIsZeros() throws {
    try withDirectory { path in
      let store = try LinuxFileStore(path: path, creating: true)
      let file = try store.create("one")
      defer { store.close(file) }
      try store.preallocate(file, count: 3_000_000)
      #expect(try store.size(file) == 3_000_000)
      try [7, 8, 9].withUnsafeBytes { try store.write(file, $0, at: 2_999_999 - 23) }
      try store.sync(file)
      store.dropCache(file)
      var bytes = [UInt8](repeating: 1, count: 100)
      let got = try bytes.withUnsafeMutableBytes { try store.read(file, into: $0, at: 2_999_950) }
      #expect(got == 50 && bytes[0] == 0 && bytes[26] == 7 && bytes[50] == 1)
      let beyond = try bytes.withUnsafeMutableBytes { try store.read(file, into: $0, at: 1 << 40) }
      #expect(beyond == 0)
      #expect(throws: FileError(.read, "one", errno: EFBIG)) {
        try bytes.withUnsafeMutableBytes { _ = try store.read(file, into: $0, at: .max) }
      }
    }
  }
}
