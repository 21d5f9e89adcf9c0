// weir_store, weir_root, weir_origin, weir_cache.
#include <string_view>

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/pool.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/directives.h"
#include "ngx_module/http/module.h"

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
  source.origin_line = cf->conf_file->line;
  source.origin_file = cf->conf_file->file.name;
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

// Says what is wrong with one parameter of weir_store.
char* bad_store(ngx_conf_t* cf, const ngx_str_t& parameter, const char* why) noexcept {
  ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "weir_store \"%V\": %s", &parameter, why);
  return fail_conf();
}

bool starts(const ngx_str_t& text, std::string_view prefix, ngx_str_t* rest) noexcept {
  if (!as_view(text).starts_with(prefix)) return false;
  *rest = {text.len - prefix.size(), text.data + prefix.size()};
  return true;
}

constexpr std::int64_t kMinZone = 8 * 4096;
constexpr std::int64_t kMinBlock = 64 << 10;
constexpr std::int64_t kMaxBlock = 64 << 20;

// zone=NAME:SIZE
char* parse_zone(ngx_conf_t* cf, const ngx_str_t& parameter, ngx_str_t value, ngx_str_t* name,
                 ssize_t* size) noexcept {
  const std::size_t colon = as_view(value).find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return bad_store(cf, parameter, "must be zone=NAME:SIZE");
  }
  *name = {colon, value.data};
  ngx_str_t text = {value.len - colon - 1, value.data + colon + 1};
  *size = ngx_parse_size(&text);
  if (*size == NGX_ERROR) return bad_store(cf, parameter, "the size is not one");
  if (*size < kMinZone) return bad_store(cf, parameter, "the zone is too small");
  return NGX_CONF_OK;
}

char* parse_store_parameter(ngx_conf_t* cf, const ngx_str_t& parameter, StoreSettings* settings,
                            ngx_str_t* zone, ssize_t* zone_size) noexcept {
  ngx_str_t value;
  if (starts(parameter, "zone=", &value)) {
    return parse_zone(cf, parameter, value, zone, zone_size);
  }
  if (starts(parameter, "path=", &value)) {
    if (value.len == 0) return bad_store(cf, parameter, "names no directory");
    if (ngx_conf_full_name(cf->cycle, &value, 0) != NGX_OK) return fail_conf();
    std::string_view dir = as_view(value);
    while (dir.size() > 1 && dir.ends_with('/')) dir.remove_suffix(1);
    settings->path = copy_ngx_str(cf->pool, dir);
    return NGX_CONF_OK;
  }
  if (starts(parameter, "max_size=", &value) || starts(parameter, "min_free=", &value)) {
    const off_t size = ngx_parse_offset(&value);
    if (size < 0) return bad_store(cf, parameter, "the size is not one");
    (parameter.data[1] == 'a' ? settings->max_size : settings->min_free) =
        static_cast<std::uint64_t>(size);
    return NGX_CONF_OK;
  }
  if (starts(parameter, "block=", &value)) {
    const ssize_t size = ngx_parse_size(&value);
    if (size < kMinBlock || size > kMaxBlock || (size & (size - 1)) != 0) {
      return bad_store(cf, parameter, "must be a power of two from 64k to 64m");
    }
    settings->block = static_cast<std::uint32_t>(size);
    return NGX_CONF_OK;
  }
  if (starts(parameter, "inactive=", &value)) {
    const ngx_int_t seconds = ngx_parse_time(&value, 1);
    if (seconds < 0) return bad_store(cf, parameter, "the time is not one");
    settings->inactive = seconds;
    return NGX_CONF_OK;
  }
  return bad_store(cf, parameter, "no such parameter");
}

ngx_int_t init_zone(ngx_shm_zone_t* zone, void* before) noexcept {
  return static_cast<Store*>(zone->data)->init_zone(zone, static_cast<Store*>(before));
}

// weir_store zone=NAME:SIZE path=DIR [max_size=] [min_free=] [block=1m] [inactive=];
char* set_store(ngx_conf_t* cf, ngx_command_t*, void* conf) noexcept {
  return guard(cf->log, "weir_store", fail_conf(), [&]() -> char* {
    auto* main = static_cast<MainConf*>(conf);
    StoreSettings settings;
    ngx_str_t zone_name = ngx_null_string;
    ssize_t zone_size = 0;
    for (ngx_uint_t i = 1; i < cf->args->nelts; ++i) {
      char* rc = parse_store_parameter(cf, argument(cf, i), &settings, &zone_name, &zone_size);
      if (rc != NGX_CONF_OK) return rc;
    }
    if (zone_name.len == 0) return const_cast<char*>("needs zone=NAME:SIZE");
    if (settings.path.len == 0) return const_cast<char*>("needs path=DIR");
    settings.name = as_view(zone_name);
    for (const Store* other : main->stores.all()) {
      if (other->name() == settings.name) return bad_store(cf, zone_name, "is there already");
      if (as_view(other->settings().path) == as_view(settings.path)) {
        return bad_store(cf, settings.path, "is another store's directory");
      }
    }
    ngx_shm_zone_t* zone = ngx_shared_memory_add(
        cf, &zone_name, static_cast<std::size_t>(zone_size), &ngx_http_weir_module);
    if (zone == nullptr) return fail_conf();
    Store* store = make_in_pool<Store>(cf->pool, settings);
    if (store == nullptr) return fail_conf();
    zone->init = init_zone;
    zone->data = store;
    main->stores.add(store);
    return NGX_CONF_OK;
  });
}

constexpr ngx_uint_t kAnyHttp = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF;

const ngx_command_t directives[] = {
    {ngx_string("weir_store"), NGX_HTTP_MAIN_CONF | NGX_CONF_2MORE, set_store,
     NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr},
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
