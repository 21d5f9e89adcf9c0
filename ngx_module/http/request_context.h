// What the module remembers about one request. Owned by r->pool; survives internal redirects and
// error pages, which zero r->ctx.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <cstdint>
#include <optional>

#include "core/base/errors.h"
#include "ngx_module/store/reader.h"

namespace weir::edge {

struct RequestContext {
  // Set by whoever answers from an ObjectReader; $weir_cache_status and Cache-Status.
  CacheStatus cache_status = CacheStatus::kNone;
  // Why the request failed; kept for the access log.
  std::optional<ErrorCode> error;
  // The request's texts hold no token any more.
  bool redacted = false;
  // For concerns that keep more: a pointer into r->pool each.
  void* title = nullptr;
  void* token = nullptr;
};

// Made at first use; nullptr only when out of memory. Subrequests share their main request's.
RequestContext* request_context(ngx_http_request_t* r);

}  // namespace weir::edge
