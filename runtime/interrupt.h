// Ctrl-C, SIGTERM and SIGHUP as a flag that long work looks at, so that it can take back what it
// has half written. The first signal only sets the flag; a second one ends the process at once. Any
// thread may ask; only main() installs.
#pragma once

#include "core/base/result.h"

namespace weir {

// Also ignores SIGPIPE (a reader that went away is a write error) and SIGXFSZ (a file-size limit is
// one too).
void install_interrupt_handlers() noexcept;

int interrupt_signal() noexcept;  // the signal that came, or 0
inline bool interrupted() noexcept {
  return interrupt_signal() != 0;
}

// kInterrupted once a signal came: for `if (auto s = check_interrupt(); !s) return s;` in loops.
Status check_interrupt();

// For tests: as if `signal` had come (0: as if none had).
void set_interrupt_for_test(int signal) noexcept;

}  // namespace weir
