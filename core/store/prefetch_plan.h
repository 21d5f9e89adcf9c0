// What is likely to be asked for next: the segments behind one in an HLS media playlist (RFC 8216),
// what a player announces by CMCD (CTA-5004: nor, nrr), the pieces behind one of a title. And how
// much of it may be fetched: a budget that viewers always come before.
//
// Parsers are bounded and read strangers' bytes: what they do not understand they pass over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/invalidation.h"
#include "core/title/header_file.h"

namespace weir {

struct PrefetchTarget {
  std::string path;                // with query, on the same origin; never another's
  std::optional<ByteRange> range;  // of it; else the whole
  friend bool operator==(const PrefetchTarget&, const PrefetchTarget&) = default;
};

inline constexpr std::size_t kMaxPlaylistBytes = 2U << 20;
inline constexpr std::size_t kMaxPlaylistSegments = 20000;

// The `count` segments behind `current` (path with query, and its range where segments are parts of
// one file) in a media playlist that lies at `playlist`. Empty: it is none, is too large, or does
// not name `current`. Stops at the last segment: nobody is asked for what does not exist yet.
std::vector<PrefetchTarget> next_segments(std::string_view text, const TargetUri& playlist,
                                          const PrefetchTarget& current, std::size_t count);

// A request's Common Media Client Data, as far as an edge acts on it.
struct Cmcd {
  std::optional<PrefetchTarget> next;         // nor, nrr
  std::optional<std::int64_t> bitrate_kbps;   // br
  std::optional<std::int64_t> buffer_ms;      // bl
  std::optional<std::int64_t> max_rate_kbps;  // rtp
  bool starved = false;                       // bs
  bool startup = false;                       // su
  std::string session;                        // sid, at most 64 characters
};
// `query`: of the request, without "?"; the fields CMCD-Request, -Object, -Status and -Session are
// read where it has no CMCD argument. `target`: what was asked for; nor is relative to it. nrr
// without nor is of the object itself.
Cmcd parse_cmcd(std::string_view query, FieldLines request, const TargetUri& target);

// The query without its CMCD argument: what a cache key is made of.
std::string without_cmcd(std::string_view query);

// The ids of the `count` pieces behind piece `index`.
std::vector<Uuid> next_pieces(const std::vector<Piece>& pieces, std::size_t index,
                              std::size_t count);

// How much may be fetched that nobody has asked for. In shared memory, under the store's lock.
// Times are milliseconds of a clock that does not jump.
struct PrefetchBudget {
  std::uint64_t bytes_per_second = 0;  // 0: no prefetching
  std::uint64_t max_in_flight = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t tokens = 0;  // bytes; at most two seconds' worth
  std::int64_t filled_at_ms = 0;
  // For the status page.
  std::uint64_t started_bytes = 0;
  std::uint64_t refused = 0;
  std::uint64_t used_bytes = 0;  // that a viewer asked for later

  // True: `bytes` are taken from the budget; call done() when they have come, or will not.
  // `viewers_waiting`: fills that somebody waits for right now: then nothing is begun.
  bool start(std::uint64_t bytes, std::uint32_t viewers_waiting, std::int64_t now_ms) noexcept;
  void done(std::uint64_t bytes) noexcept;
};

}  // namespace weir
