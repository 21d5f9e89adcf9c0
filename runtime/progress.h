// A progress bar on a terminal: share done, amounts, rate, time left; nothing when the stream is
// not a terminal. Draws at most ten times a second and clears its line when it ends, so that
// whatever is printed next stands alone. One thread at a time.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "core/base/clock.h"

namespace weir {

// The line itself: pure, so that it can be tested. `columns` is what the terminal holds.
std::string progress_line(const std::string& label, std::uint64_t done, std::uint64_t total,
                          double seconds, std::size_t columns);

class Progress {
 public:
  // Shows on `out` only if it is a terminal and `wanted` (--json and --quiet turn it off). total 0:
  // not known.
  Progress(std::string label, std::uint64_t total, const Clock& clock, bool wanted = true,
           std::FILE* out = stderr);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set_total(std::uint64_t total) noexcept { total_ = total; }
  void at(std::uint64_t done);  // cheap: may be called for every block
  void finish();                // clears the line

 private:
  std::string label_;
  std::uint64_t total_;
  const Clock& clock_;
  std::FILE* out_;
  bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace weir
