// Locations with weir_root or weir_origin and no weir_title: any file over HTTP. weir_root and
// weir_origin are inherited as `root` is; where a location has a handler of its own (proxy_pass,
// weir_title, weir_status, …) that one answers.
#include <string>
#include <string_view>

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/directives.h"
#include "ngx_module/http/problem.h"
#include "ngx_module/http/serve_object.h"

namespace weir::edge {

namespace {

constexpr std::size_t kMaxKey = 2048;

bool climbs(std::string_view path) noexcept {
  return path.find("/../") != std::string_view::npos || path.ends_with("/..") ||
         path.find('\0') != std::string_view::npos;
}

// The path as it goes to the origin: what nginx decoded, merged and rewrote, escaped again, so that
// one object has one name.
std::string origin_key(ngx_http_request_t* r) {
  const uintptr_t escapes = ngx_escape_uri(nullptr, r->uri.data, r->uri.len, NGX_ESCAPE_URI);
  std::string key(r->uri.len + 2 * escapes, '\0');
  ngx_escape_uri(reinterpret_cast<u_char*>(key.data()), r->uri.data, r->uri.len, NGX_ESCAPE_URI);
  if (escapes == 0) key.assign(as_view(r->uri));
  if (r->args.len != 0) {
    key += '?';
    key += as_view(r->args);
  }
  return key;
}

ngx_int_t serve(ngx_http_request_t* r) {
  const LocationConf* conf = location_conf(r);
  const ObjectSource& source = conf->source.source;
  if (conf->title.enabled || (source.root.len == 0 && source.origin.len == 0)) return NGX_DECLINED;
  const std::string_view uri = as_view(r->uri);
  if (uri.ends_with('/')) return NGX_DECLINED;
  const std::string key = origin_key(r);
  if (key.size() > kMaxKey) return send_problem(r, ErrorCode::kBadPath, "the path is too long");
  if (climbs(uri)) return send_problem(r, ErrorCode::kBadPath, "the path is not canonical");

  ObjectRequest request;
  request.r = r;
  request.source = &source;
  request.key = key;
  request.library_path = uri.substr(1);
  return serve_object(request);
}

ngx_int_t on_content(ngx_http_request_t* r) noexcept {
  return guard_request(r, "object_handler", serve);
}

const PhaseHook hooks[] = {{NGX_HTTP_CONTENT_PHASE, on_content}};

}  // namespace

std::span<const PhaseHook> object_hooks() noexcept {
  return hooks;
}

}  // namespace weir::edge
