// What an unsafe request makes stale (RFC 9111 section 4.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/http_fields.h"

namespace weir {

// GET, HEAD, OPTIONS, TRACE (RFC 9110 9.2.1). An unknown method is unsafe.
bool is_safe_method(std::string_view method) noexcept;

struct TargetUri {
  std::string_view scheme;          // "http", "https"
  std::string_view authority;       // host with port, as in the Host field
  std::string_view path_and_query;  // begins with "/"
};

// The paths, with queries, on this origin whose stored responses are to be invalidated after
// `method` was answered with `status` and these fields: the target itself, then what Location and
// Content-Location name. Nothing when the method is safe or the answer is an error. A location on
// another origin is not ours to invalidate: it would be a way to empty other people's caches.
std::vector<std::string> invalidation_targets(std::string_view method, int status,
                                              const TargetUri& target, FieldLines response);

// A reference resolved against `base` (RFC 3986 5.2) when it stays on the same scheme and
// authority: its path and query, dot segments removed. nullopt: elsewhere, or no reference at all.
std::optional<std::string> resolve_on_same_origin(const TargetUri& base,
                                                  std::string_view reference);

}  // namespace weir
