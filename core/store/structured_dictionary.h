// Structured Field dictionaries (RFC 9651, RFC 8941), as far as caching needs them:
// CDN-Cache-Control, CMCD. Strict, as the RFC asks: one error and the whole field is void.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir {

struct StructuredToken {
  std::string text;
  friend bool operator==(const StructuredToken&, const StructuredToken&) = default;
};
// Byte sequences, decimals, dates, display strings and inner lists are checked, but their values
// are of no use here.
struct StructuredOther {
  friend bool operator==(const StructuredOther&, const StructuredOther&) = default;
};
using StructuredValue =
    std::variant<bool, std::int64_t, std::string, StructuredToken, StructuredOther>;

struct StructuredMember {
  std::string key;
  StructuredValue value;
};
using StructuredDictionary = std::vector<StructuredMember>;

// nullopt: malformed, or more than `max_members`. A key that comes again replaces its first value
// in place (RFC 9651 4.2.2). Parameters are read over.
std::optional<StructuredDictionary> parse_structured_dictionary(std::string_view text,
                                                                std::size_t max_members = 64);

}  // namespace weir
