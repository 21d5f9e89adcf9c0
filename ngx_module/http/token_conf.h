// weir_token of a location. Owner and life: see conf.h.
#pragma once

#include "ngx_module/glue/ngx.h"

namespace weir::edge {

struct TokenConf {
  bool set = false;
};

inline void merge(const TokenConf&, TokenConf&) {}

}  // namespace weir::edge
