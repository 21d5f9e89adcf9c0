#include "companions/splitter/piece_opener.h"

#include "crypto/digest.h"
#include "crypto/piece_cipher.h"

namespace weir {
namespace {

PieceContext context_of(const HeaderFile& header, const Uuid& id, std::uint32_t index,
                        std::uint64_t plain_bytes) {
  return {header.info.title, header.info.protection.kid, id, index, plain_bytes};
}

Error about(const Piece& piece, const Error& error) {
  return {error.code, piece.id.to_string() + ": " + error.detail};
}

}  // namespace

Result<PieceOpener> PieceOpener::make(const HeaderFile& header, std::optional<ContentKey> key) {
  const Protection& protection = header.info.protection;
  if (protection.policy == Protect::kNone) return PieceOpener(header, std::nullopt);
  if (!key) {
    return fail(ErrorCode::kKeyMissing, "title " + header.info.title + " is protected (key " +
                                            protection.kid.to_string() +
                                            "): name its file with --key-file");
  }
  if (key->kid() != protection.kid) {
    return fail(ErrorCode::kKeyWrong, "title " + header.info.title + " has key " +
                                          protection.kid.to_string() + ", the file holds key " +
                                          key->kid().to_string());
  }
  return PieceOpener(header, std::move(key));
}

Status PieceOpener::check_stored(const Piece& piece, ByteView stored) {
  if (stored.size() != piece.stored_bytes) {
    return fail(ErrorCode::kPieceCorrupt, piece.id.to_string() + " has a wrong length");
  }
  if (sha256(stored) != piece.sha256) {
    return fail(ErrorCode::kPieceCorrupt,
                piece.id.to_string() + ": its SHA-256 is not the header's");
  }
  return {};
}

Status PieceOpener::check_commitment(const Piece& piece, std::uint32_t index) const {
  if (!piece.sealed) return {};
  const PieceCipher cipher(*key_, context_of(*header_, piece.id, index, piece.plain_bytes));
  const Status held = cipher.check_commitment(piece.commitment);
  return held ? held : tl::unexpected(about(piece, held.error()));
}

Result<Bytes> PieceOpener::open(const Piece& piece, std::uint32_t index, Bytes stored) const {
  if (!piece.sealed) return stored;
  PieceCipher cipher(*key_, context_of(*header_, piece.id, index, piece.plain_bytes));
  if (const Status held = cipher.check_commitment(piece.commitment); !held) {
    return tl::unexpected(about(piece, held.error()));
  }
  auto plain = cipher.open(stored);
  if (!plain) return tl::unexpected(about(piece, plain.error()));
  return plain;
}

Result<Bytes> PieceOpener::open_media_header() const {
  const MediaHeader& media = header_->media_header;
  if (!media.sealed) return media.payload;
  PieceCipher cipher(*key_, context_of(*header_, media.id, kMediaHeaderIndex, media.plain_bytes()));
  if (const Status held = cipher.check_commitment(media.commitment); !held) {
    return fail(held.error().code, "media header: " + held.error().detail);
  }
  auto plain = cipher.open(media.payload);
  if (!plain) return fail(plain.error().code, "media header: " + plain.error().detail);
  return plain;
}

}  // namespace weir
