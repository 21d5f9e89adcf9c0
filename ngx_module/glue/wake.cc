#include "ngx_module/glue/wake.h"

#include <cerrno>
#include <csignal>
#include <ctime>

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weir::edge {

namespace {

struct Slot {
  std::atomic<std::int32_t> pid;         // 0: free
  std::atomic<std::uint32_t> raised;     // a wake-up is under way
  std::atomic<std::uint64_t> heartbeat;  // monotonic ms
};

struct Board {
  Slot slots[WakeBoard::kSlots];
};

// Set in the master once, inherited.
Board* board = nullptr;
int eventfds[WakeBoard::kSlots];

// Of this worker.
int own = -1;
WakeBoard::Woken on_woken = nullptr;
WakeBoard::Died on_died = nullptr;
ngx_event_t heartbeat_timer;
ngx_connection_t heartbeat_dummy;
struct Watched {
  ngx_connection_t* connection;
  ngx_pid_t pid;
};
Watched watched[WakeBoard::kSlots];

constexpr ngx_msec_t kHeartbeatMs = 1000;

bool process_exists(ngx_pid_t pid) noexcept {
  return kill(pid, 0) == 0 || errno != ESRCH;
}

void beat(ngx_event_t* ev) noexcept {
  board->slots[own].heartbeat.store(monotonic_ms(), std::memory_order_relaxed);
  ngx_add_timer(ev, kHeartbeatMs);
}

void on_eventfd(ngx_event_t* ev) noexcept {
  const auto* c = static_cast<ngx_connection_t*>(ev->data);
  std::uint64_t count = 0;
  if (read(c->fd, &count, sizeof(count)) < 0 && errno != EAGAIN) return;
  // Cleared before looking: what is raised later is a new wake-up.
  board->slots[own].raised.store(0, std::memory_order_seq_cst);
  on_woken();
}

// Frees the slot of a process that is gone.
void vacate(int slot, std::int32_t pid) noexcept {
  board->slots[slot].pid.compare_exchange_strong(pid, 0);
}

void on_pidfd(ngx_event_t* ev) noexcept {
  auto* c = static_cast<ngx_connection_t*>(ev->data);
  for (int slot = 0; slot < WakeBoard::kSlots; ++slot) {
    if (watched[slot].connection != c) continue;
    const ngx_pid_t pid = watched[slot].pid;
    watched[slot] = {nullptr, 0};
    ngx_close_connection(c);
    vacate(slot, pid);
    on_died(slot);
    return;
  }
}

}  // namespace

std::uint64_t monotonic_ms() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000U +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000000U;
}

ngx_int_t WakeBoard::create(ngx_log_t* log) noexcept {
  if (board != nullptr) return NGX_OK;
  void* memory =
      mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    ngx_log_error(NGX_LOG_EMERG, log, ngx_errno, "weir: mmap() of the wake board failed");
    return NGX_ERROR;
  }
  for (int& fd : eventfds) {
    fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd == -1) {
      ngx_log_error(NGX_LOG_EMERG, log, ngx_errno, "weir: eventfd() failed");
      return NGX_ERROR;
    }
  }
  board = static_cast<Board*>(memory);  // zeros are a valid Board
  return NGX_OK;
}

ngx_int_t WakeBoard::sit_down(ngx_cycle_t* cycle, Woken woken, Died died) noexcept {
  own = -1;
  on_woken = woken;
  on_died = died;
  for (Watched& w : watched) w = {nullptr, 0};
  for (int i = 0; i < kSlots && own == -1; ++i) {
    Slot& slot = board->slots[i];
    std::int32_t pid = slot.pid.load();
    if (pid != 0 && process_exists(pid)) continue;
    if (slot.pid.compare_exchange_strong(pid, ngx_pid)) own = i;
  }
  if (own == -1) {
    ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                  "weir: more than %d workers: this one waits by timer only", kSlots);
    return NGX_OK;
  }
  Slot& slot = board->slots[own];
  slot.raised.store(0);
  slot.heartbeat.store(monotonic_ms());
  std::uint64_t stale = 0;
  while (read(eventfds[own], &stale, sizeof(stale)) > 0) {
  }

  ngx_memzero(&heartbeat_timer, sizeof(heartbeat_timer));
  ngx_memzero(&heartbeat_dummy, sizeof(heartbeat_dummy));
  heartbeat_dummy.fd = -1;
  heartbeat_timer.handler = beat;
  heartbeat_timer.log = cycle->log;
  heartbeat_timer.data = &heartbeat_dummy;
  heartbeat_timer.cancelable = 1;
  ngx_add_timer(&heartbeat_timer, kHeartbeatMs);
  return ngx_add_channel_event(cycle, eventfds[own], NGX_READ_EVENT, on_eventfd);
}

void WakeBoard::stand_up() noexcept {
  if (own == -1) return;
  vacate(own, ngx_pid);
  own = -1;
}

int WakeBoard::own_slot() noexcept {
  return own;
}

void WakeBoard::wake(int slot) noexcept {
  if (slot < 0 || slot >= kSlots) return;
  if (board->slots[slot].raised.exchange(1, std::memory_order_seq_cst) != 0) return;
  const std::uint64_t one = 1;
  // Can only fail when the counter is full, and then the sleeper is awake.
  if (write(eventfds[slot], &one, sizeof(one)) < 0) return;
}

bool WakeBoard::alive(int slot, ngx_pid_t pid) noexcept {
  if (slot < 0 || slot >= kSlots) return pid != 0 && process_exists(pid);
  if (board->slots[slot].pid.load() != pid) return false;
  if (pid == ngx_pid) return true;
  return monotonic_ms() - board->slots[slot].heartbeat.load(std::memory_order_relaxed) < kHungMs;
}

void WakeBoard::watch(int slot, ngx_pid_t pid) noexcept {
  if (slot < 0 || slot >= kSlots || pid == ngx_pid || watched[slot].pid == pid) return;
  if (watched[slot].connection != nullptr) {
    ngx_close_connection(watched[slot].connection);
    watched[slot] = {nullptr, 0};
  }
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd == -1) {
    // Gone already, or a kernel without pidfd: the waiter's timer finds out.
    if (errno == ESRCH) vacate(slot, pid);
    return;
  }
  auto* cycle = const_cast<ngx_cycle_t*>(static_cast<volatile ngx_cycle_t*>(ngx_cycle));
  ngx_connection_t* c = ngx_get_connection(fd, cycle->log);
  if (c == nullptr) {
    close(fd);
    return;
  }
  c->read->log = cycle->log;
  c->write->log = cycle->log;
  c->read->channel = 1;
  c->write->channel = 1;
  c->read->handler = on_pidfd;
  if (ngx_add_event(c->read, NGX_READ_EVENT, 0) != NGX_OK) {
    ngx_close_connection(c);
    return;
  }
  watched[slot] = {c, pid};
}

int seated_workers(ngx_pid_t* out) noexcept {
  int n = 0;
  if (board == nullptr) return 0;
  for (int i = 0; i < WakeBoard::kSlots; ++i) {
    const std::int32_t pid = board->slots[i].pid.load();
    if (pid != 0 && process_exists(pid)) out[n++] = pid;
  }
  return n;
}

}  // namespace weir::edge
