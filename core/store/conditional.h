// Preconditions of a request against the representation at hand (RFC 9110 section 13).
#pragma once

#include <optional>
#include <string_view>

#include "core/store/http_fields.h"

namespace weir {

// The representation that would be answered with. An empty etag: it has none.
struct Validators {
  std::string_view etag;  // with quotes, and W/ when weak
  std::optional<EpochSeconds> last_modified;
  std::optional<EpochSeconds>
      date;  // when the origin said so; tells whether last_modified is strong
};

// Entity tags: opaque-tag with its quotes, W/ before it when weak (RFC 9110 8.8.3).
bool is_entity_tag(std::string_view text) noexcept;
bool same_strong(std::string_view a, std::string_view b) noexcept;
bool same_weak(std::string_view a, std::string_view b) noexcept;

// RFC 9111 4.3.2: a cache evaluates only what is meant for caches: If-Match and If-Unmodified-Since
// are the origin's, which is this edge for titles of its own library.
enum class ConditionRole : std::uint8_t { kCache, kOrigin };

enum class Condition : std::uint8_t {
  kProceed,             // answer as if nothing had been asked
  kNotModified,         // 304
  kPreconditionFailed,  // 412
};

// Precedence of RFC 9110 13.2.2, for GET and HEAD of a representation that exists.
Condition evaluate_conditions(FieldLines request, const Validators& have, ConditionRole role,
                              EpochSeconds now);

// Whether Range is to be heeded (RFC 9110 13.1.5): true without If-Range, or when it names the
// representation by a strong validator.
bool range_applies(FieldLines request, const Validators& have, EpochSeconds now);

// RFC 9110 8.8.2.2: a Last-Modified is a strong validator when Date says that it is at least a
// second old.
bool last_modified_is_strong(const Validators& have) noexcept;

}  // namespace weir
