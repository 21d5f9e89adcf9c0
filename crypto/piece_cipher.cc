#include "crypto/piece_cipher.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/hkdf.h"
#include "crypto/openssl_must.h"

namespace weir {
namespace {

constexpr std::string_view kProfile = "enp-gcm-1";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kPrefixBytes = 7;

struct CipherFree {
  void operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }
};

EVP_CIPHER* aes_256_gcm() {
  static const std::unique_ptr<EVP_CIPHER, CipherFree> cipher(openssl::must(
      EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), "EVP_CIPHER_fetch(AES-256-GCM)"));
  return cipher.get();
}

Bytes derivation_info(const PieceContext& context) {
  ByteWriter info;
  info.bytes(as_bytes(kProfile));
  info.bytes(as_bytes(context.title));
  info.bytes(context.kid.view());
  info.u32(context.index);
  info.u32(kRecordBytes);
  info.u64(context.plain_bytes);
  return std::move(info).take();
}

}  // namespace

void PieceCipher::Free::operator()(evp_cipher_ctx_st* ctx) const noexcept {
  EVP_CIPHER_CTX_free(ctx);  // wipes the key schedule
}

// The contexts take the key once; a record then costs one nonce and no key schedule.
PieceCipher::PieceCipher(const ContentKey& key, const PieceContext& context)
    : seal_(openssl::must(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")),
      open_(openssl::must(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")),
      plain_bytes_(context.plain_bytes) {
  std::array<std::uint8_t, kKeyBytes + kPrefixBytes + sizeof(Digest)> derived;
  hkdf_sha256(key.view(), context.piece.view(), derivation_info(context), derived);
  const auto prefix = derived.begin() + kKeyBytes;
  std::copy(prefix, prefix + kPrefixBytes, nonce_prefix_.begin());
  std::copy(prefix + kPrefixBytes, derived.end(), commitment_.begin());
  openssl::must(
      EVP_EncryptInit_ex2(seal_.get(), aes_256_gcm(), derived.data(), nullptr, nullptr) == 1 &&
          EVP_DecryptInit_ex2(open_.get(), aes_256_gcm(), derived.data(), nullptr, nullptr) == 1,
      "setting an AES-256-GCM key");
  OPENSSL_cleanse(derived.data(), kKeyBytes + kPrefixBytes);
}

PieceCipher::~PieceCipher() = default;
PieceCipher::PieceCipher(PieceCipher&&) noexcept = default;
PieceCipher& PieceCipher::operator=(PieceCipher&&) noexcept = default;

Status PieceCipher::check_commitment(const Digest& expected) const {
  if (CRYPTO_memcmp(expected.data(), commitment_.data(), commitment_.size()) == 0) return {};
  return fail(ErrorCode::kKeyWrong, "the content key is not the one this piece was sealed with");
}

std::uint32_t PieceCipher::records() const noexcept {
  return static_cast<std::uint32_t>((plain_bytes_ + kRecordBytes - 1) / kRecordBytes);
}

std::size_t PieceCipher::record_plain_bytes(std::uint32_t counter) const noexcept {
  const std::uint64_t start = std::uint64_t{counter} * kRecordBytes;
  return static_cast<std::size_t>(std::min<std::uint64_t>(kRecordBytes, plain_bytes_ - start));
}

std::array<std::uint8_t, 12> PieceCipher::nonce(std::uint32_t counter) const noexcept {
  std::array<std::uint8_t, 12> out;
  std::copy(nonce_prefix_.begin(), nonce_prefix_.end(), out.begin());
  for (std::size_t i = 0; i < 4; ++i) {
    out[kPrefixBytes + i] = static_cast<std::uint8_t>(counter >> (24 - 8 * i) & 255);
  }
  out[11] = counter + 1 == records() ? 1 : 0;
  return out;
}

Status PieceCipher::seal_record(std::uint32_t counter, ByteView plain, MutableBytes out) {
  if (counter >= records() || plain.size() != record_plain_bytes(counter) ||
      out.size() < plain.size() + kRecordTagBytes) {
    return fail(ErrorCode::kBadArgument, "record " + std::to_string(counter) + " of " +
                                             std::to_string(records()) + " with " +
                                             std::to_string(plain.size()) + " bytes to seal");
  }
  const auto iv = nonce(counter);
  const int length = static_cast<int>(plain.size());
  int done = 0;
  int rest = 0;
  openssl::must(EVP_EncryptInit_ex2(seal_.get(), nullptr, nullptr, iv.data(), nullptr) == 1 &&
                    EVP_EncryptUpdate(seal_.get(), out.data(), &done, plain.data(), length) == 1 &&
                    EVP_EncryptFinal_ex(seal_.get(), out.data() + done, &rest) == 1 &&
                    EVP_CIPHER_CTX_ctrl(seal_.get(), EVP_CTRL_AEAD_GET_TAG, kRecordTagBytes,
                                        out.data() + plain.size()) == 1,
                "AES-256-GCM encryption");
  return {};
}

Status PieceCipher::open_record(std::uint32_t counter, ByteView stored, MutableBytes out) {
  const std::string which =
      "record " + std::to_string(counter) + " of " + std::to_string(records());
  if (counter >= records()) return fail(ErrorCode::kBadArgument, "there is no " + which);
  const std::size_t plain_bytes = record_plain_bytes(counter);
  if (out.size() < plain_bytes) return fail(ErrorCode::kBadArgument, which + ": no room to open");
  if (stored.size() != plain_bytes + kRecordTagBytes) {
    return fail(ErrorCode::kPieceCorrupt, which + " has " + std::to_string(stored.size()) +
                                              " bytes instead of " +
                                              std::to_string(plain_bytes + kRecordTagBytes));
  }
  std::array<std::uint8_t, kRecordTagBytes> tag;  // `out` may overlay `stored`
  std::copy_n(stored.end() - kRecordTagBytes, tag.size(), tag.begin());
  const auto iv = nonce(counter);
  int done = 0;
  int rest = 0;
  openssl::must(
      EVP_DecryptInit_ex2(open_.get(), nullptr, nullptr, iv.data(), nullptr) == 1 &&
          EVP_DecryptUpdate(open_.get(), out.data(), &done, stored.data(),
                            static_cast<int>(plain_bytes)) == 1 &&
          EVP_CIPHER_CTX_ctrl(open_.get(), EVP_CTRL_AEAD_SET_TAG, kRecordTagBytes, tag.data()) == 1,
      "AES-256-GCM decryption");
  if (EVP_DecryptFinal_ex(open_.get(), out.data() + done, &rest) == 1) return {};
  openssl::forget_errors();
  OPENSSL_cleanse(out.data(), plain_bytes);  // nobody may use what is not authentic
  return fail(ErrorCode::kPieceCorrupt, which + " fails its authentication tag");
}

Result<Bytes> PieceCipher::seal(ByteView plain) {
  if (plain.empty() || plain.size() != plain_bytes_) {
    return fail(ErrorCode::kBadArgument, "a piece of " + std::to_string(plain_bytes_) +
                                             " bytes to seal, given " +
                                             std::to_string(plain.size()));
  }
  Bytes out(static_cast<std::size_t>(sealed_length(plain_bytes_)));
  MutableBytes room(out);
  for (std::uint32_t i = 0; i < records(); ++i) {
    const std::size_t bytes = record_plain_bytes(i);
    if (Status sealed = seal_record(i, plain.first(bytes), room); !sealed) {
      return tl::unexpected(sealed.error());
    }
    plain = plain.subspan(bytes);
    room = room.subspan(bytes + kRecordTagBytes);
  }
  return out;
}

Result<Bytes> PieceCipher::open(ByteView stored) {
  if (plain_bytes_ == 0 || stored.size() != sealed_length(plain_bytes_)) {
    return fail(ErrorCode::kPieceCorrupt, "a sealed piece of " + std::to_string(stored.size()) +
                                              " bytes instead of " +
                                              std::to_string(sealed_length(plain_bytes_)));
  }
  Bytes out(static_cast<std::size_t>(plain_bytes_));
  MutableBytes room(out);
  for (std::uint32_t i = 0; i < records(); ++i) {
    const std::size_t bytes = record_plain_bytes(i);
    if (Status opened = open_record(i, stored.first(bytes + kRecordTagBytes), room); !opened) {
      return tl::unexpected(opened.error());
    }
    stored = stored.subspan(bytes + kRecordTagBytes);
    room = room.subspan(bytes);
  }
  return out;
}

}  // namespace weir
