#include "companions/splitter/mp4_boxes.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace weir {
namespace {

struct Layout {
  bool fragmented = false;
  bool indexed = false;    // sidx, or mfra at the end
  bool cut_short = false;  // a box reaches past the end of the file
};

// What follows the last box of a film may be anything.
bool is_box_type(std::string_view type) noexcept {
  return std::all_of(type.begin(), type.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

Layout walk(const SourceFile& source) {
  Layout out;
  std::uint64_t at = 0;
  // Enough to meet every box of a file that is not fragmented, and the first fragment of one that
  // is.
  for (int boxes = 0; boxes < 1000 && at + 8 <= source.size(); ++boxes) {
    std::array<std::uint8_t, 16> head{};
    const std::size_t have = at + 16 <= source.size() ? 16 : 8;
    if (!source.read({head.data(), have}, at)) return out;
    ByteReader in({head.data(), have});
    std::uint64_t size = in.u32();
    const std::string_view type = as_chars(in.take(4));
    if (size == 1) size = in.u64();
    if (size == 0) size = source.size() - at;  // to the end
    if (size < 8 || !is_box_type(type)) return out;
    if (type == "sidx" || type == "mfra") out.indexed = true;
    if (type == "moof") out.fragmented = true;
    if (size > source.size() - at) {
      out.cut_short = true;
      return out;
    }
    at += size;
    if (out.fragmented && boxes > 64) break;
  }
  // mfro: the last 16 bytes, length of mfra in the last four.
  std::array<std::uint8_t, 16> tail{};
  if (source.size() >= 16 && source.read(tail, source.size() - 16) &&
      as_chars(ByteView(tail).subspan(4, 4)) == "mfro") {
    out.indexed = true;
  }
  return out;
}

}  // namespace

std::vector<std::string> warn_about_mp4(const SourceFile& source) {
  const Layout layout = walk(source);
  std::vector<std::string> out;
  if (layout.cut_short) {
    out.push_back("the file seems to be cut short: its last part announces more than there is");
  }
  if (layout.fragmented && !layout.indexed) {
    out.push_back(
        "fragmented MP4 without an index (sidx, mfra): it will start slowly in browsers; remux it "
        "with `ffmpeg -i FILM -c copy -movflags +faststart OUT.mp4`");
  }
  return out;
}

}  // namespace weir
