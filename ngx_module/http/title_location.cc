#include "ngx_module/http/title_location.h"

#include "ngx_module/glue/str.h"
#include "ngx_module/http/conf.h"

namespace weir::edge {

std::string_view title_prefix(ngx_http_request_t* r) {
  const std::string_view uri = as_view(r->uri);
  if (uri.starts_with("/t/") || uri.starts_with("/p/")) return {};
  const auto* core = static_cast<const ngx_http_core_loc_conf_t*>(
      ngx_http_get_module_loc_conf(r, ngx_http_core_module));
  std::string_view name = as_view(core->name);
  if (name.ends_with('/')) name.remove_suffix(1);
  return uri.starts_with(name) ? uri.substr(0, name.size()) : std::string_view();
}

Result<TitleUrl> title_url(ngx_http_request_t* r) {
  const std::string_view path = as_view(r->uri).substr(title_prefix(r).size());
  return parse_title_url(path, as_view(location_conf(r)->title.suffix));
}

std::string_view title_of(ngx_http_request_t* r) {
  if (!location_conf(r)->title.enabled) return {};
  const auto url = title_url(r);
  return url ? url->title : std::string_view();
}

}  // namespace weir::edge
