#include "core/store/block_map.h"

#include <algorithm>

namespace weir {

std::uint64_t BlockMap::length_of(std::uint64_t block) const noexcept {
  const std::uint64_t start = block * block_size_;
  return std::min<std::uint64_t>(block_size_, total_ - start);
}

void BlockMap::mark(std::uint64_t from, std::uint64_t to) noexcept {
  to = std::min(to, total_);
  while (from < to) {
    const std::uint64_t block = from / block_size_;
    const std::uint64_t start = block * block_size_;
    const std::uint64_t end = std::min(to, start + length_of(block));
    std::uint32_t& prefix = prefixes_[block];
    if (from - start <= prefix && end - start > prefix) {
      prefix = static_cast<std::uint32_t>(end - start);
    }
    from = end;
  }
}

std::uint64_t BlockMap::valid_until(std::uint64_t at) const noexcept {
  while (at < total_) {
    const std::uint64_t block = at / block_size_;
    const std::uint64_t start = block * block_size_;
    const std::uint64_t prefix = prefixes_[block];
    if (at - start >= prefix) return at;
    at = start + prefix;
    if (prefix < length_of(block)) return at;
  }
  return at;
}

}  // namespace weir
