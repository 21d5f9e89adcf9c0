#include "core/store/origin_answer.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(ContentRange, IsReadAsWritten) {
  EXPECT_EQ(parse_content_range("bytes 5-9/100"), (ContentRange{5, 9, 100}));
  EXPECT_EQ(parse_content_range("Bytes 0-0/*"), (ContentRange{0, 0, std::nullopt}));
}

TEST(ContentRange, RefusesNonsense) {
  for (const char* text : {"", "bytes", "bytes */100", "bytes 5-4/100", "bytes 5-100/100",
                           "bytes -5/100", "bytes 5-/9", "octets 0-1/2", "bytes 0-1",
                           "bytes 0-99999999999999999999/1", "bytes 0x0-1/2", "bytes /-"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

TEST(CacheControl, TakesWhatConcernsASharedCache) {
  EXPECT_EQ(parse_cache_control("public, max-age=60").max_age_s, 60);
  EXPECT_EQ(parse_cache_control("max-age=60, S-MaxAge=5").max_age_s, 5);
  EXPECT_EQ(parse_cache_control("s-maxage=5,max-age=60").max_age_s, 5);
  EXPECT_EQ(parse_cache_control("max-age=\"7\"").max_age_s, 7);
  EXPECT_EQ(parse_cache_control("max-age=soon").max_age_s, 0);
  EXPECT_TRUE(parse_cache_control("No-Store").no_store);
  EXPECT_TRUE(parse_cache_control("private=\"x\"").no_store);
  EXPECT_TRUE(parse_cache_control("immutable").immutable);
  EXPECT_FALSE(parse_cache_control("").max_age_s);
  EXPECT_FALSE(parse_cache_control("nonsense,,=,").no_store);
}

TEST(FreshSeconds, GuessesATenthOfTheAge) {
  EXPECT_EQ(fresh_seconds({}, 0, 1000), 100);
  EXPECT_EQ(fresh_seconds({}, 990, 1000), 10);
  EXPECT_EQ(fresh_seconds({}, -1, 1000), 10);
  EXPECT_EQ(fresh_seconds({}, 2000, 1000), 10) << "from the future";
  EXPECT_EQ(fresh_seconds({}, 0, 100'000'000), 86400);
  EXPECT_EQ(fresh_seconds({.max_age_s = 3}, 0, 1000), 3);
}

}  // namespace
}  // namespace weir
