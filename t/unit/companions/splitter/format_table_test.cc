#include "companions/splitter/format_table.h"

#include <gtest/gtest.h>

#include "companions/splitter/ffmpeg.h"
#include "companions/splitter/splitter.h"
#include "core/title/title_id.h"

namespace weir {
namespace {

TEST(FormatTable, NamesAndExtensionsAreFormats) {
  for (const char* name : {"mp4", "mkv", "avi", "mpeg", "ts", "asf", "mp3"}) {
    ASSERT_NE(find_format(name), nullptr) << name;
    EXPECT_EQ(find_format(name)->name, name);
    EXPECT_NE(demuxer_of(*find_format(name)), nullptr) << name;
    EXPECT_EQ(format_of_demuxer(demuxer_of(*find_format(name))), find_format(name)) << name;
  }
  EXPECT_EQ(find_format("wmv")->name, "asf");
  EXPECT_EQ(find_format("webm")->name, "mkv");
  EXPECT_EQ(find_format("vob")->name, "mpeg");
  for (const char* name : {"", "auto", "concat", "mp4,m4v", "hls", "image2"}) {
    EXPECT_EQ(find_format(name), nullptr) << name;
  }
}

TEST(FormatTable, DemuxersThatOpenFurtherFilesAreNone) {
  for (const char* name : {"concat", "hls", "dash", "image2", "lavfi", "srt", "tty"}) {
    EXPECT_EQ(format_of_demuxer(av_find_input_format(name)), nullptr) << name;
  }
}

TEST(FormatTable, KeepsAUsualExtension) {
  const ContainerFormat& mp4 = *find_format("mp4");
  EXPECT_EQ(extension_for(mp4, "a.M4V"), "m4v");
  EXPECT_EQ(extension_for(mp4, "a.b.mov"), "mov");
  EXPECT_EQ(extension_for(mp4, "a.avi"), "mp4");
  EXPECT_EQ(extension_for(mp4, "a"), "mp4");
  EXPECT_EQ(mime_for(*find_format("mkv"), "webm", true), "video/webm");
  EXPECT_EQ(mime_for(mp4, "m4a", false), "audio/mp4");
}

TEST(TitleFromName, IsAlwaysATitleId) {
  EXPECT_EQ(title_from_name("film.mp4"), "film");
  EXPECT_EQ(title_from_name("My Film (1999).mkv"), "My-Film-1999");
  EXPECT_EQ(title_from_name("a.b.mp4"), "a.b");
  EXPECT_EQ(title_from_name("--x.mp4"), "x");
  for (const std::string& name :
       {std::string(300, 'x') + ".mp4", std::string("\xff\xfe.avi"), std::string("..."),
        std::string("-.mp4"), std::string("\n\t.ts"), std::string(200, ' ') + "a b"}) {
    EXPECT_TRUE(is_title_id(title_from_name(name))) << title_from_name(name);
  }
  EXPECT_NE(title_from_name("\xe6\x98\xa0.mp4"), title_from_name("\xe7\x94\xbb.mp4"));
}

}  // namespace
}  // namespace weir
