#include "ngx_module/http/send_text.h"

#include <string>

#include "ngx_module/glue/str.h"
#include "ngx_module/http/entity.h"
#include "ngx_module/http/problem.h"

namespace weir::edge {

ngx_int_t send_text(ngx_http_request_t* r, std::string_view text, std::string_view content_type,
                    std::string_view etag, std::string_view cache_control) {
  Entity entity;
  entity.total = text.size();
  entity.content_type = copy_ngx_str(r->pool, content_type);
  if (!etag.empty()) entity.etag = copy_ngx_str(r->pool, etag);
  entity.cache_control = copy_ngx_str(r->pool, cache_control);
  const Selection selection = select_bytes(r, entity);
  if (selection.status == NGX_HTTP_RANGE_NOT_SATISFIABLE) {
    add_content_range_star(r, text.size());
    return send_problem(r, ErrorCode::kBadRange,
                        "there are " + std::to_string(text.size()) + " bytes");
  }
  if (selection.status == NGX_HTTP_PRECONDITION_FAILED) return NGX_HTTP_PRECONDITION_FAILED;
  const ngx_int_t rc = send_entity_header(r, entity, selection);
  if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) return rc;

  const ByteRange range =
      selection.ranges.empty() ? ByteRange{0, text.size()} : selection.ranges[0];
  if (range.length == 0) return ngx_http_send_special(r, NGX_HTTP_LAST);
  auto* b = static_cast<ngx_buf_t*>(ngx_calloc_buf(r->pool));
  if (b == nullptr) return NGX_ERROR;
  const ngx_str_t body = as_ngx_str(
      text.substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length)));
  b->pos = b->start = body.data;
  b->last = b->end = body.data + body.len;
  b->memory = 1;
  b->last_buf = 1;
  b->last_in_chain = 1;
  ngx_chain_t out = {b, nullptr};
  return ngx_http_output_filter(r, &out);
}

}  // namespace weir::edge
