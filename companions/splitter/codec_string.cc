#include "companions/splitter/codec_string.h"

#include <array>
#include <cstdio>

#include "companions/splitter/ffmpeg.h"
#include "core/base/bytes.h"

namespace weir {
namespace {

template <typename... Args>
std::string printed(const char* format, Args... args) {
  std::array<char, 64> out{};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
  std::snprintf(out.data(), out.size(), format, args...);
#pragma GCC diagnostic pop
  return out.data();
}

ByteView extradata(const AVCodecParameters& stream) {
  if (stream.extradata == nullptr || stream.extradata_size <= 0) return {};
  return {stream.extradata, static_cast<std::size_t>(stream.extradata_size)};
}

// The first NAL unit of `type` in an Annex B stream, with its header, emulation prevention removed.
// `shift` and `mask` say where the NAL header keeps its type.
Bytes find_nal(ByteView data, int type, int shift, int mask) {
  for (std::size_t i = 0; i + 3 < data.size(); ++i) {
    if (data[i] != 0 || data[i + 1] != 0 || data[i + 2] != 1) continue;
    if (((data[i + 3] >> shift) & mask) != type) continue;
    Bytes out;
    int zeros = 0;
    for (std::size_t j = i + 3; j < data.size(); ++j) {
      if (zeros >= 2 && data[j] == 1) break;  // next start code
      if (zeros >= 2 && data[j] == 3) {
        zeros = 0;
        continue;
      }
      zeros = data[j] == 0 ? zeros + 1 : 0;
      out.push_back(data[j]);
    }
    return out;
  }
  return {};
}

std::string avc(const AVCodecParameters& stream) {
  const ByteView data = extradata(stream);
  if (data.size() >= 4 && data[0] == 1) {  // avcC
    return printed("avc1.%02x%02x%02x", data[1], data[2], data[3]);
  }
  const Bytes sps = find_nal(data, 7, 0, 0x1f);
  if (sps.size() >= 4) return printed("avc1.%02x%02x%02x", sps[1], sps[2], sps[3]);
  return {};
}

// From the 12 bytes of general profile, tier and level (ISO/IEC 14496-15 annex E).
std::string hevc_from_profile(ByteView ptl) {
  const int space = ptl[0] >> 6;
  const char tier = (ptl[0] & 0x20) != 0 ? 'H' : 'L';
  std::uint32_t compatibility = 0;  // written in reverse bit order
  for (int bit = 0; bit < 32; ++bit) {
    if ((ptl[static_cast<std::size_t>(1 + bit / 8)] >> (7 - bit % 8) & 1) != 0) {
      compatibility |= 1U << bit;
    }
  }
  std::string out = "hvc1.";
  if (space > 0) out += static_cast<char>('A' + space - 1);
  out += printed("%d.%X.%c%d", ptl[0] & 0x1f, compatibility, tier, ptl[11]);
  std::size_t constraints = 11;  // bytes 5..10, trailing zeros left out
  while (constraints > 5 && ptl[constraints - 1] == 0) --constraints;
  for (std::size_t i = 5; i < constraints; ++i) out += printed(".%X", ptl[i]);
  return out;
}

std::string hevc(const AVCodecParameters& stream) {
  const ByteView data = extradata(stream);
  if (data.size() >= 13 && data[0] == 1) return hevc_from_profile(data.subspan(1, 12));  // hvcC
  const Bytes sps = find_nal(data, 33, 1, 0x3f);
  // Two bytes of NAL header, one of ids, then profile_tier_level.
  if (sps.size() >= 15) return hevc_from_profile(ByteView(sps).subspan(3, 12));
  return {};
}

std::string aac(const AVCodecParameters& stream) {
  const ByteView data = extradata(stream);
  int object_type = 2;
  if (data.size() >= 2) {  // AudioSpecificConfig
    object_type = data[0] >> 3;
    if (object_type == 31) object_type = 32 + ((data[0] & 7) << 3 | data[1] >> 5);
  } else if (stream.profile >= 0) {
    object_type = stream.profile + 1;
  }
  return printed("mp4a.40.%d", object_type);
}

std::string vp9(const AVCodecParameters& stream) {
  if (stream.profile < 0) return "vp9";
  // Without a level in the container, 1.0 makes no promise that a decoder could fail to keep.
  return printed("vp09.%02d.%02d.%02d", stream.profile, stream.level > 0 ? stream.level : 10,
                 stream.profile >= 2 ? 10 : 8);
}

std::string av1(const AVCodecParameters& stream) {
  const ByteView data = extradata(stream);
  if (data.size() < 4 || data[0] != 0x81) return {};  // av1C
  const int depth = (data[2] & 0x40) != 0 ? ((data[2] & 0x20) != 0 ? 12 : 10) : 8;
  return printed("av01.%d.%02d%c.%02d", data[1] >> 5, data[1] & 0x1f,
                 (data[2] & 0x80) != 0 ? 'H' : 'M', depth);
}

}  // namespace

std::string codec_string(const AVCodecParameters& stream) {
  switch (stream.codec_id) {
    case AV_CODEC_ID_H264:
      return avc(stream);
    case AV_CODEC_ID_HEVC:
      return hevc(stream);
    case AV_CODEC_ID_AAC:
      return aac(stream);
    case AV_CODEC_ID_MP3:
      return "mp4a.40.34";
    case AV_CODEC_ID_AC3:
      return "ac-3";
    case AV_CODEC_ID_EAC3:
      return "ec-3";
    case AV_CODEC_ID_VP8:
      return "vp8";
    case AV_CODEC_ID_VP9:
      return vp9(stream);
    case AV_CODEC_ID_AV1:
      return av1(stream);
    case AV_CODEC_ID_OPUS:
      return "opus";
    case AV_CODEC_ID_VORBIS:
      return "vorbis";
    case AV_CODEC_ID_FLAC:
      return "flac";
    default:
      return {};
  }
}

}  // namespace weir
