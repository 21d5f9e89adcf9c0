#include "ngx_module/http/cache_status.h"

#include <string>
#include <string_view>

#include "ngx_module/glue/str.h"
#include "ngx_module/http/problem.h"
#include "ngx_module/http/request_context.h"

namespace weir::edge {

namespace {

std::string_view field_value(CacheStatus status) noexcept {
  switch (status) {
    case CacheStatus::kLocal:
      return "weir; hit; detail=LOCAL";
    case CacheStatus::kHit:
      return "weir; hit; detail=HIT";
    case CacheStatus::kFill:
      return "weir; fwd=miss; collapsed; detail=FILL";
    case CacheStatus::kMiss:
      return "weir; fwd=miss; stored; detail=MISS";
    case CacheStatus::kBypass:
      return "weir; fwd=bypass; detail=BYPASS";
    case CacheStatus::kNone:
      break;
  }
  return {};
}

}  // namespace

void add_cache_status(ngx_http_request_t* r) {
  const RequestContext* context = request_context(r);
  if (context == nullptr) return;
  const bool forwarded = context->cache_status == CacheStatus::kMiss ||
                         context->cache_status == CacheStatus::kFill ||
                         context->cache_status == CacheStatus::kBypass;
  if (context->error && forwarded) {  // nothing was stored
    std::string value = "weir; fwd=miss; detail=";
    value += error_name(*context->error);
    add_header(r, "Cache-Status", value);
    return;
  }
  const std::string_view value = field_value(context->cache_status);
  if (!value.empty()) add_header(r, "Cache-Status", value);
}

}  // namespace weir::edge
