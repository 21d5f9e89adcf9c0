// The process's real clock, for whatever takes a Clock.
#pragma once

#include "core/base/clock.h"

namespace weir {

class SystemClock final : public Clock {
 public:
  std::chrono::system_clock::time_point wall() const override {
    return std::chrono::system_clock::now();
  }
  std::chrono::steady_clock::time_point monotonic() const override {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace weir
