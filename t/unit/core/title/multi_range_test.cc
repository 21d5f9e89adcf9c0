#include "core/title/multi_range.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(MultiRange, IsAsTheRfcShowsIt) {  // RFC 9110 14.6
  const std::string content = "0123456789";
  const std::vector<ByteRange> ranges = {{8, 2}, {0, 1}};
  const MultiRange multi = multi_range(ranges, content.size(), "video/mp4", "XYZ");
  EXPECT_EQ(multi.content_type, "multipart/byteranges; boundary=XYZ");
  std::string body;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    body += multi.heads[i] + content.substr(ranges[i].offset, ranges[i].length);
  }
  body += multi.tail;
  EXPECT_EQ(body,
            "\r\n--XYZ\r\nContent-Type: video/mp4\r\nContent-Range: bytes 8-9/10\r\n\r\n89"
            "\r\n--XYZ\r\nContent-Type: video/mp4\r\nContent-Range: bytes 0-0/10\r\n\r\n0"
            "\r\n--XYZ--\r\n");
  EXPECT_EQ(multi.length, body.size());
}

TEST(MultiRange, WithoutATypeNoneIsInvented) {
  EXPECT_EQ(multi_range({{0, 1}, {5, 1}}, 10, "", "b").heads[0],
            "\r\n--b\r\nContent-Range: bytes 0-0/10\r\n\r\n");
}

}  // namespace
}  // namespace weir
