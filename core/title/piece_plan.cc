#include "core/title/piece_plan.h"

#include <algorithm>
#include <map>

namespace weir {
namespace {

// A growing set of disjoint ranges in which ranges less than `join_gap` apart are one.
class RangeSetBuilder {
 public:
  explicit RangeSetBuilder(std::uint64_t join_gap)
      : join_gap_(std::max<std::uint64_t>(join_gap, 1)) {}

  void add(ByteRange range) {
    std::uint64_t start = range.offset;
    std::uint64_t end = range.end();
    auto next = ranges_.upper_bound(start);
    if (next != ranges_.begin()) {
      const auto before = std::prev(next);
      if (before->second >= start || start - before->second < join_gap_) {
        next = before;
      }
    }
    while (next != ranges_.end() && (next->first <= end || next->first - end < join_gap_)) {
      start = std::min(start, next->first);
      end = std::max(end, next->second);
      bytes_ -= next->second - next->first;
      next = ranges_.erase(next);
    }
    ranges_.emplace(start, end);
    bytes_ += end - start;
  }

  std::uint64_t bytes() const noexcept { return bytes_; }
  std::size_t count() const noexcept { return ranges_.size(); }

  std::vector<ByteRange> take() const {
    std::vector<ByteRange> out;
    out.reserve(ranges_.size());
    for (const auto& [start, end] : ranges_) out.push_back({start, end - start});
    return out;
  }

 private:
  std::uint64_t join_gap_;
  std::map<std::uint64_t, std::uint64_t> ranges_;  // start -> end
  std::uint64_t bytes_ = 0;
};

// The most of `range` that still fits, found by halving: how much is added depends on what lies
// there already.
void add_what_fits(RangeSetBuilder& set, ByteRange range, std::uint64_t max_bytes) {
  std::uint64_t fits = 0;
  for (std::uint64_t low = 1, high = range.length; low <= high;) {
    const std::uint64_t middle = low + (high - low) / 2;
    RangeSetBuilder trial = set;
    trial.add({range.offset, middle});
    if (trial.bytes() <= max_bytes && trial.count() <= kMaxMediaHeaderRanges) {
      fits = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  if (fits > 0) set.add({range.offset, fits});
}

// Pieces of this size keep a source of `source_bytes` far enough below kMaxPieces for a second
// rendition of about the same length.
std::uint64_t effective_piece_bytes(std::uint64_t source_bytes, std::uint32_t asked) {
  std::uint64_t bytes = std::clamp<std::uint64_t>(asked, 1, kMaxPieceBytes);
  while (bytes < kMaxPieceBytes && source_bytes / bytes >= kMaxPieces / 2 - kMaxMediaHeaderRanges) {
    bytes = std::min<std::uint64_t>(bytes * 2, kMaxPieceBytes);
  }
  return bytes;
}

void cut_run(ByteRange run, std::uint64_t piece_bytes, std::vector<ByteRange>& out) {
  while (run.length > piece_bytes) {
    std::uint64_t next = piece_bytes;
    const std::uint64_t rest = run.length - piece_bytes;
    if (rest < piece_bytes && rest < piece_bytes / 2 + piece_bytes % 2) {
      next = run.length - run.length / 2;  // the last two share evenly
    }
    out.push_back({run.offset, next});
    run.offset += next;
    run.length -= next;
  }
  if (run.length > 0) out.push_back(run);
}

}  // namespace

std::vector<ByteRange> arrange_media_header(const std::vector<ByteRange>& recorded,
                                            std::uint64_t source_bytes,
                                            const PiecePlanOptions& options) {
  std::vector<ByteRange> reads;
  RangeSetBuilder all(options.join_gap);
  for (ByteRange range : recorded) {
    if (range.length == 0 || range.offset >= source_bytes) continue;
    range.length = std::min(range.length, source_bytes - range.offset);
    reads.push_back(range);
    all.add(range);
  }
  const std::uint64_t max_bytes =
      std::min<std::uint64_t>(options.max_media_header, kMaxMediaHeaderBytes);
  if (all.bytes() <= max_bytes && all.count() <= kMaxMediaHeaderRanges) return all.take();

  // Which read goes over the limit, then everything before it, then its share.
  RangeSetBuilder tried(options.join_gap);
  std::size_t over = 0;
  for (; over < reads.size(); ++over) {
    tried.add(reads[over]);
    if (tried.bytes() > max_bytes || tried.count() > kMaxMediaHeaderRanges) break;
  }
  RangeSetBuilder kept(options.join_gap);
  for (std::size_t i = 0; i < over; ++i) kept.add(reads[i]);
  if (over < reads.size()) add_what_fits(kept, reads[over], max_bytes);
  return kept.take();
}

std::vector<ByteRange> plan_pieces(const std::vector<ByteRange>& media_header,
                                   std::uint64_t source_bytes, const PiecePlanOptions& options) {
  const std::uint64_t piece_bytes = effective_piece_bytes(source_bytes, options.piece_bytes);
  std::vector<ByteRange> out;
  if (source_bytes / piece_bytes > kMaxPieces) return out;
  std::uint64_t at = 0;
  for (const ByteRange& range : media_header) {
    cut_run({at, range.offset - at}, piece_bytes, out);
    at = range.end();
  }
  cut_run({at, source_bytes - at}, piece_bytes, out);
  return out;
}

bool seals_piece(const Protection& protection, std::uint32_t index) noexcept {
  switch (protection.policy) {
    case Protect::kAll:
      return true;
    case Protect::kPartial:
      return protection.every != 0 && index % protection.every == 0;
    case Protect::kNone:
      break;
  }
  return false;
}

}  // namespace weir
