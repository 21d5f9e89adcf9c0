// A request as the location's weir_title sees it.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <string_view>

#include "core/base/result.h"
#include "core/title/title_url.h"

namespace weir::edge {

// What stands before /t/ or /p/: empty, or the name of the location when titles are served below it
// (`location /films/`).
std::string_view title_prefix(ngx_http_request_t* r);

// Views borrow from r->uri.
Result<TitleUrl> title_url(ngx_http_request_t* r);

// The title's id, or empty: the URL names none, or the location serves no titles.
std::string_view title_of(ngx_http_request_t* r);

}  // namespace weir::edge
