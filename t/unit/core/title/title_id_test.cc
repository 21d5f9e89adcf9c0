#include "core/title/title_id.h"

#include <string>

#include <gtest/gtest.h>

#include "core/title/header_file.h"

namespace weir {
namespace {

TEST(TitleId, IsSafeInPathsAndUrls) {
  for (const std::string& good : {std::string("a"), std::string("Film_2.1-x"), std::string("_"),
                                  std::string("0"), std::string(128, 'x')}) {
    EXPECT_TRUE(is_title_id(good)) << good;
  }
  using namespace std::string_view_literals;
  for (const std::string_view bad : {""sv, "."sv, ".."sv, ".hidden"sv, "-rf"sv, "a/b"sv, "a b"sv,
                                     "a\0b"sv, "a\n"sv, "f\xc3\xbcr"sv, "a%2f"sv, "a~"sv, "*"sv}) {
    EXPECT_FALSE(is_title_id(bad)) << bad;
  }
  EXPECT_FALSE(is_title_id(std::string(129, 'x')));
}

TEST(SourceName, IsWhatMayBecomeAFilesName) {
  for (const char* good : {"film.mp4", "a b", "..a", "\xe6\x98\xa0\xe7\x94\xbb.mkv", "\"q\".avi"}) {
    EXPECT_TRUE(is_source_name(good)) << good;
    EXPECT_EQ(to_source_name(good), good);
  }
  EXPECT_TRUE(is_source_name(std::string(255, 'x')));
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a\n"),
        std::string("\x1b[31m"), std::string("\x7f"), std::string("\xff.avi"),
        std::string("a\0b", 3), std::string(256, 'x')}) {
    EXPECT_FALSE(is_source_name(bad));
    EXPECT_TRUE(is_source_name(to_source_name(bad))) << to_source_name(bad);
  }
}

TEST(SourceName, KeepsWhatItCan) {
  EXPECT_EQ(to_source_name("a\xff\xc3\xbc\n.avi"), "a_\xc3\xbc_.avi");
  EXPECT_EQ(to_source_name("cut \xe6\x98"), "cut __");
  const std::string film = "\xe6\x98\xa0";
  std::string name(254, 'x');
  EXPECT_EQ(to_source_name(name + film), name) << "no character is cut in two";
}

}  // namespace
}  // namespace weir
