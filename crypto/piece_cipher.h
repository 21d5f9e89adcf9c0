// Piece encryption profile `enp-gcm-1` (docs/formats/piece_encryption.md): a key per piece by
// HKDF-SHA256, AES-256-GCM in records of 64 KiB, a commitment to the key kept in the header file. A
// cipher belongs to one piece and one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/uuid.h"
#include "core/title/header_file.h"
#include "crypto/content_key.h"

struct evp_cipher_ctx_st;

namespace weir {

// What a piece's key is bound to.
struct PieceContext {
  std::string_view title;
  Uuid kid;
  Uuid piece;                     // the salt
  std::uint32_t index = 0;        // in its rendition; kMediaHeaderIndex for the media header
  std::uint64_t plain_bytes = 0;  // >= 1
};

class PieceCipher {
 public:
  // HKDF-SHA256(ikm = key, salt = piece uuid, info = "enp-gcm-1" || title || kid || u32 index ||
  // u32 65536 || u64 plain_bytes), 71 bytes: 32 key, 7 nonce prefix, 32 commitment.
  PieceCipher(const ContentKey& key, const PieceContext& context);
  ~PieceCipher();
  PieceCipher(PieceCipher&&) noexcept;
  PieceCipher& operator=(PieceCipher&&) noexcept;

  const Digest& commitment() const noexcept { return commitment_; }

  // kKeyWrong unless `expected` (from the header) is this key's. Compare before opening anything:
  // GCM alone does not commit to its key. Constant time.
  Status check_commitment(const Digest& expected) const;

  // One record: `plain` is kRecordBytes long, or shorter for the last. `out` needs plain.size() +
  // kRecordTagBytes bytes and may start at plain.data(). The record after the last is refused
  // (kBadArgument).
  Status seal_record(std::uint32_t counter, ByteView plain, MutableBytes out);

  // The reverse; `out` needs stored.size() - kRecordTagBytes bytes. kPieceCorrupt when the tag or
  // the length is wrong; `out` then holds nothing of value.
  Status open_record(std::uint32_t counter, ByteView stored, MutableBytes out);

  std::uint32_t records() const noexcept;  // in this piece

  // Whole pieces.
  Result<Bytes> seal(ByteView plain);
  Result<Bytes> open(ByteView stored);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* ctx) const noexcept;
  };
  std::array<std::uint8_t, 12> nonce(std::uint32_t counter) const noexcept;
  std::size_t record_plain_bytes(std::uint32_t counter) const noexcept;

  std::unique_ptr<evp_cipher_ctx_st, Free> seal_;
  std::unique_ptr<evp_cipher_ctx_st, Free> open_;
  std::array<std::uint8_t, 7> nonce_prefix_{};
  Digest commitment_{};
  std::uint64_t plain_bytes_ = 0;
};

}  // namespace weir
