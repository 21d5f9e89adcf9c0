#include "ngx_module/http/problem.h"

#include <string>

#include "ngx_module/glue/str.h"
#include "ngx_module/http/cache_status.h"
#include "ngx_module/http/request_context.h"

namespace weir::edge {

namespace {

std::string_view title_of(ngx_int_t status) noexcept {
  switch (status) {
    case NGX_HTTP_BAD_REQUEST:
      return "Bad Request";
    case NGX_HTTP_UNAUTHORIZED:
      return "Unauthorized";
    case NGX_HTTP_FORBIDDEN:
      return "Forbidden";
    case NGX_HTTP_NOT_FOUND:
      return "Not Found";
    case NGX_HTTP_NOT_ALLOWED:
      return "Method Not Allowed";
    case NGX_HTTP_RANGE_NOT_SATISFIABLE:
      return "Range Not Satisfiable";
    case NGX_HTTP_BAD_GATEWAY:
      return "Bad Gateway";
    case NGX_HTTP_SERVICE_UNAVAILABLE:
      return "Service Unavailable";
    case NGX_HTTP_GATEWAY_TIME_OUT:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char ch : text) {
    const auto byte = static_cast<unsigned char>(ch);
    if (ch == '"' || ch == '\\') {
      out += '\\';
      out += ch;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += ch;
    }
  }
  out += '"';
}

std::string problem_json(ErrorCode code, std::string_view detail, ngx_int_t status) {
  std::string body = R"({"type":"urn:weir:error:)";
  body += error_name(code);
  body += R"(","title":)";
  append_json_string(body, title_of(status));
  body += R"(,"status":)" + std::to_string(status);
  body += R"(,"code":)" + std::to_string(static_cast<unsigned>(code));
  body += R"(,"detail":)";
  append_json_string(body, detail);
  body += "}\n";
  return body;
}

}  // namespace

ngx_int_t http_status(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kTokenMissing:
      return NGX_HTTP_UNAUTHORIZED;
    case ErrorCode::kBadArgument:
    case ErrorCode::kBadPath:
      return NGX_HTTP_BAD_REQUEST;
    case ErrorCode::kBadRange:
      return NGX_HTTP_RANGE_NOT_SATISFIABLE;
    case ErrorCode::kNotFound:
    case ErrorCode::kNoSuchRendition:
      return NGX_HTTP_NOT_FOUND;
    case ErrorCode::kMethodNotAllowed:
      return NGX_HTTP_NOT_ALLOWED;
    case ErrorCode::kOriginTimeout:
      return NGX_HTTP_GATEWAY_TIME_OUT;
    case ErrorCode::kDraining:
      return NGX_HTTP_SERVICE_UNAVAILABLE;
    default:
      break;
  }
  const auto number = static_cast<unsigned>(code);
  if (number < 100) return NGX_HTTP_FORBIDDEN;    // the token's other faults
  if (number < 200) return NGX_HTTP_BAD_GATEWAY;  // what the library or the origin holds is damaged
  if (number >= 300 && number < 400) return NGX_HTTP_BAD_GATEWAY;
  return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

bool add_header(ngx_http_request_t* r, std::string_view name, std::string_view value) {
  auto* header = static_cast<ngx_table_elt_t*>(ngx_list_push(&r->headers_out.headers));
  if (header == nullptr) return false;
  ngx_memzero(header, sizeof(*header));
  const ngx_str_t copy = copy_ngx_str(r->pool, value);
  if (copy.data == nullptr) return false;  // hash is 0: the header is not sent
  header->hash = 1;
  header->key = as_ngx_str(name);
  header->value = copy;
  return true;
}

ngx_int_t send_problem(ngx_http_request_t* r, ErrorCode code, std::string_view detail,
                       ngx_int_t status) {
  if (status == 0) status = http_status(code);
  RequestContext* context = request_context(r);
  if (context != nullptr) context->error = code;
  if (r->header_sent) return NGX_ERROR;
  if (ngx_http_discard_request_body(r) != NGX_OK) r->keepalive = 0;

  const std::string json = problem_json(code, detail, status);
  const ngx_str_t body = copy_ngx_str(r->pool, json);
  auto* b = static_cast<ngx_buf_t*>(ngx_calloc_buf(r->pool));
  if (body.data == nullptr || b == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;

  ngx_http_clear_accept_ranges(r);
  ngx_http_clear_last_modified(r);
  ngx_http_clear_etag(r);
  r->headers_out.status = static_cast<ngx_uint_t>(status);
  r->headers_out.content_length_n = static_cast<off_t>(body.len);
  ngx_str_set(&r->headers_out.content_type, "application/problem+json");
  r->headers_out.content_type_len = r->headers_out.content_type.len;
  r->headers_out.content_type_lowcase = nullptr;
  add_header(r, "Cache-Control", "no-store");
  add_cache_status(r);

  const ngx_int_t rc = ngx_http_send_header(r);
  if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) return rc;
  b->pos = body.data;
  b->last = body.data + body.len;
  b->memory = 1;
  b->last_buf = 1;
  b->last_in_chain = 1;
  ngx_chain_t out = {b, nullptr};
  return ngx_http_output_filter(r, &out);
}

ngx_int_t send_problem(ngx_http_request_t* r, const Error& error) {
  return send_problem(r, error.code, error.detail);
}

}  // namespace weir::edge
