// A day-by-day trace of a video cache's block requests, made up from a seed: Zipf titles, views
// that end early, seeks, resumed views, daily drift, new releases, crawlers and syncs that read
// everything once. Titles are single files (films, clips) or rows of 4 MiB pieces, which a cache
// cannot tell are of one film.
#pragma once

#include <cstdint>
#include <vector>

namespace weir::bench {

struct TraceShape {
  std::uint64_t seed = 1;
  std::uint32_t titles = 3000;
  double zipf = 0.9;
  int days = 7;
  std::uint32_t views_a_day = 3000;
  double finish = 0.35;      // share of views that see the end
  double scan_share = 0.08;  // share of all block requests made by crawlers and syncs
  std::uint32_t releases_a_day = 6;
};

struct TraceObject {
  std::uint32_t first_block = 0;  // of the catalogue's dense block numbers
  std::uint32_t blocks = 0;
  std::uint32_t last_bytes = 0;  // length of the last block
};

struct TraceRequest {
  std::uint32_t object = 0;
  std::uint32_t block = 0;  // in the object
  std::uint32_t at = 0;     // seconds from the start
};

struct Trace {
  std::vector<TraceObject> objects;
  std::vector<TraceRequest> requests;  // in the order of time
  std::uint32_t blocks = 0;            // of the whole catalogue
};

Trace make_trace(const TraceShape& shape);

}  // namespace weir::bench
