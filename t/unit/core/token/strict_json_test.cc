#include "core/token/strict_json.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weir {
namespace {

TEST(StrictJson, TakesJson) {
  EXPECT_EQ(parse_strict_json(R"({"a":[1,{"a":2}],"b":{"a":null}})")->at("a").at(0), 1);
  EXPECT_TRUE(parse_strict_json(" 1 "));
}

TEST(StrictJson, RefusesANameTwiceInOneObject) {
  EXPECT_FALSE(parse_strict_json(R"({"a":1,"a":1})"));
  EXPECT_FALSE(parse_strict_json(R"({"a":1,"\u0061":2})")) << "however it is spelt";
  EXPECT_FALSE(parse_strict_json(R"([{"x":{"a":1,"b":2,"a":3}}])"));
  EXPECT_FALSE(parse_strict_json(R"({"a":{"b":1},"a":2})")) << "with an object in between";
}

TEST(StrictJson, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "{\"a\":1,}", "{'a':1}", "nul", "[1] 2", "{\"a\":01}",
                           "\"\xff\"", "// x\n1", "{\"a\":1e999}", "\"\n\""}) {
    EXPECT_FALSE(parse_strict_json(text)) << text;
  }
}

TEST(StrictJson, HasADepth) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(parse_strict_json(nested(16)));
  EXPECT_FALSE(parse_strict_json(nested(18)));
  EXPECT_FALSE(parse_strict_json(nested(100'000)));
}

}  // namespace
}  // namespace weir
