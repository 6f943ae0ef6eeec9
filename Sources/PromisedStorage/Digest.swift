import CCrypto
import PromisedBytes
import PromisedInvariants

/// The first 128 bits of a SHA-256: enough that no two histories share one by chance, and none by
/// intent for less than 2^64 work.
package struct Digest: Equatable, Sendable {
  /// Bytes 0..<8, least significant first.
  package let low: UInt64
  /// Bytes 8..<16, least significant first.
  package let high: UInt64

  /// Makes a digest of its two halves.
  package init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// No digest: before the first group of a dataset.
  package static let none = Digest(low: 0, high: 0)
  /// The bytes it takes on disk.
  static let byteCount = 16
}

/// The name of one history: 16 random bytes drawn at first boot and written into every file, so
/// that a file of another directory is recognised.
///
/// It also keeps payloads from imitating a group header, so it is not told to clients.
package struct DatasetIdentity: Equatable, Sendable {
  let low: UInt64
  let high: UInt64

  /// Makes an identity of 16 random bytes given as two halves.
  package init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// What a client may see of it: enough to tell two datasets apart, not enough to imitate a log
  /// group of this one.
  package var label: UInt32 { UInt32(truncatingIfNeeded: low) }
}

extension ByteBuffer {
  mutating func append(_ digest: Digest) {
    append(digest.low)
    append(digest.high)
  }

  mutating func append(_ dataset: DatasetIdentity) {
    append(dataset.low)
    append(dataset.high)
  }
}

extension ByteReader {
  mutating func readDigest() throws(ByteError) -> Digest {
    Digest(low: try read(), high: try read())
  }

  mutating func readDataset() throws(ByteError) -> DatasetIdentity {
    DatasetIdentity(low: try read(), high: try read())
  }
}

/// A SHA-256 in progress, used again for digest after digest.
struct DigestContext: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer
  private let algorithm: OpaquePointer

  init() {
    // Fetched once: looking the algorithm up for every group would cost more than short digests.
    guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil), let context = EVP_MD_CTX_new() else {
      invariant(false, "libcrypto provides SHA-256")
      fatalError()
    }
    self.algorithm = algorithm
    self.context = context
    start()
  }

  deinit {
    EVP_MD_CTX_free(context)
    EVP_MD_free(algorithm)
  }

  private func start() {
    invariant(EVP_DigestInit_ex2(context, algorithm, nil) == 1, "a digest starts")
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    invariant(
      EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "a digest takes bytes")
  }

  /// The digest of all bytes since the last `finish`; the context starts anew.
  mutating func finish() -> Digest {
    let digest = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { out in
      var count: UInt32 = 0
      let target = out.bindMemory(to: UInt8.self).baseAddress
      invariant(EVP_DigestFinal_ex(context, target, &count) == 1, "a digest ends")
      invariant(count == 32, "SHA-256 has 32 bytes")
      return Digest(
        low: UInt64(littleEndian: out.load(fromByteOffset: 0, as: UInt64.self)),
        high: UInt64(littleEndian: out.load(fromByteOffset: 8, as: UInt64.self)))
    }
    start()
    return digest
  }

  mutating func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
    update(bytes)
    return finish()
  }
}
