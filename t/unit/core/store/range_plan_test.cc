#include "core/store/range_plan.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace weir {
namespace {

using Ranges = std::vector<ByteRange>;

// Ten blocks of 100 bytes, the last one of 50.
class RangePlanTest : public testing::Test {
 protected:
  HeldBlocks held() const { return {prefixes_, 100, 950}; }
  RangePlan plan(const Ranges& asked, PlanLimits limits = {4, 50, true}) const {
    return plan_ranges(held(), fills_, asked, limits);
  }
  void hold(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t b = from / 100; b < to / 100; ++b) prefixes_[b] = 100;
    if (to == 950) prefixes_[9] = 50;
  }

  std::vector<std::uint32_t> prefixes_ = std::vector<std::uint32_t>(10);
  std::vector<RunningFill> fills_;
};

TEST_F(RangePlanTest, ASequentialGetIsOneRequest) {
  EXPECT_EQ(plan({{0, 950}}).fetches, (Ranges{{0, 950}}));
}

TEST_F(RangePlanTest, ASeekAsksForItsBlocksOnly) {
  EXPECT_EQ(plan({{455, 10}}).fetches, (Ranges{{400, 100}}));
  EXPECT_EQ(plan({{455, 100}}).fetches, (Ranges{{400, 200}}));
  EXPECT_EQ(plan({{940, 10}}).fetches, (Ranges{{900, 50}}));
}

TEST_F(RangePlanTest, WhatIsHeldIsNotAskedFor) {
  hold(0, 300);
  hold(500, 600);
  EXPECT_TRUE(plan({{0, 300}, {510, 20}}).fetches.empty());
  EXPECT_EQ(plan({{0, 950}}).fetches, (Ranges{{300, 200}, {600, 350}}));
}

TEST_F(RangePlanTest, ADeadFillGoesOnAtItsByte) {
  prefixes_[2] = 37;
  EXPECT_EQ(plan({{250, 10}}).fetches, (Ranges{{237, 63}}));
  EXPECT_EQ(plan({{0, 950}}).fetches, (Ranges{{0, 200}, {237, 713}}));
  EXPECT_TRUE(plan({{200, 37}}).fetches.empty());
}

TEST_F(RangePlanTest, WaitsForAFillThatIsNear) {
  fills_ = {{0, 130, 950}};
  EXPECT_TRUE(plan({{0, 950}}).fetches.empty());
  EXPECT_TRUE(plan({{180, 10}}).fetches.empty());
  EXPECT_TRUE(plan({{199, 10}}, {4, 0, true}).fetches.empty());  // it is in that very block
}

TEST_F(RangePlanTest, CutsAFillThatIsFarAndAsksForTheBlockItself) {
  fills_ = {{0, 130, 950}};
  const RangePlan got = plan({{755, 10}});
  EXPECT_EQ(got.fetches, (Ranges{{700, 100}}));
  EXPECT_EQ(got.cuts, (std::vector<RangePlan::Cut>{{0, 700}}));
}

TEST_F(RangePlanTest, StopsWhereAnotherFillBegins) {
  fills_ = {{500, 520, 600}};
  EXPECT_EQ(plan({{0, 950}}).fetches, (Ranges{{0, 500}, {600, 350}}));
  fills_ = {{430, 440, 500}};  // resumed in the middle of a block that has lost its beginning
  EXPECT_EQ(plan({{405, 1}}).fetches, (Ranges{{400, 30}}));
}

TEST_F(RangePlanTest, SeveralRangesInTheirOrderTouchingOnesTogether) {
  EXPECT_EQ(plan({{800, 10}, {100, 10}, {250, 10}, {120, 5}}).fetches,
            (Ranges{{800, 100}, {100, 200}}));
}

TEST_F(RangePlanTest, IsBounded) {
  for (std::size_t b = 0; b < 10; b += 2) prefixes_[b] = 100;
  const RangePlan got = plan({{0, 950}}, {2, 0, true});
  EXPECT_EQ(got.fetches, (Ranges{{100, 100}, {300, 100}}));
  EXPECT_TRUE(got.more);
}

TEST_F(RangePlanTest, AnOriginWithoutRangesIsAskedForTheWhole) {
  EXPECT_EQ(plan({{755, 10}}, {4, 50, false}).fetches, (Ranges{{0, 950}}));
  fills_ = {{0, 130, 950}};
  const RangePlan got = plan({{755, 10}}, {4, 50, false});
  EXPECT_TRUE(got.fetches.empty());
  EXPECT_TRUE(got.cuts.empty());
}

