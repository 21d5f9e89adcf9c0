// One representation of known length against the conditions and ranges of a request (RFC 9110
// sections 13 and 14): what status, which bytes. Used for stored objects and for the virtual file.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "core/title/header_file.h"

namespace weir::edge {

struct Entity {
  std::optional<std::uint64_t> total;  // nullopt: not known yet, so no ranges
  ngx_str_t etag = ngx_null_string;    // with quotes; empty: none
  time_t last_modified = -1;           // -1: none
  ngx_str_t content_type = ngx_null_string;
  ngx_str_t cache_control = ngx_null_string;
  bool several_ranges = false;  // whoever sends can answer multipart/byteranges
};

struct Selection {
  ngx_uint_t status = NGX_HTTP_OK;  // 200, 206, 304, 412, 416
  // 200: the whole; 206: one range (or several, only with Entity::several_ranges). Empty else.
  std::vector<ByteRange> ranges;
};

Selection select_bytes(ngx_http_request_t* r, const Entity& entity);

// Fills r->headers_out for a 200, 206 of one range, or 304 (type, length, validators,
// Accept-Ranges, Content-Range, Cache-Control, Cache-Status), applies prepare_output() and sends
// the header; returns ngx_http_send_header's result. For 412 and 416 use send_problem (after
// add_content_range_star for 416).
ngx_int_t send_entity_header(ngx_http_request_t* r, const Entity& entity,
                             const Selection& selection);

void add_content_range_star(ngx_http_request_t* r, std::uint64_t total);

}  // namespace weir::edge
