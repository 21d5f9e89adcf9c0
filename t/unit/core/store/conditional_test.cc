#include "core/store/conditional.h"

#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr EpochSeconds kModified = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr const char* kAt = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* kBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* kAfter = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr EpochSeconds kNow = kModified + 100000;

const Validators kHave = {"\"a,b\"", kModified, kNow};

using Lines = std::vector<FieldLine>;

struct Row {
  Lines request;
  Condition as_origin;
  Condition as_cache;
};

TEST(Conditional, Precedence) {  // RFC 9110 13.2.2, RFC 9111 4.3.2
  using enum Condition;
  for (const Row& row : {
           Row{{}, kProceed, kProceed},
           Row{{{"If-Match", "\"x\", \"a,b\""}}, kProceed, kProceed},
           Row{{{"If-Match", "*"}}, kProceed, kProceed},
           Row{{{"If-Match", "\"x\""}}, kPreconditionFailed, kProceed},
           Row{{{"If-Match", "W/\"a,b\""}}, kPreconditionFailed, kProceed},
           Row{{{"If-Match", "\"a,b\""}, {"If-Unmodified-Since", kBefore}}, kProceed, kProceed},
           Row{{{"If-Unmodified-Since", kBefore}}, kPreconditionFailed, kProceed},
           Row{{{"If-Unmodified-Since", kAt}}, kProceed, kProceed},
           Row{{{"If-Unmodified-Since", "rubbish"}}, kProceed, kProceed},
           Row{{{"If-None-Match", "\"a,b\""}}, kNotModified, kNotModified},
           Row{{{"If-None-Match", "W/\"a,b\""}}, kNotModified, kNotModified},
           Row{{{"If-None-Match", " \"x\" ,, \"a,b\""}}, kNotModified, kNotModified},
           Row{{{"If-None-Match", "*"}}, kNotModified, kNotModified},
           Row{{{"If-None-Match", "\"x\""}, {"If-None-Match", "\"a,b\""}},
               kNotModified,
               kNotModified},
           Row{{{"If-None-Match", "a,b, \"a"}}, kProceed, kProceed},
           // If-None-Match puts If-Modified-Since out of force.
           Row{{{"If-None-Match", "\"x\""}, {"If-Modified-Since", kAfter}}, kProceed, kProceed},
           Row{{{"If-Modified-Since", kAt}}, kNotModified, kNotModified},
           Row{{{"If-Modified-Since", kAfter}}, kNotModified, kNotModified},
           Row{{{"If-Modified-Since", kBefore}}, kProceed, kProceed},
           Row{{{"If-Modified-Since", "yesterday"}}, kProceed, kProceed},
           Row{{{"If-Match", "\"x\""}, {"If-None-Match", "\"a,b\""}},
               kPreconditionFailed,
               kNotModified},
       }) {
    EXPECT_EQ(evaluate_conditions(row.request, kHave, ConditionRole::kOrigin, kNow), row.as_origin);
    EXPECT_EQ(evaluate_conditions(row.request, kHave, ConditionRole::kCache, kNow), row.as_cache);
  }
}

TEST(Conditional, WithoutValidatorsNothingMatches) {
  const Validators none;
  const Lines lines = {{"If-None-Match", "\"\""}, {"If-Modified-Since", kAfter}};
  EXPECT_EQ(evaluate_conditions(lines, none, ConditionRole::kCache, kNow), Condition::kProceed);
}

struct IfRangeRow {
  const char* value;
  bool applies;
};

TEST(Conditional, IfRangeNeedsAStrongValidator) {  // RFC 9110 13.1.5
  for (const IfRangeRow& row :
       {IfRangeRow{"\"a,b\"", true}, IfRangeRow{"W/\"a,b\"", false}, IfRangeRow{"\"x\"", false},
        IfRangeRow{kAt, true}, IfRangeRow{kAfter, false}, IfRangeRow{kBefore, false},
        IfRangeRow{"rubbish", false}, IfRangeRow{"", false}, IfRangeRow{"\"", false}}) {
    const Lines lines = {{"If-Range", row.value}};
    EXPECT_EQ(range_applies(lines, kHave, kNow), row.applies) << row.value;
  }
  EXPECT_TRUE(range_applies({}, kHave, kNow));
  const Lines by_date = {{"If-Range", kAt}};
  EXPECT_FALSE(
      range_applies(by_date, {"\"a\"", kModified, kModified}, kNow));  // 8.8.2.2: too young
  const Lines weak = {{"If-Range", "W/\"a\""}};
  EXPECT_FALSE(range_applies(weak, {"W/\"a\"", kModified, kNow}, kNow));
}

TEST(Conditional, ComparesEntityTags) {  // RFC 9110 8.8.3.2: its table
  EXPECT_FALSE(same_strong("W/\"1\"", "W/\"1\""));
  EXPECT_TRUE(same_weak("W/\"1\"", "W/\"1\""));
  EXPECT_FALSE(same_weak("W/\"1\"", "W/\"2\""));
  EXPECT_FALSE(same_strong("W/\"1\"", "\"1\""));
  EXPECT_TRUE(same_weak("W/\"1\"", "\"1\""));
  EXPECT_TRUE(same_strong("\"1\"", "\"1\""));
  EXPECT_FALSE(same_weak("1", "1"));
  EXPECT_FALSE(is_entity_tag("w/\"1\""));
}

}  // namespace
}  // namespace weir
