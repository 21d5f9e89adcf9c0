// Which bytes of an object are held: per block of fixed size, the length of its valid prefix. Not a
// bitmap, so that a fill that died goes on at the exact byte. Borrows the array (in shared memory);
// the store's lock protects it.
#pragma once

#include <cstdint>
#include <span>

namespace weir {

class BlockMap {
 public:
  // `prefixes` has block_count(total, block_size) elements; block_size > 0.
  BlockMap(std::span<std::uint32_t> prefixes, std::uint32_t block_size,
           std::uint64_t total) noexcept
      : prefixes_(prefixes), block_size_(block_size), total_(total) {}

  static std::uint64_t block_count(std::uint64_t total, std::uint32_t block_size) noexcept {
    return total / block_size + (total % block_size != 0 ? 1 : 0);
  }

  // Bytes [from, to) are valid now. Ignores what would leave a hole inside a block: the part of a
  // block counts only when it touches the block's valid prefix.
  void mark(std::uint64_t from, std::uint64_t to) noexcept;

  // The end of the run of valid bytes that holds `at`; `at` itself when that byte is not valid.
  std::uint64_t valid_until(std::uint64_t at) const noexcept;

  bool complete() const noexcept { return valid_until(0) == total_; }

 private:
  std::uint64_t length_of(std::uint64_t block) const noexcept;

  std::span<std::uint32_t> prefixes_;
  std::uint32_t block_size_;
  std::uint64_t total_;
};

}  // namespace weir
