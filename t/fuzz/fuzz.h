// For fuzz targets: what must hold, whatever the input.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "core/base/bytes.h"

namespace weir::fuzz {

inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
