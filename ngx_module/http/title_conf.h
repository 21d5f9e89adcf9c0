// weir_title of a location. Owner and life: see conf.h.
#pragma once

#include "ngx_module/glue/ngx.h"

namespace weir::edge {

struct TitleConf {
  bool enabled = false;                  // weir_title stands in this location; not inherited
  ngx_str_t keys_dir = ngx_null_string;  // keys=DIR
};

inline void merge(const TitleConf&, TitleConf&) {}

}  // namespace weir::edge
