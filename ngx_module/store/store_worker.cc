#include "ngx_module/store/store_worker.h"

namespace weir::edge {

namespace {
StoreWorker* worker_of_process = nullptr;
}

StoreWorker* StoreWorker::current() noexcept {
  return worker_of_process;
}
void StoreWorker::set_current(StoreWorker* worker) noexcept {
  worker_of_process = worker;
}

}  // namespace weir::edge
