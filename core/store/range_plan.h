// What to ask the origin for, given what is held, what is on its way, and what a viewer wants.
//
// Rules
// - The block that holds the first missing byte that was asked for comes first: a seek waits for
// the
//   origin and one block, whatever else is going on.
// - Only whole blocks are asked for, from the end of a block's valid prefix on, and nothing beyond
// the
//   last block that was asked for: at most two blocks more than the viewer wants.
// - Gaps that touch are one request. A GET of the whole of a cold object is one request.
// - A fill that will reach the byte soon is waited for (max_wait). One that would take longer is
// cut
//   before the block, so that no byte is asked for twice; what lay behind is planned anew by
//   whoever wants it.
// - At most max_fetches at once: ask again when they are under way.
// Pure functions; the map is borrowed (see block_map.h), so call under the store's lock.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/title/header_file.h"

namespace weir {

// The blocks of an object whose length is known.
struct HeldBlocks {
  std::span<const std::uint32_t> prefixes;  // per block, length of its valid prefix
  std::uint32_t block_size = 0;             // > 0
  std::uint64_t total = 0;
};

// Bytes [from, pos) are in the file, [pos, to) will be.
struct RunningFill {
  std::uint64_t from = 0;
  std::uint64_t pos = 0;
  std::uint64_t to = 0;
};

struct PlanLimits {
  std::size_t max_fetches = 4;
  std::uint64_t max_wait = 2U << 20;  // bytes that a fill may still be away from the one asked for
  bool origin_has_ranges = true;      // false: it answered 200 to a range
};

struct RangePlan {
  struct Cut {
    std::size_t fill = 0;  // which
    std::uint64_t to = 0;  // its new end
    friend bool operator==(const Cut&, const Cut&) = default;
  };
  std::vector<ByteRange> fetches;  // the most urgent first
  std::vector<Cut> cuts;           // make them before the fetches
  bool more = false;               // max_fetches was reached
};

// `asked`: ranges inside 0..total, in the order in which they will be sent.
RangePlan plan_ranges(const HeldBlocks& held, std::span<const RunningFill> fills,
                      std::span<const ByteRange> asked, const PlanLimits& limits = {});

// The end of the run of bytes from `at` on that are in the file, by blocks and fills; `at` when
// that byte is not.
std::uint64_t available_until(const HeldBlocks& held, std::span<const RunningFill> fills,
                              std::uint64_t at) noexcept;

// The next gap to fill of an object that is worth having whole; nullopt when it is not (fewer than
// `hot_views` views lately, more than `max_gap_percent` missing), when it is complete, or when a
// fill is running: the background has one request at a time, of at most `most` bytes.
struct BackgroundLimits {
  std::uint32_t hot_views = 3;
  std::uint32_t max_gap_percent = 75;
  std::uint64_t most = 64U << 20;
};
std::optional<ByteRange> plan_background(const HeldBlocks& held, std::span<const RunningFill> fills,
                                         std::uint32_t views, const BackgroundLimits& limits = {});

}  // namespace weir
