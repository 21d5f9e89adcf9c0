// weir_status of a location. Owner and life: see conf.h.
#pragma once

#include "ngx_module/glue/ngx.h"

namespace weir::edge {

struct StatusConf {
  bool prometheus = false;  // format=prometheus: the default of this location
};

}  // namespace weir::edge
