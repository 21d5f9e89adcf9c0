// Errors as application/problem+json (RFC 9457) with the frozen code of docs/errors.md. `detail` is
// sent to the viewer: it never holds a secret or a path of this machine.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <string_view>

#include "core/base/errors.h"

namespace weir::edge {

// The HTTP status an error is answered with.
ngx_int_t http_status(ErrorCode code) noexcept;

// Sends the whole answer (header and body) and returns what a content handler returns; in another
// phase, or after the handler went asynchronous: ngx_http_finalize_request(r, send_problem(...)).
// Sets Cache-Control: no-store and, when the request context has a cache status, Cache-Status.
// `status` 0 means http_status(code). The caller adds further headers (WWW-Authenticate,
// Content-Range) before, with add_header(). A viewer's `error_page` for the status wins, as it does
// for nginx's own errors.
ngx_int_t send_problem(ngx_http_request_t* r, ErrorCode code, std::string_view detail,
                       ngx_int_t status = 0);
ngx_int_t send_problem(ngx_http_request_t* r, const Error& error);

// Pushes a response header. The value is copied into r->pool; `name` must be a literal.
bool add_header(ngx_http_request_t* r, std::string_view name, std::string_view value);

}  // namespace weir::edge
