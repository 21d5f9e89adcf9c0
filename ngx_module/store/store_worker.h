// What the store keeps in one worker process. Made by http/worker.cc in init_process.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <vector>

#include "ngx_module/store/file_cache.h"
#include "ngx_module/store/store.h"
#include "ngx_module/store/wait_hub.h"

namespace weir::edge {

struct StoreWorker {
  StoreWorker(ngx_cycle_t* cycle, std::vector<Store*> stores);
  StoreWorker(const StoreWorker&) = delete;
  StoreWorker& operator=(const StoreWorker&) = delete;

  FileCache files;
  WaitHub hub;

  static StoreWorker* current() noexcept;  // nullptr outside of workers
  static void set_current(StoreWorker* worker) noexcept;

 private:
  static void on_second(ngx_event_t* ev) noexcept;

  std::vector<Store*> stores_;
  ngx_event_t second_;
  ngx_connection_t dummy_;  // what nginx's debug log wants in second_.data
};

}  // namespace weir::edge
