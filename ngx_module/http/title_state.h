// What weir_title keeps of a request. Lives in r->pool, survives internal redirects.
#pragma once

#include "ngx_module/glue/ngx.h"

namespace weir::edge {

class TitleRequest;

struct TitleState {
  bool cors_added = false;
  TitleRequest* request = nullptr;
};

// Made at first use; nullptr only when out of memory.
TitleState* title_state(ngx_http_request_t* r);

}  // namespace weir::edge
