#include "ngx_module/http/entity.h"

#include <string>
#include <string_view>

#include "core/title/range.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/cache_status.h"
#include "ngx_module/http/problem.h"
#include "ngx_module/http/serve_object.h"

namespace weir::edge {

namespace {

std::string_view without_weak_mark(std::string_view etag) noexcept {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// If-Match compares strongly, If-None-Match weakly (RFC 9110 section 13.1). Quoted tags hold no
// comma in practice; one that does simply never matches.
bool list_has(std::string_view list, const ngx_str_t& etag, bool weak) {
  const std::string_view own = as_view(etag);
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view one = trim(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    if (one == "*") return true;
    if (own.empty()) continue;
    if (weak && without_weak_mark(one) == without_weak_mark(own)) return true;
    if (!weak && one == own && !own.starts_with("W/")) return true;
  }
  return false;
}

time_t http_time(const ngx_table_elt_t* header) noexcept {
  return ngx_parse_http_time(header->value.data, header->value.len);
}

// The status a precondition forces, or 0.
ngx_uint_t failed_precondition(ngx_http_request_t* r, const Entity& entity) {
  const ngx_http_headers_in_t& in = r->headers_in;
  if (in.if_match != nullptr) {
    if (!list_has(as_view(in.if_match->value), entity.etag, false)) {
      return NGX_HTTP_PRECONDITION_FAILED;
    }
  } else if (in.if_unmodified_since != nullptr && entity.last_modified >= 0) {
    const time_t since = http_time(in.if_unmodified_since);
    if (since != NGX_ERROR && entity.last_modified > since) return NGX_HTTP_PRECONDITION_FAILED;
  }
  if (in.if_none_match != nullptr) {
    return list_has(as_view(in.if_none_match->value), entity.etag, true) ? NGX_HTTP_NOT_MODIFIED
                                                                         : 0;
  }
  if (in.if_modified_since != nullptr && entity.last_modified >= 0) {
    const time_t since = http_time(in.if_modified_since);
    if (since != NGX_ERROR && entity.last_modified <= since) return NGX_HTTP_NOT_MODIFIED;
  }
  return 0;
}

// If-Range: a strong ETag or an exact date, else the whole.
bool range_still_holds(ngx_http_request_t* r, const Entity& entity) {
  if (r->headers_in.if_range == nullptr) return true;
  const std::string_view value = trim(as_view(r->headers_in.if_range->value));
  if (value.ends_with('"')) {
    return !value.starts_with("W/") && value == as_view(entity.etag);
  }
  const time_t date = http_time(r->headers_in.if_range);
  return date != NGX_ERROR && date == entity.last_modified;
}

}  // namespace

Selection select_bytes(ngx_http_request_t* r, const Entity& entity) {
  Selection selection;
  if (const ngx_uint_t status = failed_precondition(r, entity); status != 0) {
    selection.status = status;
    return selection;
  }
  if (!entity.total) return selection;
  const std::uint64_t total = *entity.total;
  selection.ranges.push_back({0, total});
  if (r->headers_in.range == nullptr || !range_still_holds(r, entity)) return selection;

  RangeSet set = parse_range(as_view(r->headers_in.range->value), total);
  if (set.verdict == RangeVerdict::kUnsatisfiable) {
    selection.status = NGX_HTTP_RANGE_NOT_SATISFIABLE;
    selection.ranges.clear();
  } else if (set.verdict == RangeVerdict::kPartial &&
             (set.ranges.size() == 1 || entity.several_ranges)) {
    selection.status = NGX_HTTP_PARTIAL_CONTENT;
    selection.ranges = std::move(set.ranges);
  }
  return selection;
}

void add_content_range_star(ngx_http_request_t* r, std::uint64_t total) {
  add_header(r, "Content-Range", "bytes */" + std::to_string(total));
}

ngx_int_t send_entity_header(ngx_http_request_t* r, const Entity& entity,
                             const Selection& selection) {
  prepare_output(r);
  r->headers_out.status = selection.status;
  r->headers_out.last_modified_time = entity.last_modified;
  if (entity.etag.len != 0) {
    auto* etag = static_cast<ngx_table_elt_t*>(ngx_list_push(&r->headers_out.headers));
    if (etag == nullptr) return NGX_ERROR;
    ngx_memzero(etag, sizeof(*etag));
    etag->hash = 1;
    ngx_str_set(&etag->key, "ETag");
    etag->value = entity.etag;
    r->headers_out.etag = etag;
  }
  if (entity.cache_control.len != 0) {
    add_header(r, "Cache-Control", as_view(entity.cache_control));
  }
  add_cache_status(r);

  // Conditions and ranges are decided above: nginx's own filters must not decide them again.
  r->disable_not_modified = 1;
  r->allow_ranges = 0;
  if (selection.status == NGX_HTTP_NOT_MODIFIED) {
    r->headers_out.content_length_n = -1;
    r->header_only = 1;
    return ngx_http_send_header(r);
  }

  if (entity.content_type.len != 0) {
    r->headers_out.content_type = entity.content_type;
    r->headers_out.content_type_len = entity.content_type.len;
    r->headers_out.content_type_lowcase = nullptr;
  } else if (ngx_http_set_content_type(r) != NGX_OK) {
    return NGX_ERROR;
  }
  r->headers_out.content_length_n = -1;
  if (entity.total) {
    add_header(r, "Accept-Ranges", "bytes");
    r->headers_out.content_length_n = static_cast<off_t>(*entity.total);
  }
  if (selection.status == NGX_HTTP_PARTIAL_CONTENT && selection.ranges.size() == 1) {
    const ByteRange& range = selection.ranges[0];
    add_header(r, "Content-Range",
               "bytes " + std::to_string(range.offset) + "-" + std::to_string(range.end() - 1) +
                   "/" + std::to_string(entity.total.value_or(0)));
    r->headers_out.content_length_n = static_cast<off_t>(range.length);
  } else if (selection.ranges.size() > 1) {
    // nginx's range filter makes multipart/byteranges from the whole.
    r->headers_out.status = NGX_HTTP_OK;
    r->allow_ranges = 1;
  }
  return ngx_http_send_header(r);
}

}  // namespace weir::edge
