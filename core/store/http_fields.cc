#include "core/store/http_fields.h"

#include <algorithm>

namespace weir {

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

std::string_view trim_blanks(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::string_view> next_member(std::string_view& list) noexcept {
  if (list.data() == nullptr) return std::nullopt;
  bool quoted = false;
  std::size_t at = 0;
  for (; at < list.size(); ++at) {
    const char c = list[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      break;
    }
  }
  at = std::min(at, list.size());
  const std::string_view member = trim_blanks(list.substr(0, at));
  list = at < list.size() ? list.substr(at + 1) : std::string_view{};
  return member;
}

std::optional<std::string> unquote(std::string_view text) {
  if (text.empty() || text.front() != '"') return std::string(text);
  std::string out;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      if (at + 1 != text.size()) return std::nullopt;
      return out;
    }
    if (text[at] == '\\' && ++at == text.size()) return std::nullopt;
    out += text[at];
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_delta_seconds(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = std::min(value * 10 + (c - '0'), kMaxDeltaSeconds);
  }
  return value;
}

std::optional<std::string_view> first_value(FieldLines fields, std::string_view name) noexcept {
  for (const FieldLine& line : fields) {
    if (same_name(line.name, name)) return trim_blanks(line.value);
  }
  return std::nullopt;
}

std::optional<std::string> joined_value(FieldLines fields, std::string_view name) {
  std::optional<std::string> out;
  for (const FieldLine& line : fields) {
    if (!same_name(line.name, name)) continue;
    if (out) {
      *out += ", ";
    } else {
      out.emplace();
    }
    *out += trim_blanks(line.value);
  }
  return out;
}

}  // namespace weir
