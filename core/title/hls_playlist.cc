#include "core/title/hls_playlist.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <vector>

namespace weir {
namespace {

constexpr std::uint64_t kMicros = 1'000'000;

Result<const Rendition*> ts_rendition(const HeaderFile& header) {
  const Rendition* ts = header.find(RenditionKind::kTs);
  if (ts != nullptr && !ts->pieces.empty()) return ts;
  return fail(ErrorCode::kNoSuchRendition,
              "title " + header.info.title +
                  " has no ts rendition: split it with --rendition ts or both to serve HLS");
}

// Each piece's duration in µs, at least 1. A piece that does not say is taken to last until the
// next one starts, or until the film ends.
std::vector<std::uint64_t> durations(const HeaderFile& header, const Rendition& ts) {
  std::vector<std::uint64_t> out;
  out.reserve(ts.pieces.size());
  for (std::size_t i = 0; i < ts.pieces.size(); ++i) {
    const Piece& piece = ts.pieces[i];
    std::uint64_t us = piece.duration_us;
    if (us == 0) {
      const std::int64_t until =
          i + 1 < ts.pieces.size() ? ts.pieces[i + 1].time_us : header.info.duration_us;
      if (until > piece.time_us && piece.time_us >= 0) {
        us = static_cast<std::uint64_t>(until) - static_cast<std::uint64_t>(piece.time_us);
      }
    }
    out.push_back(std::max<std::uint64_t>(us, 1));
  }
  return out;
}

// RFC 8216 4.3.3.1: every EXTINF, rounded to the nearest integer, is at most this.
std::uint64_t target_duration(const std::vector<std::uint64_t>& us) {
  const std::uint64_t longest = *std::max_element(us.begin(), us.end());
  return std::max<std::uint64_t>((longest + kMicros / 2) / kMicros, 1);
}

std::uint64_t bits_per_second(std::uint64_t bytes, std::uint64_t us) {
  return static_cast<std::uint64_t>(static_cast<double>(bytes) * 8e6 / static_cast<double>(us)) + 1;
}

// RFC 8216 4.1: the largest rate of any run of segments lasting 0.5 to 1.5 target durations.
std::uint64_t peak_rate(const Rendition& ts, const std::vector<std::uint64_t>& us) {
  const std::uint64_t target = target_duration(us) * kMicros;
  std::uint64_t peak = 0;
  for (std::size_t first = 0; first < us.size(); ++first) {
    std::uint64_t bytes = 0;
    std::uint64_t length = 0;
    // Bounded look-ahead: thousands of tiny segments in one target duration are not a real title.
    for (std::size_t i = first; i < std::min(us.size(), first + 64); ++i) {
      bytes += ts.pieces[i].plain_bytes;
      length += us[i];
      if (length > target + target / 2) break;
      if (length >= target / 2) peak = std::max(peak, bits_per_second(bytes, length));
    }
  }
  return peak;
}

bool is_codec_string(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '+';
  });
}

// A list that lacks a stream is worse than none (a player would set up the wrong decoders), so one
// stream without a name leaves CODECS out.
std::string codecs(const HeaderFile& header) {
  std::vector<std::string_view> names;
  for (const StreamInfo& stream : header.info.streams) {
    if (stream.type != "video" && stream.type != "audio") continue;
    if (!is_codec_string(stream.rfc6381)) return {};
    if (std::find(names.begin(), names.end(), stream.rfc6381) == names.end()) {
      names.push_back(stream.rfc6381);
    }
  }
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out += ',';
    out += name;
  }
  return out;
}

std::string fixed(double value, const char* format) {
  std::array<char, 64> text{};
  const int n = std::snprintf(text.data(), text.size(), format, value);
  return {text.data(), static_cast<std::size_t>(std::max(n, 0))};
}

std::string video_attributes(const HeaderFile& header) {
  for (const StreamInfo& stream : header.info.streams) {
    if (stream.type != "video" || stream.width == 0 || stream.height == 0) continue;
    std::string out =
        ",RESOLUTION=" + std::to_string(stream.width) + "x" + std::to_string(stream.height);
    if (stream.rate_num > 0 && stream.rate_den > 0) {
      out += ",FRAME-RATE=" + fixed(static_cast<double>(stream.rate_num) / stream.rate_den, "%.3f");
    }
    return out;
  }
  return {};
}

void append_seconds(std::string& out, std::uint64_t us) {
  out += std::to_string(us / kMicros);
  const std::string fraction = std::to_string(us % kMicros);
  out += '.';
  out.append(6 - fraction.size(), '0');
  out += fraction;
}

}  // namespace

Result<std::string> hls_master(const HeaderFile& header) {
  const auto ts = ts_rendition(header);
  if (!ts) return tl::unexpected(ts.error());
  const auto us = durations(header, **ts);
  std::uint64_t total_us = 0;
  for (const std::uint64_t each : us) total_us += each;

  const std::uint64_t average = bits_per_second((*ts)->bytes, total_us);
  std::string out = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:";
  out += "BANDWIDTH=" + std::to_string(std::max(peak_rate(**ts, us), average));
  out += ",AVERAGE-BANDWIDTH=" + std::to_string(average);
  if (const std::string list = codecs(header); !list.empty()) out += ",CODECS=\"" + list + '"';
  out += video_attributes(header);
  out += "\nts.m3u8\n";
  return out;
}

Result<std::string> hls_media(const HeaderFile& header) {
  const auto ts = ts_rendition(header);
  if (!ts) return tl::unexpected(ts.error());
  const auto us = durations(header, **ts);

  std::string out = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:";
  out += std::to_string(target_duration(us));
  out += "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  out.reserve(out.size() + us.size() * 64 + 32);
  for (std::size_t i = 0; i < us.size(); ++i) {
    out += "#EXTINF:";
    append_seconds(out, us[i]);
    out += ",\n";
    out += (*ts)->pieces[i].id.to_string();
    out += ".ts\n";
  }
  out += "#EXT-X-ENDLIST\n";
  return out;
}

}  // namespace weir
