#include "core/title/title_reader.h"

#include <random>

#include <gtest/gtest.h>

#include "t/unit/core/title/layouts.h"

namespace weir {
namespace {

// Where each byte of the film lies, one by one: too slow to be wrong.
struct Place {
  bool in_media_header = false;
  std::uint32_t piece_index = 0;
  std::uint64_t plain_offset = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

std::vector<Place> model_of(const HeaderFile& header, const Rendition& rendition) {
  std::vector<Place> places(rendition.bytes);
  std::uint64_t in_header = 0;
  if (rendition.kind == RenditionKind::kFile) {
    for (const ByteRange& range : header.media_header.ranges) {
      for (std::uint64_t i = 0; i < range.length; ++i) {
        places[range.offset + i] = {true, 0, in_header++};
      }
    }
  }
  for (std::uint32_t p = 0; p < rendition.pieces.size(); ++p) {
    for (std::uint32_t i = 0; i < rendition.pieces[p].plain_bytes; ++i) {
      places[rendition.pieces[p].offset + i] = {false, p, i};
    }
  }
  return places;
}

std::vector<Place> bytes_of(const std::vector<TitleSpan>& spans) {
  std::vector<Place> out;
  for (const TitleSpan& span : spans) {
    EXPECT_GE(span.length, 1U);
    for (std::uint64_t i = 0; i < span.length; ++i) {
      out.push_back({span.in_media_header, span.piece_index, span.plain_offset + i});
    }
  }
  return out;
}

TEST(TitleReader, AgreesWithTheModelOnRandomLayouts) {
  std::mt19937 random(20);
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t size = 1 + random() % 900;
    const HeaderFile header = layouts::random_layout(random, size);
    const TitleReader reader(header, RenditionKind::kFile);
    const auto model = model_of(header, header.renditions[0]);
    ASSERT_EQ(reader.size(), size);
    for (int ask = 0; ask < 40; ++ask) {
      const std::uint64_t offset = random() % (size + 20);
      const std::uint64_t length = random() % (size + 20);
      const std::uint64_t begin = std::min(offset, size);
      const std::uint64_t end = std::min(offset + length, size);
      const std::vector<Place> expected(model.begin() + static_cast<std::ptrdiff_t>(begin),
                                        model.begin() + static_cast<std::ptrdiff_t>(end));
      ASSERT_EQ(bytes_of(reader.spans(offset, length)), expected)
          << "round " << round << ", " << offset << "+" << length;
    }
  }
}

TEST(TitleReader, EverySpanIsAsLongAsItsPlaceAllows) {
  std::mt19937 random(21);
  const HeaderFile header = layouts::random_layout(random, 5000);
  const TitleReader reader(header, RenditionKind::kFile);
  const std::size_t places = header.media_header.ranges.size() + header.renditions[0].pieces.size();
  EXPECT_EQ(reader.spans(0, 5000).size(), places);
}

TEST(TitleReader, NothingLiesPastTheEnd) {
  std::mt19937 random(22);
  const HeaderFile header = layouts::random_layout(random, 100);
  const TitleReader reader(header, RenditionKind::kFile);
  EXPECT_EQ(reader.span_at(100, 1), std::nullopt);
  EXPECT_EQ(reader.span_at(~std::uint64_t{0}, ~std::uint64_t{0}), std::nullopt);
  EXPECT_EQ(reader.span_at(5, 0), std::nullopt);
  EXPECT_TRUE(reader.spans(100, 5).empty());
  const auto spans = reader.spans(0, ~std::uint64_t{0});
  EXPECT_EQ(bytes_of(spans).size(), 100U);
}

TEST(TitleReader, TsKnowsNoMediaHeader) {
  HeaderFile header = layouts::with_segments({{1000, 1}, {2000, 1}, {3000, 1}});
  header.media_header.ranges = {{0, 500}};  // the file rendition's
  const TitleReader reader(header, RenditionKind::kTs);
  EXPECT_EQ(reader.size(), 6000U);
  const std::vector<TitleSpan> expected{{false, 0, 10, 990}, {false, 1, 0, 2000}, {false, 2, 0, 1}};
  EXPECT_EQ(reader.spans(10, 2991), expected);
}

TEST(TitleReader, ARenditionItLacksIsEmpty) {
  const HeaderFile header = layouts::with_segments({{1000, 1}});
  const TitleReader reader(header, RenditionKind::kFile);
  EXPECT_EQ(reader.size(), 0U);
  EXPECT_EQ(reader.span_at(0, 1), std::nullopt);
}

TEST(StoredSpan, OpenPiecesAreReadAsTheyAre) {
  const StoredSpan span = stored_span(false, 1 << 20, 70000, 5);
  EXPECT_EQ(span.offset, 70000U);
  EXPECT_EQ(span.length, 5U);
  EXPECT_EQ(span.skip, 0U);
}

TEST(StoredSpan, SealedPiecesAreReadInWholeRecords) {
  // Record by record: whatever is asked lies in [first record, first record + records read).
  for (const std::uint64_t total : {1ULL, 65535ULL, 65536ULL, 65537ULL, 200000ULL, 262144ULL}) {
    for (std::uint64_t offset = 0; offset < total; offset += 4099) {
      for (const std::uint64_t want : {1ULL, 65536ULL, 100000ULL, 262144ULL}) {
        const std::uint64_t length = std::min<std::uint64_t>(want, total - offset);
        const StoredSpan span = stored_span(true, total, offset, length);
        EXPECT_EQ(span.first_record, offset / 65536);
        EXPECT_EQ(span.skip, offset % 65536);
        EXPECT_EQ(span.offset, span.first_record * 65552ULL);
        EXPECT_LE(span.offset + span.length, sealed_length(total));
        const std::uint64_t last = (offset + length - 1) / 65536;
        const std::uint64_t plain_end = std::min<std::uint64_t>((last + 1) * 65536, total);
        EXPECT_EQ(span.length,
                  plain_end - span.first_record * 65536ULL + (last - span.first_record + 1) * 16);
      }
    }
  }
}

}  // namespace
}  // namespace weir
