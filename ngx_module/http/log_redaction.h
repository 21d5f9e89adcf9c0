// Keeps tokens out of the error log: whatever nginx says of a request there names its URL, and it
// speaks from the first bytes on, long before any phase. So every HTTP connection's log handler is
// wrapped, in workers, when its listening socket accepts it.
#pragma once

#include "ngx_module/glue/ngx.h"

namespace weir::edge {

// For init_process. Does nothing in a configuration without weir_title and weir_token.
void redact_error_log(ngx_cycle_t* cycle) noexcept;

// For a request's first phase: nginx sets its own handler anew for each request on a connection
// that stays.
void redact_log_of(ngx_connection_t* c) noexcept;

}  // namespace weir::edge
