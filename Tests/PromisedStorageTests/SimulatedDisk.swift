import PromisedPlatform
import Synchronization

/// A disk in memory that keeps apart what a program sees and what a power cut leaves.
///
/// Method: every operation has a number. `failures` names operations that fail; `stopsAfter` cuts
/// the power behind one, after which everything fails. `afterPowerCut` then builds a legal disk:
/// each write since its file's last sync is kept, lost or torn at a multiple of 64 bytes; of the
/// directory changes since the last directory sync either a prefix or any subset is kept. The seed
/// chooses.
final class SimulatedDisk: FileStore {
  enum Operation: Equatable {
    case create(String), write(String), sync(String), syncDirectory, rename(String, String)
    case remove(String), open(String), read(String), list, other
  }

  struct Pending { var offset: Int, bytes: [UInt8] }

  final class Node {
    var seen: [UInt8] = []
    var durable: [UInt8] = []
    var pending: [Pending] = []
    var lockedBy: Int32?
  }

  struct State {
    var nodes: [Int: Node] = [:]
    var nextNode = 0
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    /// The directory changes since the last directory sync, oldest first: per name its new node,
    /// or nil when the name went.
    var nameChanges: [[(String, Int?)]] = []
    var open: [Int32: Int] = [:]
    var nextFile: Int32 = 3
    var operations: [Operation] = []
    var failures: [Int: Int32] = [:]
    var failsForever = false
    var stopsAfter = Int.max
    var stopped = false
    var room = Int.max
    var syncsPretend = false
  }

  let state = Mutex(State())

  init(_ files: [(String, [UInt8])] = []) {
    state.withLock { state in
      for (name, bytes) in files {
        let node = Node()
        node.seen = bytes
        node.durable = bytes
        state.nodes[state.nextNode] = node
        state.names[name] = state.nextNode
        state.durableNames[name] = state.nextNode
        state.nextNode += 1
      }
    }
  }

  // MARK: what tests look at and set

  var files: [(String, [UInt8])] {
    state.withLock { state in
      state.names.sorted { $0.key < $1.key }.map { ($0.key, state.nodes[$0.value]!.seen) }
    }
  }

  subscript(name: String) -> [UInt8]? {
    get { state.withLock { state in state.names[name].map { state.nodes[$0]!.seen } } }
    set {
      state.withLock { state in
        guard let newValue else { state.names[name] = nil; state.durableNames[name] = nil; return }
        let node = Node()
        node.seen = newValue
        node.durable = newValue
        state.nodes[state.nextNode] = node
        state.names[name] = state.nextNode
        state.durableNames[name] = state.nextNode
        state.nextNode += 1
      }
    }
  }

  var operations: [Operation] { state.withLock { $0.operations } }
  func fail(_ operation: Int, errno: Int32, forever: Bool = false) {
    state.withLock {
      $0.failures[operation] = errno
      $0.failsForever = forever
    }
  }
  func stop(after operation: Int) { state.withLock { $0.stopsAfter = operation } }
  /// Makes sync do nothing: the bug that only a power cut shows.
  func pretendSync() { state.withLock { $0.syncsPretend = true } }
  func limitRoom(to bytes: Int) { state.withLock { $0.room = bytes } }

  /// A copy of what is seen, as after a kill of the process alone.
  func afterKill() -> SimulatedDisk { SimulatedDisk(files) }

  /// A disk that the cut could have left.
  func afterPowerCut(seed: UInt64) -> SimulatedDisk {
    var random = Random(state: seed)
    return state.withLock { state in
      var names = state.durableNames
      let prefix = Int(random.next() % UInt64(state.nameChanges.count + 1))
      let isSubset = random.next() % 2 == 0
      for (index, change) in state.nameChanges.enumerated() {
        guard isSubset ? random.next() % 2 == 0 : index < prefix else { continue }
        for (name, node) in change { names[name] = node }
      }
      var files: [(String, [UInt8])] = []
      for (name, number) in names.sorted(by: { $0.key < $1.key }) {
        let node = state.nodes[number]!
        var bytes = node.durable
        for write in node.pending {
          let choice = random.next() % 4
          if choice == 0 { continue }
          var kept = write.bytes[...]
          var offset = write.offset
          if choice == 1 {
            kept = kept.prefix(Int(random.next() % UInt64(kept.count / 64 + 1)) * 64)
          } else if choice == 2 {
            let lost = min(kept.count, Int(random.next() % UInt64(kept.count / 64 + 1)) * 64)
            kept = kept.dropFirst(lost)
            offset += lost
          }
          overlay(&bytes, Array(kept), at: offset)
        }
        files.append((name, bytes))
      }
      return SimulatedDisk(files)
    }
  }

  private func overlay(_ bytes: inout [UInt8], _ new: [UInt8], at offset: Int) {
    if new.isEmpty { return }
    if bytes.count < offset + new.count {
      bytes += [UInt8](repeating: 0, count: offset + new.count - bytes.count)
    }
    bytes.replaceSubrange(offset..<offset + new.count, with: new)
  }

  // MARK: FileStore

  private func step(
    _ state: inout State, _ operation: Operation, _ kind: FileError.Operation, _ name: String
  ) throws(FileError) {
    if state.stopped { throw FileError(kind, name, errno: 5) }
    let number = state.operations.count
    state.operations.append(operation)
    if let errno = state.failures[number] { throw FileError(kind, name, errno: errno) }
    if state.failsForever, let first = state.failures.min(by: { $0.key < $1.key }),
      number > first.key
    {
      throw FileError(kind, name, errno: first.value)
    }
  }

