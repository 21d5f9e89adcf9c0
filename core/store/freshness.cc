#include "core/store/freshness.h"

#include <algorithm>

#include "core/store/http_date.h"

namespace weir {
namespace {

std::int64_t clamp_age(std::int64_t seconds) noexcept {
  return std::clamp<std::int64_t>(seconds, 0, kMaxDeltaSeconds);
}

// a - b without overflow, for times that strangers gave.
std::int64_t difference(EpochSeconds a, EpochSeconds b) noexcept {
  std::int64_t out = 0;
  if (__builtin_sub_overflow(a, b, &out)) return a < b ? -kMaxDeltaSeconds : kMaxDeltaSeconds;
  return std::clamp(out, -kMaxDeltaSeconds, kMaxDeltaSeconds);
}

// RFC 9111 5.1: the first member counts, an invalid one is ignored.
std::int64_t received_age(FieldLines fields) noexcept {
  const auto line = first_value(fields, "age");
  if (!line) return 0;
  std::string_view left = *line;
  const auto first = next_member(left);
  return first ? parse_delta_seconds(*first).value_or(0) : 0;
}

std::optional<EpochSeconds> date_of(FieldLines fields, std::string_view name, EpochSeconds now) {
  const auto value = first_value(fields, name);
  return value ? parse_http_date(*value, now) : std::nullopt;
}

// RFC 9111 4.2.3
std::int64_t corrected_initial_age(FieldLines fields, EpochSeconds date, EpochSeconds request_time,
                                   EpochSeconds response_time) noexcept {
  const std::int64_t apparent = clamp_age(difference(response_time, date));
  const std::int64_t delay = clamp_age(difference(response_time, request_time));
  return std::max(apparent, clamp_age(received_age(fields) + delay));
}

struct Lifetime {
  std::int64_t seconds = 0;
  bool is_explicit = false;
};

bool may_guess(int status, const CacheDirectives& control) noexcept {
  return heuristically_cacheable(status) || control.is_public;
}

// RFC 9111 4.2.1 and 4.2.2; RFC 9213 2.2: a targeted field puts Expires out of force.
Lifetime freshness_lifetime(int status, FieldLines fields, const ResponseControl& governing,
                            EpochSeconds date, EpochSeconds now, const FreshnessPolicy& policy) {
  const CacheDirectives& control = governing.directives;
  if (control.s_maxage) return {*control.s_maxage, true};
  if (control.max_age) return {*control.max_age, true};
  if (!governing.targeted) {
    if (const auto value = first_value(fields, "expires")) {
      // RFC 9111 5.3: an invalid date, "0" above all, is a time in the past.
      const auto expires = parse_http_date(*value, now);
      return {expires ? clamp_age(difference(*expires, date)) : 0, true};
    }
  }
  if (policy.configured_lifetime) return {clamp_age(*policy.configured_lifetime), false};
  const auto modified = date_of(fields, "last-modified", now);
  if (modified && may_guess(status, control)) {
    const std::int64_t since = clamp_age(difference(date, *modified));
    return {std::min(since * policy.heuristic_percent / 100, policy.heuristic_limit), false};
  }
  return {};
}

bool vary_has_star(FieldLines fields) {
  for (const FieldLine& line : fields) {
    if (!same_name(line.name, "vary")) continue;
    std::string_view left = line.value;
    while (const auto member = next_member(left)) {
      if (*member == "*") return true;
    }
  }
  return false;
}

bool keeps_cookie(FieldLines fields, const CacheDirectives& control) {
  const auto& dropped = control.unstored_fields;
  return first_value(fields, "set-cookie").has_value() &&
         std::find(dropped.begin(), dropped.end(), "set-cookie") == dropped.end();
}

// RFC 9111 3.5: what lets an answer to a request with Authorization be stored by a shared cache.
bool shares_authorized(const CacheDirectives& control) noexcept {
  return control.is_public || control.must_revalidate || control.s_maxage.has_value();
}

// RFC 9111 4.2.4: stale answers are off when the origin forbids them. s-maxage stands for
// proxy-revalidate (5.2.2.10), but not against a stale-... directive beside it: whoever writes both
// for a shared cache means both.
bool stale_forbidden(const CacheDirectives& control, bool asked_for_by_origin) noexcept {
  if (control.no_cache || control.must_revalidate || control.proxy_revalidate) return true;
  return control.s_maxage.has_value() && !asked_for_by_origin;
}

std::int64_t stale_window(const CacheDirectives& control, const std::optional<std::int64_t>& said,
                          std::int64_t by_default) noexcept {
  if (stale_forbidden(control, said.has_value())) return 0;
  return said.value_or(by_default);
}

struct Staleness {
  std::int64_t age = 0;
  std::int64_t stale_for = 0;  // 0 or less: fresh for so much longer
};

ReuseVerdict judge(const RequestFacts& request, const ResponseFacts& response, Staleness at,
                   const FreshnessPolicy& policy) noexcept {
  const CacheDirectives& control = response.control;
  const CacheDirectives nothing;
  const CacheDirectives& asked = policy.heed_requests ? request.control : nothing;
  ReuseVerdict out;
  out.age = age_value(at.age);

  const auto error_window =
      stale_window(control, control.stale_if_error, policy.default_stale_if_error);
  out.usable_on_error = at.stale_for < error_window && !control.no_cache && !asked.no_cache;
  const Reuse otherwise = asked.only_if_cached ? Reuse::kGatewayTimeout : Reuse::kRevalidate;
  out.reuse = otherwise;
  if (control.no_cache) return out;  // RFC 9111 5.2.2.4
  const bool fresh = at.stale_for < 0;
  // RFC 8246: an immutable response is not revalidated while it is fresh, whatever a reload asks
  // for.
  const bool settled = fresh && control.immutable;
  if (!settled) {
    if (asked.no_cache) return out;
    if (asked.max_age && at.age > *asked.max_age && !asked.max_stale) return out;
    if (asked.min_fresh && -at.stale_for < *asked.min_fresh) return out;
  }
  if (fresh) {
    out.reuse = Reuse::kFresh;
    return out;
  }
  const auto window =
      stale_window(control, control.stale_while_revalidate, policy.default_stale_while_revalidate);
  const bool viewer_takes_stale =
      asked.max_stale && at.stale_for <= *asked.max_stale && !stale_forbidden(control, false);
  if (at.stale_for < window || viewer_takes_stale) out.reuse = Reuse::kStaleRevalidate;
  return out;
}

}  // namespace

RequestFacts read_request_facts(RequestMethod method, FieldLines fields) {
  RequestFacts out;
  out.method = method;
  out.authorization = first_value(fields, "authorization").has_value();
  out.control = parse_cache_directives(fields);
  if (!out.control.present) {  // RFC 9111 5.4
    const auto pragma = joined_value(fields, "pragma");
    std::string_view left = pragma ? std::string_view(*pragma) : std::string_view{};
    while (const auto member = next_member(left)) {
      if (same_name(*member, "no-cache")) out.control.no_cache = true;
    }
  }
  return out;
}

ResponseFacts read_response_facts(int status, FieldLines fields, EpochSeconds request_time,
                                  EpochSeconds response_time, const FreshnessPolicy& policy) {
  ResponseControl governing = governing_control(fields, policy.targets);
  // RFC 9110 6.6.1: no date, or none that can be read: the time it came.
  const EpochSeconds date = date_of(fields, "date", response_time).value_or(response_time);
  const Lifetime lifetime =
      freshness_lifetime(status, fields, governing, date, response_time, policy);
  ResponseFacts out;
  out.status = status;
  out.initial_age = corrected_initial_age(fields, date, request_time, response_time);
  out.lifetime = lifetime.seconds;
  out.explicit_lifetime = lifetime.is_explicit;
  out.vary_any = vary_has_star(fields);
  out.sets_cookie = keeps_cookie(fields, governing.directives);
  out.has_validator = first_value(fields, "etag").has_value() ||
                      date_of(fields, "last-modified", response_time).has_value();
  out.control = std::move(governing.directives);
  return out;
}

bool heuristically_cacheable(int status) noexcept {
  constexpr std::array kStatuses = {200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501};
  return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

bool understood_status(int status) noexcept {
  constexpr std::array kMore = {302, 303, 307, 400, 403, 451, 500, 502, 503, 504};
  return heuristically_cacheable(status) ||
         std::find(kMore.begin(), kMore.end(), status) != kMore.end();
}

std::string_view name_of(Storability why) noexcept {
  switch (why) {
    case Storability::kStore:
      return "store";
    case Storability::kMethod:
      return "method";
    case Storability::kStatus:
      return "status";
    case Storability::kNoStore:
      return "no-store";
    case Storability::kRequestNoStore:
      return "request-no-store";
    case Storability::kPrivate:
      return "private";
    case Storability::kAuthorization:
      return "authorization";
    case Storability::kVaryAny:
      return "vary";
    case Storability::kSetCookie:
      return "set-cookie";
    case Storability::kNothingSaid:
      return "no-freshness";
    case Storability::kUseless:
      return "expired";
  }
  return {};
}

Storability storability(const RequestFacts& request, const ResponseFacts& response,
                        const FreshnessPolicy& policy) noexcept {
  const CacheDirectives& control = response.control;
  const int status = response.status;
  if (request.method != RequestMethod::kGet) return Storability::kMethod;
  if (status < 200 || status > 599 || status == 304) return Storability::kStatus;
  const bool understood = understood_status(status);
  if ((status == 206 || control.must_understand) && !understood) return Storability::kStatus;
  // RFC 9111 5.2.2.3: must-understand beside no-store lets those store who understand the status.
  if (control.no_store && !control.must_understand) return Storability::kNoStore;
  if (policy.heed_requests && request.control.no_store) return Storability::kRequestNoStore;
  if (control.is_private) return Storability::kPrivate;
  if (request.authorization && !shares_authorized(control)) return Storability::kAuthorization;
  if (response.vary_any) return Storability::kVaryAny;
  if (response.sets_cookie && !policy.store_set_cookie) return Storability::kSetCookie;
  const bool said = response.explicit_lifetime || control.is_public ||
                    policy.configured_lifetime.has_value() || heuristically_cacheable(status);
  if (!said) return Storability::kNothingSaid;
  const bool stale_at_once = control.no_cache || response.lifetime <= response.initial_age;
  const bool served_stale =
      !control.no_cache &&
      (stale_window(control, control.stale_while_revalidate,
                    policy.default_stale_while_revalidate) > 0 ||
       stale_window(control, control.stale_if_error, policy.default_stale_if_error) > 0);
  if (stale_at_once && !response.has_validator && !served_stale) return Storability::kUseless;
  return Storability::kStore;
}

ReuseVerdict judge_reuse(const RequestFacts& request, const ResponseFacts& response,
                         std::int64_t resident, const FreshnessPolicy& policy) noexcept {
  const std::int64_t age = clamp_age(response.initial_age + clamp_age(resident));
  return judge(request, response, {age, age - response.lifetime}, policy);
}

ReuseVerdict judge_soft_purged(const RequestFacts& request, const ResponseFacts& response,
                               std::int64_t resident, std::int64_t since_purge,
                               const FreshnessPolicy& policy) noexcept {
  const std::int64_t age = clamp_age(response.initial_age + clamp_age(resident));
  const std::int64_t stale_for = std::max(age - response.lifetime, clamp_age(since_purge));
  return judge(request, response, {age, stale_for}, policy);
}

std::int64_t age_value(std::int64_t age) noexcept {
  return clamp_age(age);
}

}  // namespace weir
