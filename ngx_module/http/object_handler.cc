// Locations with weir_root or weir_origin and no weir_title: any file over HTTP.
#include "ngx_module/http/directives.h"

namespace weir::edge {

std::span<const PhaseHook> object_hooks() noexcept {
  return {};
}

}  // namespace weir::edge
