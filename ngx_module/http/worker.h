// What one worker process keeps: made in init_process, gone in exit_process. The only global.
#pragma once

#include "ngx_module/glue/ngx.h"

namespace weir::edge {

// nginx's process callbacks for the module table.
ngx_int_t init_module(ngx_cycle_t* cycle) noexcept;
ngx_int_t init_process(ngx_cycle_t* cycle) noexcept;
void exit_process(ngx_cycle_t* cycle) noexcept;

}  // namespace weir::edge
