// Headers for tests, in memory only: any layout of media-header ranges and pieces.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "core/title/header_file.h"

namespace weir::layouts {

inline Uuid uuid(std::uint64_t n) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return Uuid::from_random(bytes);
}

// A `ts` rendition of the lengths and durations given.
struct Segment {
  std::uint32_t bytes = 0;
  std::uint32_t duration_us = 0;
};

inline HeaderFile with_segments(const std::vector<Segment>& segments) {
  HeaderFile header;
  header.info.title = "film";
  Rendition ts{RenditionKind::kTs, 0, {}, {}};
  for (const Segment& segment : segments) {
    Piece piece;
    piece.id = uuid(ts.pieces.size() + 1);
    piece.offset = ts.bytes;
    piece.plain_bytes = piece.stored_bytes = segment.bytes;
    piece.time_us = header.info.duration_us;
    piece.duration_us = segment.duration_us;
    piece.key_frame = true;
    ts.bytes += segment.bytes;
    header.info.duration_us += segment.duration_us;
    ts.pieces.push_back(piece);
  }
  header.renditions.push_back(ts);
  return header;
}

// A `file` rendition of `size` bytes with runs of random length, each a piece or a media-header
// range.
inline HeaderFile random_layout(std::mt19937& random, std::uint64_t size) {
  HeaderFile header;
  header.info.title = "film";
  header.info.source_bytes = size;
  Rendition file{RenditionKind::kFile, size, {}, {}};
  bool last_was_range = false;
  for (std::uint64_t at = 0; at < size;) {
    const std::uint64_t length = std::min<std::uint64_t>(1 + random() % 40, size - at);
    if (!last_was_range && random() % 3 == 0) {
      header.media_header.ranges.push_back({at, length});
      last_was_range = true;
    } else {
      Piece piece;
      piece.id = uuid(file.pieces.size() + 1);
      piece.offset = at;
      piece.plain_bytes = static_cast<std::uint32_t>(length);
      piece.stored_bytes = piece.plain_bytes;
      file.pieces.push_back(piece);
      last_was_range = false;
    }
    at += length;
  }
  header.renditions.push_back(file);
  return header;
}

}  // namespace weir::layouts
