// CRC-32C (Castagnoli, as in RFC 3720 appendix B.4): header sections and stored blocks.
// Uses the processor's instruction where there is one.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace weir {

// Continues from `crc` (0 to start): crc32c(b, crc32c(a)) == crc32c(a followed by b).
std::uint32_t crc32c(ByteView data, std::uint32_t crc = 0) noexcept;

}  // namespace weir
