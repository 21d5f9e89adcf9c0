#include "core/token/token_path.h"

#include <algorithm>

namespace weir {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool could_be_token(std::string_view segment) noexcept {
  return segment.starts_with("ey") || std::count(segment.begin(), segment.end(), '.') >= 2;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// One character of an escaped text, and how many bytes it takes there.
struct Decoded {
  char c = '\0';
  std::size_t width = 1;
};

Decoded decode(std::string_view text, std::size_t at) noexcept {
  if (text[at] == '%' && at + 2 < text.size()) {
    const int high = hex_digit(text[at + 1]);
    const int low = hex_digit(text[at + 2]);
    if (high >= 0 && low >= 0) return {static_cast<char>(high * 16 + low), 3};
  }
  return {text[at], 1};
}

bool ends_path(char raw) noexcept {
  return raw == '?' || raw == '#' || raw == ' ' || raw == '"';
}

bool starts_argument(char raw) noexcept {
  return raw == '?' || raw == '&' || raw == ';';
}

// Every logged line and every request goes through here: find_first_of() is four times slower.
template <typename Predicate>
std::size_t find_from(std::string_view text, std::size_t at, Predicate wanted) noexcept {
  return static_cast<std::size_t>(
      std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), wanted) -
      text.begin());
}

// The end of the token that starts at `at` of the escaped text, or `at` when none does.
std::size_t token_end(std::string_view text, std::size_t at) {
  // Nearly always it ends with a slash and nothing is escaped: find() is vectorised, and nothing
  // has to be copied.
  std::size_t plain_end = std::min(text.find('/', at), text.size());
  for (const char c : {'%', '?', '#', ' ', '"'}) {
    plain_end = std::min(text.substr(0, plain_end).find(c, at), plain_end);
  }
  if (plain_end == text.size() || text[plain_end] != '%') {
    return could_be_token(text.substr(at, plain_end - at)) ? plain_end : at;
  }
  std::string segment;
  std::size_t end = at;
  while (end < text.size() && !ends_path(text[end])) {
    const Decoded next = decode(text, end);
    if (next.c == '/') break;
    segment += next.c;
    end += next.width;
  }
  return could_be_token(segment) ? end : at;
}

// After a character that starts an argument: the end of the argument's token, or `at`.
std::size_t token_argument_value(std::string_view text, std::size_t at) noexcept {
  const std::string_view rest = text.substr(at);
  const auto equals = rest.find('=');
  if (equals == std::string_view::npos) return at;
  return same_name(rest.substr(0, equals), kTokenArgument) ? at + equals + 1 : at;
}

}  // namespace

std::optional<TokenPath> split_token_path(std::string_view path) noexcept {
  if (!path.starts_with("/~")) return std::nullopt;
  const auto slash = path.find('/', 2);
  const std::string_view token = path.substr(2, slash == path.npos ? path.npos : slash - 2);
  if (!could_be_token(token)) return std::nullopt;
  return TokenPath{token, slash == path.npos ? std::string_view("/") : path.substr(slash)};
}

std::optional<TokenQuery> split_token_query(std::string_view query) {
  TokenQuery out;
  bool found = false;
  for (std::size_t at = 0; at <= query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    const std::string_view argument = query.substr(at, end - at);
    const auto equals = argument.find('=');
    if (equals != argument.npos && same_name(argument.substr(0, equals), kTokenArgument)) {
      if (!found) out.token = argument.substr(equals + 1);
      found = true;
    } else {
      if (!out.rest.empty()) out.rest += '&';
      out.rest += argument;
    }
    at = end + 1;
  }
  if (!found) return std::nullopt;
  return out;
}

std::optional<std::string> redact_tokens(std::string_view text) {
  std::string out;
  std::size_t kept = 0;  // text before this is in `out` already
  const auto replace = [&](std::size_t from, std::size_t to) {
    out.append(text.substr(kept, from - kept)).append(1, '-');
    kept = to;
  };
  for (std::size_t at = 0; at < text.size();) {
    // Nothing begins at another character.
    at = find_from(text, at, [](char c) { return c == '/' || c == '%' || starts_argument(c); });
    if (at == text.size()) break;
    const Decoded here = decode(text, at);
    std::size_t next = at + here.width;
    if (here.c == '/' && next < text.size()) {
      const Decoded tilde = decode(text, next);
      const std::size_t start = next + tilde.width;
      if (tilde.c == '~') {
        const std::size_t end = token_end(text, start);
        if (end > start) replace(start, next = end);
      }
    } else if (starts_argument(text[at])) {
      const std::size_t value = token_argument_value(text, next);
      if (value > next && value < text.size()) {
        next = std::min(text.find_first_of("& #\"", value), text.size());
        if (next > value) replace(value, next);
      }
    }
    at = next;
  }
  if (kept == 0) return std::nullopt;
  out.append(text.substr(kept));
  return out;
}

}  // namespace weir
