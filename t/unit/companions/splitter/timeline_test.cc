#include "companions/splitter/timeline.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::int64_t kFrame = 40'000;

TEST(Timeline, LeavesGoodTimesAsTheyAre) {
  Timeline timeline({0});
  for (std::int64_t i = 0; i < 100; ++i) {
    const PacketTimes out = timeline.place(0, i * kFrame + 80'000, i * kFrame, kFrame);
    EXPECT_EQ(out.dts_us, i * kFrame);
    EXPECT_EQ(out.pts_us, i * kFrame + 80'000);
  }
}

// Matroska keeps presentation times only; the demuxer knows decoding times from the third frame on.
TEST(Timeline, FindsMissingDecodingTimesOfReorderedFrames) {
  Timeline timeline({2 * kFrame});
  const std::int64_t shown[] = {0, 120'000, 40'000, 80'000};
  std::int64_t last = INT64_MIN;
  for (int i = 0; i < 4; ++i) {
    const auto known = i < 2 ? std::nullopt : std::optional<std::int64_t>((i - 2) * kFrame);
    const PacketTimes out = timeline.place(0, shown[i], known, kFrame);
    EXPECT_EQ(out.pts_us, shown[i]) << "presentation is not touched";
    EXPECT_LE(out.dts_us, out.pts_us);
    EXPECT_GT(out.dts_us, last);
    last = out.dts_us;
  }
}

TEST(Timeline, DecodingTimesAscendEvenWhereTheSourceStandsStill) {
  Timeline timeline({0});
  std::int64_t last = timeline.place(0, 1000, 1000, 0).dts_us;
  for (int i = 0; i < 50; ++i) {
    const std::int64_t dts = timeline.place(0, 1000, 1000, 0).dts_us;
    EXPECT_GT(dts * 9 / 100, last * 9 / 100 - 1);
    EXPECT_GE(dts - last, 12) << "no two in one tick of 90 kHz";
    last = dts;
  }
}

TEST(Timeline, PacketsWithoutAnyTimeFollowTheirStream) {
  Timeline timeline({0, 0});
  timeline.place(0, 0, 0, kFrame);
  timeline.place(1, 500'000, 500'000, kFrame);
  EXPECT_EQ(timeline.place(0, std::nullopt, std::nullopt, kFrame).dts_us, kFrame);
  EXPECT_EQ(timeline.place(0, std::nullopt, std::nullopt, kFrame).dts_us, 2 * kFrame);
}

TEST(Timeline, ClosesAJumpBackForAllStreams) {
  Timeline timeline({0, 0});
  const std::int64_t late = 95'000'000'000;  // where a 33-bit counter ends
  timeline.place(0, late, late, kFrame);
  timeline.place(1, late, late, kFrame);
  EXPECT_EQ(timeline.place(0, 0, 0, kFrame).dts_us, late + kFrame);
  EXPECT_EQ(timeline.place(1, 10'000, 10'000, kFrame).dts_us, late + kFrame + 10'000)
      << "the same shift, so that picture and sound stay together";
}

TEST(Timeline, APauseOfOneStreamIsNoJump) {
  Timeline timeline({0, 0});
  timeline.place(1, 0, 0, kFrame);
  for (std::int64_t t = 0; t <= 60'000'000; t += kFrame) timeline.place(0, t, t, kFrame);
  EXPECT_EQ(timeline.place(1, 60'000'000, 60'000'000, kFrame).dts_us, 60'000'000)
      << "sound that starts again after a minute of silence";
}

TEST(Timeline, ClosesAGapAhead) {
  Timeline timeline({0});
  timeline.place(0, 0, 0, kFrame);
  EXPECT_EQ(timeline.place(0, 3'600'000'000, 3'600'000'000, kFrame).dts_us, kFrame);
}

}  // namespace
}  // namespace weir
