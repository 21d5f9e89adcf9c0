#include "core/store/use_sketch.h"

#include <algorithm>
#include <atomic>

namespace weir {
namespace {

std::uint8_t look(std::uint8_t& counter) noexcept {
  return std::atomic_ref(counter).load(std::memory_order_relaxed);
}
void set(std::uint8_t& counter, std::uint32_t value) noexcept {
  std::atomic_ref(counter).store(static_cast<std::uint8_t>(value), std::memory_order_relaxed);
}

}  // namespace

UseSketch::Pair UseSketch::places(std::uint64_t key) const noexcept {
  const std::uint64_t hash = mix64(key);
  // Each half of the hash as a fraction of 2^32.
  return {(hash & 0xffffffffU) * counters_.size() >> 32, (hash >> 32) * counters_.size() >> 32};
}

void UseSketch::note(std::uint64_t key) noexcept {
  const Pair at = places(key);
  const std::uint8_t a = look(counters_[at.first]);
  const std::uint8_t b = look(counters_[at.second]);
  const std::uint8_t low = std::min(a, b);
  if (low >= limit_) return;
  // Only the lower of the two rises: that keeps what collides with it from rising as well.
  if (a == low) set(counters_[at.first], low + 1U);
  if (b == low && at.second != at.first) set(counters_[at.second], low + 1U);
}

std::uint32_t UseSketch::estimate(std::uint64_t key) const noexcept {
  const Pair at = places(key);
  return std::min(look(counters_[at.first]), look(counters_[at.second]));
}

std::uint32_t UseSketch::age(std::uint32_t cursor, std::uint32_t n) noexcept {
  const auto size = static_cast<std::uint32_t>(counters_.size());
  if (cursor >= size) cursor = 0;
  for (; n > 0; --n) {
    set(counters_[cursor], look(counters_[cursor]) / 2U);
    cursor = cursor + 1 < size ? cursor + 1 : 0;
  }
  return cursor;
}

}  // namespace weir
