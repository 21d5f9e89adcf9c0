#include "core/title/range.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

using Ranges = std::vector<ByteRange>;

void expect_partial(std::string_view value, std::uint64_t size, const Ranges& ranges) {
  const RangeSet set = parse_range(value, size);
  EXPECT_EQ(set.verdict, RangeVerdict::kPartial) << value;
  EXPECT_EQ(set.ranges, ranges) << value;
}

void expect_whole(std::string_view value, std::uint64_t size = 1000) {
  const RangeSet set = parse_range(value, size);
  EXPECT_EQ(set.verdict, RangeVerdict::kWhole) << value;
  EXPECT_TRUE(set.ranges.empty()) << value;
}

void expect_unsatisfiable(std::string_view value, std::uint64_t size = 1000) {
  const RangeSet set = parse_range(value, size);
  EXPECT_EQ(set.verdict, RangeVerdict::kUnsatisfiable) << value;
  EXPECT_TRUE(set.ranges.empty()) << value;
}

TEST(Range, TakesTheThreeForms) {
  expect_partial("bytes=0-0", 1000, {{0, 1}});
  expect_partial("bytes=0-499", 1000, {{0, 500}});
  expect_partial("bytes=500-", 1000, {{500, 500}});
  expect_partial("bytes=-500", 1000, {{500, 500}});
  expect_partial("bytes=999-999", 1000, {{999, 1}});
}

TEST(Range, CutsAtTheEnd) {
  expect_partial("bytes=990-1000", 1000, {{990, 10}});
  expect_partial("bytes=-1001", 1000, {{0, 1000}});
  expect_partial("bytes=0-", 1000, {{0, 1000}});
}

TEST(Range, TakesNumbersPast64Bits) {
  const std::string over = "18446744073709551616";  // 2^64
  const std::string far(200, '9');
  expect_partial("bytes=1-" + over, 1000, {{1, 999}});
  expect_partial("bytes=1-" + far, 1000, {{1, 999}});
  expect_partial("bytes=-" + over, 1000, {{0, 1000}});
  expect_unsatisfiable("bytes=" + over + "-");
  expect_unsatisfiable("bytes=" + far + "-" + far);
  expect_partial("bytes=0-18446744073709551615", 1000, {{0, 1000}});
  constexpr std::uint64_t kLargest = ~std::uint64_t{0};
  expect_partial("bytes=0-" + far, kLargest, {{0, kLargest}});
  expect_partial("bytes=18446744073709551614-", kLargest, {{kLargest - 1, 1}});
}

TEST(Range, PastTheEndIsUnsatisfiable) {
  expect_unsatisfiable("bytes=1000-");
  expect_unsatisfiable("bytes=1000-1001");
  expect_unsatisfiable("bytes=-0");
  expect_unsatisfiable("bytes=1000-,-0,2000-3000");
}

TEST(Range, NothingOfAnEmptyFileIsSatisfiable) {
  expect_unsatisfiable("bytes=0-", 0);
  expect_unsatisfiable("bytes=0-0", 0);
  expect_unsatisfiable("bytes=-1", 0);
}

TEST(Range, MalformedIsIgnored) {
  for (const char* value :
       {"",          " ",           "bytes",       "bytes=",      "bytes= ",       "bytes=,",
        "bytes=-",   "bytes=--1",   "bytes=-1-",   "bytes=a-b",   "bytes=1-b",     "bytes=0x10-",
        "bytes=5-4", "bytes=+1-2",  "bytes=1 -2",  "bytes=1- 2",  "bytes =1-2",    "bytes:1-2",
        "bytes=1",   "bytes=1-2;",  "bytes=1-2-3", "bytes=0-1,x", "bytes=0-1,5-4", "items=0-1",
        "byte=0-1",  "bytes=1.0-2", "bytes=-1e3"}) {
    expect_whole(value);
  }
  expect_whole(std::string_view("bytes=0-1\0", 10));
  expect_whole("bytes=\xd9\xa1-");  // a digit, but not an ASCII one
}

TEST(Range, TakesWhatListsAllow) {
  expect_partial("BYTES=0-1", 1000, {{0, 2}});
  expect_partial("  bytes=0-1\t", 1000, {{0, 2}});
  expect_partial("bytes=0-1 ,\t10-11,,", 1000, {{0, 2}, {10, 2}});
  expect_partial("bytes=,0-1", 1000, {{0, 2}});
}

TEST(Range, KeepsTheOrderAskedAndDropsTheUnsatisfiable) {
  expect_partial("bytes=-1,5000-,0-0", 1000, {{999, 1}, {0, 1}});
}

TEST(Range, TooManyAreIgnored) {
  std::string value = "bytes=0-0";
  for (int i = 1; i < 8; ++i) value += "," + std::to_string(i * 10) + "-" + std::to_string(i * 10);
  EXPECT_EQ(parse_range(value, 1000).ranges.size(), 8U);
  expect_whole(value + ",990-990");
  expect_whole(value + ",5000-");  // those past the end count as well
  EXPECT_EQ(parse_range("bytes=0-0,1-1", 10, 1).verdict, RangeVerdict::kWhole);
}

TEST(Range, TwoMayOverlapMoreMayNot) {
  expect_partial("bytes=0-9,5-14", 1000, {{0, 10}, {5, 10}});
  expect_partial("bytes=0-9,5-14,100-", 1000, {{0, 10}, {5, 10}, {100, 900}});
  expect_whole("bytes=0-9,5-14,8-20");
  expect_whole("bytes=0-,0-,0-");
  expect_partial("bytes=0-9,10-19,20-29", 1000, {{0, 10}, {10, 10}, {20, 10}});
}

}  // namespace
}  // namespace weir
