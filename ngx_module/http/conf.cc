#include "ngx_module/http/conf.h"

#include <string>

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/pool.h"
#include "ngx_module/glue/str.h"
#include "ngx_module/http/module.h"

namespace weir::edge {

namespace {

template <typename T>
void* create(ngx_conf_t* cf, const char* where) noexcept {
  return guard(cf->log, where, static_cast<void*>(nullptr),
               [&]() -> void* { return make_in_pool<T>(cf->pool); });
}

// Who this server is, in the keys of a store: its name, and which of those with this name it is.
ngx_str_t identity_of(ngx_conf_t* cf, ServerConf* server) {
  if (server->identity.len != 0) return server->identity;
  auto* core = static_cast<ngx_http_core_srv_conf_t*>(
      ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module));
  auto* main = static_cast<ngx_http_core_main_conf_t*>(
      ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
  auto** servers = static_cast<ngx_http_core_srv_conf_t**>(main->servers.elts);
  std::size_t before = 0;
  for (ngx_uint_t i = 0; i < main->servers.nelts && servers[i] != core; ++i) {
    if (as_view(servers[i]->server_name) == as_view(core->server_name)) ++before;
  }
  std::string identity(as_view(core->server_name));
  if (before != 0) identity += "#" + std::to_string(before);
  identity += ' ';
  server->identity = copy_ngx_str(cf->pool, identity);
  return server->identity;
}

}  // namespace

void merge(const SourceConf& parent, SourceConf& conf) {
  if (!conf.root_set) conf.source.root = parent.source.root;
  if (!conf.origin_set) conf.source.origin = parent.source.origin;
  if (!conf.cache_set) {
    conf.cache_name = parent.cache_name;
    conf.cache_file = parent.cache_file;
    conf.cache_line = parent.cache_line;
    conf.source.store = parent.source.store;
  }
}

MainConf* main_conf(ngx_conf_t* cf) noexcept {
  return static_cast<MainConf*>(ngx_http_conf_get_module_main_conf(cf, ngx_http_weir_module));
}

MainConf* main_conf(ngx_http_request_t* r) noexcept {
  return static_cast<MainConf*>(ngx_http_get_module_main_conf(r, ngx_http_weir_module));
}

ServerConf* server_conf(ngx_http_request_t* r) noexcept {
  return static_cast<ServerConf*>(ngx_http_get_module_srv_conf(r, ngx_http_weir_module));
}

LocationConf* location_conf(ngx_http_request_t* r) noexcept {
  return static_cast<LocationConf*>(ngx_http_get_module_loc_conf(r, ngx_http_weir_module));
}

void note_takes_tokens(ngx_conf_t* cf) noexcept {
  if (cf->cmd_type == NGX_HTTP_MAIN_CONF) {
    main_conf(cf)->takes_tokens = true;
    return;
  }
  auto* server =
      static_cast<ServerConf*>(ngx_http_conf_get_module_srv_conf(cf, ngx_http_weir_module));
  server->takes_tokens = true;
}

void* create_main_conf(ngx_conf_t* cf) noexcept {
  return create<MainConf>(cf, "http{}");
}
void* create_server_conf(ngx_conf_t* cf) noexcept {
  return create<ServerConf>(cf, "server{}");
}
void* create_location_conf(ngx_conf_t* cf) noexcept {
  return create<LocationConf>(cf, "location{}");
}

char* merge_location_conf(ngx_conf_t* cf, void* parent, void* child) noexcept {
  auto* failed = const_cast<char*>("weir: out of memory");
  return guard(cf->log, "merge", failed, [&]() -> char* {
    const auto& from = *static_cast<const LocationConf*>(parent);
    auto& conf = *static_cast<LocationConf*>(child);
    merge(from.source, conf.source);
    merge(cf, from.title, conf.title);
    merge(from.token, conf.token);
    MainConf* main = main_conf(cf);
    auto* server = static_cast<ngx_http_core_srv_conf_t*>(
        ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module));
    ObjectSource& source = conf.source.source;
    source.identity = identity_of(
        cf, static_cast<ServerConf*>(ngx_http_conf_get_module_srv_conf(cf, ngx_http_weir_module)));
    if (conf.source.origin_set && source.origin.len != 0) {
      main->origins.push_back(
          {source.origin, server, conf.source.origin_file, conf.source.origin_line});
    }
    if (conf.source.cache_name.len == 0) {
      source.store = nullptr;
      return NGX_CONF_OK;
    }
    // Every weir_store has been read by now: http{} is parsed whole before it is merged.
    Store* store = main->stores.find(as_view(conf.source.cache_name));
    if (store == nullptr) {
      ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                    "weir_cache \"%V\": no such weir_store zone in %V:%ui", &conf.source.cache_name,
                    &conf.source.cache_file, conf.source.cache_line);
      return static_cast<char*>(NGX_CONF_ERROR);
    }
    source.store = store;
    return NGX_CONF_OK;
  });
}

ngx_int_t check_origins(ngx_conf_t* cf) noexcept {
  for (const OriginReference& origin : main_conf(cf)->origins) {
    bool found = false;
    ngx_http_core_loc_conf_t** named = origin.server->named_locations;
    for (; named != nullptr && *named != nullptr && !found; ++named) {
      found = as_view((*named)->name) == as_view(origin.name);
    }
    if (!found) {
      ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                    "weir_origin \"%V\": no such named location in this server in %V:%ui",
                    &origin.name, &origin.file, origin.line);
      return NGX_ERROR;
    }
  }
  return NGX_OK;
}

}  // namespace weir::edge
