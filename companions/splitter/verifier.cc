#include "companions/splitter/verifier.h"

#include <algorithm>

#include "runtime/interrupt.h"

namespace weir {
namespace {

Status check_piece(const PieceOpener* opener, PieceSource& source, const Piece& piece,
                   std::uint32_t index) {
  const auto stored = source.fetch(piece);
  if (!stored) return tl::unexpected(stored.error());
  if (auto good = PieceOpener::check_stored(piece, *stored); !good) return good;
  return opener != nullptr ? opener->check_commitment(piece, index) : Status();
}

}  // namespace

std::size_t Verified::missing() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      faults.begin(), faults.end(),
      [](const auto& fault) { return fault.error.code == ErrorCode::kPieceMissing; }));
}

Result<Verified> verify_title(const HeaderFile& header, const PieceOpener* opener,
                              PieceSource& pieces,
                              const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  if (opener != nullptr) {
    if (const auto media = opener->open_media_header(); !media)
      return tl::unexpected(media.error());
  }
  std::uint64_t total = 0;
  for (const Rendition& rendition : header.renditions) {
    for (const Piece& piece : rendition.pieces) total += piece.stored_bytes;
  }
  Verified out;
  for (const Rendition& rendition : header.renditions) {
    for (std::uint32_t i = 0; i < rendition.pieces.size(); ++i) {
      if (auto ok = check_interrupt(); !ok) return tl::unexpected(ok.error());
      const Piece& piece = rendition.pieces[i];
      if (auto good = check_piece(opener, pieces, piece, i); !good) {
        out.faults.push_back({rendition.kind, i, piece.id, good.error()});
      }
      ++out.pieces;
      out.bytes += piece.stored_bytes;
      progress(out.bytes, total);
    }
  }
  return out;
}

}  // namespace weir
