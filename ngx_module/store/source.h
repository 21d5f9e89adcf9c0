// Where the objects of a location come from. Part of the configuration: read-only in workers.
#pragma once

#include "ngx_module/glue/ngx.h"

namespace weir::edge {

class Store;

struct ObjectSource {
  ngx_str_t root = ngx_null_string;    // weir_root, absolute, no trailing slash; empty: none
  ngx_str_t origin = ngx_null_string;  // weir_origin, with its "@"; empty: none
  Store* store = nullptr;              // weir_cache; nullptr: nothing fetched is kept
  // Begins the keys of this server's objects in a store that several servers share.
  ngx_str_t identity = ngx_null_string;
};

}  // namespace weir::edge
