#pragma once

#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as in RFC 3720 section 12.1.
// In C because Swift cannot name the SSE4.2 instruction behind it.

/// The checksum of `count` bytes that follow bytes whose checksum is `before` (0 for none).
uint32_t cchecksum_crc32c(uint32_t before, const void *bytes, size_t count);

/// The same by table, for processors without the instruction; exposed so that tests compare both.
uint32_t cchecksum_crc32c_table(uint32_t before, const void *bytes, size_t count);
