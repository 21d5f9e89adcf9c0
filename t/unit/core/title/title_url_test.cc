#include "core/title/title_url.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::string_view kUuid = "01234567-89ab-4def-8123-456789abcdef";

TitleUrl parsed(const std::string& path) {
  static std::string kept;
  kept = path;
  const auto url = parse_title_url(kept, "enp");
  EXPECT_TRUE(url) << path;
  return url.value_or(TitleUrl{});
}

ErrorCode refused(std::string_view path) {
  const auto url = parse_title_url(path, "enp");
  EXPECT_FALSE(url) << path;
  return url ? ErrorCode::kInternal : url.error().code;
}

TEST(TitleUrl, KnowsEveryView) {
  EXPECT_EQ(parsed("/t/film/header.enp").view, TitleView::kHeader);
  EXPECT_EQ(parsed("/t/film/header.enp").title, "film");
  EXPECT_EQ(parsed("/t/film/file.mp4").view, TitleView::kFile);
  EXPECT_EQ(parsed("/t/film/file.mp4").extension, "mp4");
  EXPECT_EQ(parsed("/t/film/file.M2TS").extension, "M2TS");
  EXPECT_EQ(parsed("/t/film/master.m3u8").view, TitleView::kMaster);
  EXPECT_EQ(parsed("/t/film/ts.m3u8").view, TitleView::kTsPlaylist);
  EXPECT_EQ(parsed("/t/film/key").view, TitleView::kKey);
  const TitleUrl segment = parsed("/t/a.b-c_D/" + std::string(kUuid) + ".ts");
  EXPECT_EQ(segment.view, TitleView::kTsSegment);
  EXPECT_EQ(segment.piece.to_string(), kUuid);
  EXPECT_EQ(segment.title, "a.b-c_D");
  const TitleUrl piece = parsed("/p/" + std::string(kUuid));
  EXPECT_EQ(piece.view, TitleView::kPiece);
  EXPECT_EQ(piece.piece.to_string(), kUuid);
  EXPECT_TRUE(piece.title.empty());
}

TEST(TitleUrl, TheSuffixIsTheLocationsOwn) {
  EXPECT_EQ(parse_title_url("/t/film/header.hdr", "hdr")->view, TitleView::kHeader);
  EXPECT_EQ(refused("/t/film/header.hdr"), ErrorCode::kNotFound);
}

TEST(TitleUrl, RefusesNamesThatCannotBe) {
  const std::string longest(128, 'a');
  EXPECT_EQ(parsed("/t/" + longest + "/key").title, longest);
  EXPECT_EQ(refused("/t/" + longest + "a/key"), ErrorCode::kBadPath);
  for (const char* path :
       {"/t//key", "/t/.hidden/key", "/t/-x/key", "/t/../key", "/t/a b/key", "/t/",
        "/t/\xc3\xa9/key", "/t/a\\b/key", "/p/", "/p/x", "/p/../p",
        "/p/01234567-89AB-4def-8123-456789abcdef", "/p/01234567-89ab-4def-8123-456789abcdef/",
        "/p/01234567-89ab-4def-8123-456789abcdef.ts"}) {
    EXPECT_EQ(refused(path), ErrorCode::kBadPath) << path;
  }
  EXPECT_EQ(refused(std::string_view("/t/a\0b/key", 10)), ErrorCode::kBadPath);
}

TEST(TitleUrl, WhatIsNoViewIsNotFound) {
  for (const char* path :
       {"", "/", "/t", "/p", "/x", "/t/film", "/t/film/", "/t/film/header", "/t/film/header.enp/",
        "/t/film/file", "/t/film/file.", "/t/film/file.m/p4", "/t/film/file.toolongext",
        "/t/film/a.ts", "/t/film/x/key", "/t/film/KEY", "/t/film/..", "//t/film/key"}) {
    EXPECT_EQ(refused(path), ErrorCode::kNotFound) << path;
  }
}

}  // namespace
}  // namespace weir
