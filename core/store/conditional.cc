#include "core/store/conditional.h"

#include <algorithm>

#include "core/store/http_date.h"

namespace weir {
namespace {

std::string_view opaque_of(std::string_view tag) noexcept {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

bool is_weak(std::string_view tag) noexcept {
  return tag.starts_with("W/");
}

// Takes an entity tag, or "*", off a list. A tag may hold commas and backslashes: it is no quoted
// string. Rubbish is passed over up to the next comma.
std::optional<std::string_view> next_tag(std::string_view& list) noexcept {
  const auto start = list.find_first_not_of(" \t,");
  if (start == std::string_view::npos) return std::nullopt;
  list.remove_prefix(start);
  const std::size_t prefix = is_weak(list) ? 2 : 0;
  std::size_t end = list.find(',');
  if (list.size() > prefix && list[prefix] == '"') {
    const auto close = list.find('"', prefix + 1);
    if (close != std::string_view::npos) end = close + 1;
  }
  const std::string_view tag = trim_blanks(list.substr(0, end));
  list = end >= list.size() ? std::string_view{} : list.substr(end);
  return tag;
}

enum class Comparison : std::uint8_t { kStrong, kWeak };

bool any_matches(std::string_view list, std::string_view etag, Comparison how) noexcept {
  if (trim_blanks(list) == "*") return true;  // the representation exists
  while (const auto tag = next_tag(list)) {
    if (how == Comparison::kStrong ? same_strong(*tag, etag) : same_weak(*tag, etag)) return true;
  }
  return false;
}

std::optional<EpochSeconds> date_in(FieldLines request, std::string_view name, EpochSeconds now) {
  const auto value = first_value(request, name);
  return value ? parse_http_date(*value, now) : std::nullopt;
}

// RFC 9110 13.1.1 and 13.1.4
bool origin_conditions_hold(FieldLines request, const Validators& have, EpochSeconds now) {
  if (const auto if_match = joined_value(request, "if-match")) {
    return any_matches(*if_match, have.etag, Comparison::kStrong);
  }
  const auto since = date_in(request, "if-unmodified-since", now);
  return !since || !have.last_modified || *have.last_modified <= *since;
}

}  // namespace

bool is_entity_tag(std::string_view text) noexcept {
  const std::string_view opaque = opaque_of(text);
  if (opaque.size() < 2 || opaque.front() != '"' || opaque.back() != '"') return false;
  const std::string_view inside = opaque.substr(1, opaque.size() - 2);
  return std::all_of(inside.begin(), inside.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x22 && byte != 0x7f;
  });
}

bool same_strong(std::string_view a, std::string_view b) noexcept {
  return is_entity_tag(a) && !is_weak(a) && a == b;
}

bool same_weak(std::string_view a, std::string_view b) noexcept {
  return is_entity_tag(a) && opaque_of(a) == opaque_of(b);
}

Condition evaluate_conditions(FieldLines request, const Validators& have, ConditionRole role,
                              EpochSeconds now) {
  if (role == ConditionRole::kOrigin && !origin_conditions_hold(request, have, now)) {
    return Condition::kPreconditionFailed;
  }
  if (const auto if_none_match = joined_value(request, "if-none-match")) {
    return any_matches(*if_none_match, have.etag, Comparison::kWeak) ? Condition::kNotModified
                                                                     : Condition::kProceed;
  }
  const auto since = date_in(request, "if-modified-since", now);
  if (!since) return Condition::kProceed;
  // RFC 9111 4.3.2: without Last-Modified, Date stands in for it.
  const auto modified = have.last_modified ? have.last_modified : have.date;
  return modified && *modified <= *since ? Condition::kNotModified : Condition::kProceed;
}

bool range_applies(FieldLines request, const Validators& have, EpochSeconds now) {
  const auto if_range = first_value(request, "if-range");
  if (!if_range) return true;
  if (is_entity_tag(*if_range)) return same_strong(*if_range, have.etag);
  const auto date = parse_http_date(*if_range, now);
  return date && have.last_modified == date && last_modified_is_strong(have);
}

bool last_modified_is_strong(const Validators& have) noexcept {
  return have.last_modified && have.date && *have.date > *have.last_modified;
}

}  // namespace weir
