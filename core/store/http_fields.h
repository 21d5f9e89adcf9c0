// The small change of HTTP field values (RFC 9110 section 5): lines, comma lists, quoted strings,
// delta-seconds. Views borrow from the caller; nothing here allocates unless it returns a string.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

// One field line of a message, as received: the name in any case, the value without line ends.
struct FieldLine {
  std::string_view name;
  std::string_view value;
};
using FieldLines = std::span<const FieldLine>;

using EpochSeconds = std::int64_t;  // seconds since 1970-01-01 UTC; before it: negative

// RFC 9111 1.2.2: what is larger counts as this.
inline constexpr std::int64_t kMaxDeltaSeconds = std::int64_t{1} << 31;

constexpr bool is_token_char(char c) noexcept {  // tchar, RFC 9110 5.6.2
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_token(std::string_view text) noexcept;  // at least one tchar and nothing else
bool same_name(std::string_view a, std::string_view b) noexcept;  // ASCII case-insensitive
std::string lower_case(std::string_view text);
std::string_view trim_blanks(std::string_view text) noexcept;  // spaces and tabs

// Takes the next member off a comma list: commas inside quoted strings do not part members. Blanks
// around are trimmed; empty members come back as empty views. nullopt: the list is used up.
std::optional<std::string_view> next_member(std::string_view& list) noexcept;

// "…" with its backslashes resolved, or the text itself when it is not quoted. nullopt: a quote
// that does not end, or something behind its end.
std::optional<std::string> unquote(std::string_view text);

// 1*DIGIT, at most kMaxDeltaSeconds; nullopt when it is anything else.
std::optional<std::int64_t> parse_delta_seconds(std::string_view text) noexcept;

// The value of the first line of that name; nullopt when there is none.
std::optional<std::string_view> first_value(FieldLines fields, std::string_view name) noexcept;

// All lines of that name joined by ", " (RFC 9110 5.2); nullopt when there is none.
std::optional<std::string> joined_value(FieldLines fields, std::string_view name);

}  // namespace weir
