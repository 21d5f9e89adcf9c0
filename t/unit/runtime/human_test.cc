#include "runtime/human.h"

#include <gtest/gtest.h>

#include "runtime/progress.h"

namespace weir {
namespace {

TEST(Human, WritesBytes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(4U << 20), "4.0 MiB");
  EXPECT_EQ(human_bytes((1U << 20) - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes(1400ULL << 20), "1.4 GiB");
}

TEST(Human, WritesDurations) {
  EXPECT_EQ(human_duration(7), "0:07");
  EXPECT_EQ(human_duration(750), "12:30");
  EXPECT_EQ(human_duration(3723), "1:02:03");
}

TEST(Human, GroupsDigits) {
  EXPECT_EQ(grouped(1), "1");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(123456), "123,456");
  EXPECT_EQ(grouped(12345678), "12,345,678");
}

TEST(Human, ReadsSizes) {
  EXPECT_EQ(parse_bytes("1"), 1U);
  EXPECT_EQ(parse_bytes("65536"), 65536U);
  EXPECT_EQ(parse_bytes("4M"), 4U << 20);
  EXPECT_EQ(parse_bytes("4MiB"), 4U << 20);
  EXPECT_EQ(parse_bytes("512k"), 512U << 10);
  EXPECT_EQ(parse_bytes("1.5G"), 1536ULL << 20);
}

TEST(Human, RefusesWhatIsNoSize) {
  for (const char* text : {"", "M", "-4M", "4X", "4MM", "0", "1e3", "0x10", "4 M M", "1.3",
                           "99999999999G", "nan", "inf"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
  }
}

TEST(ProgressLine, ShowsShareRateAndTimeLeft) {
  const std::string line = progress_line("split film.mkv", 512U << 20, 1U << 30, 2, 120);
  EXPECT_NE(line.find(" 50 %"), std::string::npos) << line;
  EXPECT_NE(line.find("512.0 MiB of 1.0 GiB"), std::string::npos) << line;
  EXPECT_NE(line.find("256.0 MiB/s"), std::string::npos) << line;
  EXPECT_NE(line.find("0:02 left"), std::string::npos) << line;
  EXPECT_NE(line.find("[####"), std::string::npos) << line;
}

TEST(ProgressLine, NeverWrapsTheTerminal) {
  for (std::size_t columns = 1; columns < 200; ++columns) {
    EXPECT_LT(progress_line("split film.mkv", 100, 200, 10, columns).size(), columns);
  }
}

TEST(ProgressLine, KnowsNoShareWithoutATotal) {
  const std::string line = progress_line("get", 1U << 20, 0, 1, 80);
  EXPECT_EQ(line, "get  1.0 MiB  1.0 MiB/s");
}

}  // namespace
}  // namespace weir
