// The `ts` rendition: the source's own coded frames in MPEG-TS, nothing re-encoded, cut at key
// frames. Every piece starts with PAT, PMT and a key frame, and lasts at least the segment length,
// except the last; the pieces one after the other are one legal stream with continuous counters.
// Blocks; one thread. Looks at signals (kInterrupted).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "companions/splitter/format_table.h"
#include "companions/splitter/piece_writer.h"
#include "companions/splitter/recording_io.h"
#include "companions/splitter/time_index.h"

namespace weir {

// Which streams MPEG-TS takes as they are.
struct RemuxPlan {
  std::vector<unsigned> streams;  // of the source, the one that decides the cuts first
  bool has_video = false;
  std::string why_not;  // non-empty: this source has no ts rendition, and why
  std::vector<std::string>
      left_out;  // "stream 3 (subrip)": what stays only in the `file` rendition
  bool possible() const noexcept { return why_not.empty(); }
};

// H.264, H.265, MPEG-1/2 video; AAC, MP3/MP2, AC-3, E-AC-3. Every kind (picture, sound) that the
// source has must have at least one such stream.
RemuxPlan plan_remux(const AVFormatContext& input);

struct RemuxOptions {
  double segment_seconds = 6;
};

struct Remuxed {
  std::uint64_t bytes = 0;
  TimeIndex source_index;  // key frames as offsets in the source, for formats without an index
};

// kFormatIncorrect when the streams cannot be written as MPEG-TS after all, or a piece would be
// larger than kMaxPieceBytes (no key frame for too long). `progress` gets the source bytes done.
Result<Remuxed> remux_to_ts(const SourceFile& source, const ContainerFormat& format,
                            const RemuxOptions& options, PieceWriter& writer,
                            const std::function<void(std::uint64_t)>& progress);

}  // namespace weir
