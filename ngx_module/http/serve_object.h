// One whole object to one viewer: GET and HEAD, Range (one range; several when the object is held
// whole), If-Range, If-None-Match, If-Modified-Since, growing objects, errors as problem+json,
// Cache-Status. Used for pieces, header.enp and everything under a plain weir_origin location.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <string_view>

#include "ngx_module/store/reader.h"

namespace weir::edge {

struct ServeOptions {
  std::string_view content_type;   // overrides the object's; empty: the object's, else by suffix
  std::string_view cache_control;  // e.g. "public, max-age=31536000, immutable"; empty: none
  std::string_view etag;           // overrides, with quotes; empty: the object's
};

// A content handler's return value: NGX_DONE when it went asynchronous (the reference on the
// request is taken inside). The views need only live during the call; `request.r` must be a main
// request.
ngx_int_t serve_object(const ObjectRequest& request, const ServeOptions& options = {});

// The module's rule for every response of ours: no TCP_CORK (it holds growing answers back by 200
// ms and unaligned ranges by 40 ms), TCP_NODELAY instead. Call before ngx_http_send_header.
void prepare_output(ngx_http_request_t* r) noexcept;

}  // namespace weir::edge
