// The rules between values: each broken alone, in what is to be written, and where the bytes allow
// it, in what is read.
#include <functional>

#include <gtest/gtest.h>

#include "t/unit/core/title/header_surgery.h"
#include "t/unit/core/title/sample_header.h"

namespace weir {
namespace {

using header::SectionType;
using sample::put;
using sample::RawHeader;

struct BrokenRule {
  const char* name;
  const char* reason;  // part of the message
  std::function<void(HeaderFile&)> breaks;
  ErrorCode code = ErrorCode::kBadArgument;
};

std::ostream& operator<<(std::ostream& out, const BrokenRule& rule) {
  return out << rule.name;
}

class Rules : public testing::TestWithParam<BrokenRule> {};

TEST_P(Rules, IsNotWritten) {
  HeaderFile h = sample::sealed_with_ts();
  ASSERT_TRUE(h.encode());
  GetParam().breaks(h);
  const Result<Bytes> bytes = h.encode();
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, GetParam().code) << bytes.error().detail;
  EXPECT_NE(bytes.error().detail.find(GetParam().reason), std::string::npos)
      << bytes.error().detail;
  // A reader goes by the same list.
  const Status read = header::check_header(h, ErrorCode::kHeaderCorrupt);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().detail, bytes.error().detail);
}

constexpr auto kTooLarge = ErrorCode::kHeaderTooLarge;
constexpr std::uint64_t k2To63 = std::uint64_t{1} << 63;

INSTANTIATE_TEST_SUITE_P(
    Info, Rules,
    testing::Values(
        BrokenRule{"title", "title id", [](auto& h) { h.info.title = "../x"; }},
        BrokenRule{"name with slash", "base name", [](auto& h) { h.info.name = "a/b"; }},
        BrokenRule{"name not UTF-8", "base name", [](auto& h) { h.info.name = "\xff"; }},
        BrokenRule{"no name", "base name", [](auto& h) { h.info.name.clear(); }},
        BrokenRule{"extension", "extension", [](auto& h) { h.info.extension = "MP4"; }},
        BrokenRule{"long extension", "extension", [](auto& h) { h.info.extension = "123456789"; }},
        BrokenRule{"mime injects", "media type", [](auto& h) { h.info.mime = "a/b\r\nX: y"; }},
        BrokenRule{"no mime", "media type", [](auto& h) { h.info.mime.clear(); }},
        BrokenRule{"format", "format", [](auto& h) { h.info.format = std::string(256, 'x'); }},
        BrokenRule{"empty source", "no bytes", [](auto& h) { h.info.source_bytes = 0; }},
        BrokenRule{"source of 2^63", "no bytes", [](auto& h) { h.info.source_bytes = k2To63; }},
        BrokenRule{"created", "1970", [](auto& h) { h.info.created_unix_s = -1; }},
        BrokenRule{"duration", "duration", [](auto& h) { h.info.duration_us = -1; }},
        BrokenRule{"33 streams", "32 streams",
                   [](auto& h) { h.info.streams.resize(33, h.info.streams[0]); }, kTooLarge},
        BrokenRule{"stream without type", "type", [](auto& h) { h.info.streams[0].type = ""; }},
        BrokenRule{"stream without codec", "codec", [](auto& h) { h.info.streams[0].codec = ""; }},
        BrokenRule{"quote in rfc6381", "rfc6381",
                   [](auto& h) { h.info.streams[0].rfc6381 = "a\",X=\""; }},
        BrokenRule{"language", "language", [](auto& h) { h.info.streams[0].language = "\n"; }},
        BrokenRule{"rate over zero", "rate", [](auto& h) { h.info.streams[0].rate_den = 0; }},
        BrokenRule{"rate of zero over two", "rate", [](auto& h) {
                     h.info.streams[0].rate_num = 0;
                     h.info.streams[0].rate_den = 2;
                   }}));

INSTANTIATE_TEST_SUITE_P(
    Protection, Rules,
    testing::Values(BrokenRule{"every 1", "every", [](auto& h) { h.info.protection.every = 1; }},
                    BrokenRule{"every with all", "every",
                               [](auto& h) { h.info.protection.policy = Protect::kAll; }},
                    BrokenRule{"kid without protection", "without protection",
                               [](auto& h) { h.info.protection.policy = Protect::kNone; }},
                    BrokenRule{"gateway with a space", "gateway",
                               [](auto& h) { h.info.protection.gateway = "http://a b"; }},
                    BrokenRule{"long gateway", "gateway",
                               [](auto& h) { h.info.protection.gateway = std::string(1025, 'x'); }},
                    BrokenRule{"a piece that should be sealed", "policy",
                               [](auto& h) {
                                 Piece& p = h.renditions[0].pieces[0];
                                 p.sealed = false;
                                 p.stored_bytes = p.plain_bytes;
                                 p.commitment = {};
                               }},
                    BrokenRule{"a piece that should not be sealed", "policy",
                               [](auto& h) {
                                 Piece& p = h.renditions[1].pieces[1];
                                 p.sealed = true;
                                 p.stored_bytes += 16;
                               }},
                    BrokenRule{"an open media header", "media header is sealed",
                               [](auto& h) {
                                 h.media_header.sealed = false;
                                 h.media_header.payload.resize(140);
                                 h.media_header.commitment = {};
                               }},
                    BrokenRule{"a commitment of an open piece", "commitment",
                               [](auto& h) { h.renditions[0].pieces[1].commitment[0] = 1; }}));

