// The Range request header (RFC 9110 section 14).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/title/header_file.h"

namespace weir {

enum class RangeVerdict : std::uint8_t {
  kWhole,    // no usable Range: answer 200 with everything (also: not the bytes unit, or malformed)
  kPartial,  // answer 206 with `ranges`
  kUnsatisfiable,  // answer 416
};

struct RangeSet {
  RangeVerdict verdict = RangeVerdict::kWhole;
  std::vector<ByteRange> ranges;  // satisfiable ones, in the order asked, each inside 0..size
};

// `value` is the header's field value, `size` the length of the representation. More than
// `max_ranges` ranges, or more than two that overlap, are treated as kWhole: RFC 9110 14.2 lets a
// server ignore such requests, and they are how servers are attacked.
RangeSet parse_range(std::string_view value, std::uint64_t size, std::size_t max_ranges = 8);

}  // namespace weir
