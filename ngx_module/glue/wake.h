// Telling another worker that something changed: one eventfd per worker slot, made once in the
// master and inherited by every worker of every generation, and a page of shared memory that says
// who sits where. Wake-ups coalesce: many raises before the sleeper looks are one.
//
// Slots are claimed by a worker for its life. With none free (more than kSlots workers alive at
// once) a worker has slot -1: nobody can wake it and its own timers have to do.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <atomic>
#include <cstdint>

namespace weir::edge {

// Milliseconds of a clock that all processes share and nobody sets.
std::uint64_t monotonic_ms() noexcept;

class WakeBoard {
 public:
  static constexpr int kSlots = 64;

  // In the master, before workers are forked; keeps what an earlier cycle made.
  static ngx_int_t create(ngx_log_t* log) noexcept;

  // In a worker: sits down and calls `woken` from the event loop after a wake(). `died` is called
  // with a slot whose process is gone, once watch() was called for it.
  using Woken = void (*)() noexcept;
  using Died = void (*)(int slot) noexcept;
  static ngx_int_t sit_down(ngx_cycle_t* cycle, Woken woken, Died died) noexcept;
  static void stand_up() noexcept;

  static int own_slot() noexcept;

  // Any worker. Ignores slots that are none.
  static void wake(int slot) noexcept;

  // True while process `pid` sits in `slot` and gives signs of life. A worker that was stopped or
  // hung for more than kHungMs counts as dead.
  static bool alive(int slot, ngx_pid_t pid) noexcept;

  // Learn of the death of the process in `slot` at once (pidfd). Cheap to repeat.
  static void watch(int slot, ngx_pid_t pid) noexcept;

  static constexpr std::uint64_t kHungMs = 5000;
};

// The pids of all workers that sit somewhere, for the status page. `out` has kSlots places.
int seated_workers(ngx_pid_t* out) noexcept;

}  // namespace weir::edge
