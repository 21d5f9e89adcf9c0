// Time is an argument: whatever in core or runtime needs it takes a Clock.
#pragma once

#include <chrono>

namespace weir {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::system_clock::time_point wall() const = 0;  // for what leaves the process
  virtual std::chrono::steady_clock::time_point monotonic()
      const = 0;  // for durations and deadlines
};

// Turned by hand in tests.
class ManualClock final : public Clock {
 public:
  std::chrono::system_clock::time_point wall() const override { return wall_; }
  std::chrono::steady_clock::time_point monotonic() const override { return monotonic_; }
  void set_wall(std::chrono::system_clock::time_point t) { wall_ = t; }
  void advance(std::chrono::nanoseconds by) {
    wall_ += std::chrono::duration_cast<std::chrono::system_clock::duration>(by);
    monotonic_ += std::chrono::duration_cast<std::chrono::steady_clock::duration>(by);
  }

 private:
  std::chrono::system_clock::time_point wall_{};
  std::chrono::steady_clock::time_point monotonic_{};
};

}  // namespace weir
