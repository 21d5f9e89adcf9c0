// From stored bytes to plain ones, believing nothing: length, SHA-256, key commitment, every
// record's tag. Threads may share one.
#pragma once

#include <optional>
#include <string>

#include "core/title/header_file.h"
#include "crypto/content_key.h"

namespace weir {

class PieceOpener {
 public:
  // `header` must outlive it. kKeyMissing when the title is protected and there is no key,
  // kKeyWrong when the key is another title's.
  static Result<PieceOpener> make(const HeaderFile& header, std::optional<ContentKey> key);

  // kPieceCorrupt naming the piece.
  static Status check_stored(const Piece& piece, ByteView stored);

  // kKeyWrong when the piece was sealed with another key. Needs no stored bytes.
  Status check_commitment(const Piece& piece, std::uint32_t index) const;

  // `stored` must have passed check_stored().
  Result<Bytes> open(const Piece& piece, std::uint32_t index, Bytes stored) const;
  Result<Bytes> open_media_header() const;

 private:
  PieceOpener(const HeaderFile& header, std::optional<ContentKey> key)
      : header_(&header), key_(std::move(key)) {}

  const HeaderFile* header_;
  std::optional<ContentKey> key_;
};

}  // namespace weir
