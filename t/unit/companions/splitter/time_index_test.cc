#include "companions/splitter/time_index.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::vector<Piece> pieces_at(std::initializer_list<std::uint64_t> offsets) {
  std::vector<Piece> out;
  for (const std::uint64_t offset : offsets) {
    Piece piece;
    piece.offset = offset;
    out.push_back(piece);
  }
  return out;
}

TEST(TimeIndex, APieceHasTheTimeOfTheFirstFrameThatStartsInIt) {
  TimeIndex index;
  index.add({100, 0, true});
  index.add({250, 1'000'000, true});
  index.add({300, 2'000'000, false});
  index.settle();
  auto pieces = pieces_at({0, 200, 300, 900});
  index.stamp(pieces, 4'000'000);
  EXPECT_EQ(pieces[0].time_us, 0);
  EXPECT_EQ(pieces[1].time_us, 1'000'000);
  EXPECT_EQ(pieces[2].time_us, 2'000'000);
  EXPECT_EQ(pieces[3].time_us, 2'000'000) << "behind the last point: the last point's";
  EXPECT_EQ(pieces[1].duration_us, 1'000'000U);
  EXPECT_EQ(pieces[3].duration_us, 2'000'000U) << "to the end of the film";
}

TEST(TimeIndex, OnlyAPieceThatStartsExactlyAtAKeyFrameIsCalledOne) {
  TimeIndex index;
  index.add({0, 0, true});
  index.add({250, 1'000'000, true});
  index.settle();
  auto pieces = pieces_at({0, 249, 250});
  index.stamp(pieces, 0);
  EXPECT_TRUE(pieces[0].key_frame);
  EXPECT_FALSE(pieces[1].key_frame);
  EXPECT_TRUE(pieces[2].key_frame);
}

TEST(TimeIndex, WithoutPointsNothingIsClaimed) {
  TimeIndex index;
  index.settle();
  auto pieces = pieces_at({0, 100});
  index.stamp(pieces, 5'000'000);
  EXPECT_EQ(pieces[1].time_us, 0);
  EXPECT_EQ(pieces[0].duration_us, 0U);
  EXPECT_TRUE(index.seek_points().empty());
}

TEST(TimeIndex, BothColumnsAscendWhateverTheDemuxerSays) {
  TimeIndex index;
  index.add({300, 2'000'000, true});
  index.add({100, 0, true});
  index.add({200, 5'000'000, true});  // contradicts what follows
  index.add({100, 0, true});
  index.settle();
  const auto seek = index.seek_points();
  for (std::size_t i = 1; i < seek.size(); ++i) {
    EXPECT_GT(seek[i].time_us, seek[i - 1].time_us);
    EXPECT_GT(seek[i].offset, seek[i - 1].offset);
  }
}

TEST(TimeIndex, ThinsKeyFramesEvenly) {
  TimeIndex index;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    index.add({i * 100, static_cast<std::int64_t>(i) * 1000, true});
  }
  index.settle();
  const auto seek = index.seek_points(100);
  ASSERT_EQ(seek.size(), 100U);
  EXPECT_EQ(seek[1].offset - seek[0].offset, 1000U);
  EXPECT_EQ(seek.back().offset, 99000U);
  EXPECT_EQ(index.seek_points(1000).size(), 1000U);
}

}  // namespace
}  // namespace weir
