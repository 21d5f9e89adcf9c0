#include "core/store/cache_control.h"

#include <algorithm>
#include <array>

#include "core/store/structured_dictionary.h"

namespace weir {
namespace {

constexpr std::size_t kMaxFieldNames = 32;

struct Flag {
  std::string_view name;
  bool CacheDirectives::*member;
};
constexpr std::array<Flag, 8> kFlags = {{
    {"no-store", &CacheDirectives::no_store},
    {"public", &CacheDirectives::is_public},
    {"must-revalidate", &CacheDirectives::must_revalidate},
    {"proxy-revalidate", &CacheDirectives::proxy_revalidate},
    {"must-understand", &CacheDirectives::must_understand},
    {"no-transform", &CacheDirectives::no_transform},
    {"immutable", &CacheDirectives::immutable},
    {"only-if-cached", &CacheDirectives::only_if_cached},
}};

// What an argument that cannot be read counts as.
enum class Unreadable : std::uint8_t { kZero, kAbsent, kNow };

struct Age {
  std::string_view name;
  std::optional<std::int64_t> CacheDirectives::*member;
  Unreadable unreadable;
};
constexpr std::array<Age, 6> kAges = {{
    {"max-age", &CacheDirectives::max_age, Unreadable::kZero},
    {"s-maxage", &CacheDirectives::s_maxage, Unreadable::kZero},
    {"stale-while-revalidate", &CacheDirectives::stale_while_revalidate, Unreadable::kAbsent},
    {"stale-if-error", &CacheDirectives::stale_if_error, Unreadable::kAbsent},
    // A request that asks for more freshness in a way we cannot read gets the freshest.
    {"min-fresh", &CacheDirectives::min_fresh, Unreadable::kNow},
    {"max-stale", &CacheDirectives::max_stale, Unreadable::kAbsent},
}};

void set_age(CacheDirectives& out, const Age& age, std::optional<std::int64_t> value) {
  auto& member = out.*age.member;
  if (member) return;  // the first one counts
  if (value) {
    member = std::min(*value, kMaxDeltaSeconds);
  } else if (age.unreadable == Unreadable::kZero) {
    member = 0;
  } else if (age.unreadable == Unreadable::kNow) {
    member = kMaxDeltaSeconds;
  }
}

void add_field_names(CacheDirectives& out, std::string_view names) {
  std::string_view left = names;
  while (const auto name = next_member(left)) {
    if (is_token(*name) && out.unstored_fields.size() < kMaxFieldNames) {
      out.unstored_fields.push_back(lower_case(*name));
    }
  }
}

// no-cache and private, bare or with the names of fields. Names that cannot be read, or too many of
// them, make it bare: the stricter reading.
void set_qualified(CacheDirectives& out, bool CacheDirectives::*bare,
                   const std::optional<std::string>& names) {
  const std::size_t before = out.unstored_fields.size();
  if (names) add_field_names(out, *names);
  if (out.unstored_fields.size() == before || out.unstored_fields.size() == kMaxFieldNames) {
    out.*bare = true;
  }
}

// `argument`: unquoted; nullopt when there was none or it could not be read.
void apply(CacheDirectives& out, std::string_view name, bool has_argument,
           const std::optional<std::string>& argument) {
  for (const Flag& flag : kFlags) {
    if (name == flag.name) out.*flag.member = true;  // an argument is passed over (RFC 9111 5.2)
  }
  for (const Age& age : kAges) {
    if (name != age.name) continue;
    if (name == "max-stale" && !has_argument) {
      if (!out.max_stale) out.max_stale = kMaxDeltaSeconds;
    } else {
      set_age(out, age, argument ? parse_delta_seconds(*argument) : std::nullopt);
    }
  }
  if (name == "no-cache") set_qualified(out, &CacheDirectives::no_cache, argument);
  if (name == "private") set_qualified(out, &CacheDirectives::is_private, argument);
}

void read_line(CacheDirectives& out, std::string_view line) {
  while (const auto member = next_member(line)) {
    if (member->empty()) continue;
    const auto equals = member->find('=');
    const std::string name = lower_case(trim_blanks(member->substr(0, equals)));
    if (!is_token(name)) continue;
    out.present = true;
    const bool has_argument = equals != std::string_view::npos;
    std::optional<std::string> argument;
    if (has_argument) argument = unquote(trim_blanks(member->substr(equals + 1)));
    apply(out, name, has_argument, argument);
  }
}

void apply_structured(CacheDirectives& out, const StructuredMember& member) {
  if (const bool* flag = std::get_if<bool>(&member.value)) {
    if (*flag) apply(out, member.key, false, std::nullopt);
    return;
  }
  std::optional<std::string> argument;
  if (const auto* number = std::get_if<std::int64_t>(&member.value)) {
    argument = std::to_string(*number);  // a negative one is then refused as the number it is not
  } else if (const auto* text = std::get_if<std::string>(&member.value)) {
    // Only lists of field names are strings here: RFC 9213 2.1 gives numbers their own type.
    if (member.key == "no-cache" || member.key == "private") argument = *text;
  }
  apply(out, member.key, true, argument);
}

}  // namespace

CacheDirectives parse_cache_directives(FieldLines fields) {
  CacheDirectives out;
  for (const FieldLine& line : fields) {
    if (same_name(line.name, "cache-control")) read_line(out, line.value);
  }
  return out;
}

CacheDirectives parse_targeted_directives(FieldLines fields, std::string_view name) {
  CacheDirectives out;
  const auto value = joined_value(fields, name);
  if (!value) return out;
  const auto dictionary = parse_structured_dictionary(*value);
  if (!dictionary || dictionary->empty()) return out;
  out.present = true;
  for (const StructuredMember& member : *dictionary) apply_structured(out, member);
  return out;
}

ResponseControl governing_control(FieldLines fields, std::span<const std::string_view> targets) {
  for (const std::string_view target : targets) {
    CacheDirectives directives = parse_targeted_directives(fields, target);
    if (directives.present) return {std::move(directives), true};
  }
  return {parse_cache_directives(fields), false};
}

}  // namespace weir
