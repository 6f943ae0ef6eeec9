#pragma once

// Asks the processor to read the line at an address, without waiting for it. Swift has no way to
// say so; a load in its place would be waited for.
static inline __attribute__((always_inline)) void promised_prefetch(const void *address) {
  __builtin_prefetch(address, 0, 3);
}
