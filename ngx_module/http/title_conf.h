// weir_title of a location. Owner and life: see conf.h.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <memory>

namespace weir::edge {

class ContentKeys;

struct TitleConf {
  bool enabled = false;                       // weir_title stands in this location; not inherited
  ngx_str_t suffix = ngx_null_string;         // suffix=, of header files
  std::shared_ptr<ContentKeys> content_keys;  // keys=DIR; null: this location opens nothing
};

// Blocks without a name inside the location (`if`, `limit_except`) serve titles as it does.
void merge(ngx_conf_t* cf, const TitleConf& parent, TitleConf& conf);

}  // namespace weir::edge
