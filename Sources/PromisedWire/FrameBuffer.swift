import PromisedInvariants

/// An owned, growing run of bytes that frames are written into and a socket is fed from.
///
/// Bytes are appended at the end and removed from the front. Memory is kept between uses, so a
/// steady stream of frames allocates nothing. Invariant: `0 <= head <= end <= capacity`.
/// The memory has one owner, so a buffer may be handed to another thread whole.
package struct FrameBuffer: ~Copyable, @unchecked Sendable {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private var head = 0
  private var end = 0

  package init(capacity: Int = 4096) {
    self.capacity = max(capacity, 16)
    base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  /// Bytes held.
  package var count: Int { end - head }

  package var isEmpty: Bool { end == head }

  /// The bytes held; valid until the next mutation.
  package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + head, count: end - head)
  }

  /// Makes room for `byteCount` more bytes and returns where they go; `commit` makes them count.
  ///
  /// Amortised linear in the bytes appended. The pointer is valid until the next mutation.
  package mutating func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
    invariant(byteCount >= 0, "a negative reservation")
    if byteCount > capacity - end { makeRoom(for: byteCount) }
    return base + end
  }

  /// Counts `byteCount` bytes that were written after `reserve`.
  package mutating func commit(_ byteCount: Int) {
    invariant(byteCount >= 0 && byteCount <= capacity - end, "commit beyond what was reserved")
    end += byteCount
  }

  package mutating func append(_ byte: UInt8) {
    reserve(1).storeBytes(of: byte, as: UInt8.self)
    end += 1
  }

  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
    end += bytes.count
  }

  package mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { append($0) }
  }

  /// Appends in big-endian order, as frame headers are written.
  package mutating func appendBigEndian(_ value: UInt32) {
    reserve(4).storeBytes(of: value.bigEndian, as: UInt32.self)
    end += 4
  }

  /// Appends a protobuf base-128 varint of 1 to 10 bytes.
  package mutating func appendVarint(_ value: UInt64) {
    let target = reserve(10)
    var rest = value
    var length = 0
    while rest >= 0x80 {
      target.storeBytes(of: UInt8(rest & 0x7f) | 0x80, toByteOffset: length, as: UInt8.self)
      rest >>= 7
      length += 1
    }
    target.storeBytes(of: UInt8(rest), toByteOffset: length, as: UInt8.self)
    end += length + 1
  }

  /// Overwrites four bytes at `offset` from the first byte held, big-endian.
  package mutating func patchBigEndian(_ value: UInt32, at offset: Int) {
    invariant(offset >= 0 && offset + 4 <= count, "a patch outside the bytes held")
    (base + head + offset).storeBytes(of: value.bigEndian, as: UInt32.self)
  }

  /// Forgets everything after the first `count` bytes.
  package mutating func truncate(to count: Int) {
    invariant(count >= 0 && count <= self.count, "truncation beyond the bytes held")
    end = head + count
  }

  /// Forgets the first `byteCount` bytes: they were sent or read. Constant time.
  package mutating func removePrefix(_ byteCount: Int) {
    invariant(byteCount >= 0 && byteCount <= count, "a prefix longer than the bytes held")
    head += byteCount
    if head == end { removeAll() }
  }

  package mutating func removeAll() {
    head = 0
    end = 0
  }

  /// Moves the bytes to the front where that frees enough, and otherwise into twice the memory.
  /// Moving costs at most as much as was removed before, so appending stays amortised linear.
  @inline(never)
  private mutating func makeRoom(for byteCount: Int) {
    let held = end - head
    if head >= held, byteCount <= capacity - held {
      base.copyMemory(from: base + head, byteCount: held)
    } else {
      let (needed, overflow) = held.addingReportingOverflow(byteCount)
      invariant(!overflow, "a buffer larger than memory")
      capacity = max(capacity * 2, needed)
      let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
      grown.copyMemory(from: base + head, byteCount: held)
      base.deallocate()
      base = grown
    }
    head = 0
    end = held
  }
}