INSTANTIATE_TEST_SUITE_P(
    MediaHeader, Rules,
    testing::Values(
        BrokenRule{"payload without ranges", "without ranges",
                   [](auto& h) { h.media_header.ranges.clear(); }},
        BrokenRule{"no file rendition", "file rendition",
                   [](auto& h) { h.renditions.erase(h.renditions.begin()); }},
        BrokenRule{"too many ranges", "4096 media header ranges",
                   [](auto& h) {
                     h.media_header.ranges.resize(4097, {0, 1});
                   },
                   kTooLarge},
        BrokenRule{"empty range", "outside", [](auto& h) { h.media_header.ranges[0].length = 0; }},
        BrokenRule{"range past the end", "outside",
                   [](auto& h) { h.media_header.ranges[1].length = 101; }},
        BrokenRule{"offset of 2^63", "outside",
                   [](auto& h) { h.media_header.ranges[1].offset = k2To63; }},
        BrokenRule{"a sum that wraps", "outside",
                   [](auto& h) {
                     h.media_header.ranges[1] = {900, ~std::uint64_t{0} - 800};
                   }},
        BrokenRule{"ranges out of order", "out of order",
                   [](auto& h) { std::swap(h.media_header.ranges[0], h.media_header.ranges[1]); }},
        BrokenRule{"ranges that touch", "touch",
                   [](auto& h) {
                     h.media_header.ranges = {{0, 20}, {20, 20}, {900, 100}};
                   }},
        BrokenRule{"ranges that overlap", "overlap",
                   [](auto& h) {
                     h.media_header.ranges = {{0, 40}, {30, 100}};
                   }},
        BrokenRule{"33 MiB", "32 MiB",
                   [](auto& h) {
                     h.info.source_bytes = std::uint64_t{1} << 30;
                     h.media_header.ranges[1].length = 33U << 20;
                   },
                   kTooLarge},
        BrokenRule{"a payload too short", "length",
                   [](auto& h) { h.media_header.payload.pop_back(); }}));

INSTANTIATE_TEST_SUITE_P(
    Renditions, Rules,
    testing::Values(
        BrokenRule{"none", "no rendition",
                   [](auto& h) {
                     h.media_header = {};
                     h.renditions.clear();
                   }},
        BrokenRule{"out of order", "out of order",
                   [](auto& h) { std::swap(h.renditions[0], h.renditions[1]); }},
        BrokenRule{"two of a kind", "two of a kind",
                   [](auto& h) { h.renditions[1] = h.renditions[0]; }},
        BrokenRule{"empty", "empty rendition", [](auto& h) { h.renditions[1].bytes = 0; }},
        BrokenRule{"of 2^63", "empty rendition", [](auto& h) { h.renditions[1].bytes = k2To63; }},
        BrokenRule{"unlike the source", "as long as the source",
                   [](auto& h) { h.info.source_bytes = 1001; }},
        BrokenRule{"too many seek points", "seek points",
                   [](auto& h) { h.renditions[0].seek.resize(65537); }, kTooLarge},
        BrokenRule{"seek times descend", "seek points out of order",
                   [](auto& h) { h.renditions[0].seek[0].time_us = 3'000'000; }},
        BrokenRule{"a negative seek time", "seek points out of order",
                   [](auto& h) { h.renditions[0].seek[0].time_us = -1; }},
        BrokenRule{"seek offsets descend", "seek points out of order",
                   [](auto& h) { h.renditions[0].seek[0].offset = 501; }},
        BrokenRule{"a seek point past the end", "past the end",
                   [](auto& h) { h.renditions[0].seek[1].offset = 1000; }}));

