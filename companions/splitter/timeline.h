// Makes a source's time stamps fit for a multiplexer: every packet gets both times, decoding times
// ascend in each stream, and a jump of the source's clock (joined recordings, a 33-bit counter that
// starts again) is closed for all streams together. Microseconds in, microseconds out.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace weir {

struct PacketTimes {
  std::int64_t pts_us = 0;
  std::int64_t dts_us = 0;
};

class Timeline {
 public:
  // One entry a stream: how far decoding runs ahead of presentation at its start (frames that are
  // shown later than they are decoded, times their length); 0 without reordering.
  explicit Timeline(const std::vector<std::int64_t>& leads_us);

  // Either time may be missing; `duration_us` may be 0.
  PacketTimes place(std::size_t stream, std::optional<std::int64_t> pts_us,
                    std::optional<std::int64_t> dts_us, std::int64_t duration_us);

 private:
  struct Stream {
    std::optional<std::int64_t> last_dts;  // as put out
    std::int64_t next_dts = 0;             // where the next packet is expected
    std::int64_t lead_us = 0;
  };
  std::int64_t decoding_time(const Stream& stream, std::optional<std::int64_t> pts_us,
                             std::optional<std::int64_t> dts_us) const;

  std::vector<Stream> streams_;
  std::int64_t shift_us_ = 0;
  std::optional<std::int64_t> newest_;  // of all streams, as put out
};

}  // namespace weir
