// Cache-Status (RFC 9211), name "weir", and $weir_cache_status.
#pragma once

#include "ngx_module/glue/ngx.h"

namespace weir::edge {

// Adds the header that says what the request context knows; nothing when it knows nothing.
void add_cache_status(ngx_http_request_t* r);

}  // namespace weir::edge
