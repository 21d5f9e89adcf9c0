// Which moment of a film lies at which byte: taken from the demuxer's index, or from the packets as
// they pass. Gives the pieces of the `file` rendition their times, and the header its SEEK points.
#pragma once

#include <cstdint>
#include <vector>

#include "core/title/header_file.h"

namespace weir {

struct IndexPoint {
  std::uint64_t offset = 0;
  std::int64_t time_us = 0;
  bool key_frame = false;
};

class TimeIndex {
 public:
  // Times may step back where a film was edited; points may come in any order.
  void add(IndexPoint point) { points_.push_back(point); }
  void settle();  // after the last add(): sorts and drops what contradicts what came before

  bool empty() const noexcept { return points_.empty(); }
  std::size_t key_frames() const noexcept;

  // Time, duration and key flag of pieces that lie in ascending order; zeros where nothing is
  // known.
  void stamp(std::vector<Piece>& pieces, std::int64_t duration_us) const;

  // Key frames, at most `limit` of them, evenly thinned.
  std::vector<SeekPoint> seek_points(std::size_t limit = kMaxSeekPoints) const;

 private:
  std::vector<IndexPoint> points_;
};

}  // namespace weir