TEST_F(RangePlanTest, BackgroundCompletesOnlyTheHotAndHalfHeld) {
  const BackgroundLimits limits = {3, 75, 250};
  EXPECT_EQ(plan_background(held(), {}, 9, limits), std::nullopt);  // nothing held yet
  hold(0, 300);
  EXPECT_EQ(plan_background(held(), {}, 2, limits), std::nullopt);
  EXPECT_EQ(plan_background(held(), {}, 3, limits), (ByteRange{300, 200}));
  prefixes_[3] = 99;
  EXPECT_EQ(plan_background(held(), {}, 3, limits), (ByteRange{399, 201}));
  const RunningFill running = {0, 1, 2};
  EXPECT_EQ(plan_background(held(), {&running, 1}, 9, limits), std::nullopt);
  hold(0, 950);
  EXPECT_EQ(plan_background(held(), {}, 9, limits), std::nullopt);
}

// Whatever is held and running: what is asked for comes, once, in whole blocks, and not much more.
TEST(RangePlanProperty, EveryAskedByteComesAndNoneTwice) {
  std::mt19937 random(3);
  const auto below = [&](std::uint64_t n) { return static_cast<std::uint64_t>(random()) % n; };
  for (int round = 0; round < 20000; ++round) {
    const auto block = static_cast<std::uint32_t>(1 + below(20));
    const std::uint64_t total = 1 + below(200);
    std::vector<std::uint32_t> prefixes((total + block - 1) / block);
    std::vector<int> has(total);  // 1 held, 2 coming
    for (std::size_t b = 0; b < prefixes.size(); ++b) {
      const auto length = std::min<std::uint64_t>(block, total - b * block);
      prefixes[b] = below(3) == 0 ? static_cast<std::uint32_t>(below(length + 1)) : 0;
      for (std::uint64_t i = 0; i < prefixes[b]; ++i) has[b * block + i] = 1;
    }
    std::vector<RunningFill> fills;
    if (below(2) == 0) {
      const std::uint64_t b = below(prefixes.size());
      const std::uint64_t from = b * block + prefixes[b];
      const std::uint64_t to =
          std::min<std::uint64_t>(total, (b + 1 + below(prefixes.size())) * block);
      if (from < to && std::count(has.begin() + static_cast<std::ptrdiff_t>(from),
                                  has.begin() + static_cast<std::ptrdiff_t>(to), 1) == 0) {
        fills.push_back({from, from + below(to - from + 1), to});
      }
    }
    Ranges asked;
    std::uint64_t wanted = 0;
    for (std::uint64_t i = 1 + below(3); i > 0; --i) {
      const std::uint64_t from = below(total);
      asked.push_back({from, 1 + below(total - from)});
      wanted += asked.back().length;
    }
    const PlanLimits limits = {1000, below(60), true};
    const RangePlan plan = plan_ranges({prefixes, block, total}, fills, asked, limits);
    for (const RangePlan::Cut& cut : plan.cuts) {
      ASSERT_GT(cut.to, fills[cut.fill].pos);
      fills[cut.fill].to = cut.to;
    }
    for (const RunningFill& fill : fills) {
      for (std::uint64_t i = fill.from; i < fill.to; ++i) has[i] = i < fill.pos ? 1 : 2;
    }
    std::uint64_t fetched = 0;
    for (const ByteRange& fetch : plan.fetches) {
      ASSERT_GT(fetch.length, 0U);
      ASSERT_LE(fetch.end(), total);
      ASSERT_TRUE(fetch.end() % block == 0 || fetch.end() == total || has[fetch.end()] != 0);
      for (std::uint64_t i = fetch.offset; i < fetch.end(); ++i) {
        ASSERT_EQ(has[i], 0) << i;
        has[i] = 2;
      }
      fetched += fetch.length;
    }
    for (const ByteRange& range : asked) {
      for (std::uint64_t i = range.offset; i < range.end(); ++i) ASSERT_NE(has[i], 0) << i;
    }
    ASSERT_LE(fetched, wanted + 2 * block * asked.size());
  }
}

}  // namespace
}  // namespace weir
