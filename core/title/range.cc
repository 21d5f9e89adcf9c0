#include "core/title/range.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace weir {
namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Digits only. A number past 2^64 is no error: it is "very far", and stays so.
std::optional<std::uint64_t> parse_position(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kHuge - digit) / 10 ? kHuge : value * 10 + digit;
  }
  return value;
}

struct Spec {
  bool well_formed = false;
  ByteRange range;  // length 0: not satisfiable
};

Spec parse_spec(std::string_view text, std::uint64_t size) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view left = text.substr(0, dash);
  const std::string_view right = text.substr(dash + 1);
  if (left.empty()) {
    const auto suffix = parse_position(right);
    if (!suffix) return {};
    const std::uint64_t length = std::min(*suffix, size);
    return {true, {size - length, length}};
  }
  const auto first = parse_position(left);
  const auto last = right.empty() ? std::optional{kHuge} : parse_position(right);
  if (!first || !last || *last < *first) return {};
  if (*first >= size) return {true, {}};
  return {true, {*first, std::min(*last, size - 1) - *first + 1}};
}

bool more_than_two_overlap(const std::vector<ByteRange>& ranges) {
  std::size_t overlapping = 0;
  for (const ByteRange& a : ranges) {
    for (const ByteRange& b : ranges) {
      if (&a != &b && a.offset < b.end() && b.offset < a.end()) {
        ++overlapping;
        break;
      }
    }
  }
  return overlapping > 2;
}

bool has_bytes_unit(std::string_view value) {
  constexpr std::string_view kUnit = "bytes=";
  return value.size() >= kUnit.size() &&
         std::equal(kUnit.begin(), kUnit.end(), value.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
}

}  // namespace

RangeSet parse_range(std::string_view value, std::uint64_t size, std::size_t max_ranges) {
  value = trim(value);
  if (!has_bytes_unit(value)) return {};
  value.remove_prefix(6);

  RangeSet out;
  std::size_t specs = 0;
  while (true) {
    const auto comma = value.find(',');
    const std::string_view text = trim(value.substr(0, comma));
    if (!text.empty()) {  // RFC 9110 5.6.1.2: empty list elements are passed over
      const Spec spec = parse_spec(text, size);
      if (!spec.well_formed || ++specs > max_ranges) return {};
      if (spec.range.length > 0) out.ranges.push_back(spec.range);
    }
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  if (specs == 0 || more_than_two_overlap(out.ranges)) return {};
  out.verdict = out.ranges.empty() ? RangeVerdict::kUnsatisfiable : RangeVerdict::kPartial;
  return out;
}

}  // namespace weir
