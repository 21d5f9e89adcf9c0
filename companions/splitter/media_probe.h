// Looks at a source with FFmpeg's demuxers: what it is, what is in it, and which of its bytes a
// player must read before it can play. Refuses (kFormatIncorrect) whatever no demuxer of
// format_table.h can play, and a source that is not what --format says.
// Blocks; each probe belongs to one thread. Looks at signals (kInterrupted).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "companions/splitter/format_table.h"
#include "companions/splitter/recording_io.h"
#include "companions/splitter/time_index.h"
#include "core/title/header_file.h"

namespace weir {

// A demuxer on a source, opened. `io` outlives `input`, which reads through it.
struct OpenedSource {
  std::unique_ptr<RecordingIo> io;
  AvInput input;
};

struct OpenOptions {
  int buffer_bytes = 32768;
  std::int64_t probe_bytes = 0;      // 0: only what the header says, no avformat_find_stream_info
  bool estimate_duration = true;     // may read the end of the file
  bool generate_timestamps = false;  // for AVI and others without presentation times
};

Result<OpenedSource> open_demuxer(const SourceFile& source, const ContainerFormat& format,
                                  const OpenOptions& options);

struct MediaProbe {
  const ContainerFormat* format = nullptr;
  std::string extension;
  std::string mime;
  std::int64_t duration_us = 0;
  std::vector<StreamInfo> streams;
  std::vector<ByteRange> reads;  // in the order made: RecordingIo::reads()
  std::uint64_t read_calls = 0;
  TimeIndex index;                    // offsets in the source; settled
  std::vector<std::string> warnings;  // for the admin: why this film may start slowly
};

// `demanded`: what --format says, or nullptr for auto.
Result<MediaProbe> probe_media(const SourceFile& source, const ContainerFormat* demanded);

}  // namespace weir
