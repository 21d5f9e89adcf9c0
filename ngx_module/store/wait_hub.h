// The readers of this worker that wait for an entry to change, and how they are called. One thread.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <array>
#include <cstdint>

#include "core/store/object_entry.h"

namespace weir::edge {

// Embedded in whoever waits. The event loop calls `fire(owner)` once per park().
struct Waiter {
  ngx_queue_t link;
  ngx_http_request_t* r = nullptr;
  void (*fire)(void* owner) noexcept = nullptr;
  void* owner = nullptr;
  ObjectEntry* entry = nullptr;
  std::uint64_t seen_serial = 0;
  std::uint64_t seen_pos = 0;
  ObjectState seen_state = ObjectState::kFree;
  ngx_event_t timer;
  ngx_connection_t dummy;  // what nginx's debug log wants in timer.data
  bool parked = false;
};

class WaitHub {
 public:
  WaitHub();
  WaitHub(const WaitHub&) = delete;
  WaitHub& operator=(const WaitHub&) = delete;

  // `waiter` says what it saw of `entry`; it is fired when that is no longer so, and after
  // kLookAgainMs in any case. The timer is not cancelable: a worker that shuts down stays for it.
  void park(Waiter& waiter);
  void unpark(Waiter& waiter) noexcept;

  // This worker changed `entry`: its waiters here are fired in the next turn of the loop.
  void touched(const ObjectEntry* entry) noexcept;
  // Another worker changed something: looks at every parked waiter, and fires in this turn.
  void look_around() noexcept;
  // The process in `slot` died: fires all who wait for its fills.
  void owner_died(int slot) noexcept;

  static constexpr ngx_msec_t kLookAgainMs = 2000;

 private:
  static void on_due(ngx_event_t* ev) noexcept;
  static void on_timer(ngx_event_t* ev) noexcept;
  ngx_queue_t* bucket(const ObjectEntry* entry) noexcept;
  void fire_due() noexcept;

  std::array<ngx_queue_t, 256> buckets_;
  ngx_queue_t due_;
  ngx_event_t due_event_;
};

}  // namespace weir::edge
