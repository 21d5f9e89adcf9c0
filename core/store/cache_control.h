// Cache directives: Cache-Control of requests and responses (RFC 9111 section 5.2), with
// stale-while-revalidate and stale-if-error (RFC 5861), immutable (RFC 8246), and the targeted
// field CDN-Cache-Control (RFC 9213).
//
// Strictly tolerant: what a directive's name and value clearly say is taken, what is not known is
// passed over, and whatever is unclear errs towards not reusing a response:
//   * an argument that is no number makes max-age and s-maxage 0 (RFC 9111 4.2.1: "consider
//     responses that have invalid freshness information to be stale"), and drops the directives
//     that would lengthen a life;
//   * of a directive given twice the first value counts (RFC 9111 4.2.1);
//   * arguments may be tokens or quoted strings, whichever the grammar says (RFC 9111 5.2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/http_fields.h"

namespace weir {

struct CacheDirectives {
  bool present = false;  // a field was there, and could be read
  bool no_store = false;
  bool no_cache = false;    // without field names
  bool is_private = false;  // without field names
  bool is_public = false;
  bool must_revalidate = false;
  bool proxy_revalidate = false;
  bool must_understand = false;
  bool no_transform = false;
  bool immutable = false;
  bool only_if_cached = false;
  // Field names, in lower case, of no-cache="…" and private="…": not to be stored by a shared
  // cache.
  std::vector<std::string> unstored_fields;
  std::optional<std::int64_t> max_age;
  std::optional<std::int64_t> s_maxage;
  std::optional<std::int64_t> stale_while_revalidate;
  std::optional<std::int64_t> stale_if_error;
  std::optional<std::int64_t> min_fresh;
  std::optional<std::int64_t> max_stale;  // without argument: kMaxDeltaSeconds
};

// Reads every Cache-Control line among `fields`.
CacheDirectives parse_cache_directives(FieldLines fields);

// Reads one targeted field, such as "CDN-Cache-Control". !present when it is missing, empty or not
// a Structured Field dictionary: the next one, or Cache-Control itself, then decides.
CacheDirectives parse_targeted_directives(FieldLines fields, std::string_view name);

// What governs a response: the first of `targets` that is there and sound, else Cache-Control.
struct ResponseControl {
  CacheDirectives directives;
  bool targeted = false;  // then Expires and Pragma are not looked at either (RFC 9213 2.2)
};
ResponseControl governing_control(FieldLines fields, std::span<const std::string_view> targets);

}  // namespace weir
