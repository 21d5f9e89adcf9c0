// May a response be stored, how long is it fresh, may it be served now: RFC 9111 for a shared
// cache, RFC 9213's CDN-Cache-Control first, RFC 5861's stale extensions. Pure functions of what
// was said and of times given in seconds.
//
//   facts = read_response_facts(status, fields, request_time, response_time, policy)
//   storability(request, facts, policy) == Storability::kStore ? keep it : why not
//   judge_reuse(request, facts, resident, policy)   when the stored response is asked for again
//
// `resident` is how long the response has been held. Take it from a clock that does not jump; after
// a restart from wall time: a clock that went backwards counts as no time passed, never as a
// negative age.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "core/store/cache_control.h"

namespace weir {

// What the operator decides (weir_cache_valid, weir_stale).
struct FreshnessPolicy {
  // Target list of RFC 9213, most specific first.
  std::span<const std::string_view> targets;
  // How long a response of this status lives when the origin says nothing: negative caching too.
  // The caller looks it up by status before each call.
  std::optional<std::int64_t> configured_lifetime;
  // Heuristic of RFC 9111 4.2.2: this share of the time since Last-Modified, and at most so long.
  int heuristic_percent = 10;
  std::int64_t heuristic_limit = 86400;
  // Stale serving where the origin did not ask for it, and did not forbid it.
  std::int64_t default_stale_while_revalidate = 0;
  std::int64_t default_stale_if_error = 0;
  // Requests' own Cache-Control and Pragma (RFC 9111 5.2.1: advisory). Off where viewers are not to
  // be able to reach through the cache.
  bool heed_requests = true;
  // A response with Set-Cookie is kept only on the operator's word.
  bool store_set_cookie = false;
};

inline constexpr std::array<std::string_view, 1> kDefaultTargets = {"CDN-Cache-Control"};

enum class RequestMethod : std::uint8_t { kGet, kHead, kOther };

struct RequestFacts {
  RequestMethod method = RequestMethod::kGet;
  bool authorization = false;
  CacheDirectives
      control;  // of the request; with no Cache-Control but "Pragma: no-cache": no_cache
};
RequestFacts read_request_facts(RequestMethod method, FieldLines fields);

struct ResponseFacts {
  int status = 0;
  CacheDirectives control;
  std::int64_t initial_age = 0;    // corrected_initial_age, RFC 9111 4.2.3
  std::int64_t lifetime = 0;       // freshness_lifetime, RFC 9111 4.2.1
  bool explicit_lifetime = false;  // s-maxage, max-age or Expires; else configured or heuristic
  bool vary_any = false;           // Vary: *
  bool sets_cookie = false;        // and no directive names Set-Cookie as not to be stored
  bool has_validator = false;      // ETag or Last-Modified
};
ResponseFacts read_response_facts(int status, FieldLines fields, EpochSeconds request_time,
                                  EpochSeconds response_time, const FreshnessPolicy& policy);

enum class Storability : std::uint8_t {
  kStore,
  kMethod,          // not GET (a HEAD's answer has no body to keep)
  kStatus,          // a status whose caching rules are not known here, where that matters
  kNoStore,         // the response's no-store
  kRequestNoStore,  // the request's
  kPrivate,
  kAuthorization,  // RFC 9111 3.5
  kVaryAny,
  kSetCookie,
  kNothingSaid,  // no freshness, and a status that is not cacheable by itself
  kUseless,      // stale at once and without a validator: nothing it could ever be used for
};
std::string_view name_of(Storability why) noexcept;
Storability storability(const RequestFacts& request, const ResponseFacts& response,
                        const FreshnessPolicy& policy) noexcept;

// A status that is cacheable when nothing is said (RFC 9110 15.1).
bool heuristically_cacheable(int status) noexcept;
// A final status whose caching rules this cache implements: must-understand, RFC 9111 3.
bool understood_status(int status) noexcept;

enum class Reuse : std::uint8_t {
  kFresh,            // serve it
  kStaleRevalidate,  // serve it, and revalidate behind the viewer's back
  kRevalidate,       // ask the origin before serving it
  kGatewayTimeout,   // only-if-cached, and it may not be served: 504 (RFC 9111 5.2.1.7)
};

struct ReuseVerdict {
  Reuse reuse = Reuse::kRevalidate;
  std::int64_t age = 0;  // current_age: the value of the Age field
  // When the origin fails (is_origin_error, unreachable, timeout): serve this one after all. Also
  // true while it is fresh.
  bool usable_on_error = false;
};
ReuseVerdict judge_reuse(const RequestFacts& request, const ResponseFacts& response,
                         std::int64_t resident, const FreshnessPolicy& policy) noexcept;

// A soft purge: the stored response is served only as a stale one would be, from now on.
ReuseVerdict judge_soft_purged(const RequestFacts& request, const ResponseFacts& response,
                               std::int64_t resident, std::int64_t since_purge,
                               const FreshnessPolicy& policy) noexcept;

// The value of Age: not negative, at most kMaxDeltaSeconds.
std::int64_t age_value(std::int64_t age) noexcept;

// A failure of the origin that stale-if-error covers (RFC 5861 4).
constexpr bool is_origin_error(int status) noexcept {
  return status == 500 || status == 502 || status == 503 || status == 504;
}

}  // namespace weir
