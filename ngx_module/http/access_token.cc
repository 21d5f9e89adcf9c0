#include "ngx_module/http/access_token.h"

#include <algorithm>
#include <string>

#include "core/base/bytes.h"
#include "core/token/token_path.h"
#include "core/token/token_policy.h"
#include "crypto/digest.h"
#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/edge_state.h"
#include "ngx_module/http/problem.h"
#include "ngx_module/http/title_location.h"
#include "ngx_module/http/token_claims.h"
#include "ngx_module/http/token_state.h"
#include "ngx_module/store/detached_request.h"

namespace weir::edge {

namespace {

std::string_view bearer_token(ngx_http_request_t* r) noexcept {
  constexpr std::string_view kScheme = "bearer ";
  if (r->headers_in.authorization == nullptr) return {};
  ngx_str_t& value = r->headers_in.authorization->value;
  if (value.len <= kScheme.size()) return {};
  auto* scheme = reinterpret_cast<u_char*>(const_cast<char*>(kScheme.data()));
  if (ngx_strncasecmp(value.data, scheme, kScheme.size()) != 0) return {};
  std::string_view token = as_view(value).substr(kScheme.size());
  while (token.starts_with(' ')) token.remove_prefix(1);
  return token;
}

std::string_view cookie_token(ngx_http_request_t* r) noexcept {
  ngx_str_t name = as_ngx_str(kTokenArgument);
  ngx_str_t value = ngx_null_string;
#if (nginx_version < 1023000)
  if (ngx_http_parse_multi_header_lines(&r->headers_in.cookies, &name, &value) == NGX_DECLINED) {
    return {};
  }
#elif (nginx_version < 1029006)
  if (ngx_http_parse_multi_header_lines(r, r->headers_in.cookie, &name, &value) == nullptr) {
    return {};
  }
#else  // the other one parts at commas alone now
  if (ngx_http_parse_cookie_lines(r, r->headers_in.cookie, &name, &value) == nullptr) return {};
#endif
  return as_view(value);
}

// The first place that has one counts, good or bad.
std::string_view token_of(ngx_http_request_t* r, const TokenState& state) noexcept {
  if (state.request.path.data() != nullptr) return state.request.path;
  if (state.request.query.data() != nullptr) return state.request.query;
  if (const std::string_view token = bearer_token(r); !token.empty()) return token;
  return cookie_token(r);
}

Digest cache_key(const TokenKeys& keys, std::string_view token) {
  static Sha256 hash;  // one a worker: OpenSSL's allocations cost as much as the hashing
  hash.restart();
  hash.update(keys.digest);
  hash.update(as_bytes(token));
  return hash.finish();
}

// Signature and claims, from the cache or by checking. What does not verify is not kept: the cache
// holds nothing that a stranger can put there.
Result<Token> verified(EdgeState& edge, const TokenKeys& keys, std::string_view token,
                       std::int64_t now) {
  if (token.size() > kMaxTokenBytes) {
    return fail(ErrorCode::kTokenTooLong,
                "the token is longer than " + std::to_string(kMaxTokenBytes) + " bytes");
  }
  const Digest key = cache_key(keys, token);
  EdgeState::Claims kept;
  if (edge.find(key, &kept)) {
    if (auto claims = read_claims(kept.view())) {
      edge.counters().tokens_cached.fetch_add(1, std::memory_order_relaxed);
      return *std::move(claims);
    }
  }
  Result<Token> claims = keys.verifier.verify_signature_of(token);
  if (!claims) return claims;
  edge.counters().tokens_verified.fetch_add(1, std::memory_order_relaxed);
  edge.keep(key, write_claims(*claims), claims->expires_at + kTokenSkewS, now);
  return claims;
}

Status admit(ngx_http_request_t* r, TokenState& state, const TokenConf& conf, EdgeState& edge) {
  const std::string_view token = token_of(r, state);
  if (token.empty()) {
    return fail(ErrorCode::kTokenMissing,
                "a token is needed: /~TOKEN/…, ?URISigningPackage=TOKEN, or Authorization: Bearer");
  }
  const std::int64_t now = ngx_time();
  Result<Token> claims = verified(edge, *conf.keys, token, now);
  if (!claims) return tl::unexpected(claims.error());
  state.claims = *std::move(claims);
  TokenRequest request;
  request.title = title_of(r);
  request.right = conf.right;
  request.audience = as_view(conf.audience);
  request.now_unix_s = now;
  return check_token(*state.claims, request);
}

// RFC 6750 section 3: what the client should do about it.
std::string challenge(const Error& error) {
  if (error.code == ErrorCode::kTokenMissing) return "Bearer realm=\"weir\"";
  const bool scope =
      error.code == ErrorCode::kTokenWrongRight || error.code == ErrorCode::kTokenWrongTitle;
  std::string text = error.detail;
  for (char& c : text) {
    if (c == '"' || c == '\\') c = '\'';
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return std::string("Bearer error=\"") + (scope ? "insufficient_scope" : "invalid_token") +
         "\", error_description=\"" + text + '"';
}

bool set_challenge(ngx_http_request_t* r, const Error& error) {
  auto* header = static_cast<ngx_table_elt_t*>(ngx_list_push(&r->headers_out.headers));
  if (header == nullptr) return false;
  ngx_memzero(header, sizeof(*header));
  header->value = copy_ngx_str(r->pool, challenge(error));
  if (header->value.data == nullptr) return false;
  ngx_str_set(&header->key, "WWW-Authenticate");
  header->hash = 1;
  r->headers_out.www_authenticate = header;  // `satisfy any` takes it back here
  return true;
}

ngx_int_t refuse(ngx_http_request_t* r, EdgeState& edge, const Error& error) {
  const auto code = static_cast<std::size_t>(error.code);
  if (code < EdgeCounters::kTokenCodes) {
    edge.counters().tokens_refused[code].fetch_add(1, std::memory_order_relaxed);
  }
  ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "weir: refused: %s", error.detail.c_str());
  const ngx_int_t status = http_status(error.code);
  if (!set_challenge(r, error)) return status;
  const auto* core = static_cast<const ngx_http_core_loc_conf_t*>(
      ngx_http_get_module_loc_conf(r, ngx_http_core_module));
  // With `satisfy any` another access rule may still let the request in.
  if (core->satisfy == NGX_HTTP_SATISFY_ANY) return status;
  ngx_http_finalize_request(r, send_problem(r, error));
  return NGX_DONE;
}

ngx_int_t check(ngx_http_request_t* r) {
  const TokenConf& conf = location_conf(r)->token;
  if (conf.keys == nullptr) return NGX_DECLINED;
  // A fill on its way through the origin's location, which may inherit weir_token.
  if (DetachedRequest::is(r)) return NGX_DECLINED;
  TokenState* state = token_state(r);
  if (state == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  state->admitted = false;
  EdgeState edge(main_conf(r)->edge_state);
  if (const Status admitted = admit(r, *state, conf, edge); !admitted) {
    return refuse(r, edge, admitted.error());
  }
  state->admitted = true;
  return NGX_OK;
}

}  // namespace

ngx_int_t check_access(ngx_http_request_t* r) noexcept {
  return guard_request(r, "checking a token", check);
}

}  // namespace weir::edge
