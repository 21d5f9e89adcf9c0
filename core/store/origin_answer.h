// What a fill reads out of an origin's header fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

// Content-Range of a 206: "bytes FIRST-LAST/TOTAL" (RFC 9110 section 14.4); total is nullopt for
// "*".
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // >= first
  std::optional<std::uint64_t> total;
  friend bool operator==(const ContentRange&, const ContentRange&) = default;
};
std::optional<ContentRange> parse_content_range(std::string_view value) noexcept;

// The part of Cache-Control a shared cache of immutable bytes needs (RFC 9111 section 5.2.2).
struct CacheControl {
  bool no_store = false;  // no-store, private, or no-cache: not kept after the fill
  bool immutable = false;
  std::optional<std::int64_t> max_age_s;  // s-maxage before max-age
};
CacheControl parse_cache_control(std::string_view value) noexcept;

// How long an answer is fresh. Without a word from the origin: a tenth of its age (RFC 9111 section
// 4.2.2), at least 10 seconds and at most a day. last_modified < 0: not known.
std::int64_t fresh_seconds(const CacheControl& control, std::int64_t last_modified,
                           std::int64_t now) noexcept;

}  // namespace weir
