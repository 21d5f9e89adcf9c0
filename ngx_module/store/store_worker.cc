#include "ngx_module/store/store_worker.h"

#include <utility>

#include "ngx_module/glue/guard.h"

namespace weir::edge {

namespace {
StoreWorker* worker_of_process = nullptr;
constexpr ngx_msec_t kSweepMs = 1000;
}  // namespace

StoreWorker::StoreWorker(ngx_cycle_t* cycle, std::vector<Store*> stores)
    : files(cycle->pool), stores_(std::move(stores)) {
  ngx_memzero(&second_, sizeof(second_));
  ngx_memzero(&dummy_, sizeof(dummy_));
  dummy_.fd = -1;
  dummy_.data = this;
  second_.handler = on_second;
  second_.data = &dummy_;
  second_.log = cycle->log;
  second_.cancelable = 1;
  if (!stores_.empty()) {
    ngx_add_timer(&second_, kSweepMs);
  }
}

void StoreWorker::on_second(ngx_event_t* ev) noexcept {
  auto* worker = static_cast<StoreWorker*>(static_cast<ngx_connection_t*>(ev->data)->data);
  guard_void(ngx_cycle->log, "sweep", [&] {
    for (Store* store : worker->stores_) store->sweep();
  });
  ngx_add_timer(ev, kSweepMs);
}

StoreWorker* StoreWorker::current() noexcept {
  return worker_of_process;
}
void StoreWorker::set_current(StoreWorker* worker) noexcept {
  worker_of_process = worker;
}

}  // namespace weir::edge
