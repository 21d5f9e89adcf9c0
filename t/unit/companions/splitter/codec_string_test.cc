#include "companions/splitter/codec_string.h"

#include <cstring>

#include <gtest/gtest.h>

#include "companions/splitter/ffmpeg.h"
#include "core/base/bytes.h"

namespace weir {
namespace {

struct Free {
  void operator()(AVCodecParameters* p) const noexcept { avcodec_parameters_free(&p); }
};

std::string string_of(AVCodecID codec, const char* extradata_hex, int profile = -99) {
  const std::unique_ptr<AVCodecParameters, Free> stream(avcodec_parameters_alloc());
  stream->codec_id = codec;
  stream->profile = profile;
  stream->level = -99;
  const Bytes bytes = from_hex(extradata_hex).value();
  if (!bytes.empty()) {
    stream->extradata =
        static_cast<std::uint8_t*>(av_mallocz(bytes.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    std::memcpy(stream->extradata, bytes.data(), bytes.size());
    stream->extradata_size = static_cast<int>(bytes.size());
  }
  return codec_string(*stream);
}

TEST(CodecString, H264FromAvcCAndFromAnnexB) {
  EXPECT_EQ(string_of(AV_CODEC_ID_H264, "0164001fffe1"), "avc1.64001f");
  EXPECT_EQ(string_of(AV_CODEC_ID_H264, "00000001674d401eaabb0000000168ee"), "avc1.4d401e");
  EXPECT_EQ(string_of(AV_CODEC_ID_H264, "000001674200"), "") << "cut short";
  EXPECT_EQ(string_of(AV_CODEC_ID_H264, ""), "");
  EXPECT_EQ(string_of(AV_CODEC_ID_H264, "01"), "");
}

TEST(CodecString, HevcFromHvcCAndFromAnnexB) {
  EXPECT_EQ(string_of(AV_CODEC_ID_HEVC, "0101600000009000000000005df000"), "hvc1.1.6.L93.90");
  EXPECT_EQ(string_of(AV_CODEC_ID_HEVC, "01216000000000000000000099f000"), "hvc1.1.6.H153");
  EXPECT_EQ(string_of(AV_CODEC_ID_HEVC, "0000000142010101600000030090000003000003005da0"),
            "hvc1.1.6.L93.90");
}

TEST(CodecString, AacFromItsConfigOrItsProfile) {
  EXPECT_EQ(string_of(AV_CODEC_ID_AAC, "1210"), "mp4a.40.2");
  EXPECT_EQ(string_of(AV_CODEC_ID_AAC, "2b920800"), "mp4a.40.5");
  EXPECT_EQ(string_of(AV_CODEC_ID_AAC, "f94640"), "mp4a.40.42");
  EXPECT_EQ(string_of(AV_CODEC_ID_AAC, "", 1), "mp4a.40.2");
}

TEST(CodecString, Others) {
  EXPECT_EQ(string_of(AV_CODEC_ID_MP3, ""), "mp4a.40.34");
  EXPECT_EQ(string_of(AV_CODEC_ID_AC3, ""), "ac-3");
  EXPECT_EQ(string_of(AV_CODEC_ID_VP9, "", 0), "vp09.00.10.08");
  EXPECT_EQ(string_of(AV_CODEC_ID_AV1, "81040c00"), "av01.0.04M.08");
  EXPECT_EQ(string_of(AV_CODEC_ID_AV1, "81094c00"), "av01.0.09M.10");
  EXPECT_EQ(string_of(AV_CODEC_ID_WMV2, ""), "");
}

}  // namespace
}  // namespace weir
