#include "runtime/interrupt.h"

#include <atomic>
#include <csignal>

namespace weir {
namespace {

// The one global: signal handlers have nowhere else to look.
std::atomic<int> came{0};
static_assert(std::atomic<int>::is_always_lock_free, "written by a signal handler");

extern "C" void note_signal(int signal) {
  came.store(signal, std::memory_order_relaxed);
}

}  // namespace

void install_interrupt_handlers() noexcept {
  struct sigaction action {};
  action.sa_handler = note_signal;
  // One shot, so that a second signal has its default effect. No SA_RESTART: a blocked read
  // returns.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old {};
    // Under nohup SIGHUP is ignored already, and stays so.
    if (sigaction(signal, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) continue;
    sigaction(signal, &action, nullptr);
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
  sigaction(SIGXFSZ, &ignore, nullptr);
}

int interrupt_signal() noexcept {
  return came.load(std::memory_order_relaxed);
}

Status check_interrupt() {
  if (!interrupted()) return {};
  return fail(ErrorCode::kInterrupted, "nothing half-written was kept");
}

void set_interrupt_for_test(int signal) noexcept {
  came.store(signal);
}

}  // namespace weir
