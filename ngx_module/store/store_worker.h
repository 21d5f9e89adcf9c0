// What the store keeps in one worker process. Made by http/worker.cc in init_process.
#pragma once

#include "ngx_module/glue/ngx.h"

#include "ngx_module/store/file_cache.h"
#include "ngx_module/store/wait_hub.h"

namespace weir::edge {

struct StoreWorker {
  explicit StoreWorker(ngx_cycle_t* cycle) : files(cycle->pool) {}

  FileCache files;
  WaitHub hub;

  static StoreWorker* current() noexcept;  // nullptr outside of workers
  static void set_current(StoreWorker* worker) noexcept;
};

}  // namespace weir::edge