  private func after(_ state: inout State) {
    if state.operations.count > state.stopsAfter { state.stopped = true }
  }

  private func locked<Result>(
    _ body: (inout State) throws(FileError) -> sending Result
  ) throws(FileError) -> Result {
    try state.withLock { (state) throws(FileError) in
      defer { after(&state) }
      return try body(&state)
    }
  }

  func open(_ name: String, forWriting: Bool) throws(FileError) -> FileReference {
    try locked { (state) throws(FileError) in
      try step(&state, .open(name), .open, name)
      guard let node = state.names[name] else { throw FileError(.open, name, errno: 2) }
      let file = state.nextFile
      state.nextFile += 1
      state.open[file] = node
      return FileReference(number: file, name: name)
    }
  }

  func create(_ name: String) throws(FileError) -> FileReference {
    try locked { (state) throws(FileError) in
      try step(&state, .create(name), .create, name)
      guard state.names[name] == nil else { throw FileError(.create, name, errno: 17) }
      state.nodes[state.nextNode] = Node()
      state.names[name] = state.nextNode
      state.nameChanges.append([(name, state.nextNode)])
      let file = state.nextFile
      state.nextFile += 1
      state.open[file] = state.nextNode
      state.nextNode += 1
      return FileReference(number: file, name: name)
    }
  }

  func close(_ file: FileReference) {
    state.withLock { state in
      guard let number = state.open.removeValue(forKey: file.number) else { return }
      if state.nodes[number]!.lockedBy == file.number { state.nodes[number]!.lockedBy = nil }
    }
  }

  func size(_ file: FileReference) throws(FileError) -> UInt64 {
    try locked { (state) throws(FileError) in
      try step(&state, .other, .size, file.name)
      return UInt64(state.nodes[state.open[file.number]!]!.seen.count)
    }
  }

  func read(
    _ file: FileReference, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(FileError) -> Int {
    let bytes: [UInt8] = try locked { (state) throws(FileError) in
      try step(&state, .read(file.name), .read, file.name)
      let seen = state.nodes[state.open[file.number]!]!.seen
      return Array(seen.dropFirst(Int(offset)).prefix(buffer.count))
    }
    buffer.copyBytes(from: bytes)
    return bytes.count
  }

  func write(
    _ file: FileReference, _ bytes: UnsafeRawBufferPointer, at offset: UInt64
  ) throws(FileError) {
    let new = Array(bytes)
    try locked { (state) throws(FileError) in
      try step(&state, .write(file.name), .write, file.name)
      let node = state.nodes[state.open[file.number]!]!
      if offset + UInt64(new.count) > UInt64(node.seen.count) {
        guard state.room >= new.count else { throw FileError(.write, file.name, errno: 28) }
        if state.room != .max { state.room -= new.count }
      }
      overlay(&node.seen, new, at: Int(offset))
      node.pending.append(Pending(offset: Int(offset), bytes: new))
    }
  }

  func preallocate(_ file: FileReference, count: UInt64) throws(FileError) {
    try locked { (state) throws(FileError) in
      try step(&state, .write(file.name), .preallocate, file.name)
      guard state.room >= Int(count) else { throw FileError(.preallocate, file.name, errno: 28) }
      if state.room != .max { state.room -= Int(count) }
      let node = state.nodes[state.open[file.number]!]!
      let zeros = [UInt8](repeating: 0, count: Int(count))
      overlay(&node.seen, zeros, at: 0)
      node.pending.append(Pending(offset: 0, bytes: zeros))
    }
  }

  func sync(_ file: FileReference) throws(FileError) {
    try locked { (state) throws(FileError) in
      try step(&state, .sync(file.name), .sync, file.name)
      if state.syncsPretend { return }
      let node = state.nodes[state.open[file.number]!]!
      node.durable = node.seen
      node.pending = []
    }
  }

  func dropCache(_ file: FileReference) {}

  func lock(_ file: FileReference) throws(FileError) -> Bool {
    try locked { (state) throws(FileError) in
      try step(&state, .other, .lock, file.name)
      let node = state.nodes[state.open[file.number]!]!
      if let holder = node.lockedBy, holder != file.number { return false }
      node.lockedBy = file.number
      return true
    }
  }

  func rename(_ name: String, to newName: String) throws(FileError) {
    try locked { (state) throws(FileError) in
      try step(&state, .rename(name, newName), .rename, name)
      guard let node = state.names.removeValue(forKey: name) else {
        throw FileError(.rename, name, errno: 2)
      }
      state.names[newName] = node
      state.nameChanges.append([(name, nil), (newName, node)])
    }
  }

  func remove(_ name: String) throws(FileError) {
    try locked { (state) throws(FileError) in
      try step(&state, .remove(name), .remove, name)
      guard state.names.removeValue(forKey: name) != nil else {
        throw FileError(.remove, name, errno: 2)
      }
      state.nameChanges.append([(name, nil)])
    }
  }

  func list() throws(FileError) -> [String] {
    try locked { (state) throws(FileError) in
      try step(&state, .list, .list, ".")
      return state.names.keys.sorted()
    }
  }

  func syncDirectory() throws(FileError) {
    try locked { (state) throws(FileError) in
      try step(&state, .syncDirectory, .syncDirectory, ".")
      state.durableNames = state.names
      state.nameChanges = []
    }
  }

  func freeSpace() throws(FileError) -> UInt64 { 1 << 40 }
}

/// A reproducible source of choices (splitmix64).
struct Random: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
