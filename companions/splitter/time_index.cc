#include "companions/splitter/time_index.h"

#include <algorithm>
#include <limits>

namespace weir {

void TimeIndex::settle() {
  std::stable_sort(points_.begin(), points_.end(),
                   [](const IndexPoint& a, const IndexPoint& b) { return a.offset < b.offset; });
  std::size_t kept = 0;
  for (const IndexPoint& point : points_) {
    // Times ascend with offsets; a key frame at the place of another point takes it.
    if (kept > 0 && point.offset == points_[kept - 1].offset) {
      points_[kept - 1].key_frame = points_[kept - 1].key_frame || point.key_frame;
      continue;
    }
    if (kept > 0 && point.time_us < points_[kept - 1].time_us) continue;
    points_[kept++] = point;
  }
  points_.resize(kept);
}

std::size_t TimeIndex::key_frames() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      points_.begin(), points_.end(), [](const IndexPoint& point) { return point.key_frame; }));
}

void TimeIndex::stamp(std::vector<Piece>& pieces, std::int64_t duration_us) const {
  if (points_.empty()) return;
  for (Piece& piece : pieces) {
    const auto after = std::lower_bound(
        points_.begin(), points_.end(), piece.offset,
        [](const IndexPoint& point, std::uint64_t offset) { return point.offset < offset; });
    // The first frame that starts in or after the piece; past the last one, the last one's time.
    const IndexPoint& point = after != points_.end() ? *after : points_.back();
    piece.time_us = std::max<std::int64_t>(point.time_us, 0);
    piece.key_frame = point.offset == piece.offset && point.key_frame;
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::int64_t end = i + 1 < pieces.size() ? pieces[i + 1].time_us : duration_us;
    const std::int64_t length = std::clamp<std::int64_t>(end - pieces[i].time_us, 0,
                                                         std::numeric_limits<std::uint32_t>::max());
    pieces[i].duration_us = static_cast<std::uint32_t>(length);
  }
}

std::vector<SeekPoint> TimeIndex::seek_points(std::size_t limit) const {
  const std::size_t keys = key_frames();
  const std::size_t step = keys == 0 ? 1 : (keys + limit - 1) / limit;
  std::vector<SeekPoint> out;
  std::size_t seen = 0;
  for (const IndexPoint& point : points_) {
    if (!point.key_frame || point.time_us < 0) continue;
    if (seen++ % step != 0) continue;
    // Both columns ascend strictly, so that a reader may search either.
    if (!out.empty() && point.time_us <= out.back().time_us) continue;
    out.push_back({point.time_us, point.offset});
  }
  return out;
}

}  // namespace weir
