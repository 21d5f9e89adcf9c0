// Takes the token off a request before locations are matched, and out of everything nginx logs:
// /~TOKEN/rest becomes /rest, and $request, $request_uri, the Referer and the error log's context
// show /~-/rest.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <string_view>

namespace weir::edge {

// What was taken off; lives in r->pool.
struct RequestToken {
  std::string_view path;   // from /~TOKEN
  std::string_view query;  // from ?URISigningPackage=TOKEN
};

// POST_READ phase. Servers without weir_title and weir_token are left alone.
ngx_int_t take_token_off(ngx_http_request_t* r) noexcept;

// First in the log phase: requests that failed before POST_READ (a bad Host, say) are logged
// without their token too.
ngx_int_t redact_before_log(ngx_http_request_t* r) noexcept;

}  // namespace weir::edge