INSTANTIATE_TEST_SUITE_P(
    Pieces, Rules,
    testing::Values(
        BrokenRule{"empty", "empty piece",
                   [](auto& h) {
                     h.renditions[0].pieces[1].plain_bytes = 0;
                     h.renditions[0].pieces[1].stored_bytes = 0;
                   }},
        BrokenRule{"over 64 MiB", "64 MiB",
                   [](auto& h) {
                     h.renditions[0].pieces[1].plain_bytes = kMaxPieceBytes + 1;
                     h.renditions[0].pieces[1].stored_bytes = kMaxPieceBytes + 1;
                   },
                   kTooLarge},
        BrokenRule{"stored length of a sealed one", "stored length",
                   [](auto& h) { h.renditions[0].pieces[0].stored_bytes = 460; }},
        BrokenRule{"stored length of an open one", "stored length",
                   [](auto& h) { h.renditions[0].pieces[1].stored_bytes = 416; }},
        BrokenRule{"negative time", "negative time",
                   [](auto& h) { h.renditions[0].pieces[1].time_us = -1; }},
        BrokenRule{"overlap", "exactly once",
                   [](auto& h) { h.renditions[0].pieces[1].offset = 499; }},
        BrokenRule{"a hole", "exactly once",
                   [](auto& h) { h.renditions[0].pieces[1].offset = 501; }},
        BrokenRule{"offset of 2^64 - 1", "exactly once",
                   [](auto& h) { h.renditions[0].pieces[1].offset = ~std::uint64_t{0}; }},
        BrokenRule{"one missing", "exactly once",
                   [](auto& h) { h.renditions[0].pieces.pop_back(); }},
        BrokenRule{"one into the media header", "exactly once",
                   [](auto& h) { h.media_header.ranges[1].offset = 899; }},
        BrokenRule{"a hole in ts", "exactly once",
                   [](auto& h) { h.renditions[1].pieces[1].offset += 1; }},
        BrokenRule{"ts longer than its pieces", "exactly once",
                   [](auto& h) { h.renditions[1].bytes += 1; }},
        BrokenRule{"ts shorter than its pieces", "exactly once",
                   [](auto& h) { h.renditions[1].bytes -= 1; }},
        BrokenRule{"a UUID twice in a rendition", "UUID occurs twice",
                   [](auto& h) { h.renditions[0].pieces[1].id = h.renditions[0].pieces[0].id; }},
        BrokenRule{"a UUID in two renditions", "UUID occurs twice",
                   [](auto& h) { h.renditions[1].pieces[1].id = h.renditions[0].pieces[0].id; }},
        BrokenRule{"the media header's UUID again", "UUID occurs twice",
                   [](auto& h) { h.renditions[1].pieces[2].id = h.media_header.id; }}));

Result<HeaderFile> read_with(SectionType type, std::size_t at, std::uint64_t value,
                             std::size_t width, std::size_t nth = 0) {
  RawHeader raw(sample::sealed_with_ts().encode().value());
  put(raw.find(type, nth).bytes, at, value, width);
  return HeaderFile::decode(raw.build());
}

// That a reader asks the list at all, by bytes that no writer of ours makes.
TEST(Rules, AreReadersRulesToo) {
  const auto reason = [](const Result<HeaderFile>& h) {
    return h ? std::string("decodes") : h.error().detail;
  };
  constexpr std::size_t kOffsets = 16 + 2 * 16;
  EXPECT_NE(reason(read_with(SectionType::kIndex, kOffsets + 8, 499, 8)).find("exactly once"),
            std::string::npos);
  EXPECT_NE(reason(read_with(SectionType::kIndex, kOffsets + 8, k2To63, 8)).find("exactly once"),
            std::string::npos);
  EXPECT_NE(reason(read_with(SectionType::kIndex, kOffsets + 16, k2To63, 8)).find("negative time"),
            std::string::npos);
  EXPECT_NE(reason(read_with(SectionType::kMediaHeader, 56, k2To63, 8)).find("outside the source"),
            std::string::npos);
  EXPECT_NE(reason(read_with(SectionType::kSeek, 8, k2To63, 8)).find("seek points"),
            std::string::npos);
  const auto twice = read_with(SectionType::kIndex, 16, 0x1415161718194b1bULL, 8, 1);
  EXPECT_FALSE(twice && *twice == sample::sealed_with_ts());
}

TEST(Rules, AFullyReadFilmNeedsNoPieces) {
  HeaderFile h = sample::plain();
  h.media_header.ranges = {{0, 1000}};
  h.media_header.payload.resize(1000);
  h.renditions[0].pieces.clear();
  const Result<Bytes> bytes = h.encode();
  ASSERT_TRUE(bytes) << bytes.error().detail;
  EXPECT_EQ(HeaderFile::decode(*bytes).value(), h);
}

TEST(Rules, SeekPointsMayShareATime) {
  HeaderFile h = sample::plain();
  h.renditions[0].seek = {{5, 48}, {5, 48}, {5, 50}};
  EXPECT_EQ(HeaderFile::decode(h.encode().value()).value(), h);
}

}  // namespace
}  // namespace weir
