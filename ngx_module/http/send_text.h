// A small answer that is in memory: playlists, JSON, keys.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <string_view>

namespace weir::edge {

// Header and body, with validators and a single range; returns what a content handler returns.
// `text` must live as long as r->pool, the other views for the call. `etag` has its quotes, or is
// empty.
ngx_int_t send_text(ngx_http_request_t* r, std::string_view text, std::string_view content_type,
                    std::string_view etag, std::string_view cache_control);

}  // namespace weir::edge
