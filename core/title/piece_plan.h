// Decides how a source is cut: from what the demuxer read while opening it, to arranged
// media-header ranges, to pieces. Pure arithmetic; the splitter records the reads and does the
// copying.
#pragma once

#include <cstdint>
#include <vector>

#include "core/title/header_file.h"

namespace weir {

struct PiecePlanOptions {
  std::uint32_t piece_bytes = 4U << 20;
  // Recorded ranges closer than this are joined: a hole smaller than this would be a piece not
  // worth a request.
  std::uint64_t join_gap = 64U << 10;
  std::uint64_t max_media_header = kMaxMediaHeaderBytes;
};

// Recorded reads (any order, overlapping) -> ascending, disjoint ranges inside 0..source_bytes,
// gaps below join_gap closed. When they exceed max_media_header, ranges are kept in the order first
// read until the limit is reached (the last one cut), because the first reads are what every
// demuxer repeats.
std::vector<ByteRange> arrange_media_header(const std::vector<ByteRange>& recorded,
                                            std::uint64_t source_bytes,
                                            const PiecePlanOptions& options);

// The rest of the source as pieces' ranges: ascending, each at most piece_bytes, none overlapping a
// header range. Runs between header ranges are cut evenly enough that no piece is smaller than half
// of piece_bytes, except when the run itself is.
std::vector<ByteRange> plan_pieces(const std::vector<ByteRange>& media_header,
                                   std::uint64_t source_bytes, const PiecePlanOptions& options);

// Whether the policy seals piece `index`. The media header is sealed whenever the policy is not
// kNone.
bool seals_piece(const Protection& protection, std::uint32_t index) noexcept;

}  // namespace weir
