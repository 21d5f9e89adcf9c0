#include "core/store/http_date.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr EpochSeconds kNow = 1795161600;  // 2026-11-20

TEST(HttpDate, ReadsTheThreeForms) {  // RFC 9110 5.6.7: its own example
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", kNow), 784111777);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), 784111777);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", kNow), 784111777);
  EXPECT_EQ(parse_http_date("  Thu, 01 Jan 1970 00:00:00 GMT\t", kNow), 0);
}

TEST(HttpDate, TwoDigitYearsAreAtMostFiftyYearsAhead) {
  EXPECT_EQ(parse_http_date("Monday, 01-Jan-76 00:00:00 GMT", kNow),
            parse_http_date("Wed, 01 Jan 2076 00:00:00 GMT", kNow));
  EXPECT_EQ(parse_http_date("Saturday, 01-Jan-77 00:00:00 GMT", kNow),
            parse_http_date("Sat, 01 Jan 1977 00:00:00 GMT", kNow));
}

TEST(HttpDate, RefusesWhatIsNone) {
  for (const char* text :
       {"", "0", "-1", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT+1", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "Foo, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nop 1994 08:49:37 GMT",
        "Sun, 06 Nov 19944 08:49:37 GMT", "784111777"}) {
    EXPECT_EQ(parse_http_date(text, kNow), std::nullopt) << text;
  }
  EXPECT_TRUE(parse_http_date("Tue, 29 Feb 2000 00:00:00 GMT", kNow));
}

TEST(HttpDate, WhatIsWrittenReadsBack) {
  EXPECT_EQ(format_http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_http_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  for (EpochSeconds t = -62167219200; t < 253402300800; t += 86400 * 37 + 12345) {
    EXPECT_EQ(parse_http_date(format_http_date(t), kNow), t);
  }
  EXPECT_EQ(format_http_date(std::int64_t{1} << 60), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(format_http_date(-(std::int64_t{1} << 60)), "Sat, 01 Jan 0000 00:00:00 GMT");
}

}  // namespace
}  // namespace weir
