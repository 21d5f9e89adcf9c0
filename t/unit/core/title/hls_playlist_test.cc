#include "core/title/hls_playlist.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "t/unit/core/title/layouts.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(const Result<std::string>& text) {
  std::vector<std::string> out;
  if (!text) return out;
  std::istringstream in(*text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

TEST(HlsMedia, IsAWholeVodPlaylist) {
  const HeaderFile header = layouts::with_segments({{1000, 2'000'000}, {900, 1'920'040}});
  const auto& pieces = header.renditions[0].pieces;
  EXPECT_THAT(lines_of(hls_media(header)),
              ElementsAre("#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:2",
                          "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD",
                          "#EXT-X-INDEPENDENT-SEGMENTS", "#EXTINF:2.000000,",
                          pieces[0].id.to_string() + ".ts", "#EXTINF:1.920040,",
                          pieces[1].id.to_string() + ".ts", "#EXT-X-ENDLIST"));
}

TEST(HlsMedia, TargetDurationIsRoundedAsEachExtinfIs) {
  const auto target = [](std::uint32_t us) {
    return lines_of(hls_media(layouts::with_segments({{1, 1}, {1, us}}))).at(2);
  };
  EXPECT_EQ(target(4'499'999), "#EXT-X-TARGETDURATION:4");
  EXPECT_EQ(target(4'500'000), "#EXT-X-TARGETDURATION:5");
  EXPECT_EQ(target(10), "#EXT-X-TARGETDURATION:1") << "never 0";
}

TEST(HlsMedia, FillsInDurationsThatAreUnknown) {
  HeaderFile header = layouts::with_segments({{1, 3'000'000}, {1, 2'000'000}});
  header.renditions[0].pieces[0].duration_us = 0;
  header.renditions[0].pieces[1].duration_us = 0;
  EXPECT_THAT(*hls_media(header), HasSubstr("#EXTINF:3.000000,"));
  EXPECT_THAT(*hls_media(header), HasSubstr("#EXTINF:2.000000,"));
}

TEST(HlsMedia, NeedsATsRendition) {
  HeaderFile header;
  header.info.title = "film";
  ASSERT_FALSE(hls_media(header));
  EXPECT_EQ(hls_media(header).error().code, ErrorCode::kNoSuchRendition);
  EXPECT_THAT(hls_media(header).error().detail, HasSubstr("film"));
  EXPECT_EQ(hls_master(header).error().code, ErrorCode::kNoSuchRendition);
}

TEST(HlsMaster, NamesTheVariantRelatively) {
  const auto lines = lines_of(hls_master(layouts::with_segments({{1000, 1'000'000}})));
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0], "#EXTM3U");
  EXPECT_EQ(lines[1], "#EXT-X-VERSION:3");
  EXPECT_EQ(lines[2], "#EXT-X-INDEPENDENT-SEGMENTS");
  EXPECT_EQ(lines[3], "#EXT-X-STREAM-INF:BANDWIDTH=8001,AVERAGE-BANDWIDTH=8001");
  EXPECT_EQ(lines[4], "ts.m3u8");
}

TEST(HlsMaster, BandwidthIsThePeakOverAboutATarget) {
  // 1 s segments of 1000 bytes but for one of 5000: the peak is that segment alone.
  auto header = layouts::with_segments({{1000, 1'000'000}, {5000, 1'000'000}, {1000, 1'000'000}});
  EXPECT_THAT(*hls_master(header), HasSubstr(":BANDWIDTH=40001,AVERAGE-BANDWIDTH=18667"));
  // A large but very short one counts only together with its neighbours.
  header = layouts::with_segments({{1000, 2'000'000}, {5000, 100'000}, {1000, 2'000'000}});
  EXPECT_THAT(*hls_master(header), HasSubstr(":BANDWIDTH=22858,"));
}

TEST(HlsMaster, SaysCodecsResolutionAndRate) {
  HeaderFile header = layouts::with_segments({{1000, 1'000'000}});
  StreamInfo video{"video", "h264", "avc1.64001f", 1280, 720, 25, 1, 0, ""};
  StreamInfo audio{"audio", "aac", "mp4a.40.2", 0, 0, 48000, 1, 2, "en"};
  header.info.streams = {video, audio, audio, {"subtitle", "mov_text", "", 0, 0, 0, 1, 0, ""}};
  EXPECT_THAT(*hls_master(header),
              HasSubstr(",CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=25.000"));
  header.info.streams[1].rfc6381.clear();
  EXPECT_THAT(*hls_master(header), Not(HasSubstr("CODECS"))) << "an incomplete list misleads";
}

TEST(HlsMaster, WhatTheHeaderSaysCannotBreakOut) {
  HeaderFile header = layouts::with_segments({{1000, 1'000'000}});
  header.info.streams = {{"video", "h264", "avc1\"\n#EXT-X-KEY:", 16, 16, 25, 1, 0, ""}};
  EXPECT_EQ(lines_of(hls_master(header)).size(), 5U);
  EXPECT_THAT(*hls_master(header), Not(HasSubstr("EXT-X-KEY")));
}

}  // namespace
}  // namespace weir
