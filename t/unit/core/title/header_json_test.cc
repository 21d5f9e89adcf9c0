#include "core/title/header_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "t/unit/core/title/layouts.h"

namespace weir {
namespace {

using nlohmann::json;

TEST(HeaderJson, HasWhatTheFormatPageLists) {
  HeaderFile header = layouts::with_segments({{1000, 1'500'000}, {10, 40}});
  TitleInfo& info = header.info;
  info.revision = layouts::uuid(7);
  info.created_unix_s = 1'700'000'000;
  info.name = "a \"film\"\n.mp4";
  info.extension = "mp4";
  info.mime = "video/mp4";
  info.format = "mov";
  info.source_bytes = 5'000'000'000;
  info.source_sha256.fill(0xab);
  info.protection = {Protect::kPartial, layouts::uuid(9), 4, "https://gateway.example/"};
  info.streams = {{"video", "h264", "avc1.64001f", 1280, 720, 30000, 1001, 0, ""},
                  {"audio", "aac", "", 0, 0, 48000, 1, 2, "en"}};
  header.media_header.ranges = {{0, 48}, {100, 2}};
  header.media_header.sealed = true;
  header.media_header.id = layouts::uuid(8);
  header.media_header.payload = {1, 2, 3};
  header.signature = HeaderSignature{};

  const json view = json::parse(header_to_json(header));
  EXPECT_EQ(view["title"], "film");
  EXPECT_EQ(view["rev"], layouts::uuid(7).to_string());
  EXPECT_EQ(view["name"], "a \"film\"\n.mp4");
  EXPECT_EQ(view["size"], 5'000'000'000U);
  EXPECT_EQ(view["sha256"].get<std::string>().substr(0, 4), "abab");
  EXPECT_DOUBLE_EQ(view["duration"].get<double>(), 1.50004);
  EXPECT_EQ(view["protect"], json({{"policy", "partial"},
                                   {"scheme", "enp-gcm-1"},
                                   {"kid", layouts::uuid(9).to_string()},
                                   {"every", 4},
                                   {"gateway", "https://gateway.example/"}}));
  EXPECT_EQ(view["streams"][0]["rate"], json({30000, 1001}));
  EXPECT_EQ(view["streams"][1]["lang"], "en");
  EXPECT_FALSE(view["streams"][1].contains("rfc6381"));
  EXPECT_EQ(view["media_header"], json({{"bytes", 50},
                                        {"sealed", true},
                                        {"uuid", layouts::uuid(8).to_string()},
                                        {"ranges", {{0, 48}, {100, 2}}}}));
  ASSERT_EQ(view["renditions"].size(), 1U);
  EXPECT_EQ(view["renditions"][0]["kind"], "ts");
  ASSERT_EQ(view["renditions"][0]["pieces"].size(), 2U);
  const json& piece = view["renditions"][0]["pieces"][1];
  EXPECT_EQ(piece["uuid"], layouts::uuid(2).to_string());
  EXPECT_EQ(piece["offset"], 1000);
  EXPECT_EQ(piece["stored"], 10);
  EXPECT_DOUBLE_EQ(piece["time"].get<double>(), 1.5);
  EXPECT_DOUBLE_EQ(piece["duration"].get<double>(), 0.00004);
  EXPECT_EQ(piece["key_frame"], true);
  EXPECT_EQ(view["signed_by"], std::string(64, '0'));
}

TEST(HeaderJson, LeavesOutWhatATitleLacks) {
  HeaderFile header;
  header.info.title = "film";
  const json view = json::parse(header_to_json(header));
  EXPECT_FALSE(view.contains("media_header"));
  EXPECT_FALSE(view.contains("signed_by"));
  EXPECT_EQ(view["protect"], json({{"policy", "none"}}));
  EXPECT_EQ(view["duration"], 0);
}

TEST(HeaderJson, SurvivesNamesThatAreNoUtf8) {
  HeaderFile header;
  header.info.name = "f\xff\xfe.avi";
  EXPECT_TRUE(json::accept(header_to_json(header)));
}

}  // namespace
}  // namespace weir
