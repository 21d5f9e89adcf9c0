#include "core/store/structured_dictionary.h"

#include <algorithm>

#include "core/store/http_fields.h"

namespace weir {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}
bool is_alpha(char c) noexcept {
  return is_lower(to_lower(c));
}

// Reads from the front of `left`; nullopt anywhere is the end of the whole parse.
class Parser {
 public:
  explicit Parser(std::string_view text) noexcept : left_(text) {}

  bool at_end() const noexcept { return left_.empty(); }
  bool take(char c) noexcept {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  void skip(std::string_view which) noexcept {
    while (!left_.empty() && which.find(left_.front()) != std::string_view::npos) {
      left_.remove_prefix(1);
    }
  }

  std::optional<std::string> key() {
    if (left_.empty() || (!is_lower(left_.front()) && left_.front() != '*')) return std::nullopt;
    return std::string(take_while([](char c) {
      return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '*';
    }));
  }

  std::optional<StructuredValue> member_value() {
    std::optional<StructuredValue> value;
    if (!take('=')) {
      value = true;
    } else if (take('(')) {
      value = inner_list();
    } else {
      value = bare_item();
    }
    if (!value || !parameters()) return std::nullopt;
    return value;
  }

 private:
  template <typename F>
  std::string_view take_while(F&& keep) {
    std::size_t n = 0;
    while (n < left_.size() && keep(left_[n])) ++n;
    const std::string_view out = left_.substr(0, n);
    left_.remove_prefix(n);
    return out;
  }

  bool parameters() {
    while (take(';')) {
      skip(" ");
      if (!key()) return false;
      if (take('=') && !bare_item()) return false;
    }
    return true;
  }

  std::optional<StructuredValue> inner_list() {
    while (true) {
      skip(" ");
      if (take(')')) return StructuredOther{};
      if (!bare_item() || !parameters()) return std::nullopt;
      if (left_.empty() || (left_.front() != ' ' && left_.front() != ')')) return std::nullopt;
    }
  }

  std::optional<StructuredValue> bare_item() {
    if (left_.empty()) return std::nullopt;
    const char c = left_.front();
    if (c == '-' || is_digit(c)) return number();
    if (c == '"') return string();
    if (c == '*' || is_alpha(c)) {
      return StructuredToken{
          std::string(take_while([](char t) { return is_token_char(t) || t == ':' || t == '/'; }))};
    }
    if (c == '?') return boolean();
    if (c == ':') return bytes();
    if (c == '@') {
      left_.remove_prefix(1);
      const auto value = number();
      if (!value || !std::holds_alternative<std::int64_t>(*value)) return std::nullopt;
      return StructuredOther{};
    }
    if (c == '%') {  // display string: %"…"
      left_.remove_prefix(1);
      if (!string()) return std::nullopt;
      return StructuredOther{};
    }
    return std::nullopt;
  }

  std::optional<StructuredValue> number() {
    const bool negative = take('-');
    const std::string_view digits = take_while(is_digit);
    if (digits.empty() || digits.size() > 15) return std::nullopt;
    if (take('.')) {
      const std::string_view fraction = take_while(is_digit);
      if (digits.size() > 12 || fraction.empty() || fraction.size() > 3) return std::nullopt;
      return StructuredOther{};
    }
    std::int64_t value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return negative ? -value : value;
  }

  std::optional<StructuredValue> string() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!left_.empty()) {
      char c = left_.front();
      left_.remove_prefix(1);
      if (c == '"') return out;
      if (c == '\\') {
        if (left_.empty() || (left_.front() != '"' && left_.front() != '\\')) return std::nullopt;
        c = left_.front();
        left_.remove_prefix(1);
      }
      if (c < 0x20 || c > 0x7e) return std::nullopt;
      out += c;
    }
    return std::nullopt;
  }

  std::optional<StructuredValue> boolean() {
    left_.remove_prefix(1);
    if (take('1')) return true;
    if (take('0')) return false;
    return std::nullopt;
  }

  std::optional<StructuredValue> bytes() {
    left_.remove_prefix(1);
    take_while(
        [](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '/' || c == '='; });
    if (!take(':')) return std::nullopt;
    return StructuredOther{};
  }

  std::string_view left_;
};

}  // namespace

std::optional<StructuredDictionary> parse_structured_dictionary(std::string_view text,
                                                                std::size_t max_members) {
  Parser in(text);
  StructuredDictionary out;
  in.skip(" ");
  while (!in.at_end()) {
    auto key = in.key();
    if (!key) return std::nullopt;
    auto value = in.member_value();
    if (!value) return std::nullopt;
    const auto same = std::find_if(out.begin(), out.end(),
                                   [&](const StructuredMember& m) { return m.key == *key; });
    if (same != out.end()) {
      same->value = *std::move(value);
    } else {
      if (out.size() == max_members) return std::nullopt;
      out.push_back({*std::move(key), *std::move(value)});
    }
    in.skip(" \t");
    if (in.at_end()) return out;
    if (!in.take(',')) return std::nullopt;
    in.skip(" \t");
    if (in.at_end()) return std::nullopt;  // a comma at the end
  }
  return out;
}

}  // namespace weir
