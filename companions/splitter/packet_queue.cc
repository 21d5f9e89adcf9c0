#include "companions/splitter/packet_queue.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

constexpr std::size_t kMaxBytes = 32 << 20;
constexpr std::int64_t kMaxSpanUs = 10'000'000;

}  // namespace

void PacketQueue::push(std::size_t stream, std::int64_t time_us, AvPacketPtr packet) {
  bytes_ += static_cast<std::size_t>(packet->size);
  newest_us_ = std::max(newest_us_, time_us);
  queues_[stream].push_back({time_us, std::move(packet), stream});
}

bool PacketQueue::ready() const noexcept {
  bool any = false;
  bool all = true;
  std::int64_t oldest = INT64_MAX;
  for (const auto& queue : queues_) {
    any = any || !queue.empty();
    all = all && !queue.empty();
    if (!queue.empty()) oldest = std::min(oldest, queue.front().time_us);
  }
  if (!any) return false;
  return all || ended_ || bytes_ > kMaxBytes || newest_us_ - oldest > kMaxSpanUs;
}

PacketQueue::Entry PacketQueue::pop() {
  auto best = queues_.end();
  for (auto it = queues_.begin(); it != queues_.end(); ++it) {
    if (it->empty()) continue;
    if (best == queues_.end() || it->front().time_us < best->front().time_us) best = it;
  }
  Entry out = std::move(best->front());
  best->pop_front();
  bytes_ -= static_cast<std::size_t>(out.packet->size);
  return out;
}

}  // namespace weir
