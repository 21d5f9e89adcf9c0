#include "core/title/piece_plan.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace weir {
namespace {

PiecePlanOptions options(std::uint32_t piece_bytes, std::uint64_t join_gap,
                         std::uint64_t max_media_header = kMaxMediaHeaderBytes) {
  return {piece_bytes, join_gap, max_media_header};
}

using Ranges = std::vector<ByteRange>;

std::uint64_t sum(const Ranges& ranges) {
  std::uint64_t out = 0;
  for (const ByteRange& r : ranges) out += r.length;
  return out;
}

// Media header and pieces cover 0..size once, in order.
void expect_tiles(const Ranges& header, const Ranges& pieces, std::uint64_t size) {
  Ranges all = header;
  all.insert(all.end(), pieces.begin(), pieces.end());
  std::sort(all.begin(), all.end(),
            [](const ByteRange& a, const ByteRange& b) { return a.offset < b.offset; });
  std::uint64_t at = 0;
  for (const ByteRange& r : all) {
    ASSERT_EQ(r.offset, at);
    ASSERT_GE(r.length, 1U);
    at = r.end();
  }
  ASSERT_EQ(at, size);
}

TEST(ArrangeMediaHeader, SortsAndJoins) {
  const PiecePlanOptions o = options(1000, 100);
  EXPECT_EQ(arrange_media_header({}, 5000, o), Ranges{});
  EXPECT_EQ(arrange_media_header({{4000, 10}, {0, 8}, {0, 32}}, 5000, o),
            (Ranges{{0, 32}, {4000, 10}}));
  EXPECT_EQ(arrange_media_header({{0, 10}, {109, 10}}, 5000, o), (Ranges{{0, 119}}))
      << "99 bytes apart";
  EXPECT_EQ(arrange_media_header({{0, 10}, {110, 10}}, 5000, o), (Ranges{{0, 10}, {110, 10}}))
      << "100 bytes apart";
  EXPECT_EQ(arrange_media_header({{110, 10}, {0, 10}}, 5000, o), (Ranges{{0, 10}, {110, 10}}))
      << "in whatever order";
  EXPECT_EQ(arrange_media_header({{109, 10}, {0, 10}}, 5000, o), (Ranges{{0, 119}}));
  EXPECT_EQ(arrange_media_header({{0, 10}, {10, 10}}, 5000, options(1000, 0)), (Ranges{{0, 20}}))
      << "touching is one, whatever the gap";
  EXPECT_EQ(arrange_media_header({{300, 10}, {0, 10}, {150, 10}, {60, 200}}, 5000, o),
            (Ranges{{0, 310}}))
      << "one read may join several";
}

TEST(ArrangeMediaHeader, StaysInsideTheSource) {
  const PiecePlanOptions o = options(1000, 0);
  EXPECT_EQ(arrange_media_header({{90, 50}, {100, 1}, {~std::uint64_t{0}, 1}, {5, 0}}, 100, o),
            (Ranges{{90, 10}}));
  EXPECT_EQ(arrange_media_header({{10, ~std::uint64_t{0}}}, 100, o), (Ranges{{10, 90}}));
  EXPECT_EQ(arrange_media_header({{0, 10}}, 0, o), Ranges{});
}

TEST(ArrangeMediaHeader, KeepsWhatWasReadFirst) {
  const PiecePlanOptions o = options(1000, 1, 100);
  EXPECT_EQ(arrange_media_header({{5000, 60}, {0, 60}, {2000, 60}}, 10000, o),
            (Ranges{{0, 40}, {5000, 60}}));
  EXPECT_EQ(arrange_media_header({{0, 1000}}, 10000, o), (Ranges{{0, 100}}));
  EXPECT_EQ(arrange_media_header({{0, 100}, {50, 200}, {500, 1}}, 10000, o), (Ranges{{0, 100}}));
}

TEST(ArrangeMediaHeader, KeepsToTheNumberOfRanges) {
  Ranges reads;
  for (std::uint64_t i = 0; i < 20000; ++i) reads.push_back({(20000 - i) * 1000, 10});
  const Ranges out = arrange_media_header(reads, 30'000'000, options(1000, 100));
  EXPECT_EQ(out.size(), kMaxMediaHeaderRanges);
  EXPECT_EQ(out.back(), (ByteRange{20'000'000, 10})) << "the first read is there";
}

TEST(ArrangeMediaHeader, ManyRangesThatJoinAreNoTrouble) {
  Ranges reads;
  for (std::uint64_t i = 0; i < 10000; ++i) reads.push_back({i * 1000, 10});
  for (std::uint64_t i = 0; i < 10000; ++i) reads.push_back({i * 1000, 1000});
  EXPECT_EQ(arrange_media_header(reads, 10'000'000, options(1000, 100)), (Ranges{{0, 10'000'000}}));
}

TEST(PlanPieces, CutsRunsEvenlyEnough) {
  EXPECT_EQ(plan_pieces({}, 9, options(4, 0)), (Ranges{{0, 4}, {4, 3}, {7, 2}}));
  EXPECT_EQ(plan_pieces({}, 8, options(4, 0)), (Ranges{{0, 4}, {4, 4}}));
  EXPECT_EQ(plan_pieces({}, 5, options(4, 0)), (Ranges{{0, 3}, {3, 2}}));
  EXPECT_EQ(plan_pieces({}, 1, options(4, 0)), (Ranges{{0, 1}}));
  EXPECT_EQ(plan_pieces({{0, 4}, {9, 1}}, 20, options(4, 0)),
            (Ranges{{4, 3}, {7, 2}, {10, 4}, {14, 4}, {18, 2}}));
  EXPECT_EQ(plan_pieces({{0, 20}}, 20, options(4, 0)), Ranges{});
}

TEST(PlanPieces, GrowsPiecesRatherThanTheirNumber) {
  const std::uint64_t terabyte = std::uint64_t{1} << 40;
  const Ranges pieces = plan_pieces({}, 2 * terabyte, options(4U << 20, 0));
  EXPECT_LE(pieces.size(), kMaxPieces / 2);
  EXPECT_EQ(sum(pieces), 2 * terabyte);
  EXPECT_TRUE(plan_pieces({}, std::uint64_t{1} << 62, options(4U << 20, 0)).empty())
      << "no plan beats a list of 2^36 pieces";
  EXPECT_EQ(plan_pieces({}, 3, options(0, 0)).size(), 3U) << "a piece has a byte at least";
  EXPECT_EQ(plan_pieces({}, 65U << 20, options(4'000'000'000U, 0)).size(), 2U)
      << "and 64 MiB at most";
}

TEST(PlanPieces, TilesWhateverWasRead) {
  std::mt19937_64 random(20261120);
  const auto below = [&random](std::uint64_t n) { return random() % n; };
  for (int round = 0; round < 3000; ++round) {
    const std::uint64_t size = 1 + below(200'000);
    const PiecePlanOptions o =
        options(static_cast<std::uint32_t>(1000 + below(20'000)), below(3000), 1 + below(100'000));
    Ranges reads;
    for (std::uint64_t n = below(40); n > 0; --n) {
      reads.push_back({below(size + 100), below(round % 2 == 0 ? 500 : 30'000)});
    }
    const Ranges header = arrange_media_header(reads, size, o);
    ASSERT_LE(sum(header), o.max_media_header);
    for (std::size_t i = 1; i < header.size(); ++i) {
      const std::uint64_t gap = header[i].offset - header[i - 1].end();
      ASSERT_GE(gap, std::max<std::uint64_t>(o.join_gap, 1));
    }
    const Ranges pieces = plan_pieces(header, size, o);
    expect_tiles(header, pieces, size);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      ASSERT_LE(pieces[i].length, o.piece_bytes);
      const bool alone = (i == 0 || pieces[i - 1].end() != pieces[i].offset) &&
                         (i + 1 == pieces.size() || pieces[i].end() != pieces[i + 1].offset);
      ASSERT_GE(pieces[i].length, alone ? 1 : o.piece_bytes / 2);
    }
  }
}

// Every byte the demuxer read is in the media header, unless the limit cut it.
TEST(ArrangeMediaHeader, LosesNothingThatWasRead) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 1000; ++round) {
    Ranges reads;
    std::vector<bool> read(5000, false);
    for (int n = 0; n < 20; ++n) {
      const ByteRange r{random() % 4900, random() % 100};
      reads.push_back(r);
      for (std::uint64_t i = r.offset; i < r.end(); ++i) read[i] = true;
    }
    std::vector<bool> kept(5000, false);
    for (const ByteRange& r : arrange_media_header(reads, 5000, options(1000, random() % 50))) {
      for (std::uint64_t i = r.offset; i < r.end(); ++i) kept[i] = true;
    }
    for (std::size_t i = 0; i < read.size(); ++i) ASSERT_LE(read[i], kept[i]);
  }
}

TEST(SealsPiece, FollowsThePolicy) {
  const Protection partial{Protect::kPartial, {}, 3, ""};
  for (std::uint32_t i = 0; i < 10; ++i) {
    EXPECT_FALSE(seals_piece({}, i));
    EXPECT_TRUE(seals_piece({Protect::kAll, {}, 0, ""}, i));
    EXPECT_EQ(seals_piece(partial, i), i % 3 == 0);
    EXPECT_FALSE(seals_piece({Protect::kPartial, {}, 0, ""}, i));
  }
}

}  // namespace
}  // namespace weir
