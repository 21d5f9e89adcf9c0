#include "ngx_module/http/worker.h"

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/pool.h"
#include "ngx_module/store/store_worker.h"

namespace weir::edge {

namespace {

// The cache manager and loader run init_process too; they serve nobody.
bool serves_requests() noexcept {
  return ngx_process == NGX_PROCESS_WORKER || ngx_process == NGX_PROCESS_SINGLE;
}

}  // namespace

ngx_int_t init_module(ngx_cycle_t*) noexcept {
  return NGX_OK;
}

ngx_int_t init_process(ngx_cycle_t* cycle) noexcept {
  if (!serves_requests()) return NGX_OK;
  return guard(cycle->log, "init_process", ngx_int_t{NGX_ERROR}, [&]() -> ngx_int_t {
    StoreWorker::set_current(make_in_pool<StoreWorker>(cycle->pool, cycle));
    return NGX_OK;
  });
}

void exit_process(ngx_cycle_t*) noexcept {
  StoreWorker::set_current(nullptr);
}

}  // namespace weir::edge
