// "Give me bytes a..b of this film": turns a range of a rendition into the parts that hold it, in
// order. Pure arithmetic on a HeaderFile that outlives it; whoever calls fetches, opens and joins
// the parts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/title/header_file.h"

namespace weir {

// A run of plain bytes that lies in one place.
struct TitleSpan {
  bool in_media_header = false;  // else in pieces[piece_index]
  std::uint32_t piece_index = 0;
  std::uint64_t plain_offset = 0;  // in the piece, or in the media header's plain bytes
  std::uint64_t length = 0;        // >= 1
  friend bool operator==(const TitleSpan&, const TitleSpan&) = default;
};

// The stored bytes to read so that a plain run can be opened: the run itself when not sealed, else
// whole records.
struct StoredSpan {
  std::uint64_t offset = 0;  // in the stored piece
  std::uint64_t length = 0;
  std::uint32_t first_record = 0;  // counter of the first record read (sealed only)
  std::uint64_t skip = 0;          // plain bytes to drop from the first opened record
};
StoredSpan stored_span(bool sealed, std::uint64_t total_plain, std::uint64_t plain_offset,
                       std::uint64_t length) noexcept;

class TitleReader {
 public:
  // `header` must outlive the reader. `kind` must be a rendition it has.
  TitleReader(const HeaderFile& header, RenditionKind kind);

  std::uint64_t size() const noexcept;

  // The run that holds plain byte `at`, cut at `at + want`; nullopt at or past the end. O(log
  // pieces).
  std::optional<TitleSpan> span_at(std::uint64_t at, std::uint64_t want) const noexcept;

  // All runs of [offset, offset + length), in order; cut at the end of the rendition.
  std::vector<TitleSpan> spans(std::uint64_t offset, std::uint64_t length) const;

 private:
  const HeaderFile* header_;
  const Rendition* rendition_;
  std::vector<std::uint64_t>
      range_starts_;  // plain offset in the media header of each of its ranges
};

}  // namespace weir
