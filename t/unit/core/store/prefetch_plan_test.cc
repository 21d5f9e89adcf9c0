#include "core/store/prefetch_plan.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Targets = std::vector<PrefetchTarget>;
constexpr TargetUri kPlaylist = {"http", "edge.example", "/media/film/v1.m3u8?x=1"};

constexpr std::string_view kSegments =
    "#EXTM3U\r\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:7\n"
    "#EXTINF:6.0,a title\nseg7.ts\n#EXTINF:6,\n#EXT-X-DISCONTINUITY\n../other/seg8.ts?y\n"
    "#EXTINF:6,\nhttp://elsewhere.example/seg9.ts\n#EXTINF:6,\n/abs/seg10.ts\nnot-a-segment\n"
    "#EXT-X-ENDLIST\n";

TEST(PrefetchPlan, GivesTheSegmentsBehind) {  // RFC 8216 4.3.2
  EXPECT_EQ(next_segments(kSegments, kPlaylist, {"/media/film/seg7.ts", {}}, 5),
            (Targets{{"/media/other/seg8.ts?y", {}}, {"/abs/seg10.ts", {}}}));
  EXPECT_EQ(next_segments(kSegments, kPlaylist, {"/media/film/seg7.ts", {}}, 1).size(), 1U);
}

TEST(PrefetchPlan, StopsAtTheLastSegment) {
  EXPECT_TRUE(next_segments(kSegments, kPlaylist, {"/abs/seg10.ts", {}}, 5).empty());
  EXPECT_TRUE(next_segments(kSegments, kPlaylist, {"/unknown.ts", {}}, 5).empty());
}

TEST(PrefetchPlan, FollowsByteRanges) {  // RFC 8216 4.3.2.2
  constexpr std::string_view text =
      "#EXTM3U\n#EXTINF:6,\n#EXT-X-BYTERANGE:100@0\nall.ts\n#EXTINF:6,\n#EXT-X-BYTERANGE:50\nall."
      "ts\n"
      "#EXTINF:6,\n#EXT-X-BYTERANGE:60@200\nall.ts\n";
  EXPECT_EQ(next_segments(text, kPlaylist, {"/media/film/all.ts", ByteRange{0, 100}}, 5),
            (Targets{{"/media/film/all.ts", ByteRange{100, 50}},
                     {"/media/film/all.ts", ByteRange{200, 60}}}));
  EXPECT_EQ(next_segments(text, kPlaylist, {"/media/film/all.ts", ByteRange{120, 1}}, 5).size(),
            1U);
}

TEST(PrefetchPlan, WhatIsNoMediaPlaylistGivesNothing) {
  for (const char* text : {"", "#EXTINF:1,\na\n#EXTINF:1,\nb\n", "<html>",
                           "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n#EXTINF:1,\nb\n"}) {
    EXPECT_TRUE(next_segments(text, kPlaylist, {"/media/film/a", {}}, 5).empty()) << text;
  }
  std::string large = "#EXTM3U\n#EXTINF:1,\na\n#EXTINF:1,\nb\n";
  EXPECT_EQ(next_segments(large, kPlaylist, {"/media/film/a", {}}, 5).size(), 1U);
  large.resize(kMaxPlaylistBytes + 1, '\n');
  EXPECT_TRUE(next_segments(large, kPlaylist, {"/media/film/a", {}}, 5).empty());
}

constexpr TargetUri kSegment = {"https", "edge.example", "/media/film/seg7.m4s"};

TEST(Cmcd, ReadsTheQueryArgument) {  // CTA-5004, its examples
  const Cmcd got = parse_cmcd(
      "a=b&CMCD=bl%3D21300%2Cbr%3D3200%2Cbs%2Cnor%3D%22..%252Fother%252Fseg8.m4s%22%2Cnrr%3D%220-"
      "99%22%"
      "2Crtp%3D15000%2Csid%3D%226e2fb550%22%2Csu%2Cst%3Dv",
      {}, kSegment);
  EXPECT_EQ(got.next, (PrefetchTarget{"/media/other/seg8.m4s", ByteRange{0, 100}}));
  EXPECT_EQ(got.buffer_ms, 21300);
  EXPECT_EQ(got.bitrate_kbps, 3200);
  EXPECT_EQ(got.max_rate_kbps, 15000);
  EXPECT_TRUE(got.starved);
  EXPECT_TRUE(got.startup);
  EXPECT_EQ(got.session, "6e2fb550");
}

