#include "core/store/origin_answer.h"

#include <algorithm>
#include <charconv>

namespace weir {

namespace {

constexpr std::int64_t kYear = 365 * 86400;

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view lower) noexcept {
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + ('a' - 'A')) : x) == y;
         });
}

// Digits only, and all of them.
std::optional<std::uint64_t> number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::int64_t seconds(std::string_view text) noexcept {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  const auto value = number(text);
  // What is not a number is stale (RFC 9111 section 4.2.1); an overflow is just long.
  if (!value) return text.size() > 18 ? kYear : 0;
  return static_cast<std::int64_t>(std::min<std::uint64_t>(*value, kYear));
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view value) noexcept {
  value = trim(value);
  if (value.size() < 6 || !same_word(value.substr(0, 6), "bytes ")) return std::nullopt;
  value = trim(value.substr(6));
  const std::size_t dash = value.find('-');
  const std::size_t slash = value.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto first = number(value.substr(0, dash));
  const auto last = number(value.substr(dash + 1, slash - dash - 1));
  const std::string_view total = value.substr(slash + 1);
  if (!first || !last || *last < *first) return std::nullopt;
  ContentRange range{*first, *last, std::nullopt};
  if (total == "*") return range;
  range.total = number(total);
  if (!range.total || *range.total <= *last) return std::nullopt;
  return range;
}

CacheControl parse_cache_control(std::string_view value) noexcept {
  CacheControl control;
  bool shared = false;
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    const std::string_view one = trim(value.substr(0, comma));
    value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    const std::size_t equals = one.find('=');
    const std::string_view name = trim(one.substr(0, equals));
    const std::string_view argument =
        equals == std::string_view::npos ? std::string_view{} : trim(one.substr(equals + 1));
    if (same_word(name, "no-store") || same_word(name, "private") || same_word(name, "no-cache")) {
      control.no_store = true;
    } else if (same_word(name, "immutable")) {
      control.immutable = true;
    } else if (same_word(name, "s-maxage")) {
      control.max_age_s = seconds(argument);
      shared = true;
    } else if (same_word(name, "max-age") && !shared) {
      control.max_age_s = seconds(argument);
    }
  }
  return control;
}

std::int64_t fresh_seconds(const CacheControl& control, std::int64_t last_modified,
                           std::int64_t now) noexcept {
  if (control.max_age_s) return *control.max_age_s;
  if (control.immutable) return kYear;
  constexpr std::int64_t kLeast = 10;
  constexpr std::int64_t kMost = 86400;
  if (last_modified < 0 || last_modified > now) return kLeast;
  return std::clamp((now - last_modified) / 10, kLeast, kMost);
}

}  // namespace weir
