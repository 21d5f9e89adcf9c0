#include "ngx_module/http/worker.h"

namespace weir::edge {

ngx_int_t init_module(ngx_cycle_t*) noexcept {
  return NGX_OK;
}
ngx_int_t init_process(ngx_cycle_t*) noexcept {
  return NGX_OK;
}
void exit_process(ngx_cycle_t*) noexcept {}

}  // namespace weir::edge
