// parse_range(): the first line is the field's value, the second the length of what is asked for.
#include <charconv>

#include "core/title/range.h"
#include "t/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = weir::as_chars({data, size});
  const std::size_t line = text.find('\n');
  const std::string_view value = text.substr(0, line);
  std::uint64_t length = 1000;
  if (line != std::string_view::npos) {
    std::from_chars(text.data() + line + 1, text.data() + text.size(), length);
  }
  for (const std::size_t max_ranges : {std::size_t{8}, std::size_t{1}}) {
    const weir::RangeSet set = weir::parse_range(value, length, max_ranges);
    const bool partial = set.verdict == weir::RangeVerdict::kPartial;
    weir::fuzz::must(partial == !set.ranges.empty(), "206 has ranges, and only 206");
    weir::fuzz::must(set.ranges.size() <= max_ranges, "no more than allowed");
    for (const weir::ByteRange& range : set.ranges) {
      weir::fuzz::must(
          range.length >= 1 && range.offset < length && range.length <= length - range.offset,
          "a range lies within what is asked for");
    }
  }
  return 0;
}
