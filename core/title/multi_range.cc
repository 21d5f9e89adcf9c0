#include "core/title/multi_range.h"

namespace weir {

std::string content_range(const ByteRange& range, std::uint64_t total) {
  return "bytes " + std::to_string(range.offset) + "-" + std::to_string(range.end() - 1) + "/" +
         std::to_string(total);
}

MultiRange multi_range(const std::vector<ByteRange>& ranges, std::uint64_t total,
                       std::string_view part_type, std::string_view boundary) {
  MultiRange out;
  out.content_type = "multipart/byteranges; boundary=" + std::string(boundary);
  for (const ByteRange& range : ranges) {
    std::string head = "\r\n--" + std::string(boundary) + "\r\n";
    if (!part_type.empty()) head += "Content-Type: " + std::string(part_type) + "\r\n";
    head += "Content-Range: " + content_range(range, total) + "\r\n\r\n";
    out.length += head.size() + range.length;
    out.heads.push_back(std::move(head));
  }
  out.tail = "\r\n--" + std::string(boundary) + "--\r\n";
  out.length += out.tail.size();
  return out;
}

}  // namespace weir
