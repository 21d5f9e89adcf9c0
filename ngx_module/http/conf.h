// The module's configuration, one struct per concern and context. Owned by the configuration pool;
// written while nginx.conf is read (master), read-only in workers.
//
// Who adds a directive adds a member to the conf struct of its own concern (title_conf.h,
// token_conf.h, SourceConf here), a merge function beside it, and a row to the directive table of
// its own file (see directives.h).
#pragma once

#include "ngx_module/glue/ngx.h"

#include <vector>

#include "ngx_module/http/status_conf.h"
#include "ngx_module/http/title_conf.h"
#include "ngx_module/http/token_conf.h"
#include "ngx_module/store/store.h"

namespace weir::edge {

// weir_root, weir_origin, weir_cache of a location: where its objects come from.
struct SourceConf {
  // What the object readers take; complete after merging.
  ObjectSource source;
  bool root_set = false;    // weir_root written here, `off` included
  bool origin_set = false;  // weir_origin written here, `off` included
  bool cache_set = false;   // weir_cache written here, `off` included
  // Directives may name stores that are declared further down: resolved at merging.
  ngx_str_t cache_name = ngx_null_string;
  ngx_uint_t cache_line = 0;
  ngx_str_t cache_file = ngx_null_string;
  ngx_uint_t origin_line = 0;
  ngx_str_t origin_file = ngx_null_string;
};
void merge(const SourceConf& parent, SourceConf& conf);

// A weir_origin as it was written, to be checked when every location is known.
struct OriginReference {
  ngx_str_t name;
  ngx_http_core_srv_conf_t* server;
  ngx_str_t file;
  ngx_uint_t line;
};

struct MainConf {
  StoreSet stores;  // every weir_store
  std::vector<OriginReference> origins;
  ngx_shm_zone_t* edge_state = nullptr;  // edge_state.h; null: neither weir_title nor weir_token
  bool takes_tokens = false;             // weir_token stands in http{}
};

struct ServerConf {
  // Tells two servers' `weir_origin @same_name` apart in the keys of a shared store; stable over a
  // reload.
  ngx_str_t identity = ngx_null_string;
  bool takes_tokens =
      false;  // weir_title or weir_token stands in this server: /~TOKEN/ is taken off
};

struct LocationConf {
  SourceConf source;
  TitleConf title;
  TokenConf token;
  StatusConf status;
};

MainConf* main_conf(ngx_conf_t* cf) noexcept;
MainConf* main_conf(ngx_http_request_t* r) noexcept;
ServerConf* server_conf(ngx_http_request_t* r) noexcept;
LocationConf* location_conf(ngx_http_request_t* r) noexcept;

// A directive that wants tokens stands where `cf` is: servers there take them off their URLs.
void note_takes_tokens(ngx_conf_t* cf) noexcept;

// nginx's create/merge callbacks for the module table.
void* create_main_conf(ngx_conf_t* cf) noexcept;
void* create_server_conf(ngx_conf_t* cf) noexcept;
void* create_location_conf(ngx_conf_t* cf) noexcept;
char* merge_location_conf(ngx_conf_t* cf, void* parent, void* child) noexcept;

// Every weir_origin names a location of its server, else NGX_ERROR and a message.
// Postconfiguration.
ngx_int_t check_origins(ngx_conf_t* cf) noexcept;

}  // namespace weir::edge
