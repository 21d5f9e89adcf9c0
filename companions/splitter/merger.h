// `weir merge` without its command line: the original file, bit for bit, out of its pieces. Every
// hash and commitment is checked, the whole file's SHA-256 last, and the file appears only when all
// hold.
#pragma once

#include <filesystem>
#include <functional>

#include "companions/splitter/piece_opener.h"
#include "companions/splitter/piece_source.h"

namespace weir {

struct Merged {
  std::uint64_t bytes = 0;
  std::size_t pieces = 0;
  double seconds = 0;
};

// kNoSuchRendition when the title was split with --rendition ts. Fetches and opens a few pieces at
// a time on threads; memory stays bounded by two of the largest pieces, or 48 MiB.
Result<Merged> merge_title(
    const HeaderFile& header, const PieceOpener& opener, PieceSource& pieces,
    const std::filesystem::path& output,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress);

}  // namespace weir
