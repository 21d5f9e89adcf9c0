// weir_store, weir_root, weir_origin, weir_cache.
#include <string_view>

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/directives.h"

namespace weir::edge {

namespace {

char* fail_conf() noexcept {
  return static_cast<char*>(NGX_CONF_ERROR);
}
char* duplicate() noexcept {
  return const_cast<char*>("is duplicate");
}

ngx_str_t& argument(ngx_conf_t* cf, ngx_uint_t i) noexcept {
  return static_cast<ngx_str_t*>(cf->args->elts)[i];
}

SourceConf& source_conf(void* conf) noexcept {
  return static_cast<LocationConf*>(conf)->source;
}

// weir_root DIR | off;
char* set_root(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
  SourceConf& source = source_conf(conf);
  if (source.root_set) return duplicate();
  source.root_set = true;
  ngx_str_t dir = argument(cf, 1);
  if (as_view(dir) == "off") return NGX_CONF_OK;
  if (ngx_conf_full_name(cf->cycle, &dir, 0) != NGX_OK) return fail_conf();
  while (dir.len > 1 && dir.data[dir.len - 1] == '/') --dir.len;
  source.source.root = dir;
  return NGX_CONF_OK;
}

// weir_origin @NAME | off;
char* set_origin(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
  SourceConf& source = source_conf(conf);
  if (source.origin_set) return duplicate();
  source.origin_set = true;
  const ngx_str_t name = argument(cf, 1);
  if (as_view(name) == "off") return NGX_CONF_OK;
  if (name.len < 2 || name.data[0] != '@') {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "weir_origin \"%V\": must be a named location (\"@name\") or \"off\"",
                       &name);
    return fail_conf();
  }
  source.source.origin = name;
  return NGX_CONF_OK;
}

// weir_cache NAME | off;
char* set_cache(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
  SourceConf& source = source_conf(conf);
  if (source.cache_set) return duplicate();
  source.cache_set = true;
  const ngx_str_t name = argument(cf, 1);
  if (as_view(name) == "off") return NGX_CONF_OK;
  source.cache_name = name;
  source.cache_line = cf->conf_file->line;
  source.cache_file = cf->conf_file->file.name;
  return NGX_CONF_OK;
}

constexpr ngx_uint_t kAnyHttp = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF;

const ngx_command_t directives[] = {
    {ngx_string("weir_root"), kAnyHttp | NGX_CONF_TAKE1, set_root, NGX_HTTP_LOC_CONF_OFFSET, 0,
     nullptr},
    {ngx_string("weir_origin"), kAnyHttp | NGX_CONF_TAKE1, set_origin, NGX_HTTP_LOC_CONF_OFFSET, 0,
     nullptr},
    {ngx_string("weir_cache"), kAnyHttp | NGX_CONF_TAKE1, set_cache, NGX_HTTP_LOC_CONF_OFFSET, 0,
     nullptr},
};

}  // namespace

std::span<const ngx_command_t> store_directives() noexcept {
  return directives;
}

}  // namespace weir::edge
