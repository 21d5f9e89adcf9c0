// HKDF-SHA256 (RFC 5869), extract and expand in one.
#pragma once

#include "core/base/bytes.h"

namespace weir {

// Fills `out` (at most 255 * 32 bytes). An empty salt is the RFC's default, 32 zeros.
void hkdf_sha256(ByteView key, ByteView salt, ByteView info, MutableBytes out);

}  // namespace weir
