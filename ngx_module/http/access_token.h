// weir_token: lets a request pass only with a token that is signed by a key of the location's key
// set, valid now, for this title, and with the right asked for. Fails closed: whatever goes wrong
// is a refusal.
#pragma once

#include "ngx_module/glue/ngx.h"

namespace weir::edge {

// ACCESS phase.
ngx_int_t check_access(ngx_http_request_t* r) noexcept;

}  // namespace weir::edge
