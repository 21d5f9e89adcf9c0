// multipart/byteranges bodies (RFC 9110 section 14.6): what stands around the ranges, and how long
// it all is, so that a Content-Length can be sent before the first byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/title/header_file.h"

namespace weir {

struct MultiRange {
  std::string content_type;        // of the whole answer, with its boundary
  std::vector<std::string> heads;  // before each range, in their order
  std::string tail;                // behind the last
  std::uint64_t length = 0;        // of all of it, ranges included
};

// `ranges`: two or more, satisfiable, in the order asked. `part_type`: the representation's own
// Content-Type, left out when empty. `boundary`: 1 to 70 of letters and digits that the content
// cannot be made to contain by a stranger: take random ones.
MultiRange multi_range(const std::vector<ByteRange>& ranges, std::uint64_t total,
                       std::string_view part_type, std::string_view boundary);

// "bytes 0-99/1000"
std::string content_range(const ByteRange& range, std::uint64_t total);

}  // namespace weir
