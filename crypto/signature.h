// Ed25519 (RFC 8032): tokens and header files are signed with it. Private keys are PEM (PKCS#8)
// files, public ones JWKs (RFC 8037).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

struct evp_pkey_st;

namespace weir {

using PublicKeyBytes = std::array<std::uint8_t, 32>;
using SignatureBytes = std::array<std::uint8_t, 64>;

class SigningKey {
 public:
  static SigningKey generate();
  static Result<SigningKey> from_pem(
      std::string_view pem);  // kKeyMalformed; never shows what was read
  ~SigningKey();
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;

  std::string to_pem() const;
  PublicKeyBytes public_key() const;
  SignatureBytes sign(ByteView message) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  explicit SigningKey(evp_pkey_st* key) noexcept : key_(key) {}
  std::unique_ptr<evp_pkey_st, Free> key_;
};

bool verify_signature(const PublicKeyBytes& key, ByteView message, const SignatureBytes& signature);

// RFC 7638 thumbprint of the public JWK, base64url: what Weir uses as `kid`.
std::string key_thumbprint(const PublicKeyBytes& key);

}  // namespace weir
