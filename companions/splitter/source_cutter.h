// The `file` rendition: one pass over the source that hashes it whole, picks up the media header's
// bytes on the way and hands the rest to a PieceWriter.
#pragma once

#include <functional>

#include "companions/splitter/piece_writer.h"
#include "companions/splitter/recording_io.h"

namespace weir {

struct CutSource {
  Digest sha256{};
  Bytes media_header;  // plain bytes of the ranges, one after the other
};

// `ranges` and `pieces` together tile the source. `progress` gets the bytes done, often.
// kInterrupted, kIo, and whatever the writer reports.
Result<CutSource> cut_source(const SourceFile& source, const std::vector<ByteRange>& ranges,
                             const std::vector<ByteRange>& pieces, PieceWriter& writer,
                             const std::function<void(std::uint64_t)>& progress);

// Only the hash: when the title has no `file` rendition.
Result<Digest> hash_source(const SourceFile& source,
                           const std::function<void(std::uint64_t)>& progress);

}  // namespace weir
