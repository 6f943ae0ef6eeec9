import CChecksum

/// CRC-32C of `bytes`, continuing from the checksum `before` of the bytes in front of them.
///
/// Finds every burst of up to 32 wrong bits and every single flip. It is no defence against
/// intent: bytes that must not be forged carry a digest too.
@inlinable
public func checksum(_ bytes: UnsafeRawBufferPointer, continuing before: UInt32 = 0) -> UInt32 {
  cchecksum_crc32c(before, bytes.baseAddress, bytes.count)
}

/// The same by table, which processors without SSE4.2 use.
public func checksumByTable(
  _ bytes: UnsafeRawBufferPointer, continuing before: UInt32 = 0
) -> UInt32 {
  cchecksum_crc32c_table(before, bytes.baseAddress, bytes.count)
}
