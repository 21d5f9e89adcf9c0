#include "ngx_module/http/token_path.h"

#include <string>

#include "core/token/token_path.h"
#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/pool.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/log_redaction.h"
#include "ngx_module/http/request_context.h"
#include "ngx_module/http/token_state.h"

namespace weir::edge {

namespace {

bool takes_tokens(ngx_http_request_t* r) noexcept {
  return server_conf(r)->takes_tokens || main_conf(r)->takes_tokens;
}

// Throws std::bad_alloc rather than leave a token where it can be logged.
ngx_str_t copied(ngx_http_request_t* r, std::string_view text) {
  const ngx_str_t copy = copy_ngx_str(r->pool, text);
  if (copy.data == nullptr) throw std::bad_alloc();
  return copy;
}

void redact(ngx_http_request_t* r, ngx_str_t& text) {
  if (const auto clean = redact_tokens(as_view(text))) text = copied(r, *clean);
}

void redact_request(ngx_http_request_t* r) {
  redact(r, r->request_line);
  redact(r, r->unparsed_uri);
  // A file opened from a page whose URL holds the token.
  if (r->headers_in.referer != nullptr) redact(r, r->headers_in.referer->value);
}

void take_from_path(ngx_http_request_t* r, RequestToken& token) {
  const auto split = split_token_path(as_view(r->uri));
  if (!split) return;
  // Both stay where they are: r->uri lies in the request's own buffers.
  token.path = split->token;
  r->uri = as_ngx_str(split->rest);
  ngx_http_set_exten(r);
}

void take_from_query(ngx_http_request_t* r, RequestToken& token) {
  const auto split = split_token_query(as_view(r->args));
  if (!split) return;
  token.query = as_view(copied(r, split->token));
  r->args = copied(r, split->rest);
}

ngx_int_t take(ngx_http_request_t* r) {
  if (!takes_tokens(r)) return NGX_DECLINED;
  RequestContext* context = request_context(r);
  if (context == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  redact_log_of(r->connection);
  redact_request(r);
  context->redacted = true;
  RequestToken token;
  take_from_path(r, token);
  take_from_query(r, token);
  if (token.path.data() == nullptr && token.query.data() == nullptr) return NGX_DECLINED;
  // proxy_pass without a URI part sends unparsed_uri on: let it build one from uri and args
  // instead.
  r->valid_unparsed_uri = 0;
  TokenState* state = token_state(r);
  if (state == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  state->request = token;
  return NGX_DECLINED;
}

}  // namespace

ngx_int_t take_token_off(ngx_http_request_t* r) noexcept {
  return guard_request(r, "taking the token off", take);
}

ngx_int_t redact_before_log(ngx_http_request_t* r) noexcept {
  return guard_request(r, "redacting a request", [](ngx_http_request_t* request) -> ngx_int_t {
    if (!takes_tokens(request)) return NGX_OK;
    const RequestContext* context = request_context(request);
    if (context != nullptr && context->redacted) return NGX_OK;
    redact_request(request);
    redact(request, request->uri);
    redact(request, request->args);
    return NGX_OK;
  });
}

}  // namespace weir::edge
