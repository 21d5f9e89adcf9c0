#include "ngx_module/http/title_handler.h"

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/pool.h"
#include "ngx_module/http/problem.h"
#include "ngx_module/http/title_location.h"
#include "ngx_module/http/title_request.h"
#include "ngx_module/http/title_state.h"

namespace weir::edge {

namespace {

ngx_int_t serve(ngx_http_request_t* r) {
  const auto url = title_url(r);
  if (!url) return send_problem(r, url.error());
  if (const ngx_int_t rc = ngx_http_discard_request_body(r); rc != NGX_OK) return rc;
  TitleState* state = title_state(r);
  if (state == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  state->request = make_in_pool<TitleRequest>(r->pool, r, *url, title_prefix(r));
  if (state->request == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  return state->request->start();
}

}  // namespace

ngx_int_t serve_title(ngx_http_request_t* r) noexcept {
  return guard_request(r, "weir_title", serve);
}

}  // namespace weir::edge
