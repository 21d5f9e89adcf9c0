#include "ngx_module/http/worker.h"

#include "ngx_module/glue/guard.h"
#include "ngx_module/glue/pool.h"
#include "ngx_module/glue/wake.h"
#include "ngx_module/http/conf.h"
#include "ngx_module/http/log_redaction.h"
#include "ngx_module/http/module.h"
#include "ngx_module/store/store_worker.h"

namespace weir::edge {

namespace {

// The cache manager and loader run init_process too; they serve nobody.
bool serves_requests() noexcept {
  return ngx_process == NGX_PROCESS_WORKER || ngx_process == NGX_PROCESS_SINGLE;
}

// nullptr without an http{}.
const MainConf* conf_of(ngx_cycle_t* cycle) noexcept {
  return static_cast<const MainConf*>(
      ngx_http_cycle_get_module_main_conf(cycle, ngx_http_weir_module));
}

void woken() noexcept {
  StoreWorker::current()->hub.look_around();
}
void died(int slot) noexcept {
  StoreWorker::current()->hub.owner_died(slot);
}

}  // namespace

ngx_int_t init_module(ngx_cycle_t* cycle) noexcept {
  if (ngx_test_config) return NGX_OK;  // leaves nothing behind
  const MainConf* conf = conf_of(cycle);
  if (conf == nullptr) return NGX_OK;
  return guard(cycle->log, "init_module", ngx_int_t{NGX_ERROR}, [&]() -> ngx_int_t {
    if (WakeBoard::create(cycle->log) != NGX_OK) return NGX_ERROR;
    for (Store* store : conf->stores.all()) {
      if (store->prepare_directory(cycle) != NGX_OK) return NGX_ERROR;
    }
    return NGX_OK;
  });
}

ngx_int_t init_process(ngx_cycle_t* cycle) noexcept {
  if (!serves_requests() || conf_of(cycle) == nullptr) return NGX_OK;
  return guard(cycle->log, "init_process", ngx_int_t{NGX_ERROR}, [&]() -> ngx_int_t {
    redact_error_log(cycle);
    StoreWorker::set_current(
        make_in_pool<StoreWorker>(cycle->pool, cycle, conf_of(cycle)->stores.all()));
    return WakeBoard::sit_down(cycle, woken, died);
  });
}

// StoreWorker stays: the cycle's pool, destroyed after this, may still run cleanups of requests.
void exit_process(ngx_cycle_t*) noexcept {
  WakeBoard::stand_up();
}

}  // namespace weir::edge
