#include "core/store/cdn_loop.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Lines = std::vector<FieldLine>;

TEST(CdnLoop, ReadsIdsOfAllLines) {  // RFC 8586 2: its example, and more
  const Lines lines = {{"CDN-Loop", "foo123.foocdn.example, barcdn.example; trace=\"abcdef,g\""},
                       {"cdn-loop", "AnotherCDN; abc=123; def=\"456\",, [::1]:80"}};
  EXPECT_EQ(cdn_loop_ids(lines),
            (std::vector<std::string>{"foo123.foocdn.example", "barcdn.example", "anothercdn",
                                      "[::1]:80"}));
}

TEST(CdnLoop, FindsItself) {
  const Lines lines = {{"CDN-Loop", "a, Edge1.example;x=1, b"}};
  EXPECT_TRUE(is_cdn_loop(lines, "edge1.EXAMPLE"));
  EXPECT_FALSE(is_cdn_loop(lines, "edge2.example"));
  EXPECT_FALSE(is_cdn_loop(lines, "x=1"));
  EXPECT_FALSE(is_cdn_loop({}, "a"));
}

TEST(CdnLoop, TooManyHopsAreALoop) {
  std::string value = "h";
  for (std::size_t i = 1; i < kMaxCdnHops; ++i) value += ",h" + std::to_string(i);
  const Lines most = {{"CDN-Loop", value}};
  EXPECT_FALSE(is_cdn_loop(most, "me"));
  value += ",x";
  const Lines more = {{"CDN-Loop", value}};
  EXPECT_TRUE(is_cdn_loop(more, "me"));
}

TEST(CdnLoop, KeepsWhatOthersWrote) {  // RFC 8586 2: must not be removed or changed
  const Lines lines = {{"CDN-Loop", "a; b=\"c\""}, {"cdn-loop", " ???, d "}};
  EXPECT_EQ(append_cdn_loop(lines, "me"), "a; b=\"c\", ???, d, me");
  EXPECT_EQ(append_cdn_loop({}, "me"), "me");
  const std::string sent = append_cdn_loop(lines, "me");
  const Lines next = {{"CDN-Loop", sent}};
  EXPECT_TRUE(is_cdn_loop(next, "me"));
}

TEST(CdnLoop, AnIdIsAHostOrAToken) {
  for (const char* id :
       {"edge", "edge-1.example", "edge.example:8080", "[2001:db8::1]:80", "[::1]"}) {
    EXPECT_TRUE(is_cdn_id(id)) << id;
  }
  for (const char* id :
       {"", "a b", "a,b", "a;b", "a\"", "host:", "host:port", "[::1", "[]", "[g::]"}) {
    EXPECT_FALSE(is_cdn_id(id)) << id;
  }
}

}  // namespace
}  // namespace weir
