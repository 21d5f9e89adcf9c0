// weir_title: everything a location serves of titles. docs/directives.md lists the views.
#pragma once

#include "ngx_module/glue/ngx.h"

namespace weir::edge {

// The location's content handler.
ngx_int_t serve_title(ngx_http_request_t* r) noexcept;

// PREACCESS phase: headers that let browsers of other origins in, preflights (which carry no
// token), other methods.
ngx_int_t admit_browsers(ngx_http_request_t* r) noexcept;

}  // namespace weir::edge