TEST(Cmcd, ReadsTheFields) {
  const std::vector<FieldLine> lines = {{"CMCD-Request", "nor=\"seg8.m4s\",su"},
                                        {"CMCD-Session", "sid=\"s\",com.example-x=1"}};
  const Cmcd got = parse_cmcd("", lines, kSegment);
  EXPECT_EQ(got.next, (PrefetchTarget{"/media/film/seg8.m4s", {}}));
  EXPECT_EQ(got.session, "s");
}

TEST(Cmcd, ARangeAloneIsOfTheObjectItself) {
  const std::vector<FieldLine> lines = {{"CMCD-Request", "nrr=\"100-199\""}};
  EXPECT_EQ(parse_cmcd("", lines, kSegment).next,
            (PrefetchTarget{"/media/film/seg7.m4s", ByteRange{100, 100}}));
}

TEST(Cmcd, WhatIsStrangeAnnouncesNothing) {
  for (const char* value :
       {"nor=\"http%3A%2F%2Felsewhere.example%2Fx\"", "nor=\"%2F%2Felsewhere.example%2Fx\"",
        "nor=\"%zz\"", "nor=\"%2\"", "nor=\"a%0d%0ab\"", "nor=\"a%20b\"", "nor=x", "nor",
        "nrr=\"5-\"", "nrr=\"-5\"", "nrr=\"9-5\"", "nor=\"x\",nrr=\"junk\"", "nor=\"x", ""}) {
    const std::vector<FieldLine> lines = {{"CMCD-Request", value}};
    EXPECT_EQ(parse_cmcd("", lines, kSegment).next, std::nullopt) << value;
  }
  EXPECT_EQ(parse_cmcd("CMCD=%", {}, kSegment).next, std::nullopt);
}

TEST(Cmcd, IsNoPartOfTheCacheKey) {
  EXPECT_EQ(without_cmcd("a=b&CMCD=x%3D1&c"), "a=b&c");
  EXPECT_EQ(without_cmcd("CMCD=x"), "");
  EXPECT_EQ(without_cmcd("a&&b"), "a&&b");
}

TEST(PrefetchPlan, NextPieces) {
  std::vector<Piece> pieces(4);
  for (std::size_t i = 0; i < 4; ++i) pieces[i].id.bytes[0] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(next_pieces(pieces, 1, 9), (std::vector<Uuid>{pieces[2].id, pieces[3].id}));
  EXPECT_EQ(next_pieces(pieces, 0, 1), (std::vector<Uuid>{pieces[1].id}));
  EXPECT_TRUE(next_pieces(pieces, 3, 2).empty());
  EXPECT_TRUE(next_pieces(pieces, 99, 2).empty());
}

TEST(PrefetchBudget, ViewersComeFirst) {
  PrefetchBudget budget;
  EXPECT_FALSE(budget.start(1, 0, 1000));  // off
  budget.bytes_per_second = 1000;
  budget.max_in_flight = 1500;
  EXPECT_FALSE(budget.start(100, 1, 5000));
  EXPECT_TRUE(budget.start(1000, 0, 5000));
  EXPECT_FALSE(budget.start(600, 0, 5000));  // too much in flight
  EXPECT_TRUE(budget.start(500, 0, 5000));
  budget.done(1500);
  EXPECT_FALSE(budget.start(600, 0, 5000));  // spent
  EXPECT_FALSE(budget.start(600, 0, 4000));  // a clock that goes back gives nothing
  EXPECT_TRUE(budget.start(600, 0, 5000));
  EXPECT_EQ(budget.started_bytes, 2100U);
  EXPECT_GT(budget.refused, 0U);
  budget.done(1 << 20);
  EXPECT_EQ(budget.in_flight, 0U);
}

}  // namespace
}  // namespace weir
