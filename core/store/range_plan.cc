#include "core/store/range_plan.h"

#include <algorithm>

namespace weir {
namespace {

class Planner {
 public:
  Planner(const HeldBlocks& held, std::span<const RunningFill> fills, const PlanLimits& limits)
      : held_(held), fills_(fills.begin(), fills.end()), promised_(fills.size()), limits_(limits) {}

  RangePlan plan(std::span<const ByteRange> asked) {
    for (const ByteRange& range : asked) {
      cover(range.offset, std::min(range.end(), held_.total));
      if (out_.more) break;
    }
    return std::move(out_);
  }

 private:
  std::uint64_t block_start(std::uint64_t at) const { return at - at % held_.block_size; }
  std::uint64_t block_end(std::uint64_t at) const {
    const std::uint64_t start = block_start(at);
    return held_.total - start > held_.block_size ? start + held_.block_size : held_.total;
  }
  std::uint64_t prefix_end(std::uint64_t at) const {
    const std::uint64_t start = block_start(at);
    return std::min(start + held_.prefixes[start / held_.block_size], block_end(at));
  }

  void cover(std::uint64_t at, std::uint64_t end) {
    while (at < end && !out_.more) {
      const std::uint64_t here = available_until(held_, fills_, at);
      if (here > at) {
        at = here;
      } else if (const auto planned = planned_until(at)) {
        at = *planned;
      } else if (const auto coming = coming_until(at, end)) {
        at = *coming;
      } else {
        at = fetch(at, end);
      }
    }
  }

  std::optional<std::uint64_t> planned_until(std::uint64_t at) const {
    for (const ByteRange& fetch : out_.fetches) {
      if (fetch.offset <= at && at < fetch.end()) return fetch.end();
    }
    return std::nullopt;
  }

  // The end of a fill that will bring this byte soon enough. One that will not is cut, but not
  // before what an earlier range waits for.
  std::optional<std::uint64_t> coming_until(std::uint64_t at, std::uint64_t end) {
    for (std::size_t i = 0; i < fills_.size(); ++i) {
      RunningFill& fill = fills_[i];
      if (at < fill.pos || at >= fill.to) continue;
      const std::uint64_t start = block_start(at);
      const bool soon =
          at - fill.pos <= limits_.max_wait || start <= fill.pos || start < promised_[i];
      if (soon || !limits_.origin_has_ranges) {
        promised_[i] = std::max(promised_[i], std::min(fill.to, end));
        return fill.to;
      }
      fill.to = start;
      out_.cuts.push_back({i, start});
      return std::nullopt;
    }
    return std::nullopt;
  }

  // Asks for the gap around `at`, which nothing else will bring. Returns its end.
  std::uint64_t fetch(std::uint64_t at, std::uint64_t end) {
    if (!limits_.origin_has_ranges) return add({0, held_.total});
    const std::uint64_t from = gap_start(at);
    std::uint64_t to = block_end(at);
    while (to < end && prefix_end(to) == to && !touched(to)) to = block_end(to);
    for (const RunningFill& fill : fills_) {
      if (fill.from > at) to = std::min(to, fill.from);
    }
    for (const ByteRange& planned : out_.fetches) {
      if (planned.offset > at) to = std::min(to, planned.offset);
    }
    return add({from, to - from});
  }

  std::uint64_t gap_start(std::uint64_t at) const {
    std::uint64_t from = prefix_end(at);
    for (const RunningFill& fill : fills_) {  // one that was cut, or began, in this block
      if (fill.from <= from && from < fill.pos) from = std::min(fill.pos, at);
    }
    return from;
  }

  bool touched(std::uint64_t at) const {
    return std::any_of(fills_.begin(), fills_.end(),
                       [&](const RunningFill& fill) { return fill.from <= at && at < fill.to; });
  }

  std::uint64_t add(ByteRange range) {
    if (!out_.fetches.empty() && out_.fetches.back().end() == range.offset) {
      out_.fetches.back().length += range.length;
    } else if (out_.fetches.size() == limits_.max_fetches) {
      out_.more = true;
    } else {
      out_.fetches.push_back(range);
    }
    return range.end();
  }

  const HeldBlocks& held_;
  std::vector<RunningFill> fills_;
  std::vector<std::uint64_t> promised_;  // per fill: not to be cut before
  PlanLimits limits_;
  RangePlan out_;
};

}  // namespace

std::uint64_t available_until(const HeldBlocks& held, std::span<const RunningFill> fills,
                              std::uint64_t at) noexcept {
  while (at < held.total) {
    const std::uint64_t before = at;
    const std::uint64_t block = at / held.block_size;
    const std::uint64_t start = block * held.block_size;
    const std::uint64_t length = std::min<std::uint64_t>(held.block_size, held.total - start);
    at = std::max(at, start + std::min<std::uint64_t>(held.prefixes[block], length));
    for (const RunningFill& fill : fills) {
      if (fill.from <= at && at < fill.pos) at = std::min(fill.pos, held.total);
    }
    if (at == before) break;
  }
  return at;
}

RangePlan plan_ranges(const HeldBlocks& held, std::span<const RunningFill> fills,
                      std::span<const ByteRange> asked, const PlanLimits& limits) {
  return Planner(held, fills, limits).plan(asked);
}

std::optional<ByteRange> plan_background(const HeldBlocks& held, std::span<const RunningFill> fills,
                                         std::uint32_t views, const BackgroundLimits& limits) {
  if (views < limits.hot_views || !fills.empty() || held.total == 0) return std::nullopt;
  std::uint64_t missing = held.total;
  for (std::size_t i = 0; i < held.prefixes.size(); ++i) {
    const std::uint64_t length =
        std::min<std::uint64_t>(held.block_size, held.total - i * held.block_size);
    missing -= std::min<std::uint64_t>(held.prefixes[i], length);
  }
  if (missing == 0 || missing / 100 * 100 > held.total / 100 * limits.max_gap_percent) {
    return std::nullopt;
  }
  const ByteRange whole = {0, held.total};
  const RangePlan plan = plan_ranges(held, {}, {&whole, 1}, {1, 0, true});
  ByteRange first = plan.fetches.front();
  if (first.length > limits.most) {  // to a block's end
    const std::uint64_t end = first.offset + limits.most;
    first.length = std::max(end - end % held.block_size,
                            first.offset + held.block_size - first.offset % held.block_size) -
                   first.offset;
  }
  return first;
}

}  // namespace weir
