#include "companions/splitter/timeline.h"

#include <algorithm>
#include <cstdlib>

namespace weir {
namespace {

// A step this large is a jump of the source's clock, not a pause in a stream.
constexpr std::int64_t kJumpUs = 10'000'000;
constexpr std::int64_t kLeastStepUs =
    12;  // more than a tick of 90 kHz, so that no two round to the same

}  // namespace

Timeline::Timeline(const std::vector<std::int64_t>& leads_us) {
  for (const std::int64_t lead : leads_us) streams_.push_back({std::nullopt, 0, lead});
}

// As the source has it, else after the packet before, else as far ahead of presentation as the
// stream's reordering asks for: presentation times of reordered frames do not ascend, so they will
// not do.
std::int64_t Timeline::decoding_time(const Stream& stream, std::optional<std::int64_t> pts_us,
                                     std::optional<std::int64_t> dts_us) const {
  if (dts_us) return *dts_us + shift_us_;
  if (!pts_us) return stream.next_dts;
  const std::int64_t pts = *pts_us + shift_us_;
  const bool near = stream.last_dts && std::abs(pts - stream.next_dts) < kJumpUs;
  return near ? std::min(stream.next_dts, pts) : pts - stream.lead_us;
}

PacketTimes Timeline::place(std::size_t index, std::optional<std::int64_t> pts_us,
                            std::optional<std::int64_t> dts_us, std::int64_t duration_us) {
  Stream& stream = streams_[index];
  PacketTimes out;
  const bool timed = dts_us || pts_us;
  std::int64_t dts = decoding_time(stream, pts_us, dts_us);
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
