#include "ngx_module/store/reader.h"

namespace weir::edge {

std::string_view name_of(CacheStatus status) noexcept {
  switch (status) {
    case CacheStatus::kLocal:
      return "LOCAL";
    case CacheStatus::kHit:
      return "HIT";
    case CacheStatus::kFill:
      return "FILL";
    case CacheStatus::kMiss:
      return "MISS";
    case CacheStatus::kBypass:
      return "BYPASS";
    case CacheStatus::kNone:
      break;
  }
  return {};
}

}  // namespace weir::edge
