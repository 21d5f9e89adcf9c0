#include "companions/splitter/timeline.h"

#include <algorithm>

namespace weir {
namespace {

// A step this large is a jump of the source's clock, not a pause in a stream.
constexpr std::int64_t kJumpUs = 10'000'000;
constexpr std::int64_t kLeastStepUs = 1;

}  // namespace

PacketTimes Timeline::place(std::size_t index, std::optional<std::int64_t> pts_us,
                            std::optional<std::int64_t> dts_us, std::int64_t duration_us) {
  Stream& stream = streams_[index];
  PacketTimes out;
  const bool timed = dts_us || pts_us;
  std::int64_t dts = timed ? dts_us.value_or(pts_us.value_or(0)) + shift_us_ : stream.next_dts;
  if (timed && newest_) {
    const std::int64_t expected = stream.last_dts ? stream.next_dts : *newest_;
    const std::int64_t step = dts - expected;
    // Back by more than a jump, or ahead of every stream by more than one.
    if (step < -kJumpUs || (step > kJumpUs && dts - *newest_ > kJumpUs)) {
      const std::int64_t correction = std::max(expected, *newest_) - dts;
      shift_us_ += correction;
      dts += correction;
    }
  }
  const std::int64_t as_read = dts;
  if (stream.last_dts) dts = std::max(dts, *stream.last_dts + kLeastStepUs);
  // Presentation never comes before decoding.
  const std::int64_t pts = pts_us ? *pts_us + shift_us_ : std::max(as_read, dts);
  out.dts_us = dts;
  out.pts_us = std::max(pts, dts);
  stream.last_dts = dts;
  stream.next_dts = dts + std::max<std::int64_t>(duration_us, kLeastStepUs);
  newest_ = std::max(newest_.value_or(dts), dts);
  return out;
}

}  // namespace weir
