// The Cache-Status field (RFC 9211): what this cache did, behind what the caches before it say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Why a request went on to the origin (RFC 9211 2.2).
enum class ForwardReason : std::uint8_t {
  kNone,  // it did not
  kBypass,
  kMethod,
  kUriMiss,
  kVaryMiss,
  kMiss,
  kRequest,  // its own Cache-Control asked for it
  kStale,
  kPartial,  // some of the bytes were held
};

struct CacheStatusEntry {
  std::string_view cache = "weir";  // a token
  bool hit = false;                 // and then no forward reason
  ForwardReason forward = ForwardReason::kNone;
  std::optional<int>
      forward_status;  // what the origin answered, when it is not what is answered here
  std::optional<std::int64_t> ttl;  // freshness left, negative when stale
  bool stored = false;
  bool collapsed = false;
  std::string_view key;     // left out when empty, or not printable ASCII: it must hold no secret
  std::string_view detail;  // likewise
};

// One member: `weir; hit; ttl=30`.
std::string format_cache_status(const CacheStatusEntry& entry);

// The field to send: what came from the origin side first, then ours. `received` that is longer
// than 2 KiB, or holds control characters, is dropped.
std::string append_cache_status(std::string_view received, const CacheStatusEntry& entry);

}  // namespace weir
