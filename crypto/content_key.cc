#include "crypto/content_key.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "crypto/hkdf.h"
#include "crypto/openssl_must.h"

namespace weir {

ContentKey::~ContentKey() {
  OPENSSL_cleanse(key_.data(), key_.size());
}

ContentKey ContentKey::random() {
  ContentKey out({});
  random_bytes(out.key_);
  return out;
}

Result<ContentKey> ContentKey::parse(ByteView file) {
  ContentKey out({});
  if (file.size() == out.key_.size()) {
    std::copy(file.begin(), file.end(), out.key_.begin());
    return out;
  }
  std::string_view text = as_chars(file);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() == out.key_.size() * 2) {
    if (std::optional<Bytes> bytes = from_hex(text)) {
      std::copy(bytes->begin(), bytes->end(), out.key_.begin());
      OPENSSL_cleanse(bytes->data(), bytes->size());
      return out;
    }
  }
  return fail(ErrorCode::kKeyMalformed,
              "a content key is 32 raw bytes or 64 hex digits, not these " +
                  std::to_string(file.size()) + " bytes");
}

Uuid ContentKey::kid() const {
  Uuid out;
  hkdf_sha256(key_, {}, as_bytes("enp-kid"), out.bytes);
  out.bytes[6] = static_cast<std::uint8_t>((out.bytes[6] & 0x0f) | 0x80);  // version 8
  out.bytes[8] = static_cast<std::uint8_t>((out.bytes[8] & 0x3f) | 0x80);  // RFC 9562 variant
  return out;
}

std::string ContentKey::to_hex_file() const {
  return to_hex(key_) + '\n';
}

void random_bytes(MutableBytes out) {
  openssl::must(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1, "RAND_bytes");
}

Uuid random_uuid() {
  std::array<std::uint8_t, 16> bytes;
  random_bytes(bytes);
  return Uuid::from_random(bytes);
}

}  // namespace weir
