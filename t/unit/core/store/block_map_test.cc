#include "core/store/block_map.h"

#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

class BlockMapTest : public testing::Test {
 protected:
  std::vector<std::uint32_t> prefixes_ = std::vector<std::uint32_t>(3);
  BlockMap map_{prefixes_, 100, 250};
};

TEST_F(BlockMapTest, CountsTheLastPartialBlock) {
  EXPECT_EQ(BlockMap::block_count(0, 100), 0U);
  EXPECT_EQ(BlockMap::block_count(1, 100), 1U);
  EXPECT_EQ(BlockMap::block_count(100, 100), 1U);
  EXPECT_EQ(BlockMap::block_count(250, 100), 3U);
  EXPECT_EQ(BlockMap::block_count(~std::uint64_t{0}, 1 << 20), 1ULL << 44);
}

TEST_F(BlockMapTest, FollowsASequentialFillToTheByte) {
  EXPECT_EQ(map_.valid_until(0), 0U);
  map_.mark(0, 30);
  EXPECT_EQ(map_.valid_until(0), 30U);
  EXPECT_EQ(map_.valid_until(29), 30U);
  EXPECT_EQ(map_.valid_until(30), 30U);
  map_.mark(30, 230);
  EXPECT_EQ(map_.valid_until(5), 230U);
  EXPECT_FALSE(map_.complete());
  map_.mark(230, 250);
  EXPECT_TRUE(map_.complete());
  EXPECT_EQ(map_.valid_until(250), 250U);
}

TEST_F(BlockMapTest, KeepsAGapApart) {
  map_.mark(0, 50);
  map_.mark(100, 200);
  EXPECT_EQ(map_.valid_until(0), 50U);
  EXPECT_EQ(map_.valid_until(100), 200U);
  EXPECT_EQ(map_.valid_until(200), 200U);
}

TEST_F(BlockMapTest, IgnoresWhatWouldLeaveAHoleInABlock) {
  map_.mark(20, 90);
  EXPECT_EQ(map_.valid_until(20), 20U);
  map_.mark(0, 40);
  map_.mark(10, 20);  // nothing new
  EXPECT_EQ(map_.valid_until(0), 40U);
}

TEST_F(BlockMapTest, CutsAtTheEndOfTheObject) {
  map_.mark(0, 100000);
  EXPECT_TRUE(map_.complete());
  EXPECT_EQ(prefixes_[2], 50U);
}

}  // namespace
}  // namespace weir
