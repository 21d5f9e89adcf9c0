#include "core/store/vary_key.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Lines = std::vector<FieldLine>;

std::string key(const char* name, const char* value) {
  const FieldLine line{name, value};
  return vary_key({name}, {&line, 1});
}

TEST(VaryKey, NamesAreSortedAndEachOnce) {
  const Lines lines = {{"Vary", "Origin, accept-encoding,"}, {"vary", "ORIGIN"}};
  EXPECT_EQ(vary_names(lines), (std::vector<std::string>{"accept-encoding", "origin"}));
  EXPECT_EQ(vary_names({}), std::vector<std::string>{});
}

TEST(VaryKey, AStarOrTooMuchNeverMatches) {  // RFC 9111 4.1
  const auto names = [](std::string_view value) {
    const FieldLine line{"Vary", value};
    return vary_names({&line, 1});
  };
  EXPECT_EQ(names("Origin, *"), std::nullopt);
  EXPECT_EQ(names("a b"), std::nullopt);
  std::string many;
  for (std::size_t i = 0; i <= kMaxVaryNames; ++i) many += "a" + std::to_string(i) + ",";
  EXPECT_EQ(names(many), std::nullopt);
}

TEST(VaryKey, NormalisesWhatMeansTheSame) {  // RFC 9111 4.1
  EXPECT_EQ(key("accept-encoding", "gzip, br"), key("accept-encoding", "BR ,GZIP;q=0.5, zstd;q=0"));
  EXPECT_NE(key("accept-encoding", "gzip"), key("accept-encoding", "br"));
  EXPECT_EQ(key("origin", " a ,b"), key("origin", "a, b"));
  EXPECT_NE(key("origin", "a"), key("origin", "A"));
  const Lines split = {{"X", "a"}, {"x", "b"}};
  EXPECT_EQ(vary_key({"x"}, split), key("x", "a, b"));
}

TEST(VaryKey, MissingDiffersFromEmptyAndValuesCannotPassForOthers) {
  EXPECT_NE(vary_key({"x"}, {}), key("x", ""));
  const Lines tricky = {{"a", "1\nb=1:2"}};
  const Lines honest = {{"a", "1"}, {"b", "2"}};
  EXPECT_NE(vary_key({"a", "b"}, tricky), vary_key({"a", "b"}, honest));
}

}  // namespace
}  // namespace weir
