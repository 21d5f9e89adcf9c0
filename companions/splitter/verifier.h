// `weir verify` without its command line: looks at every piece of a title and says what is missing
// or damaged. Goes on after the first fault.
#pragma once

#include <functional>
#include <vector>

#include "companions/splitter/piece_opener.h"
#include "companions/splitter/piece_source.h"

namespace weir {

struct PieceFault {
  RenditionKind rendition = RenditionKind::kFile;
  std::uint32_t index = 0;
  Uuid id;
  Error error;  // kPieceMissing, kPieceCorrupt, kKeyWrong, kIo
};

struct Verified {
  std::uint64_t pieces = 0;
  std::uint64_t bytes = 0;  // stored, that were read
  std::vector<PieceFault> faults;
  std::size_t missing() const noexcept;
};

// With `opener`, commitments and the sealed media header are checked too. kInterrupted and
// kKeyWrong of the media header come back as errors, faults of pieces in the result.
Result<Verified> verify_title(const HeaderFile& header, const PieceOpener* opener,
                              PieceSource& pieces,
                              const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace weir
