#include "core/store/stored_fields.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Lines = std::vector<FieldLine>;

TEST(StoredFields, LeavesOutWhatIsOfOneConnection) {  // RFC 9111 3.1
  const Lines lines = {{"Content-Type", " video/mp4 "},
                       {"Connection", "close, X-Hop"},
                       {"X-Hop", "1"},
                       {"Transfer-Encoding", "chunked"},
                       {"Set-Cookie", "a"},
                       {"X-Two", "1"},
                       {"x-two", "2"},
                       {"Age", "3"},
                       {"Content-Length", "10"},
                       {"ETag", "\"v1\""}};
  EXPECT_EQ(
      fields_to_store(lines, {"set-cookie"}),
      (StoredFields{
          {"Content-Type", "video/mp4"}, {"X-Two", "1"}, {"x-two", "2"}, {"ETag", "\"v1\""}}));
}

TEST(StoredFields, A304ReplacesButNotWhatDescribesTheBytes) {  // RFC 9111 3.2
  const StoredFields stored = {{"Content-Type", "video/mp4"},
                               {"Cache-Control", "max-age=1"},
                               {"cache-control", "public"},
                               {"ETag", "\"v1\""},
                               {"X-Keep", "1"},
                               {"X-Secret", "1"}};
  const Lines fresh = {{"Cache-Control", "max-age=9"},
                       {"Content-Type", "text/html"},
                       {"Content-Length", "0"},
                       {"ETag", "W/\"v1\""},
                       {"Date", "now"},
                       {"Connection", "X-Keep"},
                       {"X-Keep", "2"}};
  EXPECT_EQ(freshen_fields(stored, fresh, {"x-secret"}),
            (StoredFields{{"Content-Type", "video/mp4"},
                          {"ETag", "\"v1\""},
                          {"X-Keep", "1"},
                          {"Cache-Control", "max-age=9"},
                          {"Date", "now"}}));
}

TEST(StoredFields, A304MustSpeakOfTheStoredResponse) {  // RFC 9111 4.3.4
  constexpr EpochSeconds kNow = 800000000;
  const Validators stored = {"\"v1\"", 784111777, kNow};
  const auto says = [&](const char* name, const char* value) {
    const FieldLine line{name, value};
    return freshens(stored, {&line, 1}, kNow);
  };
  EXPECT_TRUE(says("ETag", "\"v1\""));
  EXPECT_FALSE(says("ETag", "\"v2\""));
  EXPECT_TRUE(says("ETag", "W/\"v1\""));
  EXPECT_FALSE(says("ETag", "W/\"v2\""));
  EXPECT_TRUE(says("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"));
  EXPECT_FALSE(says("Last-Modified", "Sun, 06 Nov 1994 08:49:38 GMT"));
  EXPECT_TRUE(says("Date", "Sun, 06 Nov 1994 08:49:38 GMT"));
}

TEST(StoredFields, RevalidatesByBothValidators) {  // RFC 9111 4.3.1
  EXPECT_EQ(revalidation_fields({"W/\"v\"", 0, std::nullopt}),
            (StoredFields{{"If-None-Match", "W/\"v\""},
                          {"If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"}}));
  EXPECT_TRUE(revalidation_fields({"v", std::nullopt, std::nullopt}).empty());
}

}  // namespace
}  // namespace weir
