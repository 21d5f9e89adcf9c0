// A title's content key: 32 random bytes, named by a key id that is derived from them, so that a
// key file needs nothing beside the key.
#pragma once

#include <array>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/uuid.h"

namespace weir {

class ContentKey {
 public:
  explicit ContentKey(const std::array<std::uint8_t, 32>& key) noexcept : key_(key) {}
  ~ContentKey();  // wipes
  ContentKey(const ContentKey&) = default;
  ContentKey& operator=(const ContentKey&) = default;

  static ContentKey random();
  // A key file's contents: 32 raw bytes, or 64 hex digits with an optional newline. kKeyMalformed
  // otherwise; the message never shows what was read.
  static Result<ContentKey> parse(ByteView file);

  // kid: first 16 bytes of HKDF-SHA256(ikm = key, salt empty, info "enp-kid"), made a version 8
  // UUID.
  Uuid kid() const;
  ByteView view() const noexcept { return key_; }
  std::string to_hex_file() const;  // 64 hex digits and a newline

 private:
  std::array<std::uint8_t, 32> key_;
};

// Random bytes and UUIDs from OpenSSL. Ends the process if the system has no randomness.
void random_bytes(MutableBytes out);
Uuid random_uuid();

}  // namespace weir
