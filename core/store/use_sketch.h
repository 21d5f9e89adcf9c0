// How often things were used lately, in a fixed number of bytes: a count-min sketch of saturating
// bytes that are halved as time goes by. Borrows its counters, which may lie in memory shared
// between processes: note() takes no lock (an increment lost in a race is of no account), age()
// needs the caller's. Wrong bytes make wrong estimates, never a fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir {

class UseSketch {
 public:
  // `counters`: 1 to 2^31 of them. Counts stop at `limit`.
  UseSketch(std::span<std::uint8_t> counters, std::uint8_t limit) noexcept
      : counters_(counters), limit_(limit) {}

  void note(std::uint64_t key) noexcept;
  std::uint32_t estimate(std::uint64_t key) const noexcept;  // never too low, but for lost races

  // Halves the `n` counters from `cursor` on, around the end; returns the next cursor.
  std::uint32_t age(std::uint32_t cursor, std::uint32_t n) noexcept;

 private:
  struct Pair {
    std::size_t first;
    std::size_t second;
  };
  Pair places(std::uint64_t key) const noexcept;

  std::span<std::uint8_t> counters_;
  std::uint8_t limit_;
};

// The finaliser of SplitMix64: every bit of the key in every bit of the result.
constexpr std::uint64_t mix64(std::uint64_t key) noexcept {
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9U;
  key = (key ^ (key >> 27)) * 0x94d049bb133111ebU;
  return key ^ (key >> 31);
}

}  // namespace weir
