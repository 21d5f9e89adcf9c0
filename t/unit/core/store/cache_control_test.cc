#include "core/store/cache_control.h"

#include <gtest/gtest.h>

#include "core/store/structured_dictionary.h"

namespace weir {
namespace {

CacheDirectives parsed(std::string_view value) {
  const FieldLine line{"Cache-Control", value};
  return parse_cache_directives({&line, 1});
}

TEST(CacheControl, ReadsEveryDirective) {  // RFC 9111 5.2
  const CacheDirectives c = parsed(
      "no-store, no-cache, private, public, must-revalidate, proxy-revalidate, must-understand, "
      "no-transform, immutable, only-if-cached, max-age=1, s-maxage=2, stale-while-revalidate=3, "
      "stale-if-error=4, min-fresh=5, max-stale=6");
  EXPECT_TRUE(c.present && c.no_store && c.no_cache && c.is_private && c.is_public);
  EXPECT_TRUE(c.must_revalidate && c.proxy_revalidate && c.must_understand && c.no_transform);
  EXPECT_TRUE(c.immutable && c.only_if_cached);
  EXPECT_EQ(c.max_age, 1);
  EXPECT_EQ(c.s_maxage, 2);
  EXPECT_EQ(c.stale_while_revalidate, 3);
  EXPECT_EQ(c.stale_if_error, 4);
  EXPECT_EQ(c.min_fresh, 5);
  EXPECT_EQ(c.max_stale, 6);
}

TEST(CacheControl, NamesAreCaseInsensitiveAndListsMayBeUntidy) {  // RFC 9110 5.6.1
  const CacheDirectives c = parsed(" ,, Max-Age=10 ,NO-STORE,, foo , bar=\"a, max-age=99\",=3 ");
  EXPECT_EQ(c.max_age, 10);
  EXPECT_TRUE(c.no_store);
  EXPECT_FALSE(parsed("").present);
  EXPECT_FALSE(parsed(", ,").present);
}

TEST(CacheControl, TakesQuotedArguments) {  // RFC 9111 5.2: both forms
  EXPECT_EQ(parsed("max-age=\"60\"").max_age, 60);
  EXPECT_EQ(parsed("max-age=\"6\\0\"").max_age, 60);
  EXPECT_EQ(parsed("max-age=\"60").max_age, 0);
}

TEST(CacheControl, LargeNumbersAreTwoToThe31) {  // RFC 9111 1.2.2
  EXPECT_EQ(parsed("max-age=2147483648").max_age, kMaxDeltaSeconds);
  EXPECT_EQ(parsed("max-age=99999999999999999999999999").max_age, kMaxDeltaSeconds);
  EXPECT_EQ(parsed("max-age=000000000000000000000000000001").max_age, 1);
}

TEST(CacheControl, UnreadableFreshnessIsStale) {  // RFC 9111 4.2.1
  for (const char* value : {"max-age=x", "max-age=", "max-age", "max-age=-1", "max-age=1.5",
                            "max-age= 1 2", "max-age=0x10", "max-age=+5"}) {
    EXPECT_EQ(parsed(value).max_age, 0) << value;
  }
  EXPECT_EQ(parsed("stale-while-revalidate=x").stale_while_revalidate, std::nullopt);
  EXPECT_EQ(parsed("stale-if-error").stale_if_error, std::nullopt);
  EXPECT_EQ(parsed("max-stale").max_stale, kMaxDeltaSeconds);
  EXPECT_EQ(parsed("max-stale=x").max_stale, std::nullopt);
  EXPECT_EQ(parsed("min-fresh=x").min_fresh, kMaxDeltaSeconds);
}

TEST(CacheControl, TheFirstOfTwoCounts) {  // RFC 9111 4.2.1
  EXPECT_EQ(parsed("max-age=1, max-age=2").max_age, 1);
  const std::array<FieldLine, 2> lines = {
      {{"cache-control", "max-age=7"}, {"CACHE-CONTROL", "max-age=8, no-store"}}};
  EXPECT_EQ(parse_cache_directives(lines).max_age, 7);
  EXPECT_TRUE(parse_cache_directives(lines).no_store);
}

TEST(CacheControl, QualifiedFormsNameFields) {  // RFC 9111 5.2.2.4, 5.2.2.7
  const CacheDirectives c = parsed("private=\"Set-Cookie, X-Who\", no-cache=\"ETag\"");
  EXPECT_FALSE(c.is_private);
  EXPECT_FALSE(c.no_cache);
  EXPECT_EQ(c.unstored_fields, (std::vector<std::string>{"set-cookie", "x-who", "etag"}));
  EXPECT_TRUE(parsed("private=\"\"").is_private);
  EXPECT_TRUE(parsed("private=\"a b\"").is_private);
  EXPECT_TRUE(parsed("no-cache=\"unended").no_cache);
  std::string many = "private=\"";
  for (int i = 0; i < 100; ++i) many += "a" + std::to_string(i) + ",";
  EXPECT_TRUE(parsed(many + "\"").is_private);
}

struct Governing {
  const char* cdn;
  const char* plain;
  bool targeted;
  std::optional<std::int64_t> max_age;
};

TEST(CacheControl, TargetedFieldsGovernWhenSound) {  // RFC 9213 2.1, 2.2
  constexpr std::array<std::string_view, 1> kTargets = {"CDN-Cache-Control"};
  for (const Governing& row : {
           Governing{"max-age=600", "no-store", true, 600},
           Governing{"max-age=600;foo=bar, x=(1 2);y", "max-age=1", true, 600},
           Governing{"max-age=99999999999", "max-age=1", true, kMaxDeltaSeconds},
           Governing{"max-age=-5", "max-age=1", true, 0},
           Governing{"max-age=\"600\"", "max-age=1", true, 0},  // a string is no integer
           Governing{"no-store=?0", "max-age=1", true, std::nullopt},
           Governing{"", "max-age=1", false, 1},
           Governing{"max-age=600,", "max-age=1", false, 1},
           Governing{"Max-Age=600", "max-age=1", false, 1},
           Governing{"max-age=600 no-store", "max-age=1", false, 1},
           Governing{"max-age=\"6", "max-age=1", false, 1},
       }) {
    const std::array<FieldLine, 2> lines = {
        {{"cdn-cache-control", row.cdn}, {"Cache-Control", row.plain}}};
    const ResponseControl got = governing_control(lines, kTargets);
    EXPECT_EQ(got.targeted, row.targeted) << row.cdn;
    EXPECT_EQ(got.directives.max_age, row.max_age) << row.cdn;
    EXPECT_FALSE(got.directives.no_store) << row.cdn;
  }
}

TEST(StructuredDictionary, ReadsTheTypes) {  // RFC 9651 4.2
  const auto d = parse_structured_dictionary(
      "a=1, b, c=?0, d=\"x\\\"y\", e=tok/en:x, f=:YWJj:, g=1.5, h=(1 \"2\";q=3), i=@12, a=2");
  ASSERT_TRUE(d);
  EXPECT_EQ(d->size(), 9U);
  EXPECT_EQ((*d)[0].value, StructuredValue(std::int64_t{2}));  // the later value, the first place
  EXPECT_EQ((*d)[1].value, StructuredValue(true));
  EXPECT_EQ((*d)[3].value, StructuredValue(std::string("x\"y")));
  EXPECT_EQ((*d)[4].value, StructuredValue(StructuredToken{"tok/en:x"}));
}

TEST(StructuredDictionary, OneErrorVoidsAll) {
  for (const char* text : {"A=1", "a=", "a=1,", "a=1,,b", "a=1 b", "a=?2", "a=\"x", "a=\"\\n\"",
                           "a=1.", "a=1.2345", "a=1234567890123456", "a=(1", "a=(1\"2\")", "a=:Y",
                           "a=1;B", "a=\"\x01\"", "a=@1.5", "=1", "a=-"}) {
    EXPECT_FALSE(parse_structured_dictionary(text)) << text;
  }
  EXPECT_TRUE(parse_structured_dictionary("")->empty());
  EXPECT_FALSE(parse_structured_dictionary("a,b,c", 2));
}

}  // namespace
}  // namespace weir
