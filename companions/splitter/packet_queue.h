// Puts packets of several streams in the order of their decoding times, as a multiplexer wants
// them. Holds packets back until every stream has shown one, but never more than a bounded amount:
// a stream that is silent for long must not fill the memory.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "companions/splitter/ffmpeg.h"

namespace weir {

class PacketQueue {
 public:
  explicit PacketQueue(std::size_t streams) : queues_(streams) {}

  // `time_us` is the packet's decoding time; it ascends within a stream.
  void push(std::size_t stream, std::int64_t time_us, AvPacketPtr packet);
  void end() noexcept { ended_ = true; }  // no more to come: hand out what is left

  struct Entry {
    std::int64_t time_us = 0;
    AvPacketPtr packet;
    std::size_t stream = 0;
  };
  bool ready() const noexcept;
  Entry pop();  // only when ready()

 private:
  std::vector<std::deque<Entry>> queues_;
  std::size_t bytes_ = 0;
  std::int64_t newest_us_ = INT64_MIN;
  bool ended_ = false;
};

}  // namespace weir
