// CORS and methods: what comes before a token is asked for.
#include <string_view>

#include "ngx_module/glue/guard.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/problem.h"
#include "ngx_module/http/title_handler.h"
#include "ngx_module/http/title_state.h"

namespace weir::edge {

namespace {

constexpr std::string_view kMethods = "GET, HEAD, OPTIONS";

ngx_int_t send_preflight(ngx_http_request_t* r) {
  add_header(r, "Access-Control-Allow-Methods", kMethods);
  add_header(r, "Access-Control-Allow-Headers",
             "Range, If-Range, If-Match, If-None-Match, If-Modified-Since, Authorization");
  add_header(r, "Access-Control-Max-Age", "86400");
  add_header(r, "Allow", kMethods);
  r->headers_out.status = NGX_HTTP_NO_CONTENT;
  r->headers_out.content_length_n = -1;
  r->header_only = 1;
  return ngx_http_send_header(r);
}

ngx_int_t admit(ngx_http_request_t* r) {
  if (!location_conf(r)->title.enabled || r != r->main) return NGX_DECLINED;
  TitleState* state = title_state(r);
  if (state == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  if (state->cors_added) return NGX_DECLINED;  // an internal redirect
  state->cors_added = true;
  // A token is no cookie: any page may ask, none can ask in a viewer's name.
  add_header(r, "Access-Control-Allow-Origin", "*");
  add_header(r, "Access-Control-Expose-Headers", "Content-Range, ETag, Cache-Status");
  add_header(r, "Timing-Allow-Origin", "*");
  add_header(r, "X-Content-Type-Options", "nosniff");

  if ((r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) != 0) return NGX_DECLINED;
  if (ngx_http_discard_request_body(r) != NGX_OK) r->keepalive = 0;
  if (r->method == NGX_HTTP_OPTIONS) {
    ngx_http_finalize_request(r, send_preflight(r));
    return NGX_DONE;
  }
  add_header(r, "Allow", kMethods);
  ngx_http_finalize_request(
      r, send_problem(r, ErrorCode::kMethodNotAllowed, "only GET, HEAD and OPTIONS here"));
  return NGX_DONE;
}

}  // namespace

ngx_int_t admit_browsers(ngx_http_request_t* r) noexcept {
  return guard_request(r, "weir_title", admit);
}

}  // namespace weir::edge
